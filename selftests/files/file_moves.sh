#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Move the blocks of mapped files by defragmentation, balance and garbage collection: the map is seen
# to be old, and a new one is right.
# shellcheck disable=SC2154 # block: from lib.sh; mount, map_file: from files_lib.sh
. ../lib/lib.sh
. ./files_lib.sh

# Make a file of many extents. The blocks between become free: garbage collection of f2fs leaves full
# segments alone.
make_file()
{
	"$map_file" interleave "$mount/file" "$mount/other" 1000 && rm "$mount/other" && sync
}

# moved NAME COMMAND...: the command moves blocks of the mapped file.
moved()
{
	local name="$what: $1" before

	shift
	before=$(md5sum <"$mount/file")
	says "$name moves blocks: the old map is seen" \
		"EAGAIN: the file" "$map_file" move "$mount/file" "$@"
	point "$name: a new map is right" "$map_file" check "$mount/file"
	is "$name: the file is unchanged" "$(md5sum <"$mount/file")" "$before"
}

# on TYPE FUNCTION [MKFS OPTION...]
on()
{
	local type=$1 run=$2

	shift 2
	make_fs "$type" "$block" "$@" || return
	point "$what: write a file" make_file
	point "$what: map it" "$map_file" check "$mount/file"
	$run
	end_fs
}

ext4_moves()
{
	moved "e4defrag" e4defrag "$mount/file"
}

xfs_moves()
{
	moved "xfs_fsr" xfs_fsr -v "$mount/file"
}

btrfs_moves()
{
	moved "defragmentation" sh -c \
		"btrfs filesystem defragment -f '$mount/file' && btrfs filesystem sync '$mount'"
	btrfs_balance
}

btrfs_balance()
{
	moved "balance" btrfs balance start -d --force "$mount"
	cp --reflink=always "$mount/file" "$mount/clone"
	says "$what: balance moves a clone, too" "EAGAIN: the file" \
		"$map_file" move "$mount/clone" btrfs balance start -d --force "$mount"
	point "$what: a new map of the clone is right" "$map_file" check "$mount/clone"
}

f2fs_moves()
{
	local before

	before=$(md5sum <"$mount/file")
	says "$what: garbage collection moves blocks: the old map is seen" "EAGAIN: the file" \
		"$map_file" gc "$mount/file"
	point "$what: garbage collection: a new map is right" "$map_file" check "$mount/file"
	is "$what: garbage collection: the file is unchanged" "$(md5sum <"$mount/file")" "$before"
}

begin
need mkfs.ext4 mkfs.xfs mkfs.btrfs mkfs.f2fs e4defrag xfs_fsr btrfs
begin_files
point "create a drive" create_drive map size=1G block_size=4096 || finish
what=ext4 on ext4 ext4_moves
what=xfs on xfs xfs_moves
what=btrfs on btrfs btrfs_moves -d single
what=f2fs on f2fs f2fs_moves
point "remove the drive" delete_drive map
point "create a zoned drive" create_drive map size=512M zone_size=4M || finish
what="zoned btrfs" on btrfs btrfs_moves -O zoned -d single -m single
point "remove the zoned drive" delete_drive map
point "create another zoned drive" create_drive map size=256M zone_size=4M conventional_zones=8 ||
	finish
what="zoned f2fs" on f2fs f2fs_moves -m
point "remove the other zoned drive" delete_drive map
finish
