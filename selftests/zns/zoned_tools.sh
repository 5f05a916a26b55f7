#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Test tools of zoned block devices as Debian has them: blkzone of util-linux, and zbd.
# shellcheck disable=SC2154 # block, queue: from lib.sh
. ../lib/lib.sh
. ./zoned_lib.sh

# The device has zones of 4 MiB with a capacity of 3 MiB; the first two are conventional.
ZONES=8
CONVENTIONAL=2
SECTORS=8192	# of a zone

limit()
{
	cat "$queue/$1"
}

test_limits()
{
	is "model" "$(limit zoned)" host-managed
	is "zones" "$(limit nr_zones)" $ZONES
	is "zone size" "$(limit chunk_sectors)" $SECTORS
	is "open zones" "$(limit max_open_zones)" 2
	is "active zones" "$(limit max_active_zones)" 3
	point "zones accept Zone Append" test "$(limit zone_append_max_bytes)" -gt 0
	is "writes are whole physical blocks" "$(limit zone_write_granularity)" 4096
}

# zone_is NAME ZONE TYPE CONDITION WRITE-POINTER: as blkzone prints them, numbers in hex.
zone_is()
{
	is "$1" "$(blkzone report -o $(($2 * SECTORS)) -c 1 "$block" |
		sed -E 's/.*wptr (0x[0-9a-f]+) .*zcond: ?[0-9]*\((..)\) \[type: [0-9]\((.*)\)\].*/\3 \2 \1/')" \
		"$3 $4 $5"
}

write_zone()
{
	dd if=/dev/urandom of="$block" bs=4k count="$3" seek=$(($1 * SECTORS / 8 + $2)) \
		oflag=direct status=none
}

# zone COMMAND ZONE: run a command of blkzone on one zone.
zone()
{
	blkzone "$1" -o $(($2 * SECTORS)) -c 1 "$block"
}

test_blkzone()
{
	is "report: every zone" "$(blkzone report "$block" | wc -l)" $ZONES
	is "report: capacity of each zone" \
		"$(blkzone report "$block" | grep -c "len 0x002000, cap 0x001800")" \
		$((ZONES - CONVENTIONAL))
	zone_is "a conventional zone" 0 CONVENTIONAL nw 0x000000
	zone_is "a sequential one is empty" 2 SEQ_WRITE_REQUIRED em 0x000000
	is "capacity, sectors" "$(($(blkzone capacity "$block")))" \
		$((CONVENTIONAL * SECTORS + (ZONES - CONVENTIONAL) * 6144))
	point "open" zone open 2
	zone_is "it is open" 2 SEQ_WRITE_REQUIRED oe 0x000000
	point "close" zone close 2
	# A closed zone without data is closed in the standard; null_blk makes it empty.
	zone_is "it is closed, also without data" 2 SEQ_WRITE_REQUIRED \
		"$([ "$REFERENCE" = null_blk ] && echo em || echo cl)" 0x000000
	point "a write" write_zone 3 0 4
	zone_is "opens a zone" 3 SEQ_WRITE_REQUIRED oi 0x000020
	fails "a write not at the write pointer" "Input/output error" write_zone 3 5 1
	fails "a write past the write pointer" "Input/output error" write_zone 3 0 1
	zone_is "changes nothing" 3 SEQ_WRITE_REQUIRED oi 0x000020
	point "close" zone close 3
	zone_is "it has data, so it is closed" 3 SEQ_WRITE_REQUIRED cl 0x000020
	point "finish" zone finish 3
	is "the zone is full" "$(zones_in fu)" 1
	fails "a write to a full zone" "Input/output error" write_zone 3 4 1
	point "reset" zone reset 3
	zone_is "it is empty" 3 SEQ_WRITE_REQUIRED em 0x000000
	fails "a write across the capacity of a zone" "Input/output error" \
		dd if=/dev/zero of="$block" bs=3148k count=1 seek=12288k oflag=seek_bytes,direct
	point "reset again" zone reset 3
	point "write a conventional zone anywhere" write_zone 1 7 3
	fails "reset a conventional zone" "" zone reset 0
}

# The limits are two open and three active zones.
test_open_limits()
{
	point "open two zones" zone open 2
	point "open them explicitly" zone open 3
	fails "open a third zone" "" zone open 4
	fails "write a further zone" "Too many references" write_zone 7 0 1
	point "close one, with data" write_zone 2 0 1
	zone close 2
	point "open a third zone then" zone open 4
	point "close it, with data" write_zone 4 0 1
	zone close 4
	fails "open a fourth zone while three are active" "Value too large" zone open 5
	fails "write a further zone" "Value too large" write_zone 6 0 1
	point "reset all zones" blkzone reset "$block"
	is "all zones are empty" "$(zones_in em)" $((ZONES - CONVENTIONAL))
	for i in 2 3 4; do
		write_zone $i 0 1
	done
	verdict $? "write three zones with a limit of two open"
	is "two zones are open" "$(zones_in oi)" 2
	is "one zone was closed" "$(zones_in cl)" 1
	zone_is "the first" 2 SEQ_WRITE_REQUIRED cl 0x000008
	point "reset all zones again" blkzone reset "$block"
}

# zbd_zone ZONE: print the line that zbd report has for the zone.
zbd_zone()
{
	zbd report -csv -ofst $(($1 * SECTORS * 512)) -len $((SECTORS * 512)) "$block" | tail -n 1
}

test_zbd()
{
	local bytes=$((SECTORS * 512))

	command -v zbd >/dev/null || { skip "zbd" "install zbd-utils"; return; }
	is "zbd report counts the zones" "$(zbd report -n "$block" | grep -oE '[0-9]+')" $ZONES
	is "zbd report, empty zones" "$(zbd report -ro em -n "$block" | grep -oE '[0-9]+')" \
		$((ZONES - CONVENTIONAL))
	point "zbd open" zbd open -ofst $((2 * bytes)) -len $bytes "$block"
	is "zbd open: the zone is open" "$(zones_in oe)" 1
	point "zbd close" zbd close -ofst $((2 * bytes)) -len $bytes "$block"
	is "zbd close: the zone is closed" "$(zones_in oe)" 0
	point "zbd finish" zbd finish -ofst $((2 * bytes)) -len $((2 * bytes)) "$block"
	is "two zones are full" "$(zones_in fu)" 2
	point "zbd reset" zbd reset "$block"
	is "all zones are empty again" "$(zones_in em)" $((ZONES - CONVENTIONAL))
}

begin
need blkzone
begin_zoned
point "create a drive" create_zoned tools size=32M block_size=4096 zone_size=4M zone_capacity=3M \
	conventional_zones=$CONVENTIONAL max_open_zones=2 max_active_zones=3 || finish
test_limits
test_blkzone
test_open_limits
test_zbd
point "remove the drive" delete_zoned tools
finish
