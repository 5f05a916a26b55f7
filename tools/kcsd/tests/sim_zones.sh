#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Test kcsd sim with zones and with memory ranges. Print TAP.
#
#	sim_zones.sh KCSD OUTPUT
# shellcheck source=tools/kcsd/tests/lib.sh
. "$(dirname "$0")/lib.sh"

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

# compact WANTED NAME FROM TO BITMAP [OPTION...]: BITMAP in hexadecimal
compact()
{
	local wanted=$1 name=$2 args

	args=$(perl -e 'print unpack "H*", pack "Q2", @ARGV' "$3" "$4")$5
	shift 5
	code "$wanted" "$name" sim "$bpf/compact.bpf.o" --lba "$work/pages" --block-size 512 \
		--zone-size 4K --arg-hex "$args" "$@"
}

# Zone 0 has 7 pages, each full of its letter, zone 1 none.
make_pages()
{
	perl -e 'print $_ x 512 for "a" .. "g"' >"$work/pages"
	truncate -s 16K "$work/pages"
}

# Print the letters of the pages from LBA $1 on, $2 of them.
pages()
{
	perl -e 'local $/ = \512; open F, $ARGV[0]; seek F, $ARGV[1] * 512, 0;
		for (1 .. $ARGV[2]) { $_ = <F>; print /^([a-z])\1*$/ ? $1 : /^\0+$/ ? "." : "?" }' \
		"$work/pages" "$1" "$2"
}

check_compact()
{
	local grants=(--grant z0:rm --grant z1:a)

	make_pages
	compact 0 "compact" 0 8 5a "${grants[@]}" --format u64 --write-back
	prints "result: 4"
	is "  its output" "$(grep -x '[0-9]*' "$work/out" | paste -sd ' ')" "8 4"
	is "  the pages of the bitmap, in their order" "$(pages 8 8)" "bdeg...."
	prints "zone 0: 0 of 8 LBAs written"
	prints "zone 1: 4 of 8 LBAs written"
	make_pages
	compact 0 "compact, nothing is live" 0 8 00 "${grants[@]}"
	prints "result: 0"
	prints "zone 0: 0 of 8 LBAs written"
	compact 0 "compact, behind what is there" 0 8 41 "${grants[@]}" --written 0:7 --written 1:6
	prints "result: 2"
	prints "zone 1: 8 of 8 LBAs written"
	compact 4 "compact, too little room" 0 8 43 "${grants[@]}" --written 0:7 --written 1:6
	prints "result: 18446744073709551588 (-28: the zone or the output is full)"
	is "  zone 0 is as it was" "$(grep -c '^zone 0' "$work/out")" 0
	compact 4 "compact, a live page that was never written" 0 8 80 "${grants[@]}"
	compact 4 "compact, to itself" 0 0 01 --grant z0:ram
	compact 4 "compact, from the middle of a zone" 1 8 01 "${grants[@]}"
	compact 4 "compact, to the middle of a zone" 0 9 01 "${grants[@]}"
	compact 4 "compact, half of an argument" 0 8 "" --grant z0:rm --arg-hex 00
	compact 3 "compact, no grant to manage" 0 8 01 --grant z0:r --grant z1:a
	compact 3 "compact, a part of the zone to manage" 0 8 01 --grant 0+7:rm --grant z1:a \
		--grant 7+1:r
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
	filter "range 1 is full" "$full" 512 0 1000 --range 0+8K --range 8K+4K --slm "$slm"
	filter "more rows than there are" "$invalid" 513 0 1 --range 0+8K --range 8K+4K
	filter "one range" "$invalid" 1 0 1 --range 0+8K
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

begin
for engine in interp lowered; do
	use_engine $engine
	check_zones
	check_compact
done
use_engine interp
check_zones_refused
check_ranges
finish
