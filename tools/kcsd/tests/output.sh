#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Test errors of the files that kcsd writes. Print TAP.
#
#	output.sh KCSD OUTPUT
# shellcheck source=tools/kcsd/tests/lib.sh
. "$(dirname "$0")/lib.sh"

emit=("$bpf/tests/behave.bpf.o" --program spill --cparam1 9000 -o emitted)

# A function for $kcsd: the tools of this script get no limit.
with_limit()
{
	(ulimit -f 1 && exec "$real" "$@")
}

# limited WANTED NAME ARGUMENT...: code, with files of at most 1 KiB.
limited()
{
	local real=$kcsd kcsd=with_limit

	code "$@"
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

begin
make_data
check_limit
finish
