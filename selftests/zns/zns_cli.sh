#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Use zones by commands: an unmodified nvme-cli, kcsd zone, and a program that
# filters one zone into another.
. ../lib/lib.sh

# jq_is NAME FILTER WANTED COMMAND...: the JSON of the command, filtered by jq, must equal WANTED.
jq_is()
{
	local label=$1 filter=$2 wanted=$3

	shift 3
	is "$label" "$("$@" 2>"$work/.err" | jq -r "$filter")" "$wanted"
}

# states COUNT: print the states of the first zones, in the words of nvme-cli.
states()
{
	nvme zns report-zones "$generic" -n 1 -d "$1" -o json |
		jq -r '[.zone_list[].state] | join(" ")'
}

# read_zone LBA COUNT FILE
read_zone()
{
	dd if="$block" of="$3" bs=4096 skip="$1" count="$2" iflag=direct status=none
}

test_identify()
{
	jq_is "nvme zns id-ns: limits, zone size" '[.mar, .mor, .ozcs, .lbafe[0].zsze, .lbafe[0].zdes] |
		join(" ")' "3 2 1 256 0" nvme zns id-ns "$generic" -n 1 -o json
	jq_is "nvme zns id-ctrl: longest append" .zasl 6 nvme zns id-ctrl "$ctrl" -o json
	point "nvme ns-descs: the command set" sh -c "nvme ns-descs '$ctrl' -n 1 | grep -q 'csi *: 0x2'"
	is "nvme list-ns by command set" "$(nvme list-ns "$ctrl" -y 2 | sed 's/.*://')" "0x1"
	point "nvme effects-log: Zone Append" \
		sh -c "nvme effects-log '$ctrl' --csi=2 | grep -q 'IOCS125.*00100003'"
}

test_report()
{
	jq_is "nvme zns report-zones" '[.nr_zones, (.zone_list | length), .zone_list[3].slba,
		.zone_list[3].cap] | join(" ")' "16 16 768 192" \
		nvme zns report-zones "$generic" -o json
	jq_is "nvme zns report-zones: of a state" '[.nr_zones, .zone_list[0].slba] | join(" ")' \
		"15 256" nvme zns report-zones "$generic" -n 1 -S 1 -d 2 -o json
	fails "nvme zns report-zones: extended" 0x4002 nvme zns report-zones "$generic" -n 1 -e
}

test_changes()
{
	point "nvme zns open-zone" nvme zns open-zone "$generic" -n 1 -s 256
	point "nvme zns zone-mgmt-send" nvme zns zone-mgmt-send "$generic" -n 1 -s 512 -z 3
	is "both zones are open" "$(states 4)" "Unknown State EXP_OPENED EXP_OPENED EMPTY"
	point "nvme zns close-zone" nvme zns close-zone "$generic" -n 1 -s 256
	point "nvme zns finish-zone" nvme zns finish-zone "$generic" -n 1 -s 768
	is "one zone is closed, one full" "$(states 4)" "Unknown State CLOSED EXP_OPENED FULL"
	point "nvme zns close-zone: all" nvme zns close-zone "$generic" -n 1 -a
	is "all zones are closed" "$(states 3)" "Unknown State CLOSED CLOSED"
	point "nvme zns reset-zone" nvme zns reset-zone "$generic" -n 1 -s 768
	point "nvme zns reset-zone: all" nvme zns reset-zone "$generic" -n 1 -a
	is "all zones are empty" "$(states 16 | tr ' ' '\n' | grep -c EMPTY)" 15
	fails "nvme zns offline-zone" 0x41bf nvme zns offline-zone "$generic" -n 1 -s 768
	set_attribute "$name" zone_readonly 15
	point "nvme zns offline-zone: of a read-only one" \
		nvme zns offline-zone "$generic" -n 1 -s 3840
	is "the zone is offline" "$(cat "$CONFIG/$name/zone_offline")" 15
}

test_append()
{
	random "$work/data" 8192
	is "nvme zns zone-append" "$(nvme zns zone-append "$generic" -n 1 -s 512 -z 8192 \
		-d "$work/data" 2>&1)" "Success appended data to LBA 200"
	is "nvme zns zone-append: again" "$(nvme zns zone-append "$generic" -n 1 -s 512 -z 8192 \
		-d "$work/data" 2>&1)" "Success appended data to LBA 202"
	read_zone 514 2 "$work/read"
	is "reads back what was appended" "$(sum_of "$work/read")" "$(sum_of "$work/data")"
	fails "nvme zns zone-append: not at the start of a zone" 0x4002 \
		nvme zns zone-append "$generic" -n 1 -s 513 -z 8192 -d "$work/data"
	point "reset" nvme zns reset-zone "$generic" -n 1 -s 512
}

test_kcsd()
{
	point "kcsd zone open" "$kcsd" zone open "kcsd$index" 256 512
	point "kcsd zone close" "$kcsd" zone close --drive "kcsd$index" 256
	point "kcsd zone finish" "$kcsd" zone finish "kcsd$index" 768
	jq_is "kcsd zone report: states" '[.[].state] | join(", ")' \
		"conventional, closed, explicitly open, full, empty" \
		"$kcsd" zone report "kcsd$index" --count 5 --json
	jq_is "kcsd zone report: a zone" '.[0] | [.start, .size, .capacity, .write_pointer] | join(" ")' \
		"512 256 192 512" "$kcsd" zone report "kcsd$index" --from 600 --json
	jq_is "kcsd zone report: no write pointer" '.[0] | has("write_pointer")' false \
		"$kcsd" zone report "kcsd$index" --from 768 --json
	jq_is "kcsd zone report: of a state" '[.[].start] | join(" ")' 512 \
		"$kcsd" zone report "kcsd$index" --state explicitly-open --json
	is "kcsd zone report: as text" "$("$kcsd" zone report "kcsd$index" -n 1 | tail -n 1 | tr -s ' ')" \
		" 0 256 256 - conventional"
	fails "kcsd zone report: beyond the drive" "LBA Out of Range" "$kcsd" zone report "kcsd$index" -f 4096
	fails "kcsd zone: a transition that the state forbids" "at LBA 1024, which is empty: open zones can be" \
		"$kcsd" zone close "kcsd$index" 1024
	fails "kcsd zone: open a full zone" \
		"LBA 768, which is full: empty and closed zones can be opened, a" \
		"$kcsd" zone open "kcsd$index" 768
	fails "kcsd zone: no zone begins there" "no zone begins at LBA 257, but one at 256" \
		"$kcsd" zone open "kcsd$index" 257
	point "kcsd zone close --all" "$kcsd" zone close "kcsd$index" --all
	point "kcsd zone reset --all" "$kcsd" zone reset "kcsd$index" --all
	jq_is "kcsd zone report: all are empty" length 14 "$kcsd" zone report "kcsd$index" -s empty --json
}

# rows LBAS: write rows of 64 bytes that fill LBAS LBAs; their second word counts 0, 1, 2, ...
rows()
{
	python3 -c '
import struct, sys
for i in range(int(sys.argv[1]) * 64):
	sys.stdout.buffer.write(struct.pack("<2Q48s", i * 7, i, bytes([i % 251] * 48)))' "$1"
}

# gather FILE: write the rows at the places that the program has output to FILE, in that order.
gather()
{
	python3 -c '
import struct, sys
where, block = open(sys.argv[1], "rb").read(), open(sys.argv[2], "rb")
for at in range(0, len(where), 16):
	lba, rows = struct.unpack_from("<2Q", where, at)
	block.seek(lba * 4096)
	sys.stdout.buffer.write(block.read(rows * 64))' "$1" "$block"
}

# filter FROM TO LOW HIGH: print the arguments of zone_filter in hex, for rows of 64 bytes with the
# column at byte 8.
filter()
{
	python3 -c '
import struct, sys
print(struct.pack("<4Q2L", *map(int, sys.argv[1:5]), 64, 8).hex())' "$@"
}

test_filter()
{
	rows 50 >"$work/rows"
	dd if="$work/rows" of="$block" bs=4096 seek=256 oflag=direct status=none
	point "zone_filter: rows 100 to 2999" "$kcsd" run "$bpf/zone_filter.bpf.o" \
		--drive "kcsd$index" --lba z1:r --lba z2:a --arg-hex "$(filter 256 512 100 2999)" \
		--output "$work/where" --json --audit
	is "zone_filter: number of rows" "$(jq -r .result "$work/.output")" 2900
	is "zone_filter: what the audit lists" \
		"$(jq -rc '[.audit.ranges[] | [.slba, .nlb, .access]]' "$work/.output")" \
		'[[256,50,"read"],[512,46,"appended"]]'
	gather "$work/where" >"$work/kept"
	tail -c +$((100 * 64 + 1)) "$work/rows" | head -c $((2900 * 64)) >"$work/wanted"
	is "zone_filter: the rows" "$(sum_of "$work/kept")" "$(sum_of "$work/wanted")"
	point "zone_filter: again, to the same zone" "$kcsd" run "$bpf/zone_filter.bpf.o" \
		--drive "kcsd$index" --lba z1:r --lba z2:a --arg-hex "$(filter 256 512 0 63)" \
		--output "$work/where" --json
	gather "$work/where" >"$work/kept"
	is "zone_filter: the first LBA" "$(sum_of "$work/kept")" \
		"$(head -c 4096 "$work/rows" | sum_of /dev/stdin)"
	jq_is "zone_filter: where the zone goes on" '.[0].write_pointer' 559 \
		"$kcsd" zone report "kcsd$index" --from 512 --json
	fails "zone_filter: no grant to append" "not granted" "$kcsd" run "$bpf/zone_filter.bpf.o" \
		--drive "kcsd$index" --lba z1:r --lba z2:w --arg-hex "$(filter 256 512 0 63)"
	fails "kcsd run: no such zone" "goes beyond the last zone of the drive" "$kcsd" run \
		"$bpf/zone_filter.bpf.o" --drive "kcsd$index" --lba z16:r
	point "finish" "$kcsd" zone finish "kcsd$index" 512
	fails "zone_filter: the zone is full" "the program returned an error: -28" "$kcsd" run "$bpf/zone_filter.bpf.o" \
		--drive "kcsd$index" --lba z1:r --lba z2:a --arg-hex "$(filter 256 512 0 63)" --json
	# Compare as text: the number is too large for jq.
	is "zone_filter: the full zone is its result" \
		"$(sed -n 's/.*"result": *\([0-9]*\).*/\1/p' "$work/.output")" 18446744073709551588
}

test_unzoned()
{
	fails "kcsd zone report: not zoned" "is not zoned" "$kcsd" zone report "kcsd$index"
	fails "kcsd zone: not zoned" "is not zoned" "$kcsd" zone open "kcsd$index" 0
	fails "kcsd run: zones" "needs zones, and the drive has none" "$kcsd" run \
		"$bpf/zone_filter.bpf.o" --drive "kcsd$index" --lba z0
	fails "nvme zns id-ns: not zoned" 0x4002 nvme zns id-ns "$generic" -n 1
}

begin
need nvme jq python3
find_kcsd
if point "a zoned drive" create_drive zns size=16M block_size=4096 zone_size=1M \
		zone_capacity=768K conventional_zones=1 max_open_zones=3 max_active_zones=4 \
		max_append=256K; then
	test_identify
	test_report
	test_changes
	test_append
	test_kcsd
	test_filter
	point "remove the drive" delete_drive zns
fi
if point "a drive that is not zoned" create_drive zns size=16M; then
	test_unzoned
	point "remove that drive, too" delete_drive zns
fi
finish
