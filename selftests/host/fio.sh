#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Run fio with verification: on the block device, and on the generic node by passthrough.
. ../lib/lib.sh

# Options of all jobs: fio verifies the checksum of every block afterwards.
verify()
{
	local what=$1

	shift
	point "$what" timeout 300 fio --name=verify --size=100% --thread --verify=crc32c \
		--verify_fatal=1 --do_verify=1 --verify_backlog=1024 --verify_state_save=0 \
		--randseed=20240607 --output=/dev/null "$@"
}

test_block()
{
	local size=$1 backend=$2

	verify "$backend, LBA $size: io_uring, random writes of 4 KiB" --filename="$block" \
		--direct=1 --ioengine=io_uring --rw=randwrite --bs=4k --iodepth=32
	verify "$backend, LBA $size: io_uring, mixed sizes and reads" --filename="$block" \
		--direct=1 --ioengine=io_uring --rw=randrw --bsrange="$size"-256k --blockalign="$size" \
		--iodepth=16
	verify "$backend, LBA $size: sequential, 2 MiB" --filename="$block" \
		--direct=1 --ioengine=io_uring --rw=write --bs=2m --iodepth=4
}

# Use O_DIRECT buffers that begin inside a page, at a multiple of 512.
test_sub_page_buffers()
{
	local size=$1 backend=$2

	verify "$backend, LBA $size: buffers 512 bytes into a page" --filename="$block" \
		--direct=1 --ioengine=io_uring --rw=randwrite --bs=4k --iodepth=8 --iomem_align=512 \
		--mem=malloc
	verify "$backend, LBA $size: the same, 64 KiB" --filename="$block" \
		--direct=1 --ioengine=psync \
		--rw=randwrite --bs=64k --iomem_align=512 --mem=malloc
}

test_passthrough()
{
	local size=$1 backend=$2

	verify "$backend, LBA $size: io_uring_cmd, random writes of 4 KiB" \
		--filename="$generic" --ioengine=io_uring_cmd --cmd_type=nvme --rw=randwrite \
		--bs=4k --iodepth=32
	verify "$backend, LBA $size: io_uring_cmd, sequential, 64 KiB" --filename="$generic" \
		--ioengine=io_uring_cmd --cmd_type=nvme --rw=write --bs=64k --iodepth=8
}

# Use the fast ways together: registered buffers, submission by a kernel thread (SQPOLL), polled
# completion (IOPOLL).
test_fast_passthrough()
{
	local size=$1 backend=$2 way job options

	job=(--filename="$generic" --ioengine=io_uring_cmd --cmd_type=nvme --size=2m)
	for way in nonvectored=0 fixedbufs sqthread_poll hipri \
		"fixedbufs registerfiles sqthread_poll hipri"; do
		read -ra options <<<"$way"
		verify "$backend, LBA $size: io_uring_cmd, $way" "${job[@]}" --rw=randwrite \
			--bs=4k --iodepth=32 "${options[@]/#/--}"
	done
	verify "$backend, LBA $size: io_uring_cmd, all of them, 64 KiB" "${job[@]}" --rw=write \
		--bs=64k --iodepth=8 --fixedbufs --registerfiles --sqthread_poll --hipri
}

# Run the fio command of the documentation, with only the node replaced. No latency that fio prints
# may be longer than the whole job.
test_documented()
{
	local document=../../Documentation/commands.rst text command

	[ -r "$document" ] || { skip "the documented fio" "no $document"; return; }
	text=$(sed -n '/^    fio /,/^$/p' "$document")
	command=${text//$'\\\n'/}
	command=${command//\/dev\/kcsdg0n1/$generic}
	point "the documented fio" sh -c "timeout 300 $command --size=16m --output-format=json \
		--output='$work/fio.json'"
	is "the documented fio: latencies can be" "$(jq '.jobs[0].read | .total_ios > 0 and
		.lat_ns.min > 0 and .lat_ns.max <= (.runtime + 1) * 1000000' "$work/fio.json")" true
}

# Write by one way, read by the other.
test_both_ways()
{
	local size=$1 backend=$2 job

	job=(--name=both --size=100% --thread --bs=64k --verify=crc32c --verify_fatal=1
		--verify_state_save=0 --randseed=20240608 --output=/dev/null)
	point "$backend, LBA $size: write by passthrough" timeout 300 fio "${job[@]}" \
		--filename="$generic" --ioengine=io_uring_cmd --cmd_type=nvme --rw=write --do_verify=0
	point "$backend, LBA $size: read by the block device" timeout 300 fio "${job[@]}" \
		--filename="$block" --ioengine=io_uring --direct=1 --rw=write --verify_only=1
}

begin
need fio jq
for backend in memory file; do
	for size in 512 4096; do
		options=(size=16M "block_size=$size")
		[ $backend = memory ] || options+=("backing_file=$work/image")
		truncate -s 16M "$work/image"
		point "$backend: create a drive with LBAs of $size bytes" \
			create_drive fio "${options[@]}" ||
			continue
		test_block $size $backend
		test_sub_page_buffers $size $backend
		test_passthrough $size $backend
		test_fast_passthrough $size $backend
		test_both_ways $size $backend
		[ $backend$size != memory4096 ] || test_documented
		point "$backend: remove the drive" delete_drive fio
		rm "$work/image"
	done
done
finish
