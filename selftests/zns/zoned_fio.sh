#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Run the zoned mode of fio with verification, at several limits of open zones.
# shellcheck disable=SC2154 # block: from lib.sh
. ../lib/lib.sh
. ./zoned_lib.sh

# Options of all jobs. After an error of the drive or of the data, the job exits with a status.
job()
{
	local label=$1

	shift
	point "$what, $label" timeout 300 fio --name=zoned --zonemode=zbd --direct=1 --thread \
		--randseed=20240609 --verify=crc32c --verify_fatal=1 --do_verify=1 \
		--verify_state_save=0 --output="$work/fio" "$@"
}

empty()
{
	point "$what, reset all zones" blkzone reset "$block"
}

# jobs OPTION...: use at most $open zones at a time.
jobs()
{
	empty
	job "sequential, 64 KiB" --rw=write --bs=64k --iodepth=8 --max_open_zones=$open "$@"
	empty
	job "random, 4 KiB, into $open zones" --rw=randwrite --bs=4k --iodepth=16 --io_size=8m \
		--max_open_zones=$open "$@"
}

# fio resets zones itself, and fills them again and again.
overwrite()
{
	empty
	job "zones are reset when they are full" --rw=write --bs=128k --iodepth=2 --loops=3 \
		--do_verify=0 --max_open_zones=$open "$@"
}

begin
need fio blkzone
begin_zoned
for open in 1 2 12; do
	what="$open open zones"
	point "$what, create a drive" create_zoned fio size=48M zone_size=4M zone_capacity=3M \
		block_size=4096 max_open_zones=$open max_active_zones=$open || continue
	jobs --filename="$block" --ioengine=io_uring
	overwrite --filename="$block" --ioengine=psync
	# fio asks the drive for the zone size. A char device has no O_DIRECT.
	[ -z "$generic" ] ||
		jobs --filename="$generic" --ioengine=io_uring_cmd --cmd_type=nvme --direct=0
	point "$what, remove the drive" delete_zoned fio
done
finish
