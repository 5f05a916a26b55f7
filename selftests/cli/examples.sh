#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Run the programs of lib/examples on drives, and on a node of the NVMe driver of Linux. Compare the
# sums that they print with one that awk computes from the same data.
. ../lib/lib.sh

SIZE=$(((4 << 20) + 20480))	# the last piece of a pipeline is a short one

# sum_of_bytes FILE: print the sum of all bytes of FILE.
sum_of_bytes()
{
	od -An -v -tu1 "$1" | awk '{ for (i = 1; i <= NF; i++) sum += $i } END { print sum }'
}

# prints NAME WANTED EXAMPLE [ARGUMENT]...: run the example and expect this output.
prints()
{
	local label=$1 wanted=$2 example=$3

	shift 3
	is "$label" "$("$examples/$example" "$@" 2>&1)" "$wanted"
}

no_programs()
{
	[ "$("$kcsd" programs -d "kcsd$index" --json | jq length)" = 0 ]
}

unload()
{
	"$kcsd" deactivate -d "kcsd$index" "$1" && "$kcsd" unload -d "kcsd$index" "$1"
}

test_run()
{
	local lbas=$((SIZE / lba)) compute=/dev/kcsdg${index}n3

	prints "LBA $lba: uring_run, all LBAs" "$sum" uring_run "$ctrl" "$compute" "$work/sum" 0 $lbas
	prints "LBA $lba: uring_run, the last ones" \
		"$(tail -c 16384 "$work/data" >"$work/tail" && sum_of_bytes "$work/tail")" \
		uring_run "$ctrl" "$compute" "$work/sum" $((lbas - 16384 / lba)) $((16384 / lba))
	prints "LBA $lba: uring_run, with an argument" 3000 uring_run "$ctrl" "$compute" \
		"$work/word" 0 $((65536 / lba)) needle
	prints "LBA $lba: uring_run, output" $'1\na needle in hay 2999' uring_run "$ctrl" \
		"$compute" "$work/grep" 0 $((65536 / lba)) 'hay 2999'
	prints "LBA $lba: uring_run, instructions" 42 uring_run "$ctrl" "$compute" \
		"$work/plain" 0 1
	prints "LBA $lba: uring_run, a program that is refused" \
		$'refused, reason 3, instruction 0\nNVMe status 18e' uring_run "$ctrl" "$compute" \
		"$work/invalid" 0 1
	prints "LBA $lba: uring_run, LBAs that there are not" "NVMe status 80" uring_run "$ctrl" \
		"$compute" "$work/sum" $lbas 1
	point "LBA $lba: uring_run leaves no program behind" no_programs
	is "LBA $lba: run" "$("$examples/run" "kcsd$index" "$bpf/word.bpf.o" needle | cut -d' ' -f1)" \
		3000
}

test_generic()
{
	local compute=/dev/kcsdg${index}n3

	prints "LBA $lba: uring_generic" "$sum" uring_generic "$generic"
	fails "LBA $lba: uring_generic, a missing program" "NVMe status 196" \
		"$examples/uring_generic" "$generic" "$compute" 0
	point "LBA $lba: load a program to compare with" \
		"$kcsd" load -a -d "kcsd$index" "$bpf/sum.bpf.o"
	prints "LBA $lba: uring_generic, the drive agrees" "$sum" uring_generic "$generic" \
		"$compute" 0
	point "LBA $lba: unload that program" unload 0
	point "LBA $lba: load a program that counts lines" "$kcsd" load -a -d "kcsd$index" \
		"$bpf/lines.bpf.o"
	fails "LBA $lba: uring_generic, another result than that of the drive" "the drive says" \
		"$examples/uring_generic" "$generic" "$compute" 0
	point "LBA $lba: unload that program" unload 0
	fails "LBA $lba: uring_generic, a file" "Inappropriate ioctl" "$examples/uring_generic" \
		"$work/data"
	prints "LBA $lba: simulate, the block node" "$sum" simulate "$block" "$bpf/sum.bpf.o"
}

# Test chains of copy and compute commands, on more pieces than are in flight at once.
test_pipeline()
{
	local slm=/dev/kcsdg${index}n2 compute=/dev/kcsdg${index}n3 copied

	fails "LBA $lba: uring_pipeline, no program" "NVMe status 196" \
		"$examples/uring_pipeline" "$generic" "$slm" "$compute" 0
	fails "LBA $lba: pipeline, no program" "No Program" "$examples/pipeline" "kcsd$index" 0
	point "LBA $lba: load a program for ranges" "$kcsd" load -a -d "kcsd$index" \
		"$bpf/range_sum.bpf.o"
	copied=$(cat "/sys/class/kcsd/kcsd$index/ns2/copy_bytes")
	prints "LBA $lba: uring_pipeline" "$sum" uring_pipeline "$generic" "$slm" "$compute" 0
	prints "LBA $lba: pipeline" "$sum" pipeline "kcsd$index" 0
	is "LBA $lba: both examples copied each byte once" \
		$(($(cat "/sys/class/kcsd/kcsd$index/ns2/copy_bytes") - copied)) $((2 * SIZE))
	fails "LBA $lba: uring_pipeline, not an SLM node" "NVMe status" \
		"$examples/uring_pipeline" "$generic" "$generic" "$compute" 0
	point "LBA $lba: unload that program" unload 0
}

# Create a namespace of the NVMe driver of Linux without hardware: the loop target of nvmet, on the
# block device of the drive. Sets ng.
NVMET=/sys/kernel/config/nvmet
make_target()
{
	local before

	before=$(ls /sys/class/nvme-generic 2>/dev/null)
	mkdir $NVMET/subsystems/kst $NVMET/subsystems/kst/namespaces/1 $NVMET/ports/4711 &&
		echo 1 >$NVMET/subsystems/kst/attr_allow_any_host &&
		echo -n "$block" >$NVMET/subsystems/kst/namespaces/1/device_path &&
		echo 1 >$NVMET/subsystems/kst/namespaces/1/enable &&
		echo loop >$NVMET/ports/4711/addr_trtype &&
		ln -s $NVMET/subsystems/kst $NVMET/ports/4711/subsystems/kst &&
		nvme connect -t loop -n kst || return 1
	for _ in $(seq 100); do
		ng=$(comm -13 <(echo "$before") <(ls /sys/class/nvme-generic))
		[ -n "$ng" ] && [ -c "/dev/$ng" ] && return
		sleep 0.1
	done
	return 1
}

remove_target()
{
	[ -d $NVMET/subsystems/kst ] || return 0
	nvme disconnect -n kst
	rm -f $NVMET/ports/4711/subsystems/kst
	rmdir $NVMET/ports/4711
	echo 0 >$NVMET/subsystems/kst/namespaces/1/enable
	rmdir $NVMET/subsystems/kst/namespaces/1 $NVMET/subsystems/kst
}

test_nvme()
{
	local label="LBA $lba: uring_generic, a node of the NVMe driver"

	if ! command -v nvme >/dev/null || ! modprobe -q nvme-loop; then
		skip "$label" "no nvme-cli, or no module nvme-loop"
		return
	fi
	point "LBA $lba: create an NVMe loop target" make_target &&
		prints "$label" "$sum" uring_generic "/dev/$ng"
	point "LBA $lba: remove the target" remove_target
}

# Create the images, and the data: 3000 lines, then random bytes.
prepare()
{
	local program

	for program in sum word grep lines; do
		"$examples/image" "$bpf/$program.bpf.o" >"$work/$program" || return
	done
	printf '\267\0\0\0\52\0\0\0\225\0\0\0\0\0\0\0' >"$work/plain"	# r0 = 42; exit
	printf '\0\0\0\0\0\0\0\0' >"$work/invalid"
	random "$work/data" $SIZE
	seq -f 'a needle in hay %g' 3000 | dd of="$work/data" conv=notrunc status=none
}

begin
need od awk jq
find_kcsd
examples=$(first_there ${KCSD_EXAMPLES:+"$KCSD_EXAMPLES"} ../../lib/examples/uring_run \
	../../build/lib/examples/uring_run) || skip_all "no examples: run 'make lib', or set KCSD_EXAMPLES"
[ -d "$examples" ] || examples=${examples%/uring_run}
trap 'remove_target; clean_up' EXIT
point "images" prepare
sum=$(sum_of_bytes "$work/data")
for lba in 512 4096; do
	point "LBA $lba: create a drive" create_drive examples device_programs=0 \
		size=$SIZE block_size=$lba slm_size=1M ||
		continue
	dd if="$work/data" of="$block" bs=1M oflag=direct status=none
	test_run
	test_generic
	test_pipeline
	test_nvme
	point "LBA $lba: remove the drive" delete_drive examples
done
finish
