#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Test that the debug kernel detects faults made on purpose, and that tools/vm/bad_lines finds its
# reports. Leave lost memory, for kmemleak to find when the VM ends. Print TAP.
set -u
export LC_ALL=C

cd "$(dirname "$0")/../../.." || exit 1
. selftests/tap/tap.sh
module=build/faults/faults.ko

# make_fault KIND [COMMAND...]: make a fault, run by COMMAND. Loading always fails; its error tells
# that the fault was made.
make_fault()
{
	local kind=$1

	shift
	"$@" insmod "$module" kind="$kind" 2>&1 | grep "No such device"
}

# seen KIND TEXT: make a fault and find TEXT in the bad lines.
seen()
{
	dmesg -C
	make_fault "$1" || return 1
	dmesg | tools/vm/bad_lines | grep "$2" || {
		dmesg
		return 1
	}
}

hung_task_seen()
{
	local usual status=0

	usual=$(cat /proc/sys/kernel/hung_task_timeout_secs)
	# Keep the VM alive: it usually panics on a hung task.
	echo 0 >/proc/sys/kernel/hung_task_panic
	echo 5 >/proc/sys/kernel/hung_task_timeout_secs
	seen hung "blocked for more than" || status=1
	echo "$usual" >/proc/sys/kernel/hung_task_timeout_secs
	echo 1 >/proc/sys/kernel/hung_task_panic
	return $status
}

# Lose memory on each CPU, since addresses in the caches of a CPU could hide a leak.
lose_memory()
{
	local cpu

	for ((cpu = 0; cpu < $(nproc); cpu++)); do
		make_fault leak taskset -c $cpu || return 1
	done
}

echo "TAP version 13"
# Keep the order: a report of KASAN turns lockdep off, and KASAN reports only once.
point "a warning" seen warn "WARNING: "
point "locks in the wrong order" seen locks "possible circular locking"
point "sleeping in atomic context" seen sleep "BUG: sleeping function"
point "an index out of bounds" seen index "UBSAN: array-index-out-of-bounds"
point "memory used after it was freed" seen memory "BUG: KASAN: slab-use-after-free"
point "a task that hangs" hung_task_seen
# Clear the log: only the lost memory shall be found when the VM ends.
dmesg -C
point "memory is lost" lose_memory
finish
