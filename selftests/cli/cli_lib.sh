# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # drive, out; kcsd, bpf, work: as lib.sh has them
#
# For tests of the kcsd command, after lib.sh: begin_cli, then what is below, then end_cli.

NAME=kst-cli

# Of the drive that all these tests are on. test_create sees that each has been set.
OPTIONS=(
	--size 8M --block-size 512 --queues 1 --queue-depth 16
	--cus 3 --cu-cpus 0-1 --queue-limit 9 --quick-us 77
	--arena-size 1M --timeout-ms 20000 --insn-budget 1000000000
	--engine interp --max-jit-bytes 8M
	--max-programs 8 --max-active 4 --max-program-bytes 4M
	--device-programs 0 --load-granularity 512
	--slm-size 2M --max-range-sets 7 --max-ranges 9
)

# begin_cli [COMMAND...]: these are needed besides. Sets drive: $NAME's.
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
	is "nothing is left" "$(drives)" 0
	finish
}

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

# behave NAME WANTED PROGRAM OPTION...: exit code of one in behave.bpf.o.
behave()
{
	local name=$1 wanted=$2 program=$3

	shift 3
	code "$wanted" "$name" run -d $NAME "$bpf/tests/behave.bpf.o" --program "$program" "$@"
}
