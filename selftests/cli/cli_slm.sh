#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Test subsystem local memory with the kcsd command, and its ranges in programs.
. ../lib/lib.sh
. ./cli_lib.sh

test_slm()
{
	code 0 "slm write" slm write -d $NAME 5 --hex "01 02 03 04" --json
	has .bytes 4
	code 0 "slm copy" slm copy -d $NAME 100 7+2 5+1
	code 0 "slm fill" slm fill -d $NAME 103+1 --byte 0xee
	code 0 "slm read" slm read -d $NAME 99+6 --output "$work/slm"
	is "  and the bytes are right" "$(od -An -tx1 <"$work/slm" | tr -d ' \n')" 00030401ee00
	code 1 "slm read, a full disk" slm read -d $NAME 0+1M --output /dev/full
	says "--output: /dev/full: No space left on device"
	head -c 1500000 /dev/urandom >"$work/random"
	code 0 "slm write, a file" slm write -d $NAME 1 --data "$work/random"
	code 0 "slm read, to standard output" slm read -d $NAME 1+1500000
	point "  and the bytes are equal" cmp "$work/out" "$work/random"
	code 0 "slm copy, LBAs" slm copy -d $NAME 1K --lba 0+2 --lba 1
	code 1 "slm read, beyond the end" slm read -d $NAME 1T+1
	says "LBA Out of Range: $drive has 2097152 bytes of it"
	code 1 "slm copy, overlapping" slm copy -d $NAME 4 0+5
	says "Overlapping I/O Range"
	code 2 "slm copy, no source" slm copy -d $NAME 4
	code 2 "slm copy, both kinds of sources" slm copy -d $NAME 4 8+1 --lba 0
	code 2 "slm copy, LBAs to write" slm copy -d $NAME 4 --lba 0:w
	code 2 "slm write, twice the data" slm write -d $NAME 4 --data x --hex 00
	code 2 "slm read, JSON and bytes" slm read -d $NAME 0+1 --json
	code 2 "slm fill, no byte" slm fill -d $NAME 0+1 --byte 256
}

test_ranges()
{
	# Filter 256 rows of 16 bytes, with a column at 8 that is between 0 and 0.
	local filter_zeroes=000100000000000000000000000000000000000000000000 row=1000000008000000

	filter_zeroes=$filter_zeroes$row
	code 0 "slm fill, zeroes for ranges" slm fill -d $NAME 0+128K --byte 0
	code 0 "ranges list, none" ranges list -d $NAME
	prints "no range sets"
	code 0 "ranges create" ranges create -d $NAME 4K+8K 64K+4K
	prints "set: 1"
	code 0 "ranges create, another" ranges create -d $NAME 0+4K --json
	has .set 2
	code 0 "ranges list" ranges list -d $NAME --json
	has '[.[].ranges[].length] | @csv' 8192,4096,4096
	code 0 "ranges list, as text" ranges list -d $NAME
	prints "4096+8192 65536+4096"
	code 2 "ranges create, not aligned" ranges create -d $NAME 1+4K
	says "'1+4K' does not begin and end at multiples of 4096 (4K)"
	code 1 "ranges create, beyond the end" ranges create -d $NAME 1T+4K
	says "START and LENGTH must be multiples of 4096 and inside the SLM"
	code 2 "run, a range that is not aligned" run -d $NAME "$bpf/filter.bpf.o" --range 0+100
	says "--range: '0+100' does not begin and end at multiples of 4096 (4K)"
	code 1 "ranges delete, no such set" ranges delete -d $NAME 7
	says "'kcsd ranges list' shows"
	code 0 "run on ranges" run -d $NAME "$bpf/filter.bpf.o" --range 0+4K --range 8K+4K \
		--arg-hex "$filter_zeroes" --json
	has .result 256
	code 0 "run on a set" run -d $NAME "$bpf/filter.bpf.o" --range-set 1 \
		--arg-hex "$filter_zeroes" --json
	has .result 256
	code 0 "run on ranges and LBAs" run -d $NAME "$bpf/filter.bpf.o" --lba 0+1 --range 0+4K \
		--range 8K+4K --arg-hex "$filter_zeroes" --json
	has .result 256
	code 1 "run, ranges that overlap" run -d $NAME "$bpf/filter.bpf.o" --range 0+4K --range 0+4K
	says "range 1: Overlapping Memory Ranges"
	code 1 "run, no such set" run -d $NAME "$bpf/filter.bpf.o" --range-set 9
	says "Invalid Memory Range Set Identifier"
	code 2 "run, ranges and a set" run -d $NAME "$bpf/filter.bpf.o" --range 0+4K --range-set 1
	code 2 "run, set 0" run -d $NAME "$bpf/filter.bpf.o" --range-set 0
	code 0 "ranges delete" ranges delete -d $NAME 1 2
	code 0 "ranges list, none are left" ranges list -d $NAME --json
	has length 0
}

begin_cli
test_slm
test_ranges
end_cli
