#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Run the test program of libkcsd, built with the library, on a drive.
. ./lib.sh

begin
find_kcsd
tester=$(first_there ${KCSD_DRIVE_TEST:+"$KCSD_DRIVE_TEST"} ../../lib/drive_test \
	../../build/lib/drive_test) || skip_all "no drive_test: run 'make lib', or set KCSD_DRIVE_TEST"
for size in 512 4096; do
	point "LBA $size: create a drive" create_drive library size=16M "block_size=$size" cus=2 \
		max_programs=32 device_programs=0 || continue
	"$tester" "$name" "$bpf" >"$work/points" 2>&1
	status=$?
	adopt "LBA $size" <"$work/points"
	is "LBA $size: the program succeeds" $status 0
	point "LBA $size: remove the drive" delete_drive library
done
finish
