#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# File systems on a zoned drive with a backing file: fill them, power off, and unload the module as
# well. Mount them again on the same file: every file must be unchanged.
# shellcheck disable=SC2154,SC2034 # block, work, module: from the libraries; conventional: to one
. ../lib/lib.sh
. ./zoned_lib.sh
. ../module/module_lib.sh

drive_up()
{
	create_drive durable "backing_file=$work/image" "size=$size" zone_size=4M \
		"zone_capacity=$capacity" conventional_zones=8 max_open_zones=8 "cache_size=$cache"
}

what_zones_are()
{
	blkzone report "$block"
}

# Conditions and write pointers must be the same, except that open zones are now closed.
zones_as_saved()
{
	diff <(sed 's/[0-9]*(o[ie])/4(cl)/' "$work/zones") <(what_zones_are)
}

reload()
{
	unload && load_module drives=0
}

# survives COMMAND...: remove the drive, run the command, create the drive again; the file system
# must be unchanged, and the drive must have the same identifier.
survives()
{
	local label=$1

	shift
	what_zones_are >"$work/zones"
	cat "/sys/block/${block##*/}/wwid" >"$work/wwid"
	point "$what: remove the drive" delete_drive durable
	point "$what: $label" "$@"
	point "$what: create the drive again" drive_up || return
	point "$what: its zones are unchanged" zones_as_saved
	is "$what: its name is unchanged" "$(cat "/sys/block/${block##*/}/wwid")" \
		"$(cat "$work/wwid")"
	point "$what: mount again" mount -t "$type" "$block" "$work/mnt" || return
	point "$what: every file is unchanged" "$verify"
}

tree_as_saved()
{
	same_files "$work/mnt/tree"
}

fill_f2fs()
{
	fill_tree "$work/mnt/tree" 10 24 && tree_sums "$work/mnt/tree" >"$work/sums"
}

# Fill some zones, and others in part.
fill_zonefs()
{
	local file size=0

	for file in "$work"/mnt/seq/*; do
		size=$(((size + 1179648) % 3211264))
		head -c $((size / 65536 * 65536)) /dev/urandom |
			dd of="$file" bs=64k iflag=fullblock oflag=direct,append conv=notrunc \
				status=none || return
		sync "$file" || return
	done
	zonefs_sums >"$work/sums"
}

zonefs_sums()
{
	(cd "$work/mnt/seq" && md5sum -- * | sort -k2)
}

zonefs_as_saved()
{
	zonefs_sums | diff "$work/sums" -
}

mkfs_f2fs()
{
	mkfs.f2fs -q -f -m "$block"
}

# test_filesystem TYPE MKFS FILL VERIFY
test_filesystem()
{
	local type=$1 verify=$4

	if ! grep -qw "$type" /proc/filesystems && ! modprobe -q "$type"; then
		skip "$what" "this kernel has no $type"
		return
	fi
	: >"$work/image"
	point "$what: create a drive" drive_up || return
	if point "$what: mkfs" "$2" && point "$what: mount" mount -t "$type" "$block" "$work/mnt"; then
		point "$what: fill it" "$3"
		point "$what: umount" umount "$work/mnt"
		survives "power off" true && umount "$work/mnt"
		survives "the module is loaded again" reload && umount "$work/mnt"
	fi
	point "$what: remove the drive at the end" delete_drive durable
	rm -f "$work"/image*
}

begin
need blkzone mount
begin_zoned
begin_unloaded
load_module drives=0
mkdir "$work/mnt"
conventional=8
what="zonefs, with a cache" size=64M capacity=3M cache=2M
test_filesystem zonefs make_zonefs fill_zonefs zonefs_as_saved
what="f2fs" size=128M capacity=4M cache=0
if command -v mkfs.f2fs >/dev/null; then
	test_filesystem f2fs mkfs_f2fs fill_f2fs tree_as_saved
else
	skip "$what" "no mkfs.f2fs: install it"
fi
finish
