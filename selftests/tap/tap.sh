# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
# shellcheck shell=bash
#
# Print test points from shell scripts: source this file, call the functions below, then finish.
#
# Sets work, a directory for the files of the test, which is removed at the exit. Names of points
# begin with $prefix. The output of the last command of point and fails is in $work/.output. A script
# may define explain(): print what to know about the last failure.

points=0
points_failed=0
prefix=
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

begin()
{
	echo "TAP version 13"
}

explain()
{
	:
}

# verdict STATUS NAME: print a point that passes if STATUS is 0. Returns the status.
verdict()
{
	points=$((points + 1))
	[ "$1" = 0 ] && echo "ok $points $prefix$2" && return
	points_failed=$((points_failed + 1))
	echo "not ok $points $prefix$2"
	explain | sed 's/^/# /'
	return "$1"
}

# point NAME COMMAND...: pass if the command succeeds; else show its output. Runs it in this shell,
# not in a child: variables that it sets stay set.
point()
{
	local point_name=$1 point_status

	shift
	"$@" >"$work/.output" 2>&1
	point_status=$?
	verdict $point_status "$point_name" && return
	tail -n 60 "$work/.output" | sed 's/^/# /'
	return $point_status
}

# fails NAME TEXT COMMAND...: pass if the command fails and its output has TEXT.
fails()
{
	local point_name=$1 point_text=$2 point_status

	shift 2
	"$@" >"$work/.output" 2>&1
	point_status=$?
	[ $point_status != 0 ] && grep -qF -e "$point_text" "$work/.output"
	verdict $? "$point_name" && return
	{
		echo "expected a failure that says: $point_text"
		echo "got: exit status $point_status"
		tail -n 60 "$work/.output"
	} | sed 's/^/# /'
	return 1
}

# is NAME GOT WANTED: pass if both are equal; else show them.
is()
{
	[ "$2" = "$3" ]
	verdict $? "$1" && return
	{
		echo "expected: $3" | head -n 20
		echo "got: $2" | head -n 20
	} | sed 's/^/# /'
	return 1
}

skip()
{
	points=$((points + 1))
	echo "ok $points $prefix$1 # SKIP $2"
}

# adopt LABEL: read the TAP stream of a program; its points are ours, their names after LABEL.
adopt()
{
	local line name

	while IFS= read -r line; do
		name=$(sed -E 's/^(not )?ok( [0-9]+)?( -)? //' <<<"$line")
		case $line in
		*"# SKIP"*)	skip "$1: ${name%% # SKIP *}" "${name##*# SKIP }" ;;
		"ok "*)		verdict 0 "$1: $name" ;;
		"not ok "*)	verdict 1 "$1: $name" ;;
		"TAP version"*|1..*) ;;
		*)		echo "# ${line#\# }" ;;
		esac
	done
	return 0
}

finish()
{
	echo "1..$points"
	[ $points_failed = 0 ]
	exit
}
