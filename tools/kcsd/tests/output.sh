#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Test errors of the files that kcsd writes. Print TAP.
#
#	output.sh KCSD OUTPUT
# shellcheck source=tools/kcsd/tests/lib.sh
. "$(dirname "$0")/lib.sh"

full="Disk quota exceeded"
emit=("$bpf/tests/behave.bpf.o" --program spill --cparam1 9000 -o emitted)

# Functions for $kcsd: the tools of this script get neither limit nor preload.
with_limit()
{
	(ulimit -f 1 && exec "$real" "$@")
}

with_preload()
{
	LD_PRELOAD=$preload FAIL_CLOSE=$unclosed "$real" "$@"
}

# limited WANTED NAME ARGUMENT...: code, with files of at most 1 KiB.
limited()
{
	local real=$kcsd kcsd=with_limit

	code "$@"
}

# preloaded FILE WANTED NAME ARGUMENT...: code, where FILE cannot be closed.
preloaded()
{
	local real=$kcsd kcsd=with_preload unclosed=$1

	code "${@:2}"
}

check_limit()
{
	limited 1 "a file beyond the limit" sim "${emit[@]}"
	says "--output: emitted: File too large"
	limited 1 "standard output beyond the limit" sim "${emit[@]}" --output -
	says "--output: -: File too large"
	limited 1 "text beyond the limit" disasm "$bpf/csv.bpf.o"
	says "cannot write to standard output"
	limited 1 "an image beyond the limit" image "$bpf/csv.bpf.o" -o emitted
	says "--output: emitted: File too large"
}

check_close()
{
	code 0 "a file" sim "${emit[@]}"
	preloaded "$work/emitted" 1 "a file that cannot be closed" sim "${emit[@]}"
	says "--output: emitted: $full"
	is "  and it is complete" "$(stat -c %s "$work/emitted")" 9000
	preloaded "$work/emitted" 1 "the same, by --anywhere" run "$bpf/sum.bpf.o" --file zeroes \
		--anywhere -o emitted
	says "--output: emitted: $full"
	preloaded "$work/out" 1 "standard output that cannot be closed" sim "${emit[@]}" -o -
	says "cannot write to standard output"
	preloaded "$work/out" 1 "the same, for text" version
	says "cannot write to standard output"
	run unload --help >&- 2>"$work/err"
	is "standard output that is closed" $? 1
	rm -f "$work/emitted"
	run sim "${emit[@]}" >&- 2>"$work/err"
	is "the same, a file is not taken for it" "$? $(stat -c %s "$work/emitted")" "1 9000"
	preloaded "$work/none" 1 "LBAs that cannot be written back" sim "$bpf/tests/behave.bpf.o" \
		--program write_lba --lba zeroes --grant all:rw --write-back
	says "--lba: zeroes: $full"
	preloaded "$work/none" 0 "and those that stay" sim "$bpf/tests/behave.bpf.o" \
		--program write_lba --lba zeroes --grant all:rw
	preloaded "$work/none" 1 "SLM that cannot be written back" sim "$bpf/range_sum.bpf.o" \
		--slm zeroes --range 0+8K --write-back
	says "--slm: zeroes: $full"
}

begin
preload=$2/tests/fail_close.so
make_data
check_limit
check_close
finish
