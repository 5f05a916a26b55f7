#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
#
# Start and stop a private PostgreSQL 15 server on a socket in DIR.
#
#	postgres.sh start DIR	prints nothing; 3: there is none, and says so
#	postgres.sh psql DIR	runs the SQL on standard input, prints rows without decoration
#	postgres.sh stop DIR
set -u
export LC_ALL=C

bin=${KCSD_POSTGRES:-/usr/lib/postgresql/15/bin}
dir=$2

# PostgreSQL refuses to be root.
as_user()
{
	if [ "$(id -u)" = 0 ]; then
		su postgres -s /bin/bash -c "$1"
	else
		bash -c "$1"
	fi
}

case $1 in
start)
	if ! [ -x "$bin/postgres" ]; then
		echo "no $bin/postgres"
		exit 3
	fi
	mkdir -p "$dir" || exit 1
	[ "$(id -u)" != 0 ] || chown postgres "$dir" || exit 1
	as_user "cd '$dir' && '$bin/initdb' --locale=C -E UTF8 -A trust -N -D '$dir/data'" \
		>"$dir.log" 2>&1 &&
		as_user "cd '$dir' && '$bin/pg_ctl' -D '$dir/data' -l '$dir/log' -w start \
			-o \"-c listen_addresses='' -k '$dir' -c fsync=off -c timezone=UTC\"" \
			>>"$dir.log" 2>&1
	;;
psql)
	as_user "'$bin/psql' -h '$dir' -d postgres -X -q -A -t -f -"
	;;
stop)
	as_user "cd / && '$bin/pg_ctl' -D '$dir/data' -m immediate -w stop" >/dev/null 2>&1
	rm -rf "$dir" "$dir.log"
	;;
esac
