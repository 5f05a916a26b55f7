#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Test kcsd disasm. Print TAP.
#
#	disasm.sh KCSD OUTPUT
# shellcheck source=tools/kcsd/tests/lib.sh
. "$(dirname "$0")/lib.sh"

fault=$bpf/tests/fault.bpf.o

check_disasm()
{
	local program

	for program in lines word grep csv crc32c histogram join sha256 filter; do
		code 0 "disasm $program" disasm "$bpf/$program.bpf.o"
		is "  and all of it is instructions" "$(grep -c ' raw ' "$work/out")" 0
		is "  and it has a label" "$(head -n 1 "$work/out")" "$program:"
		code 0 "disasm $program, JSON" disasm --json "$bpf/$program.bpf.o"
		has 'map(.text != null and .pc >= 0 and (.bytes | test("^[0-9a-f]{16}"))) | all' true
		has '[.[] | select(.target) | .target] - [.[] | select(.label) | .pc] | length' 0
	done
	code 0 "disasm, functions" disasm "$fault" in_static
	prints "innermost:"
	prints "     1:  call_local inner"
	code 0 "disasm, the program as an option" disasm "$fault" --program in_helper
	prints "emits:"
	grep -q 'call emit$' "$work/out"
	verdict $? "  and helpers have names"
	code 0 "disasm, bytes" disasm --bytes "$fault" in_static
	grep -q '^     1:  8510000002000000  *call_local inner$' "$work/out"
	verdict $? "  and they are there"
	code 0 "disasm, source" disasm --source "$fault" in_static
	grep -q "^; .*fault.bpf.c:$(line_of in_static): return p" "$work/out"
	verdict $? "  and it is there"
	code 0 "disasm, JSON of an object" disasm --json "$fault" in_static
	has '[.[] | select(.function == "innermost") | .line] | min' "$(line_of in_static)"
	code 0 "disasm, a program that is refused" disasm "$bpf/tests/unknown_helper.bpf.o"
	grep -q 'call 0x1004d$' "$work/out"
	verdict $? "  and the call is there"
	printf '\377\1\2\3\4\5\6\7\25\1\1\0\0\0\0\0' >"$work/plain"
	printf '\225\0\0\0\0\0\0\0\225\0\0\0\0\0\0\0' >>"$work/plain"
	"$kcsd" disasm - <"$work/plain" >"$work/out" 2>"$work/err"
	is "disasm, standard input" "$(cat "$work/out")" "F0:
     0:  raw ff01020304050607
     1:  jeq r1, 0, L3
     2:  exit
L3:
     3:  exit"
	code 1 "disasm, nothing" disasm /dev/null
	says "the program has no instructions"
	printf 123 >"$work/plain"
	code 1 "disasm, junk" disasm "$work/plain"
	says "$work/plain: not a program: malformed program image"
	code 1 "disasm, no such file" disasm "$work/none"
	says "No such file"
	code 1 "disasm, no such program" disasm "$fault" none
	says "none"
	code 2 "disasm, no file" disasm
	code 2 "disasm, too many names" disasm a b c
}

begin
check_disasm
finish
