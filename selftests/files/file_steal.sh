#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Move the blocks of a file, and give them to others, while a program writes to them without end: it
# reaches no block that has left the file. Without the lease that libkcsd takes, and also on
# filesystems where it refuses to write.
# shellcheck disable=SC2154 # block, kcsd, bpf: from lib.sh; mount, map_file: from files_lib.sh
. ../lib/lib.sh
. ./files_lib.sh

# Fill the free space, so that the blocks of before are in use again.
fill()
{
	yes 0123456789abcde >"$mount/fill" 2>/dev/null
	sync
}

ext4_moves()
{
	e4defrag "$mount/file"
}

xfs_moves()
{
	xfs_fsr -v "$mount/file"
	xfs_io -x -c "resblks 0" "$mount"	# reserved blocks would not be filled
}

btrfs_moves()
{
	btrfs balance start -d --force "$mount"
}

f2fs_moves()
{
	"$map_file" gc "$mount/file"
	# f2fs goes through all free blocks before it comes back to those.
	fill
	rm "$mount/fill"
	sync
}

steal()
{
	"${1}_moves"
	fill
}

check_fs()
{
	case $1 in
	ext4) e2fsck -fn "$block" ;;
	xfs) xfs_repair -n "$block" ;;
	btrfs) btrfs check --check-data-csum "$block" ;;
	f2fs) fsck.f2fs --dry-run "$block" ;;
	esac
}

# Bytes that only the program has written: 0xdd.
has_scribble()
{
	LC_ALL=C grep -qaP '\xdd' "$1"
}

# on TYPE [MKFS OPTION...]
on()
{
	local what=$1

	make_fs "$1" "$block" "${@:2}" || return
	# Without checksums, or balance would find that those of the file are wrong, and end.
	: >"$mount/file"
	[ "$1" != btrfs ] || chattr +C "$mount/file"
	# Blocks of others between those of the file.
	point "$what: write files" "$map_file" interleave "$mount/file" "$mount/other" 500
	point "$what: write more" "$map_file" interleave "$mount/file" "$mount/left" 500
	rm "$mount/left"
	sync
	md5sum "$mount/other" >"$work/sum"
	is "$what: the run ends when its blocks are written by others" \
		"$("$scribble" "$mount/file" "$index_of_program" bash "$0" steal "$1" "$mount" "$map_file" \
			2>&1 | tail -n 1)" 0x705
	point "$what: umount" umount "$mount"
	point "$what: the filesystem is whole" check_fs "$1"
	point "$what: mount" mount "$block" "$mount"
	point "$what: another file is unchanged" md5sum --status -c "$work/sum"
	point "$what: the new one has only its own bytes" fails_quietly has_scribble "$mount/fill"
	end_fs
}

fails_quietly()
{
	! "$@"
}

if [ "${1:-}" = steal ]; then
	mount=$3
	map_file=$4
	steal "$2" >/dev/null 2>&1
	exit 0
fi
begin
need mkfs.ext4 mkfs.xfs mkfs.btrfs mkfs.f2fs e4defrag xfs_fsr xfs_io btrfs jq
find_kcsd
begin_files
scribble=$(first_there "${OUTPUT:-}/file_scribble" ./file_scribble \
	../../build/selftests/file_scribble) ||
	skip_all "no file_scribble: build it with 'make selftests'"
point "create a drive" create_drive steal size=320M block_size=4096 || finish
index_of_program=$("$kcsd" load --drive "kcsd$index" --activate --json --program scribble "$bpf/tests/behave.bpf.o" |
	jq .index)
on ext4
on xfs
on btrfs -d single
on f2fs
point "remove the drive" delete_drive steal
finish
