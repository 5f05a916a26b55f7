#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Compact zones by bpf/compact.bpf.c on a drive with a write cache, and cut its power meanwhile: each
# live page is in the source or in the destination, and a second run completes what was begun.
# shellcheck disable=SC2154 # block, kcsd, bpf: from lib.sh
. ../lib/lib.sh

PAGES=150	# written to the source, zone 1
ROUNDS=${COMPACT_ROUNDS:-12}

# Print the pages: each begins with its number, in a line.
make_pages()
{
	seq $PAGES | awk '{ printf "%-4095s\n", "page " $1 " of round '"$round"'" }'
}

# Choose about half of the pages. Sets live, their numbers; writes the argument of the program.
choose()
{
	local i byte=0

	live=()
	printf '\0\001\0\0\0\0\0\0\0\002\0\0\0\0\0\0' >"$work/arg"
	for ((i = 0; i < PAGES; i++)); do
		if ((RANDOM % 2)); then
			live+=($((i + 1)))
			byte=$((byte | 1 << i % 8))
		fi
		if ((i % 8 == 7 || i == PAGES - 1)); then
			# shellcheck disable=SC2059 # the format is the byte
			printf "\\x$(printf %02x $byte)" >>"$work/arg"
			byte=0
		fi
	done
}

compact()
{
	"$kcsd" run "$bpf/compact.bpf.o" --drive kst-compact --lba z1:rm --lba z2:a --data "$work/arg"
}

# read_pages ZONE: print the numbers of the pages of this round in a zone.
read_pages()
{
	dd if="$block" bs=4096 skip=$(($1 * 256)) count=192 iflag=direct status=none | tr -d '\0' |
		sed -n "s/^page \([0-9]*\) of round $round *$/\1/p"
}

# Pass if each live page is in one of the zones.
is_complete()
{
	[ -z "$(comm -23 <(printf '%s\n' "${live[@]}" | sort -u) \
		<( (read_pages 1; read_pages 2) | sort -u))" ]
}

fill()
{
	blkzone reset "$block"
	make_pages | dd of="$block" bs=4096 seek=256 oflag=direct iflag=fullblock conv=fsync status=none
	choose
}

# Cut the power after $1 ms, while the program runs.
cut_during()
{
	compact >"$work/run" 2>&1 &
	sleep "$(printf '0.%03d' "$1")"
	"$kcsd" power-cut --drive kst-compact --on >/dev/null
	wait $!
}

begin
need blkzone comm
find_kcsd
: >"$work/disk"
point "create a drive" create_drive compact size=16M zone_size=1M zone_capacity=768K \
	conventional_zones=1 max_append=16K cache_size=16M backing_file="$work/disk" || finish
round=0
fill
point "compact" compact
is "the live pages, in their order" "$(read_pages 2 | paste -sd ' ')" "${live[*]}"
is "the source is empty" "$(read_pages 1 | wc -l)" 0
# Each append takes a while, so that the power can be cut between two of them.
"$kcsd" inject --drive kst-compact append delay=20ms >/dev/null
middle=0
for ((round = 1; round <= ROUNDS; round++)); do
	fill
	cut_during $((100 + RANDOM % 600))
	point "round $round: no live page is lost" is_complete
	[ "$(read_pages 1 | wc -l)" = 0 ] || [ "$(read_pages 2 | wc -l)" = 0 ] || middle=$((middle + 1))
	[ "$(read_pages 1 | wc -l)" != 0 ] || continue
	blkzone reset -o 4096 -l 2048 "$block"
	point "round $round: again" compact
	is "round $round: all are there" "$(read_pages 2 | paste -sd ' ')" "${live[*]}"
done
echo "# the power was cut with pages in both zones $middle times of $ROUNDS"
delete_drive compact
finish
