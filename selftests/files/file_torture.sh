#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Run a checksum on a file of each filesystem while it is written in all ways, and while its blocks
# are moved: each run sees the file as it was at one moment between its start and its end.
# KCSD_TORTURE_RUNS: runs on each filesystem, 40 if it is not set ("make torture-files": 2,000).
# KCSD_TORTURE_FS: "xfs,zoned f2fs": only these.
# shellcheck disable=SC2154 # block, bpf: from lib.sh; mount, map_file: from files_lib.sh
. ../lib/lib.sh
. ./files_lib.sh

# Move the blocks of the file now and then, and have blocks that it left become those of others.
move_blocks()
{
	while [ -e "$work/moving" ]; do
		"$1" >>"$work/moves" 2>&1
		"$map_file" scatter "$mount/other" 50 4096
		rm -f "$mount/other"
		sleep 0.3
	done
}

ext4_moves()
{
	e4defrag -v "$mount/file"
}

xfs_moves()
{
	# To anything but a terminal it says nothing.
	script -qc "xfs_fsr -v '$mount/file'" /dev/null
}

btrfs_moves()
{
	btrfs filesystem defragment -f "$mount/file"
	btrfs balance start -d --force "$mount"
}

f2fs_moves()
{
	"$map_file" gc "$mount/file"
}

# torture NAME RUNS MAX_PAUSE_MS [no-clone]: sets refused.
torture()
{
	local name="$what: $1" runs=$2 good other

	shift 2
	seed=$((seed + 1))
	"$torture" "$mount/file" "$bpf/tests/weigh.bpf.o" "$runs" "$1" $seed "${@:2}" \
		>"$work/.output" 2>&1
	verdict $? "$name: all runs end, the filesystem loses nothing"
	sed "s/^#* */# $name, seed $seed: /" "$work/.output"
	read -r _ good _ refused _ other _ < <(grep '^good' "$work/.output")
	is "$name: of $good runs none saw a state that the file never had" "$other" 0
}

# on FILESYSTEM TYPE DEVICE [MKFS OPTION...]
on()
{
	local what=$1 type=$2 refused mover
	# What the programs say when they have moved something.
	local moved="extents: ([2-9]|[1-3].) -> 1|DONE|relocate [1-9]|EAGAIN"

	shift
	make_fs "$@" || return
	touch "$work/moving"
	: >"$work/moves"
	move_blocks "${type}_moves" &
	mover=$!
	torture "long pauses" $((total * 5 / 10)) 512
	point "$what: a writer that pauses has at most 10 % of runs refused" \
		[ $((refused * 10)) -le $((total * 5 / 10)) ]
	torture "short pauses" $((total * 3 / 10)) 16
	torture "no pauses" $((total * 1 / 10)) 0
	torture "short pauses, no clones" $((total * 1 / 10)) 16 no-clone
	rm "$work/moving"
	wait $mover
	echo "# $what: $(grep -cE "$moved" "$work/moves") moves of blocks"
	end_fs
}

# chosen FILESYSTEM
chosen()
{
	[ -z "${KCSD_TORTURE_FS:-}" ] || [[ ",$KCSD_TORTURE_FS," == *",$1,"* ]]
}

begin
need mkfs.ext4 mkfs.xfs mkfs.btrfs mkfs.f2fs e4defrag xfs_fsr btrfs script
find_kcsd
begin_files
torture=$(first_there "${OUTPUT:-}/file_torture" ./file_torture \
	../../build/selftests/file_torture) ||
	skip_all "no file_torture: build it with 'make selftests'"
total=${KCSD_TORTURE_RUNS:-40}
seed=0
point "create a drive" create_drive torture size=1G block_size=4096 || finish
! chosen ext4 || on ext4 ext4 "$block"
! chosen xfs || on xfs xfs "$block"
! chosen btrfs || on btrfs btrfs "$block" -d single
! chosen f2fs || on f2fs f2fs "$block"
point "remove the drive" delete_drive torture
point "create a zoned drive" create_drive torture size=512M zone_size=4M || finish
! chosen "zoned btrfs" || on "zoned btrfs" btrfs "$block" -O zoned -d single -m single
point "remove the zoned drive" delete_drive torture
point "create another zoned drive" create_drive torture size=256M zone_size=4M \
	conventional_zones=8 || finish
! chosen "zoned f2fs" || on "zoned f2fs" f2fs "$block" -m
point "remove the other zoned drive" delete_drive torture
finish
