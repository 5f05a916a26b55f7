#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Run the programs that come with kcsd on a drive with real data, and compare with the results of
# host tools on the same data.
. ../lib/lib.sh

make_data()
{
	cat /usr/share/common-licenses/* /usr/include/*.h /usr/include/linux/*.h >"$work/text"
	find /usr/include/linux -type f -printf '%i,"%f",%s\n' | sed '1i inode,name,size' >"$work/csv"
}

# put FILE: write FILE to the first LBAs of the drive. Sets bytes, lbas.
put()
{
	bytes=$(stat -c %s "$1")
	lbas=$(((bytes + size - 1) / size))
	dd if="$1" of="$block" bs=1M conv=fsync status=none
}

# on_drive PROGRAM OPTION...: run the program on that data. Writes its JSON to $work/json.
on_drive()
{
	local program=$1

	shift
	"$kcsd" run -d "$name" "$bpf/$program.bpf.o" --lba "0+$lbas" --len "$bytes" \
		--json "$@" >"$work/json"
}

result()
{
	jq .result "$work/json"
}

test_word()
{
	local word

	for word in Alpha the GNU 'General Public License' '#define'; do
		on_drive word --arg "$word"
		is "$what: word '$word'" "$(result)" \
			"$(grep -a -o -F -e "$word" "$work/text" | wc -l)"
	done
	is "$what: all data was read inside the drive" "$(jq .media_read_bytes "$work/json")" \
		$((lbas * size))
	point "$what: few bytes crossed the link" jq -e \
		'.link_to_drive_bytes + .link_from_drive_bytes < 1000' "$work/json"
}

counter()
{
	cat "/sys/class/kcsd/kcsd$index/stats/$1"
}

# Test the counters: data that the host reads is counted at the link, data that a run reads is not.
test_word_counters()
{
	local before_host before_media

	before_host=$(counter host_read_bytes)
	dd if="$block" bs=1M count=4 iflag=direct of=/dev/null status=none
	is "$what: a read by the host crosses the link" \
		$(($(counter host_read_bytes) - before_host)) 4194304
	before_host=$(counter host_read_bytes)
	before_media=$(counter media_read_bytes)
	on_drive word --arg e
	is "$what: the run read the media" \
		$(($(counter media_read_bytes) - before_media)) $((lbas * size))
	point "$what: the link was not used" \
		test $(($(counter host_read_bytes) - before_host)) -lt 65536
}

test_grep()
{
	local string

	for string in GNU 'General Public' nowhere-to-be-found; do
		on_drive grep --arg "$string" --out-max 8M --output "$work/got"
		grep -a -F -e "$string" "$work/text" >"$work/wanted"
		is "$what: lines with '$string'" "$(result)" "$(wc -l <"$work/wanted")"
		point "$what: these lines match" cmp "$work/got" "$work/wanted"
	done
}

test_csv()
{
	on_drive csv --cparam1 3 --output "$work/got"
	is "$what: statistics of a column" "$(od -An -v -td8 -w8 "$work/got" | paste -sd' ' |
		tr -s ' ' | sed 's/^ //')" \
		"$(awk -F, 'NR > 1 { n++; s += $NF; if (n == 1 || $NF < min) min = $NF
			if ($NF > max) max = $NF }
			END { printf "%d %d %d %d %d 1 0", n, s, min, max, int(s / n) }' \
			"$work/csv")"
}

# Print the CRC of standard input, computed bit by bit from the polynomial.
reference_crc()
{
	perl -e 'undef $/; my $c = 0xffffffff;
		for my $b (unpack "C*", <STDIN>) {
			$c ^= $b;
			$c = $c >> 1 ^ ($c & 1 ? 0x82f63b78 : 0) for 1 .. 8;
		}
		print $c ^ 0xffffffff'
}

test_crc()
{
	head -c 100001 "$work/text" >"$work/part"
	bytes=100001
	lbas=$(((bytes + size - 1) / size))
	on_drive crc32c
	is "$what: CRC-32C" "$(result)" "$(reference_crc <"$work/part")"
}

test_sha256()
{
	on_drive sha256 --output "$work/got"
	is "$what: SHA-256" "$(od -An -v -tx1 "$work/got" | tr -d ' \n')" \
		"$(sha256sum <"$work/part" | cut -d' ' -f1)"
}

test_join()
{
	printf ',%s\n' '"kcsd.h"
"kcsd_bpf.h"
"fs.h"
"types.h"' >"$work/keys"
	on_drive join --cparam1 2 --arg-file "$work/keys" --output "$work/got"
	tail -c +2 "$work/keys" | awk -F, 'NR == FNR { wanted[$0]; next } $2 in wanted' \
		- "$work/csv" >"$work/wanted"
	is "$what: join" "$(result)" "$(wc -l <"$work/wanted")"
	point "$what: join: same rows" cmp "$work/got" "$work/wanted"
}

# Test several programs in one object: names and addresses in .data, which is new in each run.
test_tables()
{
	local i jobs=()

	for i in 0 1 2 3; do
		"$kcsd" run -d "$name" "$bpf/tests/tables.bpf.o" --program name --cparam1 $i \
			--output - 2>"$work/err"
	done >"$work/got"
	is "$what: a table of strings" "$(cat "$work/got")" readwriteemitlog
	for i in 1 2; do
		"$kcsd" run -d "$name" "$bpf/tests/tables.bpf.o" --program fresh --json \
			>"$work/json"
		is "$what: fresh data, run $i" "$(result)" 4016
	done
	for i in 1 2 3 4; do
		"$kcsd" run -d "$name" "$bpf/tests/tables.bpf.o" --program fresh --json \
			>"$work/json.$i" &
		jobs+=($!)
	done
	wait "${jobs[@]}"
	is "$what: fresh data for runs side by side" \
		"$(jq .result "$work"/json.[1-4] | tr '\n' ' ')" "4016 4016 4016 4016 "
}

test_histogram()
{
	on_drive histogram --output "$work/got"
	is "$what: histogram" "$(od -An -v -tu8 -w8 "$work/got" | tr -d ' ' | paste -sd' ')" \
		"$(od -An -v -tu1 -w1 "$work/part" |
		awk '{ n[$1 + 0]++ } END { for (i = 0; i < 256; i++) print n[i] + 0 }' |
		paste -sd' ')"
}

# Test that the extents of a file, wherever they are on the drive, read as the file when they are
# granted in file order.
test_extents()
{
	local step=$((8192 / size)) grants=() i

	for i in 7 3 5 1; do
		grants+=(--lba "$((i * step))+$step")
		dd if="$work/text" bs=8192 skip=$i count=1 status=none
	done >"$work/part"
	"$kcsd" run -d "$name" "$bpf/crc32c.bpf.o" "${grants[@]}" --json >"$work/json"
	is "$what: scattered ranges, in their order" "$(result)" \
		"$(reference_crc <"$work/part")"
}

begin
need jq perl
find_kcsd
make_data
export LC_ALL=C
truncate -s 64M "$work/image"
for what in "memory, LBA 512" "file, LBA 4096"; do
	size=${what##* }
	options=(size=64M "block_size=$size")
	[[ $what == memory* ]] || options+=("backing_file=$work/image")
	point "$what: create a drive" create_drive programs "${options[@]}" || continue
	put "$work/text"
	test_word
	test_word_counters
	test_grep
	test_extents
	test_crc
	test_sha256
	test_tables
	test_histogram
	put "$work/csv"
	test_csv
	test_join
	point "$what: remove the drive" delete_drive programs
done
finish
