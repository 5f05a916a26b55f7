#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Test the histograms of programs in debugfs: they count the values of runs, and are removed with
# the program.
. ../lib/lib.sh

begin
find_kcsd
need jq
debug=/sys/kernel/debug
mountpoint -q $debug || mount -t debugfs debugfs $debug 2>/dev/null
[ -d $debug/kcsd ] || skip_all "no $debug/kcsd: this kernel has no debugfs"

# run OPTION...: run program 0. Writes its report to $work/json.
run()
{
	"$kcsd" run -d "$name" 0 --json "$@" >"$work/json"
}

# total FILE: print the number of values counted.
total()
{
	awk '{ n += $3 } END { print n + 0 }' "$debug/kcsd/kcsd$index/programs/0/$1"
}

# has FILE VALUE COUNT: true if the bucket of VALUE has at least COUNT values.
has()
{
	awk -v value="$2" -v count="$3" '$1 <= value && value <= $2 { found = $3 >= count }
		END { exit !found }' "$debug/kcsd/kcsd$index/programs/0/$1"
}

# well_formed FILE: true if buckets are powers of two, ascending, and none is empty.
well_formed()
{
	awk 'NF != 3 || !$3 || $1 <= last && NR > 1 || $1 && $2 != 2 * $1 - 1 { exit 1 }
		{ last = $2 }' "$debug/kcsd/kcsd$index/programs/0/$1"
}

test_counts()
{
	local _

	is "$engine: no latency before a run" "$(total latency)" 0
	is "$engine: no instructions before a run" "$(total insns)" 0
	for _ in 1 2 3 4 5; do
		run --cparam1 1 --budget 100000
	done
	is "$engine: a latency for each run" "$(total latency)" 5
	is "$engine: instructions for each run" "$(total insns)" 5
	is "$engine: as many instructions as in sysfs" \
		"$(cat "/sys/class/kcsd/kcsd$index/programs/0/runs")" 5
	point "$engine: instructions are in the right bucket" \
		has insns "$(jq .insns "$work/json")" 5
	point "$engine: the last latency is in the right bucket" \
		has latency "$(jq .run_ns "$work/json")" 1
	point "$engine: latency, well formed" well_formed latency
	point "$engine: insns, well formed" well_formed insns
	run --cparam1 1
	is "$engine: a latency without a budget" "$(total latency)" 6
	is "$engine: instructions only if counted" "$(total insns)" \
		$((5 + $(jq '.insns > 0 | if . then 1 else 0 end' "$work/json")))
}

# Unload the program while its histogram is open: reading fails afterwards, and the open file holds
# nothing.
unload_while_open()
{
	exec 3<"$debug/kcsd/kcsd$index/programs/0/latency"
	"$kcsd" deactivate -d "$name" 0 && "$kcsd" unload -d "$name" 0 && ! cat <&3
	exec 3<&-
}

for engine in jit interp; do
	point "$engine: create a drive" \
		create_drive histograms size=16M "engine=$engine" || continue
	point "$engine: no directory without a program" \
		test ! -e "$debug/kcsd/kcsd$index/programs/0"
	point "$engine: load a program" "$kcsd" load -d "$name" --program fill --activate \
		"$bpf/tests/behave.bpf.o"
	test_counts
	unload_while_open 2>/dev/null
	point "$engine: the directory goes with the program" \
		test ! -e "$debug/kcsd/kcsd$index/programs/0"
	"$kcsd" load -d "$name" --program fill "$bpf/tests/behave.bpf.o" >"$work/out"
	is "$engine: another program starts at 0" "$(total latency)" 0
	point "$engine: remove the drive" delete_drive histograms
	point "$engine: the directory of the drive is removed" test ! -e "$debug/kcsd/kcsd$index"
done
finish
