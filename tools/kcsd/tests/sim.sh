#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Test kcsd sim and kcsd disasm: each option and each refusal. Compare the programs of bpf/ on real
# data with tools that do the same. Print TAP.
#
#	sim.sh KCSD OUTPUT	OUTPUT: build directory of bpf/
set -u
export LC_ALL=C

kcsd=$1
bpf=$2/bpf
behave=$bpf/tests/behave.bpf.o
fault=$bpf/tests/fault.bpf.o
top=$(cd "$(dirname "$0")/../../.." && pwd)
. "$top/selftests/tap/tap.sh"
engine=interp
prefix="$engine: "

# Explain a failure by the output of the last command.
explain()
{
	head -n 12 "$work/out" "$work/err"
}

# run ARGUMENT...: run kcsd; run sim with the engine under test.
run()
{
	if [ "$1" = sim ]; then
		"$kcsd" sim --engine "$engine" "${@:2}"
	else
		"$kcsd" "$@"
	fi
}

# code WANTED NAME ARGUMENT...: test the exit code of kcsd; save output to $work/out and err.
code()
{
	local wanted=$1 name=$2 got

	shift 2
	run "$@" >"$work/out" 2>"$work/err"
	got=$?
	[ $got = "$wanted" ]
	verdict $? "$name"
	[ $got = "$wanted" ] || echo "# expected exit code $wanted, got $got"
}

# prints LINE, says TEXT: test the last standard output, standard error.
prints()
{
	grep -q -x -F -e "$1" "$work/out"
	verdict $? "  and prints: $1"
}

says()
{
	grep -q -F -e "$1" "$work/err"
	verdict $? "  and says: $1"
}

# has FILTER VALUE: compare the result of a jq filter on the JSON output.
has()
{
	is "  and $1 is $2" "$(jq -r "$1" "$work/out" 2>&1)" "$2"
}

# result PROGRAM OPTION...: print the result of a program of bpf/.
result()
{
	run sim "$bpf/$1.bpf.o" "${@:2}" 2>"$work/err" | sed -n 's/^result: \([0-9]*\).*/\1/p'
}

# Print the number of the line of a file with this comment.
line_of()
{
	grep -n -F "/* $1 */" "$top/bpf/tests/fault.bpf.c" | cut -d: -f1
}

make_data()
{
	cat "$top"/README.md "$top"/driver/*/*.c >"$work/text"
	head -c 300001 "$(command -v bash)" >"$work/binary"
	find "$top/driver" -type f -printf '%f,%s\n' >"$work/csv"
	head -c 8192 /dev/zero >"$work/zeroes"
}

# ---- the programs ----

check_programs()
{
	local word block

	for block in 512 4096; do
		is "lines, LBAs of $block bytes" \
			"$(result lines --lba "$work/text" --block-size $block)" \
			"$(wc -l <"$work/text")"
		for word in kcsd return 'the ' nowhere-at-all; do
			is "word '$word', LBAs of $block bytes" \
				"$(result word --lba "$work/text" --block-size $block --arg "$word")" \
				"$(grep -o -F -e "$word" "$work/text" | wc -l)"
		done
	done
	is "grep, its result" "$(result grep --lba "$work/text" --arg static)" \
		"$(grep -c static "$work/text")"
	is "grep, its output" "$(run sim "$bpf/grep.bpf.o" --lba "$work/text" \
		--arg static --output - 2>"$work/err" | md5sum)" \
		"$(grep static "$work/text" | md5sum)"
	is "crc32c" "$(result crc32c --lba "$work/binary")" \
		"$(perl -e 'undef $/; my $c = 0xffffffff; for my $b (unpack "C*", <STDIN>) { $c ^= $b;
			$c = $c >> 1 ^ ($c & 1 ? 0x82f63b78 : 0) for 1 .. 8 } print $c ^ 0xffffffff' \
			<"$work/binary")"
	run sim "$bpf/histogram.bpf.o" --lba "$work/binary" \
		--output "$work/counts" >"$work/out" 2>"$work/err"
	is "histogram" "$(od -An -v -td8 -w8 "$work/counts" | tr -d ' ' | paste -sd' ')" \
		"$(od -An -v -tu1 -w1 "$work/binary" |
		awk '{ n[$1 + 0]++ } END { for (i = 0; i < 256; i++) print n[i] + 0 }' | paste -sd' ')"
	is "sha256" "$(run sim "$bpf/sha256.bpf.o" --lba "$work/binary" \
		--output - 2>"$work/err" | od -An -v -tx1 | tr -d ' \n')" \
		"$(sha256sum <"$work/binary" | cut -d' ' -f1)"
	is "join" "$(run sim "$bpf/join.bpf.o" --lba "$work/csv" --cparam1 1 \
		--arg $',main.c\nlog.c\n' --output - 2>"$work/err" | md5sum)" \
		"$(awk -F, '$1 == "main.c" || $1 == "log.c"' "$work/csv" | md5sum)"
	is "csv" "$(run sim "$bpf/csv.bpf.o" --lba "$work/csv" --cparam1 2 \
		--format s64 2>"$work/err" | tail -n 7 | head -n 4 | paste -sd' ')" \
		"$(awk -F, '{ s += $2; if (NR == 1 || $2 < min) min = $2; if ($2 > max) max = $2 }
		END { print NR, s, min, max }' "$work/csv")"
}

# ---- options ----

# small NAME WANTED PROGRAM OPTION...: test the exit code of a program of behave.bpf.o.
small()
{
	local name=$1 wanted=$2 program=$3

	shift 3
	code "$wanted" "$name" sim "$behave" --program "$program" "$@"
}

check_options()
{
	small "numbers" 0 add --cparam1 0x10 --cparam2 5
	prints "result: 21"
	prints "engine: $engine"
	small "an error" 4 add --cparam1 18446744073709551594
	prints "result: 18446744073709551594 (-22: an argument of the program or of a helper is not valid)"
	says "the program returned an error: -22 (an argument of the program or of a helper is not valid)"
	small "the least error" 4 add --cparam1 18446744073709547521
	small "no error any more" 0 add --cparam1 18446744073709547520
	small "an error, JSON" 4 add --cparam1 18446744073709551615 --json
	has '[.message, .status] | @csv' '"the program returned an error: -1 (its own error code)",0'
	small "an argument" 0 echo --arg 'some text'
	prints "output: 9 bytes"
	prints "some text"
	small "in hex, shown in hex" 0 echo --arg-hex '41 42:43' --hex
	prints "00000000  41 42 43                                         |ABC|"
	printf 'from a file' >"$work/part"
	small "the content of a file" 0 echo --arg-file "$work/part"
	prints "from a file"
	small "the same, as data" 0 echo --data "$work/part"
	prints "from a file"
	small "output to a file" 0 echo --arg abc --output "$work/emitted"
	is "  and it is there" "$(cat "$work/emitted")" abc
	small "no room for the output" 5 fill --cparam1 9000 --out-max 8192
	prints "result: 18446744073709551588 (-28: the zone or the output is full)"
	says "the program's output was cut after "
	says " bytes: --out-max SIZE allows more than 8 KiB, up to 16 MiB"
	small "no room, and no error" 5 spill --cparam1 9000 --out-max 8192
	prints "result: 9000"
	small "no room, JSON" 5 spill --cparam1 9000 --out-max 8192 --json
	has '[.result, .output.bytes, .output.cut] | @csv' 9000,8192,true
	small "the most room" 0 spill --cparam1 16777216 --out-max 16M --json
	has '[.result, .output.bytes, .output.cut] | @csv' 16777216,16777216,false
	head -c 2M /dev/zero | tr '\0' x >"$work/line"
	code 4 "too long a line" sim "$bpf/grep.bpf.o" --lba "$work/line" --arg x
	says "-7 (a line, or another unit of data, is longer than the buffer of the program; --len ends"
	small "a heap" 0 heap --heap 100000
	prints "result: 100000"
	small "time goes on" 0 clock
	prints "result: 1"
	small "a line for the log" 0 say --arg $'a\nline'
	says "log: a?line"
	small "JSON" 0 add --cparam1 3 --json
	has '[.program, .result, .engine, .media_read_bytes] | @csv' "\"add\",3,\"$engine\",0"
	has '[has("drive"), has("wait_ns"), has("link_to_drive_bytes")] | @csv' false,false,false
	small "geometry" 0 geometry --lba "$work/zeroes" --block-size 512 --format u64
	prints 16
	prints $((2 << 32 | 512))
	run sim - --program add -1 7 <"$behave" >"$work/out" 2>"$work/err"
	is "standard input" "$(head -n 1 "$work/out")" "result: 7"
}

check_lbas()
{
	printf 'KCSDKCSD rest' >"$work/part"
	small "an LBA, the rest of which the file lacks" 0 read_lba --lba "$work/part"
	prints "result: $(perl -e 'print unpack "Q", "KCSDKCSD"')"
	prints "media: 4096 bytes read, 0 bytes written"
	small "an LBA that is not granted" 3 read_lba --lba "$work/zeroes" --grant 0 --cparam1 1
	says "read of an LBA that was not granted (LBA 1)"
	small "not for writing" 3 write_lba --lba "$work/zeroes"
	says "write of an LBA that was not granted (LBA 0)"
	small "no LBAs at all" 3 read_lba
	says "(LBA 0)"
	small "a write is forgotten" 0 write_lba --lba "$work/zeroes" --grant all:rw --cparam2 65
	prints "media: 0 bytes read, 4096 bytes written"
	is "  and the file is as it was" "$(tr -d '\0' <"$work/zeroes" | wc -c)" 0
	small "a write is kept" 0 write_lba --lba "$work/zeroes" --grant 1:w --cparam1 1 \
		--cparam2 65 --write-back
	is "  and the file has it" "$(tail -c +4097 "$work/zeroes" | tr -d '\0' | wc -c)" 4096
	is "  and only there" "$(head -c 4096 "$work/zeroes" | tr -d '\0' | wc -c)" 0
	small "several grants" 0 read_lba --lba "$work/zeroes" -g 0 -g 1:rw --cparam1 1
	prints "result: 4702111234474983745"
	small "an empty file" 3 read_lba --lba /dev/null
	small "LBAs instead of a file" 1 read_lba --lba 0+1
	says "--lba: 0+1: No such file or directory; --lba of sim is a FILE, --grant grants its LBAs"
	small "no such file" 1 read_lba --lba "$work/none"
	is "  and no more is said" "$(grep -c -e --grant "$work/err")" 0
}

# hashes NAME OPTION...: compare the hash of the stream with that of standard input.
hashes()
{
	local name=$1

	shift
	is "$name" "$(run sim "$bpf/sha256.bpf.o" --output - "$@" 2>"$work/err" |
		od -An -v -tx1 | tr -d ' \n')" "$(sha256sum | cut -d' ' -f1)"
}

# Test the length of a stream: of the file, of the grants, or of --len.
check_len()
{
	local len

	hashes "length: the file's" --lba "$work/text" <"$work/text"
	for len in 0 1 4095 4096 4097 70000; do
		head -c $len "$work/text" >"$work/wanted"
		hashes "length: $len bytes" --lba "$work/text" --len $len <"$work/wanted"
		hashes "length: $len bytes of what is granted" \
			--lba "$work/text" --grant 0+18 --len $len <"$work/wanted"
	done
	hashes "length: a size" --lba "$work/text" --len 4K < <(head -c 4096 "$work/text")
	printf 'x' >"$work/one"
	hashes "length: all that is granted" --lba "$work/one" --grant all \
		< <(printf 'x'; head -c 4095 /dev/zero)
	hashes "length: an empty file" --lba /dev/null </dev/null
	small "length: more than is granted" 1 add --lba "$work/one" --len 4097
	says "the length, 4097 bytes, is more than is granted to be read, 4096 bytes"
	small "length: of nothing" 1 add --len 1
	says "the length, 1 bytes, is more than is granted to be read, 0 bytes"
	small "length: no number" 2 add --len 1x
	says "--len: '1x' is not a size"
	[ "$engine" = interp ] || return 0
	head -c 65536 "$work/text" >"$work/slm"
	hashes "length: a range" --slm "$work/slm" --range 0+8K < <(head -c 8192 "$work/slm")
	hashes "length: two ranges" --slm "$work/slm" --range 4K+8K --range 0+4K --len 8196 \
		< <(tail -c +4097 "$work/slm" | head -c 8192; head -c 4 "$work/slm")
	code 1 "length: more than the ranges have" sim "$bpf/sum.bpf.o" --range 0+4K --len 4097
	says "is more than is granted to be read, 4096 bytes"
	is "length: in place" "$(result range_sum --slm "$work/slm" --range 0+64K --len 5000)" \
		"$(head -c 5000 "$work/slm" | od -An -v -tu1 -w1 |
			awk '{ s += $1 } END { print s }')"
}

check_images()
{
	perl -e 'print pack "H*", "b7000000" . "2a000000" . "95" . "0" x 14' >"$work/plain"
	code 0 "plain instructions" sim "$work/plain"
	prints "result: 42"
	printf '\377KCSDBPF\1\0\100\0\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0x' >"$work/image"
	head -c 31 /dev/zero >>"$work/image"
	cat "$work/plain" >>"$work/image"
	code 0 "an image" sim "$work/image"
	prints "result: 42"
	code 0 "an image, disassembled" disasm "$work/image"
	prints "     0:  mov r0, 42"
	truncate -s 83 "$work/image"
	code 1 "an image with something after it" sim "$work/image"
	says "malformed program image"
}

# ---- faults with their source line ----

check_faults()
{
	local name

	for name in in_entry in_static in_helper; do
		code 3 "fault $name" sim "$fault" --program $name --cparam1 5
		says "(fault.bpf.c:$(line_of $name): "
		says "/* $name */)"
	done
	says "function emits, instruction"
	says "in helper emit: access outside the program's memory (guest address 0x5)"
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
	says "call of a helper of Linux's: include <kcsd_helpers.h>, not <bpf/bpf_helpers.h>: 5,"
	says "bpf_ktime_get_ns()"
	code 1 "too large a program" sim "$bpf/word.bpf.o" --arena-size 64K
	says "the program needs more memory than a compute unit has: "
	says "and there are 65536 (arena_size): increase it with --arena-size"
	small "room enough" 0 heap --heap 8M --arena-size 16M
	small "no room for the heap" 1 heap --heap 8M
	says "the program needs more memory"
}

# ---- raw programs: print r0 and nothing else ----

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
	code 1 "raw, a helper of Linux's" sim --raw "8500000005000000 $exit"
	says "<kcsd_helpers.h>, not <bpf/bpf_helpers.h>: 5, bpf_ktime_get_ns()"
	code 3 "raw, a fault" sim --raw "b70000000100000079010800 00000000 $exit"
	says "instruction 1: access outside the program's memory (guest address 0x9)"
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

# ---- trace ----

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
	says "access outside the program's memory"
	is "  and instructions are those counted" \
		"$(grep -c '^ *[0-9]*:  [a-z_0-9]* *r\|exit$\|call_local' "$work/err")" "$(sed -n 's/^instructions: //p' "$work/out")"
}

# ---- wrong usage ----

check_usage()
{
	code 2 "sim of nothing" sim
	says "give either a file or --raw"
	for option in --block-size=3 --block-size=x --engine=fast --arena-size=x --budget=0 \
		--timeout=0 --format=png --cparam1=x --grant=0+1 --write-back --mem=00 --grant=x \
		--heap=-1 --out-max=16385K; do
		code 2 "sim $option" sim "$behave" --program add "$option"
	done
	code 2 "sim, LBAs of 3 bytes" sim "$behave" --block-size 3
	says "'3' is neither 512 nor 4096"
	code 2 "sim, no such engine" sim "$behave" --engine fast
	says "--engine: 'fast' is neither interp nor lowered"
	code 2 "sim, a trace of lowered code" sim "$behave" --engine lowered --trace
	says "--trace needs --engine interp"
	code 2 "sim, a grant of nothing" sim "$behave" -p add --grant 0+1
	says "--grant needs --lba"
	code 2 "sim, nothing to write to" sim "$behave" -p add --write-back
	says "--write-back needs --lba"
	code 2 "sim, memory for a file" sim "$behave" --mem 00
	says "--mem needs --raw"
	small "an LBA beyond the file" 1 read_lba --lba "$work/zeroes" --grant 2
	says "--grant: '2' goes beyond the last LBA of the drive, 1"
	small "no such LBA file" 1 read_lba --lba "$work/none"
	says "--lba: $work/none: No such file"
	small "LBAs, a directory" 1 read_lba --lba "$work"
	says "--lba: $work: Is a directory"
	printf x >"$work/one"
	small "to write to half an LBA" 1 read_lba --lba "$work/one" --write-back
	says "is not a multiple of 4096 bytes"
	# shellcheck disable=SC2046 # words
	small "too many grants" 1 read_lba --lba "$work/zeroes" \
		$(for _ in $(seq 129); do echo --grant 0; done)
	says "at most 128 grants"
	code 1 "no such file" sim "$work/none"
	says "$work/none: No such file"
	code 1 "a directory" sim "$work"
	says "$work: Is a directory"
	code 1 "several programs" sim "$behave"
	says "echo"
	code 1 "no such program" sim "$behave" --program none
	says "none"
	code 1 "arena too large" sim "$behave" -p add --arena-size 1T
	says "at most"
}

# ---- memory ranges ----

# filter NAME WANTED ROWS LOW HIGH [OPTION...]: filter rows of 16 bytes by their second half.
filter()
{
	local name=$1 wanted=$2 args

	args=$(perl -e 'print unpack "H*", pack "Q3L2", @ARGV, 16, 8' "$3" "$4" "$5")
	shift 5
	is "filter, $name" "$(result filter --arg-hex "$args" "$@")" "$wanted"
}

check_ranges()
{
	local slm="$work/slm" kept full invalid

	full=$(printf %u -28)
	invalid=$(printf %u -22)

	perl -e 'print pack "Q2", $_, $_ * 7 % 1000 for 0 .. 511; print "\0" x 8192' >"$slm"
	kept=$(perl -e 'print scalar grep { $_ * 7 % 1000 >= 100 && $_ * 7 % 1000 <= 300 } 0 .. 511')
	filter "its result" "$kept" 512 100 300 --range 0+8K --range 8K+8K --slm "$slm"
	is "  and the file is as it was" "$(tail -c 8192 "$slm" | tr -d '\0' | wc -c)" 0
	filter "write back" "$kept" 512 100 300 --range 0+8K --range 8K+8K --slm "$slm" --write-back
	is "  and the rows are there" "$(tail -c 8192 "$slm" | head -c $((kept * 16)) | md5sum)" \
		"$(perl -e 'print map { pack "Q2", $_, $_ * 7 % 1000 }
			grep { $_ * 7 % 1000 >= 100 && $_ * 7 % 1000 <= 300 } 0 .. 511' | md5sum)"
	is "  and nothing else" "$(tail -c $((8192 - kept * 16)) "$slm" | tr -d '\0' | wc -c)" 0
	filter "zeroes" 512 512 0 0 --range 0+8K --range 64K+8K
	filter "range 1 is full" $full 512 0 1000 --range 0+8K --range 8K+4K --slm "$slm"
	filter "more rows than there are" $invalid 513 0 1 --range 0+8K --range 8K+4K
	filter "one range" $invalid 1 0 1 --range 0+8K
	code 1 "range beyond the SLM" sim "$bpf/filter.bpf.o" --slm "$slm" --range 12K+8K
	says "range 0: Invalid Memory Range Set"
	code 1 "ranges that overlap" sim "$bpf/filter.bpf.o" --range 0+8K --range 4K+4K
	says "range 1: Overlapping Memory Ranges"
	code 2 "range that is not aligned" sim "$bpf/filter.bpf.o" --slm "$slm" --range 1+4K
	says "does not begin and end at multiples of 4096 (4K)"
	code 2 "range, LBAs too" sim "$bpf/filter.bpf.o" --lba "$slm" --range 0+4K
	says "exclude each other"
	code 2 "range that is none" sim "$bpf/filter.bpf.o" --range x
	code 2 "SLM without ranges" sim "$bpf/filter.bpf.o" --slm "$slm"
	says "needs --range"
	run sim "$bpf/filter.bpf.o" --engine lowered --range 0+4K >"$work/out" 2>"$work/err"
	says "interpreter only"
}

# ---- zones ----

# zone_filter WANTED NAME FROM TO LOW HIGH [OPTION...]: filter the same rows in LBAs of 512 bytes,
# zones of 4 KiB.
zone_filter()
{
	local wanted=$1 name=$2 args

	args=$(perl -e 'print unpack "H*", pack "Q4L2", @ARGV, 16, 8' "$3" "$4" "$5" "$6")
	shift 6
	code "$wanted" "$name" sim "$bpf/zone_filter.bpf.o" --lba "$work/zones" --block-size 512 \
		--arg-hex "$args" --zone-size 4K "$@"
}

check_zones()
{
	local kept

	# Zone 0 has 160 rows in 5 LBAs, zones 1 to 3 nothing.
	perl -e 'print pack "Q2", $_ + 1, $_ * 7 % 1000 for 0 .. 159' >"$work/zones"
	truncate -s 16K "$work/zones"
	kept=$(perl -e 'print scalar grep { $_ * 7 % 1000 >= 100 && $_ * 7 % 1000 <= 300 } 0 .. 159')
	zone_filter 0 "zones" 0 8 100 300 --grant z0 --grant z1:a
	prints "result: $kept"
	prints "zone 1: 1 of 8 LBAs written"
	is "  and only that one" "$(grep -c ^zone "$work/out")" 1
	zone_filter 0 "zones, JSON" 0 16 0 1000 --grant z0 --grant z2:a --json
	has '.zones | map([.zone, .start, .written] | @csv) | join(" ")' 2,16,5
	zone_filter 0 "zones, nothing is written" 0 16 2000 2001 --grant z0 --grant z2:a --json
	has '[.result, (.zones | length)] | @csv' 0,0
	zone_filter 0 "zones, what is written" 0 8 0 1000 --grant z0 --grant z1:a \
		--written 0:2 --written 1:3
	prints "result: 64"
	prints "zone 1: 5 of 8 LBAs written"
	zone_filter 4 "zones, no room" 0 8 0 1000 --grant z0 --grant z1:a --written 1:6
	prints "result: 18446744073709551588 (-28: the zone or the output is full)"
	zone_filter 0 "zones, a small capacity" 0 8 0 1000 --grant z0 --grant z1:a \
		--zone-capacity 2K
	prints "result: 128"
	prints "zone 1: 4 of 4 LBAs written"
	zone_filter 3 "zones, no grant" 0 8 0 1000 --grant z0 --grant z1:r
	zone_filter 0 "zones, write back" 0 24 100 300 --grant z0 --grant z3:a --write-back
	is "  and the rows are there" "$(tail -c 4096 "$work/zones" | head -c $((kept * 16)) | md5sum)" \
		"$(perl -e 'print map { pack "Q2", $_ + 1, $_ * 7 % 1000 }
			grep { $_ * 7 % 1000 >= 100 && $_ * 7 % 1000 <= 300 } 0 .. 159' | md5sum)"
	zone_filter 0 "zones, what was written is" 24 8 0 1000 --grant z3 --grant z1:a
	# The bytes behind the last row are zero and pass the filter.
	prints "result: 32"
}

check_zones_refused()
{
	zone_filter 2 "zones, no power of 2" 0 8 0 1 --zone-size 3K
	says "--zone-size: '3072' is not a power of 2"
	zone_filter 2 "zones, less than an LBA" 0 8 0 1 --zone-size 256
	says "of at least an LBA"
	zone_filter 2 "zones of no size" 0 8 0 1 --zone-size 0
	zone_filter 2 "zones, more capacity" 0 8 0 1 --zone-capacity 8K
	says "--zone-capacity: '8192' is more than the zone size"
	zone_filter 2 "zones, half an LBA" 0 8 0 1 --zone-capacity 256
	zone_filter 1 "zones, half a zone" 0 8 0 1 --zone-size 32K
	says "the --lba file is not a multiple of 32768 bytes"
	zone_filter 2 "zones, no such zone" 0 8 0 1 --written 4:1
	says "--written: '4:1': the last zone is 3"
	zone_filter 2 "zones, too many LBAs" 0 8 0 1 --written 3:9
	says "--written: '3:9': a zone has 8 LBAs"
	zone_filter 2 "zones, no LBAs" 0 8 0 1 --written 3
	says "--written: '3' is not ZONE:LBAS"
	code 2 "zones without LBAs" sim "$bpf/zone_filter.bpf.o" --zone-size 4K
	says "--zone-size needs --lba"
	code 2 "a capacity without zones" sim "$bpf/zone_filter.bpf.o" --lba "$work/zones" \
		--zone-capacity 4K
	says "need --zone-size"
	code 2 "what is written without zones" sim "$bpf/zone_filter.bpf.o" --lba "$work/zones" \
		--written 0:1
	says "need --zone-size"
}

# ---- disasm ----

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

# ---- the compile line of kcsd_helpers.h, with each installed clang ----

check_compile()
{
	local line compiler

	line=$(sed -n 's/^ \*\t\(clang .*\)/\1/p' "$top/bpf/kcsd_helpers.h")
	cp "$top/bpf/lines.bpf.c" "$work/prog.bpf.c"
	is "kcsd_helpers.h: there is one compile line" "$(wc -l <<<"$line") ${line%% *}" "1 clang"
	for compiler in clang clang-14 clang-19; do
		command -v $compiler >/dev/null || continue
		rm -f "$work/prog.bpf.o"
		(cd "$work" && export C_INCLUDE_PATH="$top/bpf:$top/include/uapi" &&
			bash -c "$compiler ${line#clang}") >"$work/out" 2>"$work/err"
		verdict $? "kcsd_helpers.h: its compile line, $compiler"
		code 0 "  and the program runs" sim "$work/prog.bpf.o" --lba "$top/README.md"
	done
}

# ---- the example in compute.rst: each command, and the lines of output that it shows ----

check_documented()
{
	local line

	sed -n '/^    \$ printf/,/^$/s/^    //p' "$top/Documentation/compute.rst" >"$work/example"
	is "compute.rst: there is an example" "$(($(grep -c '^\$ ' "$work/example") >= 3))" 1
	while IFS= read -r line; do
		case $line in
		"\$ "*)
			line=${line#"\$ "}
			line=${line//\/tmp\//$work\/}
			line=${line//build\/kcsd/$kcsd}
			bash -c "${line//build\/bpf/$bpf}" >"$work/out" 2>"$work/err"
			cat "$work/err" >>"$work/out"
			;;
		"instructions: "*)
			# The number depends on the compiler.
			grep -q -x 'instructions: [0-9]*' "$work/out"
			verdict $? "compute.rst: instructions"
			;;
		*)
			grep -q -x -F -e "$line" "$work/out"
			verdict $? "compute.rst: $line"
			;;
		esac
	done <"$work/example"
}

# ---- the examples of the manual page: each run of a program, on a file instead of a drive ----

# example PROGRAM: print its command line in the page, changed for sim.
example()
{
	sed 's/\\-/-/g; s/^\t//' "$top/Documentation/man/kcsd.8" |
		sed -n '/^\.SH EXAMPLES/,$p' | sed ':more; /\\e$/ { N; s/\\e\n//; t more }' |
		sed -n "s/^kcsd run $1.bpf.o --lba all --len \$(stat -c %s \([a-z.]*\))/--lba \1/p"
}

# is_example PROGRAM OUTPUT_OPTION WANTED: run the example and compare its output.
is_example()
{
	local line

	line=$(example "$1")
	is "kcsd.8: there is one example of $1" "$(grep -c . <<<"$line")" 1
	is "kcsd.8: the example of $1" "$(cd "$work" &&
		eval "run sim '$bpf/$1.bpf.o' $line $2" 2>"$work/err")" "$3"
}

check_manual()
{
	printf 'the whale, whale\nCall me Ahab\nwhale\n' >"$work/book.txt"
	printf 'a,b,c\n1,2,30\n4,5,60\n7,8,90\n' >"$work/table.csv"
	is_example word "--json | jq .result" 3
	is_example grep "" "Call me Ahab"
	is_example csv "| tail -n 7 | paste -sd' '" "3 180 30 90 60 1 0"
	cp "$work/book.txt" "$work/book"
	code 1 "output over the data" sim "$bpf/grep.bpf.o" --lba "$work/book" -o "$work/book" \
		--arg whale
	says "is the same file as"
	is "  and it is there" "$(cmp "$work/book" "$work/book.txt" && echo same)" same
	code 1 "output over the program" sim "$work/book" -o "$work/book"
	code 1 "output over the argument" sim "$bpf/word.bpf.o" --data "$work/book" -o "$work/book"
	is "  and it is there" "$(cmp "$work/book" "$work/book.txt" && echo same)" same
	code 1 "a C file" sim "$top/bpf/word.bpf.c"
	says "word.bpf.c: this is C source: compile it with 'kcsd build "
	code 1 "a text" sim "$work/book"
	says "$work/book: neither an object file nor a valid image or instructions: "
	code 1 "an append without zones" sim "$bpf/lines.bpf.o" --lba "$work/book" --grant 0+1:a
	says "--grant: '0+1:a': 'a' needs zones, and the drive has none"
	code 3 "a budget" sim "$bpf/lines.bpf.o" --lba "$work/book" --budget 9
	says "instruction budget exceeded: 9 instructions, set by --budget"
	code 4 "an argument that makes no sense" sim "$bpf/word.bpf.o"
	says "log: the argument is the word, 1 to 256 bytes"
	code 4 "a length as crc32c's CPARAM1" sim "$bpf/crc32c.bpf.o" --cparam1 5
	says "log: the argument is an earlier CRC"
}

echo "TAP version 13"
for engine in interp lowered; do
	prefix="$engine: "
	make_data
	check_programs
	check_options
	check_lbas
	check_len
	check_zones
	check_images
	check_faults
	check_raw
	check_usage
done
engine=interp
prefix="$engine: "
check_trace
check_disasm
check_zones_refused
check_ranges
check_compile
check_documented
check_manual
finish
