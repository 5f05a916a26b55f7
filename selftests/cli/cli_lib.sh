# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # drive, out; kcsd, bpf, work: as lib.sh has them
#
# Test the kcsd command. Include after lib.sh: call begin_cli, then the functions below, then
# end_cli.

NAME=kst-cli

# Options of the drive of all these tests. test_create checks that each has been set.
OPTIONS=(
	--size 8M --block-size 512 --queues 1 --queue-depth 16
	--cus 3 --cu-cpus 0-1 --queue-limit 9 --quick-us 77
	--arena-size 1M --timeout-ms 20000 --insn-budget 1000000000
	--engine interp --max-jit-bytes 8M
	--max-programs 8 --max-active 4 --max-program-bytes 4M
	--device-programs 0 --load-granularity 512
	--slm-size 2M --max-range-sets 7 --max-ranges 9
	--kv-size 8M --kv-max-value 1M --kv-max-keys 1000
)

# begin_cli [COMMAND...]: create the drive; the test needs these commands. Sets drive, the name of
# its device.
begin_cli()
{
	begin
	need jq "$@"
	find_kcsd
	code 0 "create, all options" create $NAME "${OPTIONS[@]}"
	drive=$(sed -n 's/^drive: //p' "$work/out")
}

end_cli()
{
	code 0 "delete, the drive" delete $NAME
	is "no drive is left" "$(drives)" 0
	finish
}

# code WANTED NAME ARGUMENT...: run kcsd and expect this exit code. Sets $out and $err to its
# output.
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

# says TEXT: expect TEXT in the standard error of the last `code`.
says()
{
	[[ $err == *"$1"* ]]
	verdict $? "  and says: ${1//$'\n'/ }"
	[[ $err == *"$1"* ]] || echo "# $err"
}

# prints TEXT: expect TEXT in its standard output.
prints()
{
	[[ $out == *"$1"* ]]
	verdict $? "  and prints: ${1//$'\n'/ }"
	[[ $out == *"$1"* ]] || echo "# $out"
}

# has FILTER VALUE: expect that jq prints VALUE for its JSON.
has()
{
	is "  and $1 is $2" "$(jq -r "$1" "$work/out" 2>&1)" "$2"
}

drives()
{
	find $CONFIG -mindepth 1 -maxdepth 1 -name 'kst-*' | wc -l
}

# behave NAME WANTED PROGRAM OPTION...: run a program of behave.bpf.o and expect this exit code.
behave()
{
	local name=$1 wanted=$2 program=$3

	shift 3
	code "$wanted" "$name" run -d $NAME "$bpf/tests/behave.bpf.o" --program "$program" "$@"
}
