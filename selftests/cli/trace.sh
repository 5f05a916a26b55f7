#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Test the tracepoints: the events of each command of a drive, in a separate tracing instance.
. ../lib/lib.sh

begin
find_kcsd
execute=$(opcode_of EXECUTE_LBA)
need jq
tracing=/sys/kernel/tracing
mountpoint -q $tracing || mount -t tracefs tracefs $tracing 2>/dev/null
[ -d $tracing/events/kcsd ] || skip_all "no $tracing/events/kcsd: this kernel has no tracing"
instance=$tracing/instances/kst
[ ! -d $instance ] || rmdir $instance
mkdir $instance || skip_all "no instances of tracing"

# enable EVENT...: enable only these events from now on, and clear the trace.
enable()
{
	local event

	echo 0 >$instance/events/kcsd/enable
	for event in "$@"; do
		echo 1 >"$instance/events/kcsd/kcsd_cmd_$event/enable"
	done
	echo >$instance/trace
}

# events EVENT PATTERN: print the lines of the drive that match.
events()
{
	grep -E "kcsd_cmd_$1: kcsd$index .*$2" $instance/trace
}

count()
{
	events "$@" | wc -l
}

# field NAME: print this value of each line of standard input.
field()
{
	sed -n "s/.* $1=\([^ ]*\).*/\1/p"
}

behave()
{
	"$kcsd" run -d "$name" --program "$1" "${@:2}" "$bpf/tests/behave.bpf.o" \
		>"$work/out" 2>&1
}

# the_three WHAT PATTERN: expect one command that was submitted, started and completed.
the_three()
{
	local event id

	id=$(events submit "$2" | field id)
	for event in submit start complete; do
		is "$1: one $event" "$(count $event "$2")" 1
		is "$1: with one id" "$(events $event "$2" | field id)" "$id"
	done
}

test_run()
{
	local line

	enable submit start complete
	point "a run" behave read_lba --lba 3+1 --cparam1 3 --budget 100000
	the_three "a run" "nsid=3 opcode=$execute admin=0"
	line=$(events submit "opcode=$execute")
	is "a run: its parameter" "$(field cdw10 <<<"$line")" 0x3
	line=$(events start "opcode=$execute")
	is "a run: its program" "$(field pind <<<"$line")" 0
	point "a run: its unit" grep -Eq 'unit=[01] ' <<<"$line"
	line=$(events complete "opcode=$execute")
	is "a run: status" "$(field status <<<"$line")" 0x0
	is "a run: reason" "$(field reason <<<"$line")" 0
	is "a run: bytes read" "$(field read_bytes <<<"$line")" 512
	is "a run: bytes written" "$(field written_bytes <<<"$line")" 0
	point "a run: instructions" test "$(field insns <<<"$line")" -gt 0
	point "a run: an engine" test "$(field engine <<<"$line")" -gt 0
	point "a run: its time is a part of that of the command" \
		test "$(field latency_ns <<<"$line")" -ge "$(field run_ns <<<"$line")"
	is "as many completed as submitted" "$(count complete '')" "$(count submit '')"
	is "its load completes" \
		"$(events complete 'opcode=0x85 admin=1' | field status | sort -u)" 0x0
	is "each id completes once" "$(events complete '' | field id | sort | uniq -d)" ""
}

test_ends()
{
	enable submit start complete
	behave load --cparam1 0x10
	is "a fault: status" "$(events complete opcode=$execute | field status)" 0x701
	is "a fault: reason" "$(events complete opcode=$execute | field reason)" 1
	enable submit start complete
	behave spin --timeout 50
	is "out of time: status" "$(events complete opcode=$execute | field status)" 0x703
	enable submit start complete
	"$kcsd" unload -d "$name" 9 2>/dev/null
	is "refused: submitted" "$(count submit 'opcode=0x85 admin=1')" 1
	is "refused: status" "$(events complete 'opcode=0x85 admin=1' | field status)" 0x196
}

test_cancelled()
{
	local i pid

	enable submit start complete
	behave spin --timeout 30000 &
	pid=$!
	for ((i = 0; i < 200 && $(count start opcode=$execute) == 0; i++)); do
		sleep 0.05
	done
	pkill -KILL -P $pid	# the subshell has the command as its child
	wait $pid
	for ((i = 0; i < 200 && $(count complete opcode=$execute) == 0; i++)); do
		sleep 0.05
	done
	the_three "a cancelled run" opcode=$execute
	is "a cancelled run: reason" "$(events complete opcode=$execute | field reason)" 6
}

test_other_commands()
{
	enable submit start complete
	point "slm write" "$kcsd" slm write -d "$name" 5 --hex 01020304
	the_three "slm write" "nsid=2 opcode=0x05 admin=0"
	is "slm write: runs on no unit" "$(events start 'nsid=2 opcode=0x05' | field unit)" -1
	is "slm write: no program" "$(events complete 'nsid=2 opcode=0x05' | field pind)" -1
	enable submit start complete
	point "slm copy" "$kcsd" slm copy -d "$name" 4096 --lba 0+8
	the_three "slm copy" "nsid=2 opcode=0x01 admin=0"
	is "slm copy: status" "$(events complete 'nsid=2 opcode=0x01' | field status)" 0x0
}

# Test one tracepoint alone, which shows all that it can; and a command from before, which is not
# traced.
test_some()
{
	enable complete
	behave echo --arg x
	is "complete alone: a line" "$(count complete opcode=$execute)" 1
	is "complete alone: no other event" "$(count '(submit|start)' '')" 0
	point "complete alone: its latency" \
		test "$(events complete opcode=$execute | field latency_ns)" -gt 0
	enable
	behave echo --arg x
	is "no event enabled: no line" "$(count '.*' '')" 0
	behave spin --timeout 2000 &
	sleep 0.5
	enable submit start complete
	wait $!
	is "a command that began before is not traced" "$(count '.*' opcode=$execute)" 0
}

# seen_by_bpftrace STATUS: print the exit status and output of bpftrace. True if it saw the event.
seen_by_bpftrace()
{
	echo "exit status $1"
	cat "$work/bpftrace"
	grep -qx "pind [0-9]* engine [12]" "$work/bpftrace"
}

# Test that bpftrace reads the events in binary form, like perf.
test_bpftrace()
{
	command -v bpftrace >/dev/null || { skip "bpftrace" "no bpftrace: install it"; return; }
	# bpftrace needs the types of the fields of the events.
	[ -e /sys/kernel/btf/vmlinux ] ||
		{ skip "bpftrace" "the kernel has no CONFIG_DEBUG_INFO_BTF"; return; }
	timeout 120 bpftrace -e 'tracepoint:kcsd:kcsd_cmd_complete /args->opcode == '"$execute"'/
		{ printf("pind %d engine %d\n", args->pind, args->engine); exit(); }' \
		>"$work/bpftrace" 2>&1 &
	# bpftrace does not report when it has attached: run the program until it has seen an event.
	while kill -0 $! 2>/dev/null; do
		behave echo --arg x
		sleep 0.5
	done
	wait $!
	point "bpftrace" seen_by_bpftrace $?
}

test_perf()
{
	local lines

	command -v perf >/dev/null || { skip "perf" "no perf: install it"; return; }
	lines=$(perf stat -x, -e kcsd:kcsd_cmd_complete -a -- "$kcsd" slm write \
		-d "$name" 5 --hex 01 2>&1 | sed -n 's/^\([0-9]*\),.*kcsd_cmd_complete.*/\1/p')
	point "perf" test "${lines:-0}" -gt 0
}

# Test the device times of commands of a drive that has them.
test_device()
{
	local line sum

	point "create a timed drive" create_drive trace size=16M slm_size=1M timing/model=flash \
		timing/clock=virtual
	enable submit device complete
	point "a timed run" behave read_lba --lba 3+1 --cparam1 3
	is "a timed run: one device" "$(count device "opcode=$execute")" 1
	line=$(events device "opcode=$execute")
	is "a timed run: its id" "$(field id <<<"$line")" \
		"$(events complete "opcode=$execute" | field id)"
	sum=$(($(field link_ns <<<"$line") + $(field controller_ns <<<"$line") +
		$(field media_ns <<<"$line") + $(field compute_ns <<<"$line") +
		$(field waiting_ns <<<"$line")))
	is "a timed run: the sum of its parts" "$sum" \
		$(($(field end <<<"$line") - $(field arrival <<<"$line")))
	point "a timed run: media" test "$(field media_ns <<<"$line")" -gt 0
	point "a timed write of memory" "$kcsd" slm write -d "$name" 0 --hex 01
	is "a timed write: one device" "$(count device "nsid=2 opcode=0x05")" 1
	cp $instance/trace "$work/trace"
	point "kcsd replay reads the trace" sh -c "'$kcsd' replay --size 16M --json '$work/trace' >'$work/out'"
	is "kcsd replay: the write" "$(jq '[.. | objects | select(has("commands")) |
		.commands] | max' "$work/out")" 1
	point "remove the drive" delete_drive trace
}

trap 'enable; rmdir $instance; clean_up' EXIT
point "create a drive" create_drive trace size=16M block_size=512 slm_size=1M cus=2
for event in submit start complete; do
	point "event $event exists" test -r $instance/events/kcsd/kcsd_cmd_$event/format
done
test_run
test_ends
test_cancelled
test_other_commands
test_some
test_bpftrace
test_perf
point "remove the drive" delete_drive trace
test_device
finish
