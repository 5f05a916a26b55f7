#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Test kcsd run --anywhere on files that are on no drive. Print TAP.
#
#	anywhere.sh KCSD OUTPUT
# shellcheck source=tools/kcsd/tests/lib.sh
. "$(dirname "$0")/lib.sh"

refused="is not a kcsd drive|can be mapped"

check_results()
{
	code 0 "lines" run "$bpf/lines.bpf.o" --file text --anywhere --json
	has .result "$(wc -l <"$work/text")"
	has .media_read_bytes "$(stat -c %s "$work/text")"
	has .host true
	says "kcsd: the program runs on the host, not on a drive: text: "
	code 0 "lines of two files" run "$bpf/lines.bpf.o" --file text --file csv --anywhere --json
	has .result "$(cat "$work/text" "$work/csv" | wc -l)"
	code 0 "lines of no byte" run "$bpf/lines.bpf.o" --file empty --anywhere --json
	has .result 0
	is "output to a pipe" "$(run run "$bpf/sha256.bpf.o" --file binary --anywhere -o - 2>"$work/err" |
		od -An -v -tx1 | tr -d ' \n')" "$(sha256sum <"$work/binary" | cut -d' ' -f1)"
	code 0 "output to a file" run "$bpf/grep.bpf.o" --arg static --file text --anywhere -o found
	grep -qx "output: $(stat -c %s "$work/found") bytes" "$work/out"
	verdict $? "  the report has its length"
	is "  and it is all there" "$(md5sum <"$work/found")" "$(grep static "$work/text" | md5sum)"
	code 5 "output with a limit" run "$bpf/grep.bpf.o" --arg static --file text --anywhere \
		-o found --out-max 100
}

check_ends()
{
	local status

	code 3 "a budget" run "$bpf/lines.bpf.o" --file text --anywhere --budget 9
	says "instruction budget exceeded: 9 instructions"
	code 3 "a time limit" run "$bpf/tests/behave.bpf.o" --program spin --file text --anywhere \
		--timeout 50
	says "time limit exceeded: 50 ms"
	code 4 "an argument that makes no sense" run "$bpf/word.bpf.o" --file text --anywhere
	says "log: the argument is the word, 1 to 256 bytes"
	yes | head -c 20M >"$work/many"
	run run "$bpf/grep.bpf.o" --arg y --file many --anywhere -o - 2>"$work/err" | head -n 1 >"$work/out"
	status=${PIPESTATUS[0]}
	is "a reader that goes away" "$status $(cat "$work/out")" "141 y"
	(cd "$work" && timeout -s INT 0.5 "$kcsd" run "$bpf/tests/behave.bpf.o" --program spin \
		--file text --anywhere >"$work/out" 2>"$work/err")
	says "interrupted, the run was cancelled"
}

check_refusals()
{
	code 1 "without the option" run "$bpf/lines.bpf.o" --file text
	grep -q -E "$refused" "$work/err"
	verdict $? "  and it says why"
	says "(--anywhere runs the program on the host then)"
	ln -f "$work/text" "$work/link"
	cp "$work/text" "$work/kept"
	code 1 "output over the file" run "$bpf/grep.bpf.o" --arg static --file text --anywhere -o link
	says "--output is the same file as --file text, which is read"
	run run "$bpf/grep.bpf.o" --arg static --file text --anywhere -o - >>"$work/text" 2>"$work/err"
	says "--output is the same file as --file text, which is read"
	is "  and the file is as it was" "$(md5sum <"$work/text")" "$(md5sum <"$work/kept")"
	code 1 "an access that is none" run "$bpf/lines.bpf.o" --file text:rw
	says "text:rw: No such file or directory (ACCESS behind ':' is r or w"
	code 2 "a program that is not there" run none.bpf.o --file text --anywhere
	says "none.bpf.o: no such file"
	code 1 "a directory" run "$bpf/lines.bpf.o" --file . --anywhere
	says "it is not a regular file but a directory"
	code 1 "a file that is not there" run "$bpf/lines.bpf.o" --file none --anywhere
	says "none: No such file or directory"
	code 1 "a file without a length" run "$bpf/lines.bpf.o" --file /proc/version --anywhere
	says "the file has no length, but bytes, as those of /proc have"
	code 2 "no file" run "$bpf/lines.bpf.o" --anywhere
	says "--anywhere needs --file"
	code 2 "to write" run "$bpf/lines.bpf.o" --file text:w --anywhere
	says "--anywhere excludes PATH:w"
	code 2 "a program of a drive" run lines --file text --anywhere
	says "--anywhere needs a program in a file"
	code 2 "an audit" run "$bpf/lines.bpf.o" --file text --anywhere --audit
	says "--anywhere excludes --audit"
	code 2 "a program that stays" run "$bpf/lines.bpf.o" --file text --anywhere --keep
	code 2 "a range set" run "$bpf/lines.bpf.o" --file text --anywhere --range-set 1
}

# What a terminal shows of a run over a second.
check_progress()
{
	truncate -s 400M "$work/long"
	(cd "$work" && script -qec "'$kcsd' run '$bpf/sum.bpf.o' --file long --anywhere --timeout 3000" \
		"$work/typescript" >"$work/out" 2>"$work/err")
	grep -q -E '\[=+ +\] +[0-9]+ %, [0-9.]+ MiB of 400 MiB, [0-9] s' "$work/typescript"
	verdict $? "a bar shows what is done"
	(cd "$work" && script -qec "'$kcsd' run '$bpf/tests/behave.bpf.o' --program spin --file text \
		--anywhere --timeout 1600" "$work/typescript" >"$work/out" 2>"$work/err")
	grep -q 'running for 1 s, 0 bytes read' "$work/typescript"
	verdict $? "the time of a run that reads nothing"
	rm "$work/long"
}

begin
make_data
: >"$work/empty"
check_results
check_ends
check_refusals
check_progress
finish
