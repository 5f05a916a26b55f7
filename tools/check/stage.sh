# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # logs: of the caller
#
# Run stages of a check: make the directory $logs, source this file, call stage.
#
# A stage is a command that prints TAP. Its output goes to a log; failures and completed test
# programs are also shown at once, behind the name of the stage. The result goes to a file: "passed
# failed skipped", and a line for each point that failed or was skipped.

# result NAME "PASSED FAILED SKIPPED" NOTES: write the result of a stage.
result()
{
	printf '%s\n' "$2" "$3" >"$logs/$1.result"
}

# Print the CPU seconds of child processes between two outputs of "times" in a file.
processor_time()
{
	awk -F'[ms ]+' '/./ { t[NR] = $1 * 60 + $2 + $3 * 60 + $4 }
		END { printf "%d", t[4] - t[2] }' "$1"
}

# show_lines NAME: print lines of standard input behind the name of the stage. Add the seconds since
# the last completed test to each completed test.
show_lines()
{
	local line last=$SECONDS

	while IFS= read -r line; do
		case $line in
		*"ok "*" selftests: "*)
			line+=" ($((SECONDS - last)) s)"
			last=$SECONDS
			;;
		esac
		echo "$1: $line"
	done
}

# stage NAME COMMAND...: run a stage, write its log and its result.
stage()
{
	local name=$1 log=$logs/$1.log start=$SECONDS used=$logs/$1.times status p f s lines

	shift
	times >"$used"
	echo "== $name"
	result "$name" "0 1 0" "failed: $name: did not end"
	"$@" 2>&1 </dev/null | tee "$log" |
		grep --line-buffered -E '^(# )?not ok|^ok [0-9]+ selftests:|^vm:|\*\*\*' |
		show_lines "$name"
	status=${PIPESTATUS[0]}
	{ read -r p f s; lines=$(cat); } < <(tools/check/count "$log")
	if [ "$status" != 0 ] && [ "$f" = 0 ]; then
		f=1
		lines+=$'\n'"failed: ended with exit status $status"
	fi
	[ "$f" = 0 ] || lines+=$'\n'$(sed -n 's/^vm: /failed: &/p' "$log" | head -n 3)
	[ "$f" = 0 ] || tail -n 40 "$log" | sed "s/^/$name  | /"
	result "$name" "$p $f $s" "$(sed "s/^[a-z]*: /&$name: /" <<<"$lines")"
	times >>"$used"
	echo "== $name: $p passed, $f failed, $s skipped ($((SECONDS - start)) s," \
		"$(processor_time "$used") s of processors)"
}
