#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Test how kcsd sim reports faults, runs raw programs and traces. Print TAP.
#
#	sim_faults.sh KCSD OUTPUT
# shellcheck source=tools/kcsd/tests/lib.sh
. "$(dirname "$0")/lib.sh"

behave=$bpf/tests/behave.bpf.o
fault=$bpf/tests/fault.bpf.o

check_faults()
{
	local name

	for name in in_entry in_static in_helper; do
		code 3 "fault $name" sim "$fault" --program $name --cparam1 5
		says "(fault.bpf.c:$(line_of $name): "
		says "/* $name */)"
	done
	says "function emits, instruction"
	says "in helper emit: access outside the memory of the program (guest address 0x5)"
	code 3 "fault in_static, JSON" sim "$fault" --program in_static --cparam1 5 --json
	has '.fault | [.function, .line, .addr] | @csv' "\"innermost\",$(line_of in_static),5"
	code 3 "fault in_static, as disasm counts" sim "$fault" --program in_static --cparam1 5
	says "function innermost, instruction $("$kcsd" disasm "$fault" in_static --json |
		jq '[.[] | select(.function == "innermost") | .pc] | min') (fault.bpf.c:"
	code 3 "budget" sim "$fault" --program in_loop --budget 1000
	says "Program Budget Exceeded: function waits"
	says "(fault.bpf.c:$(line_of in_loop): "
	code 3 "time" sim "$fault" --program in_loop --timeout 10
	says "Program Time Exceeded: function waits"
	code 1 "a refused program" sim "$bpf/tests/unknown_helper.bpf.o"
	says "no_such_helper() + ctx->cparam1;): call of an unknown helper: 65613"
	code 1 "a program for Linux" sim "$bpf/tests/linux_helper.bpf.o"
	says "call of a helper of Linux: include <kcsd_helpers.h>, not <bpf/bpf_helpers.h>: 5,"
	says "bpf_ktime_get_ns()"
	code 1 "too large a program" sim "$bpf/word.bpf.o" --arena-size 64K
	says "the program needs more memory than a compute unit has: "
	says "and there are 65536 (arena_size): increase it with --arena-size"
	small "room enough" 0 heap --heap 8M --arena-size 16M
	small "no room for the heap" 1 heap --heap 8M
	says "the program needs more memory"
}

# raw NAME WANTED PROGRAM [MEMORY]: test r0 of plain instructions.
raw()
{
	local mem=()

	[ $# -lt 4 ] || mem=(--mem "$4")
	is "raw, $1" "$(printf '%s\n' "$3" | run sim --raw - "${mem[@]}" 2>&1)" "$2"
}

check_raw()
{
	local exit=9500000000000000

	raw "a number" 2a "b7000000 2a000000 $exit"
	raw "white space" 2a $'b7 00 00 00\t2a 00 00 00\n\n95 00 00 00\n00 00 00 00\n'
	raw "64 bits" ffffffffffffffff "b7000000ffffffff $exit"
	raw "r0 is 0 at the start" 0 "$exit"
	raw "r1 is 0 without memory" 0 "bf10000000000000 $exit"
	raw "r2 is 0 without memory" 0 "bf20000000000000 $exit"
	raw "r1 is the address" 11223344 "6110000000000000 $exit" 44332211
	raw "r2 is the length" 5 "bf20000000000000 $exit" "01 02 03 04 05"
	raw "no memory is given" 0 "0f21000000000000 bf10000000000000 $exit" ""
	raw "memory can be written" 7f "72010100 7f000000 7110010000000000 $exit" "0000"
	raw "its last byte" 9 "0f21000000000000 7110ffff00000000 $exit" "01020309"
	raw "a local call" 8 "b701000004000000 8510000001000000 $exit bf10000000000000
		0f10000000000000 $exit"
	raw "a loop" 37 "b701000000000000 b70000000a000000 0f01000000000000 0700 0000ffffffff
		5500fdff00000000 bf10000000000000 $exit"
	raw "64-bit immediate" 1122334455667788 "1800000088776655 0000000044332211 $exit"
	raw "signed division" fffffffffffffffe "b7000000fcffffff 3700010002000000 $exit"
	raw "byte swap" 3412 "b700000034120000 d700000010000000 b701000000000000 $exit"
	raw "atomic fetch and add" 1 "b703000002000000 db31000001000000 bf30000000000000 $exit" \
		0100000000000000
	code 0 "raw, as an argument" sim --raw "b70000002a000000$exit"
	is "raw, nothing else is printed" "$(cat "$work/out" "$work/err")" 2a
	is "raw, instructions count for the budget as written" \
		"$(run sim --raw "bf10000000000000 05000000 00000000 $exit" --budget 3 2>&1)" 0
	raw "as many instructions as a drive takes" 0 "$(yes $exit | head -n 65536)"
	printf "%s\n" "$(yes $exit | head -n 65537)" >"$work/long"
	run sim --raw - <"$work/long" >"$work/out" 2>"$work/err"
	is "raw, one more" $? 1
	says "the program has too many instructions"
	code 1 "raw, a helper of Linux" sim --raw "8500000005000000 $exit"
	says "<kcsd_helpers.h>, not <bpf/bpf_helpers.h>: 5, bpf_ktime_get_ns()"
	code 3 "raw, a fault" sim --raw "b70000000100000079010800 00000000 $exit"
	says "instruction 1: access outside the memory of the program (guest address 0x9)"
	is "  and nothing on standard output" "$(cat "$work/out")" ""
	code 3 "raw, past the memory" sim --raw "7910000000000000 $exit" --mem 01020304050607
	says "instruction 0: access outside"
	code 3 "raw, the budget" sim --raw "0500ffff00000000 $exit" --budget 10
	says "instruction budget exceeded"
	code 1 "raw, refused" sim --raw "b7000000 00000000 ff00000000000000"
	says "instruction 1: unknown or unsupported instruction"
	is "  and nothing on standard output" "$(cat "$work/out")" ""
	code 1 "raw, no end" sim --raw "b700000000000000"
	says "instruction 0: the function can run past its last instruction"
	code 1 "raw, half an instruction" sim --raw "b7000000"
	says "--raw: an instruction has 8 bytes, and these are 4 bytes"
	code 1 "raw, nothing" sim --raw ""
	says "the program has no instructions"
	code 2 "raw, no hex" sim --raw "b7zz"
	says "is not hex"
	code 2 "raw, memory is no hex" sim --raw $exit --mem 0
	says "--mem: '0' is not hex"
	code 2 "raw, and a file" sim --raw $exit "$behave"
	says "give either a file or --raw"
	code 2 "raw, two kinds of memory" sim --raw $exit --mem 00 --arg x
	says "exclude each other"
	head -c 65537 /dev/zero >"$work/long"
	code 1 "raw, too much memory" sim --raw $exit --data "$work/long"
	says "the argument is longer than 65536 bytes"
}

check_trace()
{
	code 0 "trace" sim "$behave" --program add --cparam1 0x123 --trace
	prints "result: 291"
	says "add:"
	says "return ctx->cparam1 + ctx->cparam2;"
	grep -q 'ldxdw r., \[r1\]  *r.=0x123$' "$work/err"
	verdict $? "  and says what changed"
	is "  and nothing twice" "$(grep -c ': *exit' "$work/err")" 1
	code 0 "trace, raw" sim --raw "b70000002a000000 9500000000000000" --trace --mem 00
	is "  and the result alone is on standard output" "$(cat "$work/out")" 2a
	is "  and it begins with the program" "$(sed -n 2p "$work/err" | tr -s ' ')" \
		" 0: mov r0, 42 r0=0x2a"
	code 3 "trace, to a fault" sim "$fault" --program in_static --cparam1 5 --trace
	says "access outside the memory of the program"
	is "  and instructions are those counted" \
		"$(grep -c '^ *[0-9]*:  [a-z_0-9]* *r\|exit$\|call_local' "$work/err")" "$(sed -n 's/^instructions: //p' "$work/out")"
}

begin
for engine in interp lowered; do
	use_engine $engine
	check_faults
	check_raw
done
use_engine interp
check_trace
finish
