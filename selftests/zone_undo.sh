#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A Reset or Finish that fails has not happened, not even after a power cut: a flush at the same
# time does not make it durable.
#
# One flush is stopped in the backing file's disk, with no zone to record. Behind it come another,
# with one, and the Reset. The side file, on a file system of its own, has room for one more
# record: that of the second flush.
. ./lib.sh
. ./dm_lib.sh

ZONES="block_size=512 size=8M zone_size=1M conventional_zones=1 max_program_bytes=64K"

make_files()
{
	rm -f "$work/dm/image" "$work/side/"*
	fallocate -l 8M "$work/dm/image"
	ln -s "$work/dm/image" "$work/side/image"
}

# write_zone ZONE BLOCK: 4 KiB.
write_zone()
{
	dd if="$work/data" of="$block" bs=4k count=1 seek=$(($1 * 256 + $2)) oflag=direct \
		conv=notrunc,nocreat
}

# send ACTION ZONE
send()
{
	nvme zns "$1-zone" "$generic" -n 1 -s $(($2 * 2048))
}

flush()
{
	nvme flush "$generic" -n 1
}

# No record fits any more, since no page does, and the last one is full.
fill()
{
	dd if=/dev/zero of="$work/side/fill" bs=4k 2>/dev/null
	while send finish 7 && send reset 7; do :; done >/dev/null 2>&1
}

# Room for one record: a page has four.
leave_one()
{
	rm "$work/side/fill"
	send finish 4 && send finish 5 && send finish 6 &&
		! dd if=/dev/zero of="$work/side/fill" bs=4k
}

# As "condition wp": wp in 512-byte sectors from the zone's start.
zone()
{
	blkzone report -o $(($1 * 2048)) -c 1 "$block" |
		sed -n 's/.*wptr \(0x[0-9a-f]*\).*zcond:[^(]*(\([^)]*\)).*/\2 \1/p'
}

sum_of_zone()
{
	dd if="$block" bs=4k count=1 skip=$(($1 * 256)) iflag=direct status=none | md5sum
}

# Says what should not have been.
at_once()
{
	local first second change

	dm_stop
	(exec nvme flush "$generic" -n 1) >/dev/null 2>&1 &
	first=$!
	wait_in_ioctl $first
	write_zone 1 1 >/dev/null 2>&1 || echo "the write failed"
	(exec nvme flush "$generic" -n 1) >/dev/null 2>&1 &
	second=$!
	wait_in_ioctl $second
	(exec nvme zns "$1-zone" "$generic" -n 1 -s 2048) >/dev/null 2>&1 &
	change=$!
	wait_in_ioctl $change
	dm_go
	wait $first || echo "the first flush failed"
	wait $second || echo "the second flush failed"
	! wait $change || echo "$1 succeeded"
}

# change ACTION
change()
{
	local what=$1

	make_files
	# shellcheck disable=SC2086 # words
	point "$what: a drive" create_drive undo "backing_file=$work/side/image" $ZONES || return
	point "$what: zone 1 is written" write_zone 1 0
	point "$what: and flushed" flush
	fill
	fails "$what: no room in the side file" "" send finish 3
	point "$what: room for one record" leave_one
	point "$what: the conventional zone is written" write_zone 0 0
	is "$what: flushes succeed, it fails" "$(at_once "$what")" ""
	is "$what: zone 1 is as it was" "$(zone 1)" "oi 0x000010"
	rm -f "$work/side/fill"
	point "$what: power cut" set_attribute kst-undo power_cut 1
	point "$what: power on" set_attribute kst-undo power 1
	is "$what: zone 1 is there" "$(zone 1)" "cl 0x000010"
	is "$what: with its data" "$(sum_of_zone 1)" "$(md5sum <"$work/data")"
	point "$what: the drive goes" delete_drive undo
}

begin
need nvme blkzone fallocate
begin_dm
random "$work/data" 4096
mkdir "$work/side"
mount -t tmpfs -o size=4M tmpfs "$work/side" || { verdict 1 "a tmpfs"; finish; }
change reset
change finish
finish
