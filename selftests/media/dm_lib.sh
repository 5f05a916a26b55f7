# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # work: as lib.sh has it
#
# For shell tests, after lib.sh: an ext4 on a disk whose blocks can be made to fail, or to wait.
# Blocks have 4096 bytes, of the file system and of the disk: what has smaller ones is
# accessed through the page cache. There is no journal, so that a block that cannot be
# written is one of data, or of nobody.

DM=kst-dm
dm_blocks=16384

# begin_dm: after begin. The file system is $work/dm.
begin_dm()
{
	need dmsetup mkfs.ext4 filefrag
	modprobe -q dm-mod
	dmsetup version >/dev/null 2>&1 || skip_all "this kernel has no device mapper"
	dm_remove
	trap 'dm_go; clean_up; dm_remove' EXIT
	truncate -s $((dm_blocks * 4096)) "$work/disk"
	dm_disk=$(losetup -b 4096 --show -f "$work/disk")
	mkdir "$work/dm"
	dm_mount || { verdict 1 "a file system on a disk that can fail"; finish; }
}

dm_mount()
{
	dmsetup create --noudevsync $DM --table "0 $((dm_blocks * 8)) linear $dm_disk 0" &&
		dmsetup mknodes $DM && mkfs.ext4 -q -b 4096 -O ^has_journal /dev/mapper/$DM &&
		mount /dev/mapper/$DM "$work/dm"
}

dm_remove()
{
	dmsetup remove --noudevsync $DM 2>/dev/null
}

# Blocks of a file on the disk, as "first count" pairs.
dm_blocks_of()
{
	sync "$1"
	filefrag -b4096 -e "$1" | sed -n 's/^ *[0-9]*:[^:]*: *\([0-9]*\)\.\.[^:]*: *\([0-9]*\):.*/\1 \2/p'
}

# dm_table [FIRST COUNT]...: all but these blocks work.
dm_table()
{
	local at=0

	while [ $# -ge 2 ]; do
		[ "$1" = $at ] || echo "$((at * 8)) $((($1 - at) * 8)) linear $dm_disk $((at * 8))"
		echo "$(($1 * 8)) $(($2 * 8)) error"
		at=$(($1 + $2))
		shift 2
	done
	echo "$((at * 8)) $(((dm_blocks - at) * 8)) linear $dm_disk $((at * 8))"
}

# What comes to the disk waits.
dm_stop()
{
	dmsetup suspend --noflush --nolockfs --noudevsync $DM
}

dm_go()
{
	dmsetup resume --noudevsync $DM
}

# dm_fail [FIRST COUNT]...: from now on these blocks fail, or none.
dm_fail()
{
	dm_table "$@" | dmsetup load $DM && dm_stop && dm_go
}

# dm_fail_next [FIRST COUNT]...: they will when the disk, which has been stopped, goes on.
dm_fail_next()
{
	dm_table "$@" | dmsetup load $DM
}

# wait_in_ioctl PID...: until each of them is, and waits there.
wait_in_ioctl()
{
	local pid

	for pid in "$@"; do
		until [[ $(cat "/proc/$pid/syscall" 2>/dev/null) == "16 "* ]]; do
			[ -d "/proc/$pid" ] || return 1
		done
	done
}
