#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Run fio with verification on drives that take device time: conventional ones with garbage
# collection and zoned ones, with both clocks, on memory and on a file.
# shellcheck disable=SC2154 # block, generic, work: from lib.sh
. ../lib/lib.sh

# Small blocks, so that a few MiB make garbage; each write waits for the flash.
FLASH="timing/model=flash timing/channels=2 timing/dies=2 timing/block_pages=16
	timing/read_part_ns=50000 timing/read_page_ns=50000 timing/program_ns=100000
	timing/erase_ns=500000 timing/buffer_size=65536 timing/zone_buffer_size=65536
	timing/dies_per_zone=2"

# job LABEL FIO...
job()
{
	local label=$1

	shift
	point "$what: $label" timeout 300 fio --name=timed --thread --randseed=20241124 \
		--verify=crc32c --verify_fatal=1 --do_verify=1 --verify_state_save=0 \
		--output="$work/fio" "$@"
}

# number FILE: a number that the drive shows in timing/.
number()
{
	cat "/sys/class/kcsd/$drive/timing/$1"
}

conventional()
{
	job "io_uring, random writes" --filename="$block" --direct=1 --ioengine=io_uring \
		--rw=randwrite --bs=4k --iodepth=16 --size=100% --io_size=24m
	job "io_uring_cmd, mixed sizes" --filename="$generic" --ioengine=io_uring_cmd \
		--cmd_type=nvme --rw=randrw --bsrange=4k-64k --iodepth=8 --size=8m
	job "io_uring_cmd, polled" --filename="$generic" --ioengine=io_uring_cmd \
		--cmd_type=nvme --hipri --rw=randwrite --bs=4k --iodepth=8 --size=4m
	point "$what: discard" blkdiscard -o 1M -l 2M "$block"
	point "$what: garbage was collected" test "$(number moved_bytes)" -gt 0
	point "$what: blocks were erased" test "$(number erases)" -gt 0
	point "$what: write amplification is above 1" \
		awk -v wa="$(number write_amplification)" 'BEGIN { exit wa <= 1 }'
}

zoned()
{
	job "zones, sequential" --zonemode=zbd --filename="$block" --direct=1 \
		--ioengine=io_uring --rw=write --bs=64k --iodepth=4 --max_open_zones=3
	point "$what: reset all zones" blkzone reset "$block"
	job "zones, random, full zones are reset" --zonemode=zbd --filename="$generic" \
		--ioengine=io_uring_cmd --cmd_type=nvme --rw=randwrite --bs=16k --iodepth=8 \
		--io_size=24m --max_open_zones=3
	point "$what: blocks were erased" test "$(number erases)" -gt 0
}

# timed KIND CLOCK BACKEND OPTION...
timed()
{
	local kind=$1 clock=$2 backend=$3

	shift 3
	what="$kind, $clock clock, $backend"
	# shellcheck disable=SC2086 # options
	point "$what: create a drive" create_drive timed size=16M kv_size=0 $FLASH \
		"timing/clock=$clock" "$@" || return
	drive=$(basename "$block" n1)
	$kind
	point "$what: commands have device times" test "$(number commands)" -gt 1000
	point "$what: remove the drive" delete_drive timed
}

# Run the fio command of the documentation, with depth 16 and without; only drive and size replaced.
documented()
{
	local document=../../Documentation/timing.rst command depth took=()

	[ -r "$document" ] || { skip "the documented fio" "no $document"; return; }
	command=$(sed -n 's/^    \(fio .*\)/\1/p' "$document")
	for depth in 1 16; do
		point "depth $depth: create a drive" create_drive timed size=64M timing/preset=970pro \
			timing/clock=virtual timing/depth=$depth || return
		drive=$(basename "$block" n1)
		point "depth $depth: the documented fio" sh -c "timeout 300 ${command//\/dev\/kcsdg0n1/$generic} \
			--size=16m --output='$work/fio'"
		took+=("$(number device_ns)")
		is "depth $depth: its order is defined" "$(number marked)" 0
		point "depth $depth: remove the drive" delete_drive timed
	done
	point "device time with depth 16 is a fifth at most" test $((took[1] * 5)) -lt "${took[0]}"
}

begin
need fio blkzone blkdiscard
documented
for clock in real virtual; do
	timed conventional $clock memory
	timed zoned $clock memory zone_size=2M
	truncate -s 16M "$work/image"
	timed conventional $clock file "backing_file=$work/image"
	rm "$work/image"
done
finish
