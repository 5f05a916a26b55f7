#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Test namespace 1 as a block device: limits, data, flush, FUA, discard, write zeroes.
. ../lib/lib.sh

BYTES=$((8 << 20))

limit()
{
	cat "$queue/$1"
}

# positive NAME VALUE
positive()
{
	point "$1" test "$2" -gt 0
}

test_limits()
{
	is "$what: size" "$(blockdev --getsize64 "$block")" $BYTES
	is "$what: logical block" "$(limit logical_block_size)" "$size"
	is "$what: physical block" "$(limit physical_block_size)" 4096
	if [ $backend = memory ]; then
		is "$what: no write cache" "$(limit write_cache)" "write through"
		is "$what: no FUA" "$(limit fua)" 0
	else
		is "$what: write cache" "$(limit write_cache)" "write back"
		is "$what: FUA" "$(limit fua)" 1
	fi
	is "$what: not rotational" "$(limit rotational)" 0
	is "$what: a queue for each CPU" "$(find "$queue/../mq" -mindepth 1 -maxdepth 1 | wc -l)" \
		"$(nproc)"
	is "$what: largest transfer" "$(limit max_hw_sectors_kb)" 1024
	positive "$what: discard granularity" "$(limit discard_granularity)"
	positive "$what: discard" "$(limit discard_max_bytes)"
	positive "$what: write zeroes" "$(limit write_zeroes_max_bytes)"
	positive "$what: DMA alignment" "$(limit dma_alignment)"
	is "$what: a new drive has no partitions" \
		"$(find /sys/block/"$(basename "$block")" -name '*p[0-9]' | wc -l)" 0
}

test_data()
{
	is "$what: a new drive reads as zeroes" "$(sum_of "$block")" \
		"$(head -c $BYTES /dev/zero | md5sum | cut -d' ' -f1)"
	random "$work/data" $BYTES
	point "$what: write all of it" \
		dd if="$work/data" of="$block" bs=1M oflag=direct conv=fsync
	is "$what: reads back what was written" "$(sum_of "$block")" "$(sum_of "$work/data")"
	point "$what: write one LBA" dd if="$work/data" of="$block" bs="$size" count=1 \
		seek=7 skip=3 oflag=direct conv=notrunc
	dd if="$work/data" of="$work/data" bs="$size" count=1 seek=7 skip=3 conv=notrunc status=none
	is "$what: no other LBA changes" "$(sum_of "$block")" "$(sum_of "$work/data")"
	fails "$what: a write past the end" "No space left" \
		dd if=/dev/zero of="$block" bs="$size" count=1 seek=$(($BYTES / size)) oflag=direct
	fails "$what: half an LBA" "Invalid argument" \
		dd if=/dev/zero of="$block" bs=$((size / 2)) count=1 oflag=direct
}

# test_zeroing NAME [OPTION...]: run blkdiscard with the options; the range must read as zeroes.
test_zeroing()
{
	local command=$1

	shift
	dd if="$work/data" of="$block" bs=1M oflag=direct status=none
	point "$what: $command" blkdiscard "$@" -o 65536 -l 131072 "$block"
	dd if=/dev/zero of="$work/data" bs=65536 seek=1 count=2 conv=notrunc status=none
	is "$what: $command reads as zeroes, the rest is unchanged" "$(sum_of "$block")" \
		"$(sum_of "$work/data")"
}

counter()
{
	cat "/sys/class/kcsd/kcsd$index/ns1/$1"
}

# counts NAME COUNTER BY COMMAND...: the command must increase the counter by BY.
counts()
{
	local name=$1 file=$2 by=$3 before

	shift 3
	settle
	before=$(counter "$file")
	point "$name" "$@"
	is "$name, in the counters" $(($(counter "$file") - before)) "$by"
}

test_counted()
{
	local flushes=1

	counts "$what: read of 64 KiB" read_bytes 65536 \
		dd if="$block" of=/dev/null bs=64k count=1 iflag=direct
	counts "$what: write of 64 KiB" write_bytes 65536 \
		dd if=/dev/zero of="$block" bs=64k count=1 oflag=direct
	# The kernel sends no flush to a device without a cache.
	[ $backend = memory ] && flushes=0
	counts "$what: fsync" flush_commands $flushes sync_device
	counts "$what: discard of 1 MiB" discard_bytes 1048576 \
		blkdiscard -o 0 -l 1048576 "$block"
	counts "$what: write zeroes of 1 MiB" write_zeroes_bytes 1048576 \
		blkdiscard -z -o 0 -l 1048576 "$block"
}

sync_device()
{
	sync "$block"
}

begin
need blkdiscard
for backend in memory file; do
	for size in 512 4096; do
		options=("size=$BYTES" "block_size=$size")
		[ $backend = memory ] || options+=("backing_file=$work/image")
		truncate -s $BYTES "$work/image"
		point "$backend: create a drive with LBAs of $size bytes" \
			create_drive block "${options[@]}" ||
			continue
		what="$backend, LBA $size"
		test_limits
		test_data
		test_zeroing discard
		test_zeroing "write zeroes" -z
		test_counted
		point "$backend: remove the drive" delete_drive block
		rm "$work/image"
	done
done
finish
