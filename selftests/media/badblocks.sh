#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Test bad blocks, set in the syntax of the kernel, in sectors of 512 bytes: they apply to every
# access.
. ../lib/lib.sh

badblocks()
{
	cat "$CONFIG/$name/badblocks"
}

set_badblocks()
{
	set_attribute "$name" badblocks "$1"
}

# write_lba LBA [COUNT], read_lba LBA [COUNT]: access the drive with direct I/O.
write_lba()
{
	dd if=/dev/zero of="$block" bs="$((${2:-1} * 4096))" seek="$(($1 * 4096))" count=1 \
		oflag=direct,seek_bytes status=none
}

read_lba()
{
	dd if="$block" of=/dev/null bs="$((${2:-1} * 4096))" skip="$(($1 * 4096))" count=1 \
		iflag=direct,skip_bytes status=none
}

media_errors()
{
	cat "/sys/class/kcsd/kcsd$index/stats/media_errors"
}

test_syntax()
{
	local wrong

	is "syntax: no bad blocks at first" "$(badblocks)" ""
	for wrong in "" + - 1 1-2 +1 +1- +-1 +2-1 ++1-2 "+1-2 3" "+1 -2" +a-2 +1-b +0x1-2 +-1-2 \
		+18014398509481984-18014398509481984 +0-2147483647 +99999999999999999999-1; do
		fails "syntax: '$wrong' is refused" "Invalid argument" set_badblocks "$wrong"
	done
	is "syntax: no bad blocks after refused text" "$(badblocks)" ""
	point "syntax: add a range" set_badblocks +80-87
	point "syntax: add another range" set_badblocks +2000-2000
	is "syntax: shown as first sector and length" "$(badblocks | tr '\n' ,)" "80 8,2000 1,"
	point "syntax: clear a part" set_badblocks -82-83
	is "syntax: the rest is still bad" "$(badblocks | tr '\n' ,)" "80 2,84 4,2000 1,"
	point "syntax: clear the rest" set_badblocks -80-87
	point "syntax: clear the other range" set_badblocks -0-4000
	is "syntax: no bad blocks left" "$(badblocks)" ""
}

test_list_is_full()
{
	local i

	for ((i = 0; i < 600; i++)); do
		set_badblocks "+$((i * 1000))-$((i * 1000))" 2>/dev/null || break
	done
	is "full: number of ranges" "$((i >= 500 && i < 600))" 1
	fails "full: one range more" "No space left" set_badblocks "+9000000-9000000"
	is "full: the text fits a page" "$(($(badblocks | wc -c) <= 4096))" 1
	point "full: clear all" set_badblocks -0-9999999
	is "full: no bad blocks left" "$(badblocks)" ""
}

# Test access to LBA 10, which is sectors 80 to 87.
test_access()
{
	local before what

	before=$(media_errors)
	point "$1: add a bad sector" set_badblocks +83-83
	for what in read_lba write_lba; do
		fails "$1: $what of its LBA" "No data available" $what 10
		point "$1: $what of the LBA before" $what 9
		point "$1: $what of the LBA after" $what 11
		fails "$1: $what of many LBAs with it" "No data available" $what 0 256
		point "$1: $what of many LBAs without it" $what 11 200
	done
	fails "$1: a discard with it" "" blkdiscard -o 32768 -l 65536 "$block"
	fails "$1: zeroing with it" "" blkdiscard -z -o 32768 -l 65536 "$block"
	point "$1: a discard without it" blkdiscard -o 65536 -l 65536 "$block"
	[ "$(media_errors)" -ge $((before + 6)) ]
	verdict $? "$1: media errors are counted"
	is "$1: a program that reads it fails" \
		"$("$kcsd" run "$bpf/lines.bpf.o" -d "$name" --lba 0+16 |
		sed -n 's/^result: .*(\(.*\))/\1/p')" "-5: the medium failed"
	point "$1: a program that does not read it" \
		"$kcsd" run "$bpf/lines.bpf.o" -d "$name" --lba 0+10
	point "$1: clear the bad sector" set_badblocks -83-83
	point "$1: read it" read_lba 10
	point "$1: write it" write_lba 10
}

# Test that bad blocks belong to the configfs directory: they stay when the power goes off.
test_power()
{
	point "power: add a bad range" set_badblocks +80-80
	settle
	point "power: power off" set_attribute "$name" power 0
	is "power: bad blocks survive power off" "$(badblocks)" "80 1"
	point "power: add a bad range without power" set_badblocks +800-800
	point "power: power on" set_attribute "$name" power 1
	settle
	fails "power: a read of the first range fails" "No data available" read_lba 10
	fails "power: a read of the second range fails" "No data available" read_lba 100
	point "power: clear both" set_badblocks -0-800
}

begin
find_kcsd
need dd blkdiscard
create_drive bad size=16M || exit 1
test_syntax
test_list_is_full
test_access memory
test_power
delete_drive bad
truncate -s 16M "$work/image"
create_drive bad "backing_file=$work/image" || exit 1
test_access file
delete_drive bad
create_drive bad size=16M block_size=512 || exit 1
point "LBAs of 512: add a bad range" set_badblocks +83-83
fails "LBAs of 512: a read of its LBA fails" "No data available" \
	dd if="$block" of=/dev/null bs=512 skip=83 count=1 \
	iflag=direct status=none
point "LBAs of 512: a read of the next LBA" \
	dd if="$block" of=/dev/null bs=512 skip=84 count=1 iflag=direct \
	status=none
delete_drive bad
finish
