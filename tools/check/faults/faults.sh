#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Does the debug kernel see faults that are made on purpose, and tools/vm/bad_lines what it says
# of them? Leaves memory lost, for kmemleak to find when the VM ends. TAP.
set -u
export LC_ALL=C

cd "$(dirname "$0")/../../.." || exit 1
. tools/check/tap.sh
module=build/faults/faults.ko

# make_fault KIND [COMMAND...]: by that command. Loading never succeeds, yet says when it did it.
make_fault()
{
	local kind=$1

	shift
	"$@" insmod "$module" kind="$kind" 2>&1 | grep "No such device"
}

# seen KIND TEXT: that fault is among the bad lines, as TEXT.
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
	# Else the VM would end with it.
	echo 0 >/proc/sys/kernel/hung_task_panic
	echo 5 >/proc/sys/kernel/hung_task_timeout_secs
	seen hung "blocked for more than" || status=1
	echo "$usual" >/proc/sys/kernel/hung_task_timeout_secs
	echo 1 >/proc/sys/kernel/hung_task_panic
	return $status
}

# By each CPU: what it keeps of the memory's addresses must hide none.
lose_memory()
{
	local cpu

	for ((cpu = 0; cpu < $(nproc); cpu++)); do
		make_fault leak taskset -c $cpu || return 1
	done
}

echo "TAP version 13"
# The order matters: KASAN's report turns lockdep off, and is KASAN's last.
point "a warning" seen warn "WARNING: "
point "locks in the wrong order" seen locks "possible circular locking"
point "sleeping in atomic context" seen sleep "BUG: sleeping function"
point "an index out of bounds" seen index "UBSAN: array-index-out-of-bounds"
point "memory used after it was freed" seen memory "BUG: KASAN: slab-use-after-free"
point "a task that hangs" hung_task_seen
# What is to be found when the VM ends is the lost memory alone.
dmesg -C
point "memory is lost" lose_memory
finish
