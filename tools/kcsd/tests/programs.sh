#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Compare the programs of bpf/ on real data with tools that do the same, and run the examples of
# the documents. Print TAP.
#
#	programs.sh KCSD OUTPUT
# shellcheck source=tools/kcsd/tests/lib.sh
. "$(dirname "$0")/lib.sh"

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

check_compile()
{
	local line compiler

	line=$(sed -n 's/^ \*    \(clang .*\)/\1/p' "$top/bpf/kcsd_helpers.h")
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
	says "--grant: '0+1:a': 'a' and 'm' need zones, and the drive has none"
	code 3 "a budget" sim "$bpf/lines.bpf.o" --lba "$work/book" --budget 9
	says "instruction budget exceeded: 9 instructions, set by --budget"
	code 4 "an argument that makes no sense" sim "$bpf/word.bpf.o"
	says "log: the argument is the word, 1 to 256 bytes"
	code 4 "a length as CPARAM1 of crc32c" sim "$bpf/crc32c.bpf.o" --cparam1 5
	says "log: the argument is an earlier CRC"
}

begin
for engine in interp lowered; do
	use_engine $engine
	check_programs
done
use_engine interp
check_compile
check_documented
check_manual
finish
