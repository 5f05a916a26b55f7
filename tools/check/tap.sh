# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Print test points from shell scripts: source this file, call point and is, then finish.

points=0
points_failed=0

# verdict STATUS NAME: print a point that passes if STATUS is 0.
verdict()
{
	points=$((points + 1))
	[ "$1" = 0 ] && echo "ok $points $2" && return
	points_failed=$((points_failed + 1))
	echo "not ok $points $2"
}

# point NAME COMMAND...: pass if the command does; else show its output.
point()
{
	local name=$1 output status

	shift
	output=$("$@" 2>&1 </dev/null)
	status=$?
	verdict $status "$name"
	[ $status = 0 ] || echo "$output" | sed 's/^/# /' | tail -n 60
}

# is NAME GOT WANTED: pass if both are equal; else show them.
is()
{
	[ "$2" = "$3" ]
	verdict $? "$1"
	[ "$2" = "$3" ] || printf '%s\n' "got: $2" "wanted: $3" | sed 's/^/# /'
}

finish()
{
	echo "1..$points"
	[ $points_failed = 0 ]
	exit
}
