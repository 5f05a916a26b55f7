#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Test file systems that write zones in order: btrfs, f2fs, zonefs.
# shellcheck disable=SC2154 # block: from lib.sh
. ../lib/lib.sh
. ./zoned_lib.sh

# Delete every other file: the file system must move the others before it can reset their zones.
thin_tree()
{
	local i

	for i in 0 2 4 6 8; do
		rm -f "$1"/file-*$i
	done
	sync
}

# keep_files NAME TYPE FILES FSCK...: call after mkfs; fill, mount again, verify. Leaves it mounted.
keep_files()
{
	local what=$1 type=$2 files=$3 mount=$work/mnt

	shift 3
	mkdir -p "$mount"
	point "$what: mount" mount -t "$type" "$block" "$mount" || return
	point "$what: fill it" fill_tree "$mount/first" 10 "$files"
	tree_sums "$mount/first" >"$work/sums"
	point "$what: umount" umount "$mount"
	settle
	point "$what: fsck" "$@" "$block"
	point "$what: mount again" mount -t "$type" "$block" "$mount" || return
	point "$what: every file is unchanged" same_files "$mount/first"
}

# reuse_space NAME TYPE FSCK...: call after keep_files; delete, fill again, mount again, verify.
reuse_space()
{
	local what=$1 type=$2 mount=$work/mnt

	shift 2
	thin_tree "$mount/first"
	tree_sums "$mount/first" >"$work/sums"
	point "$what: deleted files free space" fill_tree "$mount/second" 3 200
	point "$what: the other files are unchanged" same_files "$mount/first"
	tree_sums "$mount/second" >"$work/sums"
	point "$what: umount again" umount "$mount"
	point "$what: fsck again" "$@" "$block"
	point "$what: mount once more" mount -t "$type" "$block" "$mount" || return
	point "$what: the new files are unchanged" same_files "$mount/second"
	point "$what: umount once more" umount "$mount"
	settle
}

test_f2fs()
{
	point "$what: mkfs" mkfs.f2fs -q -f -m "$block" || return
	keep_files "$what" f2fs 200 fsck.f2fs --dry-run &&
		reuse_space "$what" f2fs fsck.f2fs --dry-run
}

test_btrfs()
{
	point "$what: mkfs" mkfs.btrfs -q -f -O zoned -d single -m single "$block" || return
	# btrfs needs free zones to work: fill only a part.
	keep_files "$what" btrfs 24 btrfs check
	point "$what: umount again" umount "$work/mnt"
	settle
}

zonefs_files()
{
	local dir=$1 file size

	for file in "$dir"/seq/*; do
		size=$(stat -c %s "$file")
		[ "$size" = "$2" ] || { echo "$file has $size bytes"; return 1; }
	done
}

test_zonefs()
{
	local mount=$work/mnt capacity=$1 conventional=$2 seqs file

	mkdir -p "$mount"
	point "$what: a super block" make_zonefs
	point "$what: mount" mount -t zonefs -o explicit-open "$block" "$mount" || return
	seqs=$(find "$mount/seq" -type f | wc -l)
	is "$what: conventional zones, except that of the super block" \
		"$(find "$mount/cnv" -type f 2>/dev/null | wc -l)" \
		$((conventional ? conventional - 1 : 0))
	point "$what: every sequential zone is an empty file" zonefs_files "$mount" 0
	random "$work/data" "$capacity"
	for file in "$mount"/seq/*; do
		write_zone_file "$file" "$capacity" <"$work/data" || break
	done
	verdict $? "$what: write all of them"
	point "$what: write them to the end" zonefs_files "$mount" "$capacity"
	is "$what: all zones are full" "$(zones_in fu)" $((seqs + (conventional == 0)))
	fails "$what: a write to a full file fails" "" \
		dd if=/dev/zero of="$mount/seq/0" bs=4k count=1 oflag=direct,append conv=notrunc
	point "$what: umount" umount "$mount"
	settle
	point "$what: mount again" mount -t zonefs "$block" "$mount" || return
	is "$what: every file is unchanged" "$(cat "$mount"/seq/* | md5sum)" \
		"$(for file in "$mount"/seq/*; do cat "$work/data"; done | md5sum)"
	test_zonefs_truncate "$mount" "$capacity"
	point "$what: umount again" umount "$mount"
	settle
}

test_zonefs_truncate()
{
	local mount=$1 capacity=$2 full

	full=$(zones_in fu)
	point "$what: truncate to 0 resets the zone" truncate -s 0 "$mount/seq/0"
	is "$what: the zone is empty again" \
		"$(stat -c %s "$mount/seq/0") $(zones_in fu)" "0 $((full - 1))"
	point "$what: write a part of it" write_zone_file "$mount/seq/0" 131072 <"$work/data"
	is "$what: reads back that part" "$(md5sum <"$mount/seq/0")" \
		"$(head -c 131072 "$work/data" | md5sum)"
	point "$what: truncate to its capacity finishes the zone" \
		truncate -s "$capacity" "$mount/seq/0"
	is "$what: the zone is full" "$(zones_in fu)" "$full"
	is "$what: its end reads as zeroes" "$(tail -c +131073 "$mount/seq/0" | md5sum)" \
		"$(head -c $((capacity - 131072)) /dev/zero | md5sum)"
}

# on_drive NAME FUNCTION [ARGUMENT...] -- OPTION...: run the function on a drive with the options.
on_drive()
{
	local what=$1 run=()

	shift
	while [ "$1" != -- ]; do
		run+=("$1")
		shift
	done
	shift
	if [[ $what == file* ]]; then
		: >"$work/image"
		set -- "$@" "backing_file=$work/image"
	fi
	point "$what: create a drive" create_zoned fs "$@" || return
	"${run[@]}"
	point "$what: remove the drive" delete_zoned fs
	rm -f "$work"/image* "$work/data"
}

test_conventional_part()
{
	local what="$1, f2fs"

	has_fs f2fs mkfs.f2fs && on_drive "$what" test_f2fs -- \
		size=128M zone_size=4M conventional_zones=8
}

# btrfs appends its data.
test_appending()
{
	local what="$1, btrfs"

	has_fs btrfs mkfs.btrfs && on_drive "$what" test_btrfs -- size=128M zone_size=4M
}

test_zones_as_files()
{
	local what="$1, zonefs"

	has_fs zonefs blkzone && on_drive "$what, capacity 3M of 4M" test_zonefs 3145728 4 -- \
		size=32M zone_size=4M zone_capacity=3M conventional_zones=4 max_open_zones=2
}

test_one_active_zone()
{
	local what="$1, zonefs"

	has_fs zonefs blkzone && on_drive "$what, no conventional zones" test_zonefs 2097152 0 -- \
		size=16M zone_size=2M max_open_zones=1 max_active_zones=1
}

begin
need blkzone mount
begin_zoned
test_conventional_part memory
test_appending memory
test_zones_as_files memory
test_one_active_zone memory
finish
