#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Test kcsd sim: each option and each refusal. Print TAP.
#
#	sim.sh KCSD OUTPUT
# shellcheck source=tools/kcsd/tests/lib.sh
. "$(dirname "$0")/lib.sh"

behave=$bpf/tests/behave.bpf.o

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
	says "the output of the program was cut after "
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

	# shellcheck disable=SC2094 # hashes reads both
	hashes "length: that of the file" --lba "$work/text" <"$work/text"
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

begin
for engine in interp lowered; do
	use_engine $engine
	check_options
	check_lbas
	check_len
	check_images
	check_usage
done
finish
