#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Test how the kcsd command shows the counters of a drive.
. ../lib/lib.sh
. ./cli_lib.sh

# Test top: two reads, 100 ms apart. On a terminal, it restores the screen at the end.
test_top()
{
	code 0 "top, a table" top -d $NAME -n 1 -i 100
	prints "DRIVE"
	prints "$drive"
	code 0 "top, of all drives" top -n 2 -i 100
	prints "$drive"
	code 0 "top, JSON" top -d $NAME -n 1 -i 100 --json
	has '.drives[0].drive' "$drive"
	has '.drives[0].runs_per_s' 0
	has '.seconds >= 0.1' true
	(sleep 0.3; "$kcsd" run -d $NAME --program echo "$bpf/tests/behave.bpf.o" --arg x) \
		>/dev/null &
	code 0 "top, a run" top -d $NAME -n 1 -i 3000 --json
	wait
	has '.drives[0].runs_per_s > 0' true
	code 2 "top, too short an interval" top -i 99
	code 2 "top, an interval of 0" top -n 0
	code 1 "top, no such drive" top -d kcsd99 -n 1 -i 100
	if command -v script >/dev/null; then
		script -qec "$kcsd top -n 1 -i 100" /dev/null >"$work/screen" </dev/null
		point "top, on a terminal" grep -q "q: quit" "$work/screen"
		point "  and restores the terminal" grep -q $'\033\\[?1049l' "$work/screen"
	fi
}

test_log()
{
	local before

	code 0 "log" log -d $NAME --json
	before=$(jq 'last.seq // 0' "$work/out")
	behave "log, a line" 0 say --arg 'said this'
	behave "log, a fault" 3 load
	code 0 "log, new lines only" log -d $NAME --json --after "$before"
	has length 2
	has '.[0] | [.type, .text] | @csv' '"line","said this"'
	has '.[1] | [.type, .reason] | @csv' '"fault","MEMORY"'
	code 0 "log, as text" log -d $NAME --after "$before"
	prints "said this"
	prints "access outside the memory of the program"
}

test_stats()
{
	"$kcsd" run -d $NAME "$bpf/tests/behave.bpf.o" --program spin --budget 100000 \
		>/dev/null 2>&1
	"$kcsd" run -d $NAME "$bpf/tests/behave.bpf.o" --program load >/dev/null 2>&1
	code 0 "stats, JSON" stats -d $NAME --json
	has '."stats/runs" > 0' true
	has '."stats/faults_memory" > 0 and ."stats/faults_budget" == 1' true
	code 0 "stats, a pattern" stats -d $NAME 'stats/faults_*'
	is "  and only matching counters" \
		"$(grep -c -v '^stats/faults_[a-z_]* [0-9]*$' "$work/out")" 0
	code 1 "stats, no such counter" stats -d $NAME none
	says "no counter 'none'"
}

# link_cost SIZE OPTION...: run a program that takes and emits SIZE bytes. Prints its link bytes
# and, below, the counters of the drive: "to from counted-to counted-from".
link_cost()
{
	local before after

	head -c "$1" /dev/zero >"$work/bytes"
	before=$("$kcsd" stats -d $NAME stats/host_write_bytes stats/host_read_bytes)
	"$kcsd" run -d $NAME 0 --json "${@:2}" --arg-file "$work/bytes" >"$work/out"
	after=$("$kcsd" stats -d $NAME stats/host_write_bytes stats/host_read_bytes)
	jq -r '"\(.link_to_drive_bytes) \(.link_from_drive_bytes)"' "$work/out"
	paste -d' ' <(echo "$before") <(echo "$after") | sort -r | awk '{ print $4 - $2 }'
}

# Test that `kcsd run` prints the link bytes that the drive counts, without those of opening the
# drive.
test_link()
{
	local small large

	code 0 "load, to count bytes" load -d $NAME -a "$bpf/tests/behave.bpf.o" -p echo
	mapfile -t small < <(link_cost 10 --lba 0+4 | xargs -n 1)
	mapfile -t large < <(link_cost 5010 --lba 0+4 | xargs -n 1)
	is "  bytes that a run sends to the drive" \
		"${small[0]} ${large[0]}" "$((16 + 10)) $((16 + 5010))"
	is "  bytes that come back" "$((large[1] - small[1]))" 5000
	is "  equal the counters of the drive" "$((large[2] - small[2])) $((large[3] - small[3]))" \
		"5000 5000"
	mapfile -t large < <(link_cost 10 --lba 0+4 --len 7 | xargs -n 1)
	is "  a length" "$((large[0] - small[0])) $((large[2] - small[2]))" "8 8"
	mapfile -t large < <(link_cost 10 --range 0+4K --range 4K+4K --len 7 | xargs -n 1)
	is "  ranges" "$((large[0] - small[0])) $((large[2] - small[2]))" \
		"$((2 * 32 + 8 - 16)) $((2 * 32 + 8 - 16))"
	point "  and the record is counted" test "${small[1]}" -gt 10 -a "${small[1]}" -lt 200
	code 0 "unload, after counting bytes" unload -d $NAME -f 0
}

test_errors()
{
	local before

	"$kcsd" inject $NAME read lba=3+1 media_error next=1
	"$kcsd" run -d $NAME "$bpf/tests/behave.bpf.o" --program read_lba --cparam1 3 --lba 3 \
		>/dev/null
	"$kcsd" inject $NAME clear
	code 0 "log --errors" log -d $NAME --errors --json
	before=$(jq '.[0].count // 0' "$work/out")
	"$kcsd" run -d $NAME 6 >/dev/null 2>&1
	"$kcsd" unload -d $NAME 7 >/dev/null 2>&1
	code 0 "log --errors, two more" log -d $NAME --errors --json
	has '.[0] | [.count, .admin, .namespace, .status, .text] | @csv' \
		"$((before + 2)),true,3,406,\"No Program\""
	has '.[1] | [.count, .admin, .namespace, .status] | @csv' "$((before + 1)),false,3,406"
	code 0 "log --errors, as text" log -d $NAME --errors
	prints "admin command, namespace 3: No Program"
	code 2 "log --errors --after" log -d $NAME --errors --after 3
	code 0 "info, errors" info --json -d $NAME
	has '[.errors, .power_cycles, .media_errors] | @csv' "$((before + 2)),1,1"
}

begin_cli
test_top
test_log
test_stats
test_link
test_errors
end_cli
