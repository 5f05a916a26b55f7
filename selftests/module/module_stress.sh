#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Run all kinds of commands (fuzz_cmd) while the module is loaded and unloaded, while its users are
# killed, while a CPU goes offline and online, and while memory is short.
. ../lib/lib.sh
. ./module_lib.sh

ROUNDS=${KCSD_STRESS_ROUNDS:-4}
SECONDS_EACH=${KCSD_STRESS_SECONDS:-10}
CPU=/sys/devices/system/cpu/cpu1/online
LEFT_FREE=400000	# KiB

# Remove the drives of killed processes, then the module.
unload_killed()
{
	local tries

	for tries in $(seq 50); do
		remove_drives 2>/dev/null
		rmmod kcsd 2>/dev/null && return
		sleep 0.2
	done
	echo "still there after $tries tries"
	return 1
}

load()
{
	load_module drives=0 && udevadm_settle
}

udevadm_settle()
{
	settle
	[ -d $CONFIG ]
}

# killed_and_unloaded SEED: run the fuzzer, expect that rmmod is refused, kill the fuzzer at some
# moment, unload and load the module.
killed_and_unloaded()
{
	local pid

	"$fuzzer" -t 600 -s "$1" >"$work/fuzz.$1" 2>&1 &
	pid=$!
	while ! ls -d $CONFIG/kst-* >/dev/null 2>&1; do
		sleep 0.1
		kill -0 $pid || return 1
	done
	! rmmod kcsd 2>/dev/null || return 1
	sleep "$((RANDOM % 3)).$((RANDOM % 10))"
	kill -9 $pid
	wait $pid 2>/dev/null
	unload_killed && load
}

# fuzz_during COMMAND...: run the fuzzer while COMMAND runs. Returns the exit status of the fuzzer.
fuzz_during()
{
	local other status

	"$@" &
	other=$!
	"$fuzzer" -t "$SECONDS_EACH" -s 7
	status=$?
	touch "$work/stop"
	wait $other
	rm "$work/stop"
	return $status
}

switch_cpu()
{
	while [ ! -e "$work/stop" ]; do
		echo 0 >$CPU
		sleep 0.3
		echo 1 >$CPU
		sleep 0.3
	done
	echo 1 >$CPU
}

available()
{
	sed -n 's/^MemAvailable: *\([0-9]*\) kB/\1/p' /proc/meminfo
}

take_memory()
{
	local nr=0

	mkdir "$work/hog" && mount -t tmpfs -o size=100% hog "$work/hog"
	while [ ! -e "$work/stop" ]; do
		if [ "$(available)" -gt $((LEFT_FREE + 20000)) ]; then
			nr=$((nr + 1))
			head -c 16M /dev/zero >"$work/hog/$nr"
		elif [ "$(available)" -lt $LEFT_FREE ] && [ $nr -gt 0 ]; then
			rm "$work/hog/$nr"
			nr=$((nr - 1))
		else
			echo 1 >/proc/sys/vm/drop_caches
			sleep 0.1
		fi
	done
	umount "$work/hog"
}

begin
need rmmod insmod mount
fuzzer=$(first_there "${OUTPUT:-}/fuzz_cmd" ./fuzz_cmd ../../build/selftests/fuzz_cmd) ||
	skip_all "no fuzz_cmd: build it with 'make selftests'"
begin_unloaded
load
for round in $(seq "$ROUNDS"); do
	point "round $round: kill users, unload, load" killed_and_unloaded "$round"
done
if [ -w $CPU ]; then
	point "turn a CPU off and on" fuzz_during switch_cpu
else
	skip "turn a CPU off and on" "this machine cannot"
fi
point "little memory" fuzz_during take_memory
point "unload" unload_killed
point "load as before" load_module "${saved[@]}"
finish
