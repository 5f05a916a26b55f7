#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
#
# Run each program over real data in the engine, and compare its answer with that of grep, awk, od
# and perl. Print TAP.
#
#	check.sh RUNNER DIRECTORY_OF_OBJECTS
set -u
export LC_ALL=C

runner=$1
objects=$2
. "$(dirname "$0")/../../selftests/tap/tap.sh"

# result PROGRAM FILE OPTION...: the result of the program.
result()
{
	local program=$1 file=$2

	shift 2
	"$runner" "$@" "$objects/$program.bpf.o" "$file" | cut -d' ' -f1
}

# The 64-bit numbers in a file, on one line.
numbers()
{
	od -An -v -td8 -w8 "$1" | tr -d ' ' | paste -sd' '
}

count_word()
{
	grep -a -o -F -e "$1" "$2" | wc -l
}

make_data()
{
	cat /usr/share/common-licenses/* /usr/include/*.h /usr/include/linux/*.h >"$work/text"
	head -c 400000 "$(command -v perl)" >"$work/binary"
	head -c 200001 /dev/zero | tr '\0' a >"$work/a"
	printf 'x' >"$work/one"
	: >"$work/empty"
	find /usr/include -type f -printf '%i,"%f",%s\n' | sed '1i inode,name,size' >"$work/csv"
}

check_word()
{
	local word lba

	for word in Alpha the e ' ' GNU 'GNU General Public License' ')' '#define' 'zzzzzzz'; do
		for lba in 512 4096; do
			is "word: '$word', LBAs of $lba bytes" \
				"$(result word "$work/text" -b $lba -a "$word")" \
				"$(count_word "$word" "$work/text")"
		done
	done
	is "word: in a binary file" "$(result word "$work/binary" -a perl)" \
		"$(count_word perl "$work/binary")"
	for word in a aa aaa aaaaaaa; do
		is "word: '$word' does not overlap itself" \
			"$(result word "$work/a" -a "$word")" "$(count_word "$word" "$work/a")"
	done
}

# A word at every place around the ends of LBAs and chunks.
check_word_bounds()
{
	local word=boundary i

	perl -e 'my $d = "x" x (65536 * 40);
		for my $i (1 .. 39) { substr($d, 65536 * $i - $i % 10, 8) = "boundary" }
		for my $i (1 .. 120) { substr($d, 512 * $i - $i % 10, 8) = "boundary" }
		print $d' >"$work/bounds"
	for i in 512 4096; do
		is "word: across LBAs of $i bytes and chunks" \
			"$(result word "$work/bounds" -b $i -a $word)" \
			"$(count_word $word "$work/bounds")"
	done
	is "word: two grants are one stream" \
		"$(result word "$work/bounds" -b 512 -a $word -g 0+1 -g 1+5119)" \
		"$(count_word $word "$work/bounds")"
	i=$(perl -e 'print join " ", map { "-g $_+1" } 0 .. 127')
	head -c 65536 "$work/bounds" >"$work/part"
	# shellcheck disable=SC2086 # options
	is "word: 128 grants of an LBA" "$(result word "$work/bounds" -b 512 -a $word $i)" \
		"$(count_word $word "$work/part")"
	{ tail -c +1025 "$work/text" | head -c 512; head -c 1024 "$work/text"; } >"$work/part"
	is "word: grants are taken in their order" \
		"$(result word "$work/text" -b 512 -a e -g 2+1 -g 0+2)" "$(count_word e "$work/part")"
	is "word: a grant for writing only is not read" \
		"$(result word "$work/text" -b 512 -a e -g 2+1 -g 5+1w -g 0+2)" \
		"$(count_word e "$work/part")"
}

check_word_limits()
{
	local long

	long=$(head -c 256 "$work/a")
	is "word: 256 bytes" "$(result word "$work/a" -a "$long")" \
		"$(count_word "$long" "$work/a")"
	is "word: 257 bytes are too many" "$(result word "$work/a" -a "${long}a")" -22
	is "word: none" "$(result word "$work/a")" -22
	is "word: no data" "$(result word "$work/empty" -a e)" 0
	is "word: one byte, found" "$(result word "$work/one" -a x)" 1
	is "word: one byte, not found" "$(result word "$work/one" -a y)" 0
	is "word: longer than the data" "$(result word "$work/one" -a xx)" 0
	printf 'one two two' >"$work/part"
	is "word: exactly at the end" "$(result word "$work/part" -a two)" 2
	is "word: one byte past the end" "$(result word "$work/part" -l 10 -a two)" 1
	is "word: a number" "$(result word "$work/part" -1 4097 -a two)" -22
	is "word: no stream" "$(result word "$work/part" -l 0 -a two)" 0
}

# is_redacted NAME FILE WORD OPTION...: as perl overwrites it, and as often.
is_redacted()
{
	local name=$1 file=$2 word=$3 found

	shift 3
	found=$(result redact "$file" -w "$work/out" -a "$word" "$@")
	perl -0777 -pe 's/\Q'"$word"'\E/"x" x length($&)/ge' "$file" >"$work/wanted"
	is "redact: $name" "$found $(md5sum <"$work/out")" \
		"$(count_word "$word" "$file") $(md5sum <"$work/wanted")"
}

check_redact()
{
	local word lba

	for word in the e GNU 'General Public License' zzzzzzz; do
		for lba in 512 4096; do
			is_redacted "'$word', LBAs of $lba bytes" "$work/text" "$word" -b $lba
		done
	done
	is_redacted "in a binary file" "$work/binary" perl
	for word in a aa aaa aaaaaaa; do
		is_redacted "'$word' does not overlap itself" "$work/a" "$word"
	done
	is_redacted "across chunks" "$work/bounds" boundary -b 512
	is "redact: no stream" "$(result redact "$work/one" -l 0 -w "$work/out" -a x)" 0
	is "redact: a stream that cannot be written" "$(result redact "$work/one" -a x)" -30
	is "redact: and has nothing to write" "$(result redact "$work/one" -a y)" 0
	is "redact: no word" "$(result redact "$work/one" -w "$work/out")" -22
	is "redact: a number" "$(result redact "$work/one" -1 1 -w "$work/out" -a x)" -22
}

# is_grep NAME FILE STRING OPTION...: all of the file, to the byte.
is_grep()
{
	local name=$1 file=$2 string=$3 lines

	shift 3
	lines=$(result grep "$file" -a "$string" -o "$work/out" "$@")
	grep -a -F -e "$string" "$file" >"$work/wanted"
	is "grep: $name" "$lines $(md5sum <"$work/out")" \
		"$(wc -l <"$work/wanted") $(md5sum <"$work/wanted")"
}

check_grep()
{
	local string

	for string in GNU e 'General Public' '#include <' nowhere-at-all ''; do
		is_grep "'$string'" "$work/text" "$string"
		is_grep "'$string', LBAs of 512 bytes" "$work/text" "$string" -b 512
	done
	is_grep "in a binary file" "$work/binary" perl
	printf 'one\ntwo' >"$work/part"
	is_grep "the last line has no newline" "$work/part" two
	is_grep "only the line before it" "$work/part" one
	printf '\n\nx\n\n' >"$work/part"
	is_grep "empty lines" "$work/part" ''
	perl -e 'print "start ", "y" x 65529, "\nend\n" for 1 .. 5' >"$work/part"
	is_grep "lines of 65536 bytes" "$work/part" start
	is_grep "lines after long ones" "$work/part" end
}

check_grep_limits()
{
	is "grep: a longer line, unfinished, is refused" "$(result grep "$work/a" -a a)" -7
	is "grep: no data" "$(result grep "$work/empty" -a e -o "$work/out")" 0
	is "grep: a newline in the string" "$(result grep "$work/text" -a 'a
b')" -22
	is "grep: a number" "$(result grep "$work/one" -2 1 -a x)" -22
	is "grep: no room for the output" \
		"$(result grep "$work/text" -a GNU -m 100 -o "$work/out")" -28
	is "grep: what fits is there" "$(cat "$work/out")" \
		"$(grep -a -F GNU "$work/text" | head -n "$(wc -l <"$work/out")")"
	is "grep: as much as fits" "$(($(wc -c <"$work/out") > 0))" 1
}

# is_csv NAME TEXT COLUMN WANTED [OPTION...]: count sum min max average skipped overflow
is_csv()
{
	local name=$1 text=$2 column=$3 wanted=$4

	shift 4
	printf '%b' "$text" >"$work/part"
	result csv "$work/part" -1 "$column" -o "$work/out" \
		"$@" >/dev/null
	is "csv: $name" "$(numbers "$work/out")" "$wanted"
}

check_csv()
{
	local lba column

	for lba in 512 4096; do
		for column in 1 3; do
			result csv "$work/csv" -b $lba -1 $column \
				-o "$work/out" >/dev/null
			is "csv: column $column of a file list, LBAs of $lba bytes" \
				"$(numbers "$work/out")" \
				"$(perl -F, -lane '$v = $F['"$((column - 1))"'];
				if ($v !~ /^\d+$/) { $skip++; next }
				$n++; $s += $v; $min = $v if $n == 1 || $v < $min;
				$max = $v if $v > $max;
				END { use integer;
				printf "%d %d %d %d %d %d 0", $n, $s, $min, $max, $s / $n, $skip }' \
				"$work/csv")"
		done
	done
	is_csv "signs and blanks" 'a\n -1\n+2 \n\t3\t\n' 1 "3 4 -1 3 1 1 0"
	is_csv "the average rounds towards 0" '-1\n-2\n-2\n' 1 "3 -5 -2 -1 -1 0 0"
	is_csv "the largest numbers" '9223372036854775807\n-9223372036854775808\n' 1 \
		"2 -1 -9223372036854775808 9223372036854775807 0 0 0"
	is_csv "larger ones are skipped" \
		'9223372036854775808\n-9223372036854775809\n99999999999999999999\n5\n' 1 \
		"1 5 5 5 5 3 0"
	is_csv "the sum overflows" '9223372036854775807\n1\n' 1 \
		"2 -9223372036854775808 1 9223372036854775807 0 0 1"
	is_csv "what is no number" '\n-\n1.5\n1 2\n- 1\n0x10\n1e3\n\n7\n' 1 "1 7 7 7 7 8 0"
	is_csv "short rows" '1,2\n3\n4,5\n,\n' 2 "2 7 2 5 3 2 0"
	is_csv "CR LF" 'n\r\n1\r\n2\r\n' 1 "2 3 1 2 1 1 0"
	is_csv "quotes" '"a,b","5"\n"c\nd",6\n"e ""f"", g",7\n' 2 "3 18 5 7 6 0 0"
	is_csv "the last row has no newline" '1\n2\n3' 1 "3 6 1 3 2 0 0"
	is_csv "another delimiter" '1;2\n3;4\n' 2 "2 6 2 4 3 0 0" -a ';'
	is_csv "no numbers at all" 'a\nb\n' 1 "0 0 0 0 0 2 0"
	is "csv: no data" "$(result csv "$work/empty" -1 1)" 0
	is "csv: column 0" "$(result csv "$work/csv" -1 0)" -22
	is "csv: a delimiter of two bytes" "$(result csv "$work/csv" -1 1 -a ';;')" -22
	is "csv: no room for the output" "$(result csv "$work/csv" -1 1 -m 8)" -28
}

# Bit by bit, from the polynomial.
reference_crc()
{
	perl -e 'undef $/; my $c = 0xffffffff;
		for my $b (unpack "C*", <STDIN>) {
			$c ^= $b;
			$c = $c >> 1 ^ ($c & 1 ? 0x82f63b78 : 0) for 1 .. 8;
		}
		print $c ^ 0xffffffff'
}

check_crc()
{
	local size

	printf 123456789 >"$work/part"
	is "crc32c: the check value" "$(result crc32c "$work/part")" $((0xe3069283))
	for size in 1 2 7 8 9 15 16 17 511 512 513 4095 4097 65535 65537 131073; do
		head -c $size "$work/binary" >"$work/part"
		is "crc32c: $size bytes" "$(result crc32c "$work/part" -b 512)" \
			"$(reference_crc <"$work/part")"
	done
	result crc32c "$work/part" -b 512 -g 0+100 |
		perl -e 'print pack "V", <>' >"$work/first"
	is "crc32c: goes on from an earlier one" \
		"$(result crc32c "$work/part" -b 512 -g 100+156 -f "$work/first")" \
		"$(head -c 131072 "$work/part" | reference_crc)"
	is "crc32c: no data" "$(result crc32c "$work/empty")" 0
	is "crc32c: arguments" "$(result crc32c "$work/part" -a x)" -22
	is "crc32c: CPARAM1, once a length" "$(result crc32c "$work/part" -1 2)" -22
	is "crc32c: CPARAM2" "$(result crc32c "$work/part" -2 2)" -22
}

check_sha256()
{
	local size

	for size in 1 55 64 65 4097 65537 400000; do
		head -c $size "$work/binary" >"$work/part"
		is "sha256: result for $size bytes" \
			"$(result sha256 "$work/part" -b 512 -o "$work/out")" $size
		is "sha256: $size bytes" "$(od -An -v -tx1 "$work/out" | tr -d ' \n')" \
			"$(sha256sum <"$work/part" | cut -d' ' -f1)"
	done
	is "sha256: no data" "$(result sha256 "$work/empty" -o "$work/out")" 0
	is "sha256: of nothing" "$(od -An -v -tx1 "$work/out" | tr -d ' \n')" \
		"$(sha256sum </dev/null | cut -d' ' -f1)"
	is "sha256: arguments" "$(result sha256 "$work/part" -a x)" -22
	is "sha256: no room for the output" "$(result sha256 "$work/part" -m 31)" -28
}

# is_join NAME FILE COLUMN KEYS OPTION...: separated by commas; as awk does it.
is_join()
{
	local name=$1 file=$2 column=$3 keys=$4 rows

	shift 4
	rows=$(result join "$file" -1 "$column" -a ",$keys
" -o "$work/out" "$@")
	printf '%s\n' "$keys" | awk -F, -v column="$column" 'NR == FNR { wanted[$0]; next }
		(NF >= column || column == 1) && $column in wanted' - "$file" >"$work/wanted"
	is "join: $name" "$rows $(md5sum <"$work/out")" \
		"$(wc -l <"$work/wanted") $(md5sum <"$work/wanted")"
}

check_join()
{
	local lba keys

	for lba in 512 4096; do
		is_join "one key, LBAs of $lba bytes" "$work/csv" 2 '"kcsd.h"' -b $lba
		is_join "many keys, LBAs of $lba bytes" "$work/csv" 3 "$(seq 1 4000)" -b $lba
	done
	is_join "the first column" "$work/csv" 1 "$(cut -d, -f1 "$work/csv" | awk 'NR % 7 == 0')"
	is_join "the same key twice" "$work/csv" 2 'name
name'
	is_join "no such column" "$work/csv" 4 'x'
	printf 'a,,c\n,b\n\nd\na,b,c' >"$work/part"
	is_join "an empty key" "$work/part" 2 ''
	is_join "an empty row" "$work/part" 1 ''
	is_join "the last row has no newline" "$work/part" 3 c
	is_join "a key is no part of another" "$work/csv" 2 '"kcsd'
	is "join: no keys" "$(result join "$work/csv" -1 1 -a ,)" 0
	is "join: no data" "$(result join "$work/empty" -1 1 -a ',x
')" 0
}

check_join_limits()
{
	local keys

	is "join: column 0" "$(result join "$work/csv" -1 0 -a ',x
')" -22
	is "join: no arguments" "$(result join "$work/csv" -1 1)" -22
	is "join: a key without its newline" "$(result join "$work/csv" -1 1 -a ',x')" -22
	is "join: no separator" "$(result join "$work/csv" -1 1 -a '
x
')" -22
	keys=$(seq 1 8192)
	is_join "8192 keys" "$work/csv" 3 "$keys"
	is "join: one more" "$(result join "$work/csv" -1 1 -a ",$keys
x
")" -7
	is "join: a longer row, unfinished, is refused" "$(result join "$work/a" -1 1 -a ',x
')" -7
	is "join: no room for the output" "$(result join "$work/csv" -1 2 -m 2 -a ',name
')" -28
}

# is_split NAME FILE SIZE: the same pieces as split makes, under keys that count up.
is_split()
{
	local name=$1 file=$2 size=$3 stored

	rm -rf "$work/pieces" "$work/wanted"
	mkdir "$work/pieces" "$work/wanted"
	split -C "$size" -a 6 -d "$file" "$work/wanted/log-"
	stored=$(result split "$file" -1 "$size" -a log- -s "$work/pieces")
	is "split: $name, number" "$stored" "$(find "$work/wanted" -type f | wc -l)"
	point "split: $name, pieces" diff -r "$work/pieces" "$work/wanted"
}

check_split()
{
	local size

	for size in 1000 4096 65536 1048576; do
		is_split "$size bytes" "$work/text" "$size"
	done
	seq 100000 >"$work/part"
	is_split "lines that end at the size" "$work/part" 7
	is_split "one object" "$work/part" 1000000
	is_split "no newline" "$work/a" 4096
	is_split "one byte" "$work/one" 10
	is_split "no data" "$work/empty" 10
	printf 'a\nb' >"$work/part"
	is_split "the last line has no newline" "$work/part" 2
	rm -rf "$work/pieces"
	mkdir "$work/pieces"
	is "split: 64 KiB by default" "$(result split "$work/a" -s "$work/pieces")" 4
	is "split: the keys are numbers, then" "$(ls "$work/pieces" | paste -sd' ')" \
		"000000 000001 000002 000003"
	is "split: an object that exists" "$(result split "$work/one" -s "$work/pieces")" -17
	is "split: no right to store" "$(result split "$work/one")" -13
	is "split: a prefix of 11 bytes" "$(result split "$work/one" -a 01234567890)" -22
	is "split: more than 1 MiB" "$(result split "$work/one" -1 1048577)" -22
	is "split: a second number" "$(result split "$work/one" -2 1)" -22
}

check_histogram()
{
	local size

	for size in 1 7 8 9 4097 65537 400000; do
		head -c $size "$work/binary" >"$work/part"
		is "histogram: result for $size bytes" \
			"$(result histogram "$work/part" -b 512 -o "$work/out")" $size
		is "histogram: counts for $size bytes" "$(numbers "$work/out")" \
			"$(od -An -v -tu1 -w1 "$work/part" |
			awk '{ n[$1 + 0]++ } END { for (i = 0; i < 256; i++) print n[i] + 0 }' |
			paste -sd' ')"
	done
	is "histogram: no data" "$(result histogram "$work/empty" -o "$work/out")" 0
	is "histogram: 256 counts all the same" "$(stat -c %s "$work/out")" 2048
	is "histogram: arguments" "$(result histogram "$work/part" -a x)" -22
	is "histogram: no room for the output" "$(result histogram "$work/part" -m 2047)" -28
}

check_lines()
{
	local data lba

	for data in text binary csv empty one; do
		for lba in 512 4096; do
			is "lines: $data, LBAs of $lba bytes" "$(result lines "$work/$data" -b $lba)" \
				"$(wc -l <"$work/$data")"
		done
	done
}

# A stream that ends within an LBA, or with it; of several grants, at their ends.
check_len()
{
	local len

	for len in 0 1 511 512 513 1023 1024 1025 65535 65536 65537 66048 131073; do
		is "sha256: a stream of $len bytes" \
			"$(result sha256 "$work/binary" -b 512 -l $len -o "$work/out") $(
			od -An -v -tx1 "$work/out" | tr -d ' \n')" \
			"$len $(head -c $len "$work/binary" | sha256sum | cut -d' ' -f1)"
	done
	tail -c +513 "$work/binary" | head -c 512 >"$work/part"
	head -c 512 "$work/binary" >>"$work/part"
	for len in 1 511 512 513 1023 1024; do
		is "crc32c: $len bytes of two grants" \
			"$(result crc32c "$work/binary" -b 512 -g 1+1 -g 5+1w -g 0+1 -l $len)" \
			"$(head -c $len "$work/part" | reference_crc)"
	done
}

check_sum()
{
	local data lba

	for data in text binary empty one; do
		for lba in 512 4096; do
			is "sum: $data, LBAs of $lba bytes" "$(result sum "$work/$data" -b $lba)" \
				"$(od -An -v -tu1 -w1 "$work/$data" | awk '{ s += $1 } END { print s + 0 }')"
		done
	done
}

echo "TAP version 13"
make_data
check_lines
check_sum
check_word
check_word_bounds
check_word_limits
check_redact
check_grep
check_grep_limits
check_csv
check_crc
check_sha256
check_join
check_join_limits
check_split
check_histogram
check_len
finish
