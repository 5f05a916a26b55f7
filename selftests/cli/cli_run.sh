#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Test kcsd run: the input of a program, its output, and the results of runs.
. ../lib/lib.sh
. ./cli_lib.sh

test_run()
{
	local len=1000

	behave "run, numbers" 0 add --cparam1 0x10 --cparam2 5
	prints "result: 21"
	prints "engine: "
	says "the program could read nothing: grant LBAs (--lba)"
	code 4 "run, an argument is missing" run -d $NAME "$bpf/word.bpf.o" --lba 0
	says "log: the argument is the word, 1 to 256 bytes"
	: >"$work/source.bpf.c"
	code 1 "run, the source" run -d $NAME "$work/source.bpf.c"
	says "source.bpf.c: this is C source: compile it with 'kcsd build "
	behave "run, an error" 4 add --cparam1 18446744073709551594
	prints "result: 18446744073709551594 (-22: an argument of the program or of a helper is not valid)"
	says "the program returned an error: -22 (an argument of the program or of a helper is not valid)"
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
	point "  and the output is the input" cmp "$work/bytes" "$work/got"
	prints "output: $len bytes"
	behave "run, output to standard output" 0 echo --arg-file "$work/bytes" --output -
	point "  and no other output" cmp "$work/bytes" "$work/out"
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

# Test that kcsd reports a failed access, whatever else it reports; also for LBA 0.
test_medium()
{
	code 0 "inject, LBA 0" inject $NAME read lba=0+1 media_error
	behave "run, an access fails, and it goes on" 0 read_on --lba 0+2 --json
	says "an access at LBA 0 failed, and the program continued: 'kcsd log -d $drive'"
	has '.medium.lba' 0
	behave "run, it goes on to emit too much" 5 read_on --lba 0+2 --out-max 100 --json
	says "the output of the program was cut"
	says "an access at LBA 0 failed, and the program continued"
	has '.medium.lba' 0
	behave "run, it goes on to a fault" 3 read_on --lba 0+1
	says "read of an LBA that was not granted (LBA 1)"
	says "an access failed, and the program continued"
	behave "run, and without a failure" 0 read_lba --lba 1 --cparam1 1 --json
	has 'has("medium")' false
	code 0 "log, an error at LBA 0" log -d $NAME --errors
	prints "I/O command, namespace 1: Unrecovered Read Error, LBA 0"
	code 0 "log, an error at LBA 0, JSON" log -d $NAME --errors --json
	has '[.[] | select(.namespace == 1 and .lba == 0)] | length > 0' true
	code 1 "run, a missing program" run -d $NAME 7
	code 0 "log, an error without an LBA, JSON" log -d $NAME --errors --json
	has '.[0] | has("lba")' false
	code 0 "inject, LBA 0 is good again" inject $NAME clear
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
	is "  and the data is there" "$(dd if="/dev/${drive}n1" bs=512 skip=4 count=1 iflag=direct \
		status=none | tr -d B | wc -c)" 0
	is "  and its neighbour is unchanged" "$(dd if="/dev/${drive}n1" bs=512 skip=3 count=1 \
		iflag=direct status=none | tr -d A | wc -c)" 0
	behave "run, an audit" 0 read_lba --cparam1 3 --lba 0+9 --audit
	prints "audit: 1 ranges
  3+1 read"
	behave "run, an audit, JSON" 0 write_lba --cparam1 4 --lba 0+9:rw --audit --json
	has '[.audit.overflow, (.audit.ranges[] | .slba, .nlb, .access)] | @csv' \
		'false,4,1,"written"'
	has '.link_from_drive_bytes' $((168 + 16 + 24))
	behave "run, an audit of nothing" 3 read_lba --cparam1 9 --lba 0+9 --audit --json
	has '.audit.ranges | length' 0
	code 0 "inject, for a run" inject $NAME read lba=3+1 media_error
	behave "run, an LBA fails" 4 read_lba --cparam1 3 --lba 0+9
	says "the program returned an error: -5 (the medium failed)"
	says "an access at LBA 3 failed: 'kcsd log -d $drive' shows why"
	code 0 "log, an access that failed" log -d $NAME
	prints "an access failed: Unrecovered Read Error, LBA 3"
	code 0 "log, an access that failed, JSON" log -d $NAME --json
	has '.[-1] | [.type, .status, .lba] | @csv' "\"medium\",$((0x281)),3"
	code 0 "log, errors" log -d $NAME --errors
	prints "I/O command, namespace 1: Unrecovered Read Error, LBA 3"
	code 0 "inject, clear" inject $NAME clear
	test_medium
	behave "run, no audit" 0 read_lba --cparam1 3 --lba 0+9 --json
	has 'has("audit")' false
	code 1 "run, LBAs beyond the drive" run -d $NAME "$bpf/word.bpf.o" --lba 16384 --arg x
	says "'16384' goes beyond the last LBA of the drive, 16383"
	# shellcheck disable=SC2046 # words
	code 1 "run, too many ranges" run -d $NAME "$bpf/word.bpf.o" --arg x \
		$(printf -- '--lba 0 %.0s' $(seq 129))
	says "at most 128 grants"
	# shellcheck disable=SC2046 # words
	code 0 "run, the maximum of ranges" run -d $NAME "$bpf/word.bpf.o" --arg x \
		$(printf -- '--lba 0 %.0s' $(seq 128))
}

# Test lengths: other data follows the end of a file, but a stream ends at its length.
test_len()
{
	local size=10001

	tr '\0' '\n' </dev/zero | dd of="/dev/${drive}n1" bs=64K count=1 iflag=fullblock \
		oflag=direct status=none
	{ random "$work/bytes" $((size - 1)) && printf x >>"$work/bytes"; } &&
		dd if="$work/bytes" of="/dev/${drive}n1" bs=1M conv=fsync status=none
	code 0 "run, a length" run -d $NAME "$bpf/sha256.bpf.o" --lba 0+16 --lba 16+4 \
		--len $size --output "$work/hash"
	prints "result: $size"
	is "  and to the byte" "$(od -An -v -tx1 "$work/hash" | tr -d ' \n')" \
		"$(sha256sum <"$work/bytes" | cut -d' ' -f1)"
	code 0 "run, a length of 0" run -d $NAME "$bpf/lines.bpf.o" --lba 0+16 --len 0
	prints "result: 0"
	code 1 "run, a length beyond what is granted" run -d $NAME "$bpf/lines.bpf.o" --lba 0+16 \
		--len 8193
	says "the length, 8193 bytes, is more than is granted to be read, 8192 bytes"
	dd if="$work/bytes" bs=4096 count=2 status=none >"$work/slm"
	code 0 "  slm write" slm -d $NAME write 4096 --data "$work/slm"
	code 0 "run, a length of a range" run -d $NAME "$bpf/sha256.bpf.o" --range 4K+8K \
		--len 5000 --output "$work/hash"
	is "  and to the byte" "$(od -An -v -tx1 "$work/hash" | tr -d ' \n')" \
		"$(head -c 5000 "$work/slm" | sha256sum | cut -d' ' -f1)"
}

# Print the first instruction of `innermost`, as disasm numbers it.
innermost()
{
	"$kcsd" disasm "$bpf/tests/fault.bpf.o" in_static --json |
		jq '[.[] | select(.function == "innermost") | .pc] | min'
}

# Test all facts that a script gets about a fault.
test_faults()
{
	behave "fault, memory" 3 load --cparam1 0x10 --json
	has '[.status_name, .fault.reason] | @csv' '"PROGRAM_FAULT","MEMORY"'
	has .fault.addr 16
	has .fault.function load
	says "access outside the memory of the program"
	says "behave.bpf.c"
	code 3 "fault, in a function that is called" run -d $NAME "$bpf/tests/fault.bpf.o" \
		--program in_static
	says "function innermost, instruction $(innermost) (fault.bpf.c:"
	says "return p[0] + p[1]; /* in_static */)"
	code 0 "  and the log has the same numbers" log -d $NAME
	prints "fault at instruction $(innermost): access outside the memory of the program"
	behave "fault, a kernel address" 3 load --cparam1 0xffff888000000000
	says "0xffff888000000000"
	behave "fault, in a helper" 3 pass --cparam1 0 --json
	has '[.fault.reason, .fault.helper] | @csv' '"MEMORY","emit"'
	behave "fault, an LBA that was not granted" 3 read_lba --cparam1 5 --lba 3+2 --json
	has '[.fault.reason, .fault.lba, .fault.helper] | @csv' '"LBA_READ",5,"read"'
	behave "fault, a write to one granted for reading" 3 write_lba --cparam1 3 --lba 3 --json
	has '[.fault.reason, .fault.lba] | @csv' '"LBA_WRITE",3'
	behave "fault, the budget" 3 spin --budget 100000 --json
	has '.message | test("exceeded: 100000 instructions, set by --budget")' true
	has .status_name PROGRAM_BUDGET
	has '.fault.reason' BUDGET
	has '.insns >= 100000 and .insns < 120000' true
	behave "fault, the time" 3 spin --timeout 200 --json
	has '.message | test("time limit exceeded: 200 ms, set by --timeout")' true
	has .status_name PROGRAM_TIME
	has '.run_ns >= 200000000' true
	behave "fault, the output until then is shown" 0 fill --cparam1 4096 --out-max 4096
	prints "output: 4096 bytes"
	behave "no fault, but no room for the output" 5 fill --cparam1 4097 --out-max 4096
	prints "(-28: the zone or the output is full)"
	says \
		"the output of the program was cut after 4096 bytes: --out-max SIZE allows more than 4 KiB"
	behave "no room for the output, and no error" 5 spill --cparam1 4097 --out-max 4096 --json
	has '[.result, .output.bytes, .output.cut] | @csv' 4097,4096,true
	behave "all the room there can be" 0 spill --cparam1 16777216 --out-max 16M --audit --json
	has '[.result, .output.bytes, .output.cut] | @csv' 16777216,16777216,false
	behave "with a file there is no limit" 0 spill --cparam1 4097 -o "$work/got" --json
	has '[.result, .output.bytes, .output.cut] | @csv' 4097,4097,false
	is "  and the file has all" "$(stat -c %s "$work/got")" 4097
	code 0 "faults leave nothing loaded" programs -d $NAME --json
	has length 0
}

test_interrupt()
{
	local pid status

	# Start without "&" alone, because a background process of the shell ignores SIGINT.
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
	code 0 "  and no program stays loaded" programs -d $NAME --json
	has length 0
}

# nothing_loaded NAME: expect that no program is loaded.
nothing_loaded()
{
	code 0 "$1" programs -d $NAME --json
	has length 0
}

# Test a reader of the output that stops before, while and after the program runs.
test_broken_pipe()
{
	local status

	"$kcsd" run -d $NAME --program spill --cparam1 1000000 --format hex --lba 0 \
		"$bpf/tests/behave.bpf.o" 2>"$work/err" | head -n 1 >"$work/out"
	status=${PIPESTATUS[0]}
	is "run, output is closed" $status 141
	is "  and no message" "$(cat "$work/err")" ""
	nothing_loaded "  and nothing stays loaded"
	"$kcsd" run -d $NAME --program spill --cparam1 1000000 --output - \
		"$bpf/tests/behave.bpf.o" 2>"$work/err" | true
	status=${PIPESTATUS[0]}
	is "run, output of bytes is closed" $status 141
	nothing_loaded "  and nothing stays loaded"
	"$kcsd" run -d $NAME --program add "$bpf/tests/behave.bpf.o" >/dev/full 2>"$work/err"
	is "run, a full disk" $? 1
	nothing_loaded "  and nothing stays loaded"
}

# Test output beyond the limit of file sizes (ulimit -f), written while it comes and after the run.
test_file_limit()
{
	local option status

	for option in "" "--out-max 64K"; do
		# shellcheck disable=SC2086 # words
		(ulimit -f 4 && exec "$kcsd" run -d $NAME --program spill --cparam1 50000 $option \
			-o "$work/got" "$bpf/tests/behave.bpf.o" >/dev/null 2>"$work/err")
		status=$?
		is "run, a file beyond its limit ${option:-as it comes}" $status 1
		err=$(<"$work/err")
		says "--output: $work/got: File too large"
		nothing_loaded "  and nothing stays loaded"
	done
}

# Test signals that kill the process: the run is cancelled, and the program that kcsd loaded is
# unloaded.
test_signals()
{
	local signal pid status

	for signal in TERM HUP QUIT ALRM XCPU USR1 USR2; do
		perl -e '$SIG{INT} = $SIG{QUIT} = "DEFAULT"; exec @ARGV' "$kcsd" run -d $NAME \
			--program spin "$bpf/tests/behave.bpf.o" >"$work/out" 2>"$work/err" &
		pid=$!
		for _ in $(seq 100); do
			"$kcsd" programs -d $NAME --json | jq -e '.[0].active' >"$work/active" && break
			sleep 0.1
		done
		kill -$signal $pid
		wait $pid
		status=$?
		is "run, SIG$signal" $status $((128 + $(kill -l $signal)))
		nothing_loaded "  and nothing stays loaded"
	done
}

# Test output that is not text: on a terminal kcsd prints only the beginning.
test_terminal()
{
	command -v script >/dev/null || { skip "run, a terminal" "no script(1)"; return; }
	script -qec "$kcsd run -d $NAME --program spill --cparam1 100000 $bpf/tests/behave.bpf.o" \
		/dev/null >"$work/out" 2>&1 </dev/null
	point "run, a terminal" test "$(wc -l <"$work/out")" -lt 40
	point "  and the rest is announced" \
		grep -q "and 99744 more bytes: --output FILE" "$work/out"
	script -qec "$kcsd run -d $NAME --program spill --cparam1 8192 --hex $bpf/tests/behave.bpf.o" \
		/dev/null >"$work/out" 2>&1 </dev/null
	point "run, hex on a terminal" test "$(wc -l <"$work/out")" -gt 512
}

# Test the progress of a long run: shown on a terminal, and nowhere else.
test_progress()
{
	command -v script >/dev/null || { skip "run, progress" "no script(1)"; return; }
	script -qec "$kcsd run -d $NAME --program spin --timeout 3000 $bpf/tests/behave.bpf.o" \
		/dev/null >"$work/out" 2>&1 </dev/null
	out=$(cat "$work/out")
	prints "running for 1 s"
	behave "run, no terminal" 3 spin --timeout 2500
	is "  and no progress is shown" "$(grep -c 'running for' "$work/err")" 0
}

begin_cli perl
test_run
test_run_lbas
test_len
test_faults
test_interrupt
test_broken_pipe
test_file_limit
test_signals
test_terminal
test_progress
end_cli
