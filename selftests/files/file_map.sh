#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Map files of all filesystems that are known, and compare the sources, read straight from the
# drive, with the files.
# shellcheck disable=SC2154 # block, index: from lib.sh; mount, map_file: from files_lib.sh
. ../lib/lib.sh
. ./files_lib.sh

# Make files of many kinds in $files. Zoned btrfs has no fallocate.
make_files()
(
	mkdir -p "$files" && cd "$files" || return
	: >empty
	printf x >one
	random small 100
	random page 4096
	random odd 1000001
	truncate -s 1M hole
	truncate -s 1000000 middle
	random data 70000
	dd if=data of=middle bs=4k seek=64 conv=notrunc status=none
	fallocate -l 1M allocated
	dd if=data of=allocated bs=4k seek=32 conv=notrunc status=none
	random beyond 10000
	fallocate -n -l 4M beyond
	random punched 400000
	sync
	fallocate -p -o 65536 -l 131072 punched
	"$map_file" scatter scattered 400 4096
	"$map_file" fill scattered 400 4096
)

make_clones()
{
	cp --reflink=always "$files/odd" "$files/clone" &&
		dd if="$files/data" of="$files/clone" bs=4k seek=5 count=3 conv=notrunc status=none
}

# check_files: all files that make_files makes. $inline: the small file is a source of bytes.
check_files()
{
	local files=$mount/files early="EAGAIN: the file is being written"

	# A map of btrfs waits for writeback.
	[ "$type" != btrfs ] || early=clean
	point "$what: make files" make_files
	if [ -n "$clones" ]; then
		point "$what: make clones" make_clones
		point "$what: map a clone" "$map_file" clone "$files/clone"
		fails "$what: a clone of a file that has no directory" "No such file or directory" \
			clone_without_directory
	else
		fails "$what: no clones" "has no clones" "$map_file" clone "$files/odd"
	fi
	is "$what: the drive of a file" "$("$map_file" drive "$files/odd")" "kcsd$index"
	is "$what: the drive of a directory, open in two ways" "$("$map_file" drive "$files")" \
		"kcsd$index"$'\n'"kcsd$index"
	point "$what: the sources have the bytes of the files" "$map_file" check "$files"/*
	is "$what: an empty file" "$("$map_file" show "$files/empty")" "lbas 0 0 zeroes 0 0 bytes 0 0"
	is "$what: a hole" "$("$map_file" show "$files/hole")" "lbas 0 0 zeroes 1 1048576 bytes 0 0"
	if [ -n "$inline" ]; then
		is "$what: an inline file" "$("$map_file" show "$files/small")" \
			"lbas 0 0 zeroes 0 0 bytes 1 100"
	else
		is "$what: a small file" "$("$map_file" show "$files/small")" \
			"lbas 1 100 zeroes 0 0 bytes 0 0"
	fi
	says "$what: a file with a page that is not written yet" "$early" \
		"$map_file" dirty "$files/odd" before
	says "$what: a file that is written after the map" "EAGAIN: the file is being written" \
		"$map_file" dirty "$files/odd" after
	says "$what: a file that becomes longer" "EAGAIN: " \
		"$map_file" move "$files/page" truncate -s 4097 "$files/page"
	says "$what: a file that becomes shorter" "EAGAIN: the file has changed" \
		"$map_file" move "$files/odd" sh -c "truncate -s 999 '$files/odd'; sync '$files/odd'"
	says "$what: a file that is only read" "clean" \
		"$map_file" move "$files/middle" cat "$files/middle"
}

clone_without_directory()
{
	mkdir "$files/gone" && cp "$files/odd" "$files/gone/file" || return 0
	bash -c 'exec 5<>"$1/gone/file" && rm -r "$1/gone" && exec "$2" clone /dev/fd/5' \
		bash "$files" "$map_file"
}

# on FILESYSTEM TYPE DEVICE [MKFS OPTION...]
on()
{
	local what=$prefix_of$1 type=$2

	shift
	make_fs "$@" || return
	check_files
	end_fs
}

conventional()
{
	local lba=$1 inline clones

	prefix_of="LBA $lba, "
	point "${prefix_of}create a drive" create_drive map size=1G "block_size=$lba" || return
	inline='' clones='' on "ext4" ext4 "$block" -b 4096
	[ "$lba" = 4096 ] || inline='' clones='' on "ext4, blocks of 1k" ext4 "$block" -b 1024
	[ "$lba" = 4096 ] || inline='' clones='' on "ext4, no extents" ext4 "$block" -O ^extents,^64bit
	inline=1 clones='' on "ext4, inline data" ext4 "$block" -O inline_data -I 256
	inline='' clones=1 on "xfs" xfs "$block"
	inline=1 clones=1 on "btrfs" btrfs "$block" -d single
	inline=1 clones='' on "f2fs" f2fs "$block"
	[ "$lba" != 512 ] || partitions
	point "${prefix_of}remove the drive" delete_drive map
}

partitions()
{
	prefix_of="a partition, "
	wipefs -qa "$block"
	point "${prefix_of}two of them" sfdisk -q "$block" <<-END || return
		label: gpt
		start=2048KiB, size=8192KiB
		start=11272KiB, size=700MiB
	END
	settle
	inline='' clones='' on "ext4" ext4 "${block}p2"
	inline='' clones=1 on "xfs" xfs "${block}p2"
	inline=1 clones=1 on "btrfs" btrfs "${block}p2" -d single
	inline=1 clones='' on "f2fs" f2fs "${block}p2"
	point "${prefix_of}no partitions again" sfdisk -q --delete "$block"
	settle
}

zoned()
{
	prefix_of="zones, "
	point "${prefix_of}create a drive" create_drive map size=256M zone_size=4M || return
	inline=1 clones=1 on "btrfs" btrfs "$block" -O zoned -d single -m single
	point "${prefix_of}remove the drive" delete_drive map
	point "${prefix_of}create another drive" create_drive map size=256M zone_size=4M \
		conventional_zones=8 || return
	inline=1 clones='' on "f2fs" f2fs "$block" -m
	point "${prefix_of}remove that drive" delete_drive map
}

begin
need mkfs.ext4 mkfs.xfs mkfs.btrfs mkfs.f2fs sfdisk fallocate wipefs
begin_files
conventional 512
conventional 4096
zoned
finish
