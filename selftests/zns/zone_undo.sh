#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A Reset or Finish that fails must have no effect, not even after a power cut: a flush at the same
# time must not make it durable.
#
# The test stops one flush, with no zone to record, in the disk below the backing file. Behind it
# wait a second flush, with one zone to record, and the Reset. The sidecar is on a file system of
# its own with room for one more record: that of the second flush. Alternatively, if the kernel can
# inject failures, an allocation of the Reset fails.
. ../lib/lib.sh
. ../media/dm_lib.sh

ZONES="block_size=512 size=8M zone_size=1M conventional_zones=1 max_program_bytes=64K"

make_files()
{
	rm -f "$work/dm/image" "$work/side/"*
	fallocate -l 8M "$work/dm/image"
	ln -s "$work/dm/image" "$work/side/image"
}

# write_zone ZONE BLOCK: write 4 KiB.
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

# Fill the file system: no page is free, then no record is free in the last page.
fill()
{
	dd if=/dev/zero of="$work/side/fill" bs=4k 2>/dev/null
	while send finish 7 && send reset 7; do :; done >/dev/null 2>&1
}

# Leave room for one record: three Finish use three of the four records of a page.
leave_one()
{
	rm "$work/side/fill"
	send finish 4 && send finish 5 && send finish 6 &&
		! dd if=/dev/zero of="$work/side/fill" bs=4k
}

# zone ZONE: print "condition wp"; wp is in sectors of 512 bytes, from the start of the zone.
zone()
{
	blkzone report -o $(($1 * 2048)) -c 1 "$block" |
		sed -n 's/.*wptr \(0x[0-9a-f]*\).*zcond:[^(]*(\([^)]*\)).*/\2 \1/p'
}

sum_of_zone()
{
	dd if="$block" bs=4k count=1 skip=$(($1 * 256)) iflag=direct status=none | md5sum
}

# send_failing ACTION NTH: send it to zone 1; its allocation number NTH fails. Status 2 if it has
# fewer allocations, 1 if it failed, 0 if it succeeded.
send_failing()
{
	exec "$zone_send" "$generic" "$1" 2048 "$2"
}

# at_once COMMAND...: run it while one flush is in progress and another waits. Returns its exit
# status, or 100 and more if a flush or the write failed.
at_once()
{
	local first second change

	dm_stop
	(exec nvme flush "$generic" -n 1) >/dev/null 2>&1 &
	first=$!
	wait_in_ioctl $first
	write_zone 1 1 >/dev/null 2>&1 || return 100
	(exec nvme flush "$generic" -n 1) >/dev/null 2>&1 &
	second=$!
	wait_in_ioctl $second
	("$@") >/dev/null 2>&1 &
	change=$!
	wait_in_ioctl $change
	dm_go
	wait $first || return 101
	wait $second || return 102
	wait $change
}

# send_full ACTION: send it to zone 1 while the sidecar has no room.
send_full()
{
	exec nvme zns "$1-zone" "$generic" -n 1 -s 2048
}

# change ACTION
change()
{
	local what=$1

	make_files
	# shellcheck disable=SC2086 # words
	point "$what: create a drive" \
		create_drive undo "backing_file=$work/side/image" $ZONES || return
	point "$what: write zone 1" write_zone 1 0
	point "$what: flush" flush
	fill
	fails "$what: no space in the sidecar" "" send finish 3
	point "$what: make space for one record" leave_one
	point "$what: write the conventional zone" write_zone 0 0
	at_once send_full "$what"
	is "$what: flushes succeed, the change fails" "$([ $? -lt 100 ]; echo $?)" 0
	is "$what: zone 1 is unchanged" "$(zone 1)" "oi 0x000010"
	rm -f "$work/side/fill"
	point "$what: power cut" set_attribute kst-undo power_cut 1
	point "$what: power on" set_attribute kst-undo power 1
	is "$what: zone 1 has its state" "$(zone 1)" "cl 0x000010"
	is "$what: zone 1 has its data" "$(sum_of_zone 1)" "$(md5sum <"$work/data")"
	point "$what: remove the drive" delete_drive undo
}

# no_memory ACTION NTH: false if the command has fewer than NTH allocations.
no_memory()
{
	local what="$1 without memory, $2" status

	make_files
	# shellcheck disable=SC2086 # words
	point "$what: create a drive" \
		create_drive undo "backing_file=$work/side/image" $ZONES || return
	point "$what: write zone 1" write_zone 1 0
	point "$what: flush" flush
	point "$what: write the conventional zone" write_zone 0 0
	at_once send_failing "$1" "$2"
	status=$?
	is "$what: flushes succeed" "$([ $status -lt 100 ]; echo $?)" 0
	point "$what: power cut" set_attribute kst-undo power_cut 1
	point "$what: power on" set_attribute kst-undo power 1
	if [ $status = 1 ]; then
		failures=$((failures + 1))
		is "$what: zone 1 has its state" "$(zone 1)" "cl 0x000010"
		is "$what: zone 1 has its data" "$(sum_of_zone 1)" "$(md5sum <"$work/data")"
	else
		is "$what: the change is there" \
			"$(zone 1 | cut -c1,2)" "$([ "$1" = reset ] && echo em || echo fu)"
	fi
	point "$what: remove the drive" delete_drive undo
	[ $status != 2 ]
}

# test_no_memory ACTION: fail each allocation in turn, until the command has no more of them.
test_no_memory()
{
	local nth=1 failures=0

	[ -e /proc/self/fail-nth ] || { skip "$1 without memory" "this kernel has no fault injection"; return; }
	while no_memory "$1" $nth && [ $nth -lt 6 ]; do
		nth=$((nth + 1))
	done
	point "$1 without memory: the flush has failed" test $failures -gt 0
}

begin
need nvme blkzone fallocate
zone_send=$(first_there "${OUTPUT:-}/zone_send" ./zone_send ../../build/selftests/zone_send) ||
	skip_all "no zone_send: build it with 'make selftests'"
begin_dm
random "$work/data" 4096
mkdir "$work/side"
mount -t tmpfs -o size=4M tmpfs "$work/side" || { verdict 1 "a tmpfs"; finish; }
change reset
change finish
test_no_memory reset
test_no_memory finish
finish
