#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The kcsd command on a drive: every subcommand, its JSON, its exit codes, and
# what it says when something is wrong.
. ./lib.sh

NAME=kst-cli

# code WANTED NAME ARGUMENT...: kcsd's exit code; what it printed is in $out and $err.
code()
{
	local wanted=$1 name=$2 got

	shift 2
	"$kcsd" "$@" >"$work/out" 2>"$work/err" </dev/null
	got=$?
	{ out=$(<"$work/out"); } 2>/dev/null	# that there are NULs
	err=$(<"$work/err")
	[ $got = "$wanted" ]
	verdict $? "$name"
	[ $got = "$wanted" ] || printf '%s\n' "exit code $got, wanted $wanted" "$out" "$err" |
		sed 's/^/# /'
}

# says TEXT: the last one did, on standard error.
says()
{
	[[ $err == *"$1"* ]]
	verdict $? "  and says: ${1//$'\n'/ }"
	[[ $err == *"$1"* ]] || echo "# $err"
}

# prints TEXT: on standard output.
prints()
{
	[[ $out == *"$1"* ]]
	verdict $? "  and prints: ${1//$'\n'/ }"
	[[ $out == *"$1"* ]] || echo "# $out"
}

# has FILTER VALUE: what jq finds in the last one's JSON.
has()
{
	is "  and $1 is $2" "$(jq -r "$1" "$work/out" 2>&1)" "$2"
}

drives()
{
	find $CONFIG -mindepth 1 -maxdepth 1 -name 'kst-*' | wc -l
}

test_create()
{
	code 0 "create, all options" create $NAME --size 8M --block-size 512 --cus 3 --cu-cpus 0-1 --queue-limit 9 \
		--quick-us 77 \
		--arena-size 1M --timeout-ms 20000 --insn-budget 1000000000 --max-programs 8 \
		--engine checked --max-jit-bytes 8M \
		--max-active 4 --max-program-bytes 4M --queues 1 --queue-depth 16 --slm-size 2M \
		--max-range-sets 7 --max-ranges 9 --device-programs 0 --load-granularity 512
	drive=$(sed -n 's/^drive: //p' "$work/out")
	point "  and its nodes are there" test -c "/dev/$drive" -a -b "/dev/${drive}n1"
	prints "block device: /dev/${drive}n1"
	is "  and the attributes are set" "$(cd $CONFIG/$NAME && cat size block_size cus \
		cu_cpus queue_limit quick_us arena_size timeout_ms insn_budget max_programs max_active max_program_bytes queues \
		queue_depth slm_size max_range_sets max_ranges engine max_jit_bytes \
		device_programs load_granularity | paste -sd' ')" \
		"8388608 512 3 0-1 9 77 1048576 20000 1000000000 8 4 4194304 1 16 2097152 7 9 checked 8388608 0 512"
	code 0 "create, zones" create kst-zones --size 8M --zone-size 1M --zone-capacity 512K \
		--conventional-zones 2 --max-open-zones 3 --max-active-zones 4 --max-append 64K
	is "  and the attributes are set" "$(cd $CONFIG/kst-zones && cat zone_size zone_capacity \
		conventional_zones max_open_zones max_active_zones max_append | paste -sd' ')" \
		"1048576 524288 2 3 4 65536"
	code 0 "  and it is gone" delete kst-zones
	code 1 "create, the name is taken" create $NAME
	says "there is a drive '$NAME' already"
	code 1 "create, no such name" create a/b
	says "no name for a drive"
}

# Each is refused by another part of the driver, and nothing is left.
test_create_refused()
{
	code 1 "create, LBAs of 3 bytes" create kst-bad --block-size 3
	says "refuses --block-size 3; it is: bytes of an LBA: 512, or 4096"
	code 1 "create, no such engine" create kst-bad --engine fast
	says "refuses --engine fast; it is: how programs run: jit (default), interp"
	code 1 "create, zones of no power of 2" create kst-bad --zone-size 3M
	says "refuses --zone-size 3M; it is: bytes of a zone, a power of 2"
	code 1 "create, no sequential zone" create kst-bad --size 8M --zone-size 4M --conventional-zones 2
	says "conventional_zones leaves no sequential zone"
	code 1 "create, no such CPU" create kst-bad --cu-cpus 99999
	says "refuses --cu-cpus 99999; it is: CPUs for the compute units"
	code 1 "create, no bytes" create kst-bad --size 0
	says "kst-bad"
	code 1 "create, larger than memory" create kst-bad --size 1E
	says "kst-bad"
	says "the kernel says: "
	code 1 "create, no such backing file" create kst-bad --backing-file "$work/none"
	says "No such file"
	code 1 "create, a directory as backing file" create kst-bad --backing-file "$work"
	says "kst-bad"
	code 1 "create, no compute units" create kst-bad --cus 0
	says "refuses --cus 0"
	is "create, nothing is left of those" "$(drives)" 1
}

test_backing_file()
{
	local other

	truncate -s 4M "$work/image"
	code 0 "create, a backing file, JSON" create kst-file --json --backing-file "$work/image"
	has .name kst-file
	other=$(jq -r .drive "$work/out")
	is "  and it is as large as the file" "$(blockdev --getsize64 "/dev/${other}n1")" 4194304
	code 0 "list, JSON" list --json
	has '.[] | select(.name == "kst-file") | .backing_file' "$work/image"
	has ".[] | select(.name == \"$NAME\") | .drive" "$drive"
	has ".[] | select(.name == \"$NAME\") | .backing_file" null
	has ".[] | select(.name == \"$NAME\") | [.size, .block_size, .powered] | @csv" \
		8388608,512,true
	code 0 "list" list
	prints "$NAME"
	prints "$work/image"
	code 1 "which of several drives" programs
	says "there are several drives ("
	code 0 "delete" delete kst-file
	code 1 "delete, twice" delete kst-file
	says "there is no drive 'kst-file'"
	point "  and the file is still there" test -s "$work/image"
}

test_delete_busy()
{
	exec 8<"/dev/${drive}n1"
	code 1 "delete, while the block device is open" delete $NAME
	says "is in use"
	exec 8<&-
	point "  and the drive is still there" test -b "/dev/${drive}n1"
}

test_info()
{
	code 0 "info, JSON" info --json "$drive"
	has .drive "$drive"
	has '[.lbas, .lba_size, .size] | @csv' 16384,512,8388608
	has '[.compute_units, .max_programs, .max_active, .timeout_ms] | @csv' 3,8,4,20000
	has '[.program_memory, .insn_budget] | @csv' 1048576,1000000000
	code 0 "info, by its name" info $NAME
	prints "$drive"
	code 0 "info, by its node" info --drive "/dev/$drive"
	prints "512 bytes"
	code 1 "info, no such drive" info kcsd99999
	says "there is no drive 'kcsd99999'"
	code 1 "info, no such name" info kst-none
	says "there is no drive 'kst-none'"
}

test_load()
{
	code 0 "load" load -d $NAME "$bpf/word.bpf.o"
	prints "index: 0"
	prints "program: word"
	code 0 "load, to an index, active, JSON" load -d $NAME -i 5 --puid 0x1234 --activate \
		--json "$bpf/crc32c.bpf.o"
	has '[.index, .program, .active] | @csv' '5,"crc32c",true'
	code 1 "load, the index is taken" load -d $NAME -i 5 "$bpf/word.bpf.o"
	code 1 "load, no such index" load -d $NAME -i 8 "$bpf/word.bpf.o"
	says "index"
	code 0 "programs, JSON" programs -d $NAME --json
	has length 2
	has '.[0] | [.index, .program, .active, .puid, .runs] | @csv' '0,"word",false,0,0'
	has '.[1] | [.index, .program, .active, .puid, .faults] | @csv' '5,"crc32c",true,4660,0'
	code 0 "programs" programs -d $NAME
	prints "crc32c"
}

test_life()
{
	code 1 "run, not active" run -d $NAME 0 --arg x
	says "Not Activated"
	code 0 "activate" activate -d $NAME 0
	code 0 "activate, again" activate -d $NAME 0
	code 0 "run, by index" run -d $NAME 0 --arg x --lba 0
	prints "result: 0"
	code 0 "programs, it ran once" programs -d $NAME --json
	has '.[0].runs' 1
	code 0 "stats, of the program" stats -d $NAME programs/0/runs
	is "  and the value" "$out" "programs/0/runs 1"
	code 1 "unload, active" unload -d $NAME 0
	says "Program In Use"
	code 0 "deactivate" deactivate -d $NAME 0
	code 0 "unload" unload -d $NAME 0
	code 1 "unload, twice" unload -d $NAME 0
	says "No Program"
	code 1 "activate, nothing there" activate -d $NAME 0
	says "No Program"
	code 1 "activate, no such index" activate -d $NAME 99
	says "Invalid Program Index"
	code 1 "run, nothing there" run -d $NAME 0
	says "cannot run program 0: No Program ('kcsd programs' lists what is loaded)"
	code 0 "unload, by force" unload -d $NAME --force 5
	code 0 "programs, none" programs -d $NAME
	prints "no programs"
	code 0 "programs, none, JSON" programs -d $NAME --json
	has length 0
}

# behave NAME WANTED PROGRAM OPTION...: exit code of one in behave.bpf.o.
behave()
{
	local name=$1 wanted=$2 program=$3

	shift 3
	code "$wanted" "$name" run -d $NAME "$bpf/tests/behave.bpf.o" --program "$program" "$@"
}

test_run()
{
	local len=1000

	behave "run, numbers" 0 add --cparam1 0x10 --cparam2 5
	prints "result: 21"
	prints "engine: "
	behave "run, a negative result" 0 add --cparam1 18446744073709551594
	prints "result: 18446744073709551594 (-22: Invalid argument)"
	behave "run, an argument" 0 echo --arg 'some text'
	prints "output: 9 bytes
some text"
	behave "run, an argument in hex" 0 echo --arg-hex '00 ff 41'
	prints "00000000  00 ff 41"
	behave "run, output as numbers" 0 echo --arg-hex 0100000000000000feffffffffffffff \
		--format s64
	prints "
1
-2"
	behave "run, output as text" 0 echo --arg ABC --hex
	prints "|ABC|"
	random "$work/bytes" $len
	behave "run, an argument from a file" 0 echo --arg-file "$work/bytes" --output "$work/got"
	point "  and it comes back" cmp "$work/bytes" "$work/got"
	prints "output: $len bytes"
	behave "run, output to standard output" 0 echo --arg-file "$work/bytes" --output -
	point "  and nothing else" cmp "$work/bytes" "$work/out"
	says "result: $len"
	behave "run, an empty output replaces a file" 0 echo --output "$work/got"
	is "  and it is empty" "$(stat -c %s "$work/got")" 0
	behave "run, the heap" 0 heap --heap 64K
	prints "result: 65536"
	behave "run, the time" 0 clock
	prints "result: 1"
	behave "run, the geometry" 0 geometry --format u64
	prints "16384
$((512 | 3 << 32))"
}

test_run_lbas()
{
	head -c 1024 /dev/zero | tr '\0' 'A' | dd of="/dev/${drive}n1" bs=512 seek=3 \
		oflag=direct status=none
	behave "run, an LBA is read" 0 read_lba --cparam1 3 --lba 3+1 --json
	prints "\"result\": $((0x4141414141414141)),"
	has '[.media_read_bytes, .media_written_bytes] | @csv' 512,0
	behave "run, an LBA is written" 0 write_lba --cparam1 4 --cparam2 66 --lba 4:w --json
	has '[.media_read_bytes, .media_written_bytes] | @csv' 0,512
	is "  and is there" "$(dd if="/dev/${drive}n1" bs=512 skip=4 count=1 iflag=direct \
		status=none | tr -d B | wc -c)" 0
	is "  and its neighbour is as it was" "$(dd if="/dev/${drive}n1" bs=512 skip=3 count=1 \
		iflag=direct status=none | tr -d A | wc -c)" 0
	behave "run, an audit" 0 read_lba --cparam1 3 --lba 0+9 --audit
	prints "audit: 1 extents
  3+1 read"
	behave "run, an audit, JSON" 0 write_lba --cparam1 4 --lba 0+9:rw --audit --json
	has '[.audit.overflow, (.audit.extents[] | .slba, .nlb, .access)] | @csv' \
		'false,4,1,"written"'
	has '.link_from_drive_bytes' $((96 + 16 + 24))
	behave "run, an audit of nothing" 3 read_lba --cparam1 9 --lba 0+9 --audit --json
	has '.audit.extents | length' 0
	behave "run, no audit" 0 read_lba --cparam1 3 --lba 0+9 --json
	has 'has("audit")' false
	code 1 "run, LBAs that are not there" run -d $NAME "$bpf/word.bpf.o" --lba 16384 --arg x
	says "'16384' goes beyond the drive's last LBA, 16383"
	# shellcheck disable=SC2046 # words
	code 1 "run, too many ranges" run -d $NAME "$bpf/word.bpf.o" --arg x \
		$(printf -- '--lba 0 %.0s' $(seq 129))
	says "at most 128 ranges"
	# shellcheck disable=SC2046 # words
	code 0 "run, as many as can be" run -d $NAME "$bpf/word.bpf.o" --arg x \
		$(printf -- '--lba 0 %.0s' $(seq 128))
}

# Two looks, 100 ms apart; on a terminal a screen that is left as it was.
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
	code 2 "top, too quick" top -i 99
	code 2 "top, never" top -n 0
	code 1 "top, no such drive" top -d kcsd99 -n 1 -i 100
	if command -v script >/dev/null; then
		script -qec "$kcsd top -n 1 -i 100" /dev/null >"$work/screen" </dev/null
		point "top, a screen" grep -q "q: quit" "$work/screen"
		point "  which is left" grep -q $'\033\\[?1049l' "$work/screen"
	fi
}

# Everything that a script gets of a fault.
test_faults()
{
	behave "fault, memory" 3 load --cparam1 0x10 --json
	has '[.status_name, .fault.reason] | @csv' '"PROGRAM_FAULT","MEMORY"'
	has .fault.addr 16
	has .fault.function load
	says "access outside the program's memory"
	says "behave.bpf.c"
	code 3 "fault, in a function that is called" run -d $NAME "$bpf/tests/fault.bpf.o" \
		--program in_static
	says "function innermost, instruction 0 (fault.bpf.c:"
	says "return p[0] + p[1]; /* in_static */)"
	behave "fault, a kernel address" 3 load --cparam1 0xffff888000000000
	says "0xffff888000000000"
	behave "fault, in a helper" 3 pass --cparam1 0 --json
	has '[.fault.reason, .fault.helper] | @csv' '"MEMORY","emit"'
	behave "fault, an LBA that was not granted" 3 read_lba --cparam1 5 --lba 3+2 --json
	has '[.fault.reason, .fault.lba, .fault.helper] | @csv' '"LBA_READ",5,"read"'
	behave "fault, a write to one granted for reading" 3 write_lba --cparam1 3 --lba 3 --json
	has '[.fault.reason, .fault.lba] | @csv' '"LBA_WRITE",3'
	behave "fault, the budget" 3 spin --budget 100000 --json
	has .status_name PROGRAM_BUDGET
	has '.fault.reason' BUDGET
	has '.insns >= 100000 and .insns < 120000' true
	behave "fault, the time" 3 spin --timeout 200 --json
	has .status_name PROGRAM_TIME
	has '.run_ns >= 200000000' true
	behave "fault, the output until then is shown" 0 fill --cparam1 4096 --out-max 4096
	prints "output: 4096 bytes"
	behave "no fault, but no room for the output" 0 fill --cparam1 4097 --out-max 4096
	prints "(-28: No space left on device)"
	code 0 "faults leave nothing loaded" programs -d $NAME --json
	has length 0
}

test_log()
{
	local before

	code 0 "log" log -d $NAME --json
	before=$(jq 'last.seq // 0' "$work/out")
	behave "log, a line" 0 say --arg 'said this'
	behave "log, a fault" 3 load
	code 0 "log, what is new" log -d $NAME --json --after "$before"
	has length 2
	has '.[0] | [.type, .text] | @csv' '"line","said this"'
	has '.[1] | [.type, .reason] | @csv' '"fault","MEMORY"'
	code 0 "log, as text" log -d $NAME --after "$before"
	prints "said this"
	prints "access outside the program's memory"
}

test_stats()
{
	code 0 "stats, JSON" stats -d $NAME --json
	has '."stats/executions" > 0' true
	has '."stats/faults_memory" > 0 and ."stats/faults_budget" == 1' true
	code 0 "stats, a pattern" stats -d $NAME 'stats/faults_*'
	is "  and only those" "$(grep -c -v '^stats/faults_[a-z_]* [0-9]*$' "$work/out")" 0
	code 1 "stats, no such counter" stats -d $NAME none
	says "no counter 'none'"
}

# link_cost SIZE: of a run that takes and emits that many bytes, beside what the drive
# counted meanwhile: "to from counted-to counted-from".
link_cost()
{
	local before after

	head -c "$1" /dev/zero >"$work/bytes"
	before=$("$kcsd" stats -d $NAME stats/host_write_bytes stats/host_read_bytes)
	"$kcsd" run -d $NAME 0 --json --lba 0+4 --arg-file "$work/bytes" >"$work/out"
	after=$("$kcsd" stats -d $NAME stats/host_write_bytes stats/host_read_bytes)
	jq -r '"\(.link_to_drive_bytes) \(.link_from_drive_bytes)"' "$work/out"
	paste -d' ' <(echo "$before") <(echo "$after") | sort -r | awk '{ print $4 - $2 }'
}

# What kcsd run prints of the link is what the drive counts, but for opening the drive.
test_link()
{
	local small large

	code 0 "load, for its cost" load -d $NAME -a "$bpf/tests/behave.bpf.o" -p echo
	mapfile -t small < <(link_cost 10 | xargs -n 1)
	mapfile -t large < <(link_cost 5010 | xargs -n 1)
	is "  what a run takes to the drive" "${small[0]} ${large[0]}" "$((16 + 10)) $((16 + 5010))"
	is "  and back" "$((large[1] - small[1]))" 5000
	is "  is what the drive counts" "$((large[2] - small[2])) $((large[3] - small[3]))" \
		"5000 5000"
	point "  and a record comes with it" test "${small[1]}" -gt 10 -a "${small[1]}" -lt 200
	code 0 "unload, for its cost" unload -d $NAME -f 0
}

test_bad_objects()
{
	local program

	for program in load run; do
		code 1 "$program, no such file" $program -d $NAME "$work/none.o"
		says "none.o"
		code 1 "$program, no ELF" $program -d $NAME lib.sh
		says "lib.sh"
		code 1 "$program, not for BPF" $program -d $NAME /bin/true
		says "true"
		: >"$work/empty.o"
		code 1 "$program, an empty file" $program -d $NAME "$work/empty.o"
		says "empty.o"
		head -c 1000 "$bpf/word.bpf.o" >"$work/half.o"
		code 1 "$program, half a file" $program -d $NAME "$work/half.o"
		says "half.o"
		code 1 "$program, no program" $program -d $NAME "$bpf/tests/no_program.bpf.o"
		says "no_program.bpf.o"
		code 1 "$program, an unknown helper" $program -d $NAME \
			"$bpf/tests/unknown_helper.bpf.o"
		says "section kcsd"
		says "instruction"
		says "unknown_helper.bpf.c"
		code 1 "$program, too big" $program -d $NAME "$bpf/tests/too_big.bpf.o"
		says "Program Too Big"
		code 1 "$program, more memory than a unit has" $program -d $NAME \
			"$bpf/tests/behave.bpf.o" -p heap --heap 2M
		says "more memory than a compute unit has"
		code 1 "$program, which of several" $program -d $NAME "$bpf/tests/behave.bpf.o"
		says "echo"
		code 1 "$program, not one of them" $program -d $NAME "$bpf/tests/behave.bpf.o" \
			-p none
		says "none"
	done
	code 0 "bad objects leave nothing loaded" programs -d $NAME --json
	has length 0
}

test_keep()
{
	behave "run, keep" 0 add --keep
	says "stays at index 0"
	code 0 "run, the one that stayed" run -d $NAME 0 --cparam1 7
	prints "result: 7"
	code 1 "run, where no index is free" load -d $NAME -i 0 "$bpf/word.bpf.o"
	code 0 "unload, the one that stayed" unload -d $NAME -f 0
}

test_interrupt()
{
	local pid status

	# Not by "&" alone: what a shell starts in the background ignores SIGINT.
	perl -e '$SIG{INT} = "DEFAULT"; exec @ARGV' "$kcsd" run -d $NAME --program spin \
		"$bpf/tests/behave.bpf.o" >"$work/out" 2>"$work/err" &
	pid=$!
	for _ in $(seq 100); do
		"$kcsd" programs -d $NAME --json | jq -e '.[0].active' >"$work/active" && break
		sleep 0.1
	done
	sleep 0.5
	kill -INT $pid
	wait $pid
	status=$?
	is "run, interrupted" $status 130
	err=$(cat "$work/err")
	says "interrupted"
	code 0 "  and nothing stays loaded" programs -d $NAME --json
	has length 0
}

test_slm()
{
	code 0 "slm write" slm write -d $NAME 5 --hex "01 02 03 04" --json
	has .bytes 4
	code 0 "slm copy" slm copy -d $NAME 100 7+2 5+1
	code 0 "slm fill" slm fill -d $NAME 103+1 --byte 0xee
	code 0 "slm read" slm read -d $NAME 99+6 --output "$work/slm"
	is "  and the bytes are right" "$(od -An -tx1 <"$work/slm" | tr -d ' \n')" 00030401ee00
	head -c 1500000 /dev/urandom >"$work/random"
	code 0 "slm write, a file" slm write -d $NAME 1 --data "$work/random"
	code 0 "slm read, to standard output" slm read -d $NAME 1+1500000
	point "  and it is the same" cmp "$work/out" "$work/random"
	code 0 "slm copy, LBAs" slm copy -d $NAME 1K --lba 0+2 --lba 1
	code 1 "slm read, beyond the end" slm read -d $NAME 1T+1
	says "LBA Out of Range"
	code 1 "slm copy, overlapping" slm copy -d $NAME 4 0+5
	says "Overlapping I/O Range"
	code 2 "slm copy, no source" slm copy -d $NAME 4
	code 2 "slm copy, both kinds of sources" slm copy -d $NAME 4 8+1 --lba 0
	code 2 "slm copy, LBAs to write" slm copy -d $NAME 4 --lba 0:w
	code 2 "slm write, twice the data" slm write -d $NAME 4 --data x --hex 00
	code 2 "slm read, JSON and bytes" slm read -d $NAME 0+1 --json
	code 2 "slm fill, no byte" slm fill -d $NAME 0+1 --byte 256
}

test_ranges()
{
	# 256 rows of 16 bytes, of which the column at 8 is between 0 and 0.
	local filter_zeroes=000100000000000000000000000000000000000000000000 row=1000000008000000

	filter_zeroes=$filter_zeroes$row
	code 0 "slm fill, zeroes for ranges" slm fill -d $NAME 0+128K --byte 0
	code 0 "ranges list, none" ranges list -d $NAME
	prints "no range sets"
	code 0 "ranges create" ranges create -d $NAME 4K+8K 64K+4K
	prints "set: 1"
	code 0 "ranges create, another" ranges create -d $NAME 0+4K --json
	has .set 2
	code 0 "ranges list" ranges list -d $NAME --json
	has '[.[].ranges[].length] | @csv' 8192,4096,4096
	code 0 "ranges list, as text" ranges list -d $NAME
	prints "4096+8192 65536+4096"
	code 1 "ranges create, not aligned" ranges create -d $NAME 1+4K
	says "Invalid Memory Range Set"
	code 1 "ranges delete, no such set" ranges delete -d $NAME 7
	says "'kcsd ranges list' shows"
	code 0 "run on ranges" run -d $NAME "$bpf/filter.bpf.o" --range 0+4K --range 8K+4K \
		--arg-hex "$filter_zeroes" --json
	has .result 256
	code 0 "run on a set" run -d $NAME "$bpf/filter.bpf.o" --range-set 1 \
		--arg-hex "$filter_zeroes" --json
	has .result 256
	code 0 "run on ranges and LBAs" run -d $NAME "$bpf/filter.bpf.o" --lba 0+1 --range 0+4K \
		--range 8K+4K --arg-hex "$filter_zeroes" --json
	has .result 256
	code 1 "run, ranges that overlap" run -d $NAME "$bpf/filter.bpf.o" --range 0+4K --range 0+4K
	says "range 1: Overlapping Memory Ranges"
	code 1 "run, no such set" run -d $NAME "$bpf/filter.bpf.o" --range-set 9
	says "Invalid Memory Range Set Identifier"
	code 2 "run, ranges and a set" run -d $NAME "$bpf/filter.bpf.o" --range 0+4K --range-set 1
	code 2 "run, set 0" run -d $NAME "$bpf/filter.bpf.o" --range-set 0
	code 0 "ranges delete" ranges delete -d $NAME 1 2
	code 0 "ranges list, none are left" ranges list -d $NAME --json
	has length 0
}

# The drive's own programs, by name, on a drive that has them.
test_builtin()
{
	local own=$NAME-own

	code 0 "create, with programs of its own" create $own --size 8M --max-programs 2
	code 0 "programs, the drive's own" programs -d $own --json
	has '[.[] | [.index, .program, .builtin, .active] | @csv] | join(" ")' \
		'2,"word",true,false 3,"grep",true,false 4,"crc32c",true,false 5,"histogram",true,false'
	code 0 "programs, as text" programs -d $own
	prints "builtin"
	code 0 "run, by name" run -d $own word --arg abc --lba 0 --json
	has .result 0
	code 0 "run, by name, again" run -d $own word --arg abc --lba 0 --json
	code 1 "run, no such name" run -d $own wort --arg abc --lba 0
	says "wort: no such file, and no program of that name on"
	code 2 "run, by name, with an option of objects" run -d $own word --keep
	says "--keep is for object files"
	code 1 "load, to an index of the drive's own" load -d $own -i 3 "$bpf/word.bpf.o"
	says "Program Index Not Downloadable"
	code 1 "unload, a program of the drive's own" unload -d $own 4
	says "Program Index Not Downloadable"
	code 0 "load, one" load -d $own "$bpf/word.bpf.o"
	code 0 "load, two" load -d $own "$bpf/word.bpf.o"
	code 1 "load, no index is left" load -d $own "$bpf/word.bpf.o"
	code 0 "info, of its own" info --json -d $own
	has '[.max_programs, .device_programs, .load_granularity] | @csv' 2,4,1
	code 0 "delete it" delete $own
}

# The words of configfs, and the drive by any of its names; powered or not.
test_inject()
{
	code 0 "inject, no rules" inject $NAME
	prints "no rules"
	code 0 "inject, no rules, JSON" inject $NAME --json
	has length 0
	code 0 "inject, a rule" inject $NAME read lba=3+1 media_error next=1
	code 0 "inject, by the node's name" inject "$drive" write delay=1ms probability=0.25 seed=7
	code 0 "inject, by --drive" inject -d "/dev/$drive" append timeout
	code 0 "inject, the rules" inject $NAME
	is "  and they are those of configfs" "$out" "$(cat $CONFIG/$NAME/inject)"
	behave "inject, a read fails" 0 read_lba --cparam1 3 --lba 3 --json
	prints '"result": 18446744073709551611,'
	code 0 "inject, the rules, JSON" inject $NAME --json
	has '.[0] | [.command, .slba, .nlb, .outcome, .next, .hits] | @csv' \
		'"read",3,1,"media_error",0,1'
	has '.[1] | [.command, .outcome, .delay_ms, .probability, .seed, .slba] | @csv' \
		'"write","delay",1,0.25,7,'
	has '.[2] | [.command, .outcome, .hits] | @csv' '"append","timeout",0'
	code 0 "inject, clear" inject $NAME clear
	code 0 "inject, none is left" inject $NAME --json
	has length 0
	for _ in $(seq 16); do
		"$kcsd" inject $NAME flush media_error
	done
	code 1 "inject, more than can be" inject $NAME flush media_error
	says "'kcsd inject $NAME clear' removes them"
	code 0 "inject, clear them" inject clear --drive $NAME
	code 1 "inject, no such drive" inject kst-none read media_error
	says "there is no drive 'kst-none'"
}

# Everything that inject finds right is so for the drive.
test_inject_words()
{
	local words

	for words in "lba=18446744073709551614+1 timeout" "delay=1" "delay=86400000ms" \
		     "media_error next=4294967295" "media_error probability=1" \
		     "media_error probability=0.000000001" "timeout probability=1.0 seed=0" \
		     "media_error seed=18446744073709551615 probability=0.5"; do
		# shellcheck disable=SC2086 # words
		code 0 "inject, read $words" inject $NAME read $words
	done
	for words in append flush execute write; do
		code 0 "inject, $words" inject $NAME $words media_error
	done
	is "  and all are there" "$("$kcsd" inject $NAME | wc -l)" 12
	code 0 "  and are cleared" inject $NAME clear
}

# A drive of its own: 4 MiB in a file, none of it flushed.
test_power_cut()
{
	local lost

	head -c 4M /dev/zero | tr '\0' A >"$work/full"
	truncate -s 4M "$work/cut"
	code 0 "create, to be cut" create kst-cut --backing-file "$work/cut" --cache-size 4M
	point "  and is written" dd if="$work/full" bs=1M oflag=direct status=none \
		of="/dev/$(sed -n 's/^drive: //p' "$work/out")n1"
	code 0 "power-cut, JSON" power-cut kst-cut --seed 5 --json
	has '[.name, .seed, .powered] | @csv' '"kst-cut",5,false'
	is "  and it is off" "$(cat $CONFIG/kst-cut/power)" 0
	is "  and it was cut" "$(cat $CONFIG/kst-cut/power_cut)" 1
	lost=$(tr -d A <"$work/cut" | wc -c)
	point "  and some of it is lost, $lost bytes" test "$lost" -gt 0 -a "$lost" -lt 4194304
	code 1 "power-cut, again" power-cut kst-cut
	says "drive 'kst-cut' is powered off"
	code 0 "inject, a drive that is off" inject kst-cut read media_error
	echo 1 >$CONFIG/kst-cut/power
	code 0 "power-cut, on again" power-cut kst-cut --on
	prints "powered: yes"
	prints "seed: "
	is "  and it is on" "$(cat $CONFIG/kst-cut/power $CONFIG/kst-cut/power_cut | paste -sd' ')" "1 2"
	echo garbage >"$work/cut.kcsd"
	code 1 "power-cut, it does not come back" power-cut kst-cut --on
	says "cannot power on drive 'kst-cut'"
	says "the kernel says: "
	prints "powered: no"
	code 1 "power-cut, no such drive" power-cut kst-none
	says "there is no drive 'kst-none'"
	code 1 "power-cut, which of several drives" power-cut
	says "there are several drives"
	code 0 "delete, what was cut" delete kst-cut
}

test_errors()
{
	local before

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
	# The media error is test_inject's.
	has '[.errors, .power_cycles, .media_errors] | @csv' "$((before + 2)),1,1"
}

# What a terminal sees during a long run, and nothing else does.
test_progress()
{
	command -v script >/dev/null || { skip "run, progress" "no script(1)"; return; }
	script -qec "$kcsd run -d $NAME --program spin --timeout 3000 $bpf/tests/behave.bpf.o" \
		/dev/null >"$work/out" 2>&1 </dev/null
	out=$(cat "$work/out")
	prints "running for 1 s"
	behave "run, no terminal" 3 spin --timeout 2500
	is "  and no progress" "$(grep -c 'running for' "$work/err")" 0
}

begin
need jq perl
find_kcsd
test_create
test_create_refused
test_backing_file
test_delete_busy
test_info
test_load
test_life
test_run
test_run_lbas
test_top
test_faults
test_log
test_stats
test_link
test_bad_objects
test_keep
test_slm
test_ranges
test_builtin
test_inject
test_inject_words
test_power_cut
test_errors
test_interrupt
test_progress
code 0 "delete, the drive" delete $NAME
is "nothing is left" "$(drives)" 0
finish
