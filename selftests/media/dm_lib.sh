# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # work: as lib.sh has it
#
# Make an ext4 on a disk whose blocks can be made to fail, or to wait. Include after lib.sh.
# Blocks of the file system and of the disk have 4096 bytes; drives with smaller LBAs access it
# through the page cache. There is no journal, so a block that cannot be written belongs to data, or
# to nothing.

DM=kst-dm
dm_blocks=16384

# begin_dm: call after begin. Mounts the file system on $work/dm.
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

# dm_blocks_of FILE: print the blocks of a file on the disk, as pairs "first count".
dm_blocks_of()
{
	sync "$1"
	filefrag -b4096 -e "$1" | sed -n 's/^ *[0-9]*:[^:]*: *\([0-9]*\)\.\.[^:]*: *\([0-9]*\):.*/\1 \2/p'
}

# dm_table [FIRST COUNT]...: print a table in which all blocks work, except these.
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

# Make all I/O to the disk wait.
dm_stop()
{
	dmsetup suspend --noflush --nolockfs --noudevsync $DM
}

dm_go()
{
	dmsetup resume --noudevsync $DM
}

# dm_fail [FIRST COUNT]...: make these blocks fail from now on; without arguments, none.
dm_fail()
{
	dm_table "$@" | dmsetup load $DM && dm_stop && dm_go
}

# dm_fail_next [FIRST COUNT]...: make these blocks fail once the disk, which is stopped, continues.
dm_fail_next()
{
	dm_table "$@" | dmsetup load $DM
}

# wait_in_ioctl PID...: wait until each process waits in an ioctl.
wait_in_ioctl()
{
	local pid

	for pid in "$@"; do
		until [[ $(cat "/proc/$pid/syscall" 2>/dev/null) == "16 "* ]]; do
			[ -d "/proc/$pid" ] || return 1
		done
	done
}
