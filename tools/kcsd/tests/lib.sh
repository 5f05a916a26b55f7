# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Test points on the output of kcsd: source this file with the arguments KCSD OUTPUT, then call
# finish. OUTPUT is the build directory, with the programs of bpf/.
set -u
export LC_ALL=C

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
# shellcheck source=selftests/tap/tap.sh
. "$top/selftests/tap/tap.sh"
kcsd=$1
bpf=$2/bpf
engine=		# for sim; none: its default

# use_engine ENGINE: test sim with this engine; begin with new data.
use_engine()
{
	engine=$1
	prefix="$engine: "
	make_data
}

# Explain a failure by the output of the last command.
explain()
{
	head -n 12 "$work/out" "$work/err"
}

# run ARGUMENT...: run kcsd in $work.
run()
{
	if [ "$1" = sim ] && [ "$engine" ]; then
		set -- sim --engine "$engine" "${@:2}"
	fi
	(cd "$work" && "$kcsd" "$@")
}

# code WANTED NAME ARGUMENT...: test the exit code of kcsd; save output to $work/out and err.
code()
{
	local wanted=$1 name=$2 got

	shift 2
	run "$@" >"$work/out" 2>"$work/err"
	got=$?
	[ $got = "$wanted" ]
	verdict $? "$name"
	[ $got = "$wanted" ] || echo "# expected exit code $wanted, got $got"
}

# prints LINE, says TEXT: test the last standard output, standard error.
prints()
{
	grep -q -x -F -e "$1" "$work/out"
	verdict $? "  and prints: $1"
}

says()
{
	grep -q -F -e "$1" "$work/err"
	verdict $? "  and says: $1"
}

# has FILTER VALUE: compare the result of a jq filter on the JSON output.
has()
{
	is "  and $1 is $2" "$(jq -r "$1" "$work/out" 2>&1)" "$2"
}

# result PROGRAM OPTION...: print the result of a program of bpf/.
result()
{
	run sim "$bpf/$1.bpf.o" "${@:2}" 2>"$work/err" | sed -n 's/^result: \([0-9]*\).*/\1/p'
}

# Print the number of the line of a file with this comment.
line_of()
{
	grep -n -F "/* $1 */" "$top/bpf/tests/fault.bpf.c" | cut -d: -f1
}

# small NAME WANTED PROGRAM OPTION...: test the exit code of a program of behave.bpf.o.
small()
{
	local name=$1 wanted=$2 program=$3

	shift 3
	code "$wanted" "$name" sim "$bpf/tests/behave.bpf.o" --program "$program" "$@"
}

make_data()
{
	cat "$top"/README.md "$top"/driver/*/*.c >"$work/text"
	head -c 300001 "$(command -v bash)" >"$work/binary"
	find "$top/driver" -type f -printf '%f,%s\n' >"$work/csv"
	head -c 8192 /dev/zero >"$work/zeroes"
}
