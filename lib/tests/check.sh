#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
#
# Test the library without a drive. Print TAP.
#
#	check.sh OUTPUT CC CXX
set -u
export LC_ALL=C

out=$1
cc=$2
cxx=$3
top=$(cd "$(dirname "$0")/../.." && pwd)
bin=$out/lib/tests
. "$top/selftests/tap/tap.sh"

# program NAME ARGUMENT...: run a test program; its points are ours.
program()
{
	local name=$1 status

	shift
	rm -f "$work"/san.*
	ASAN_OPTIONS=log_path=$work/san:detect_leaks=1 UBSAN_OPTIONS=log_path=$work/san \
		"$bin/$name" "$@" >"$work/points" 2>"$work/err" </dev/null
	status=$?
	adopt "$name" <"$work/points"
	point "$name: ends well" test $status = 0
	cat "$work"/san.* "$work/err" 2>/dev/null | sed 's/^/# /' | head -n 60
}

only_kcsd_symbols()
{
	local others

	others=$(nm "$@" --defined-only | awk 'NF == 3 && $2 ~ /[A-TV-Z]/ && $3 !~ /^kcsd_/ &&
		$3 !~ /^KCSD_/ { print $3 }')
	echo "$others"
	[ -z "$others" ]
}

# declared [HEADER...]: functions of the public headers and of these.
declared()
{
	cat "$top"/lib/include/libkcsd/*.h "$@" | tr '\n' ' ' | grep -o 'KCSD_API [^;(]*(' |
		grep -o 'kcsd_[a-z_]*(' | tr -d '(' | sort
}

# Test that the library exports all declared functions, and nothing else.
exports_match()
{
	nm -D --defined-only "$out/libkcsd.so" | awk '$2 == "T" { sub(/@.*/, "", $3); print $3 }' |
		sort >"$work/exported"
	diff <(declared) "$work/exported"
}

archive_matches()
{
	nm -g --defined-only "$out/libkcsd.a" | awk '$2 == "T" { print $3 }' | sort >"$work/exported"
	diff <(declared "$top/lib/sim_cost.h") "$work/exported"
}

# Test that manual pages describe all declared functions, and nothing else.
documented()
{
	sed -n 's/^\.F[no] \(kcsd_[a-z_]*\).*/\1/p' "$top"/Documentation/man/kcsd_*.3 \
		"$top/Documentation/man/libkcsd.7" | sort -u >"$work/documented"
	diff <(declared) "$work/documented"
}

# The header as the only one, in this language.
header_compiles()
{
	echo "#include <${header:-libkcsd.h}>" >"$work/header.$1"
	"${@:2}" -Wall -Wextra -Werror -I"$top/lib/include" -I"$top/include/uapi" -c "$work/header.$1" \
		-o "$work/header.o"
}

cxx_program()
{
	cat >"$work/user.cc" <<-END
		#include <libkcsd.h>
		int main()
		{
			KCSD_OPTS(kcsd_object_opts, opts);
			kcsd_object *object;
			kcsd_error error;
			return kcsd_object_open("/nonexistent", &opts, &object, &error) < 0 &&
				error.text[0] ? 0 : 1;
		}
	END
	"$cxx" -Wall -Wextra -Werror -I"$top/lib/include" -I"$top/include/uapi" "$work/user.cc" \
		-L"$out" -lkcsd -o "$work/user" && LD_LIBRARY_PATH=$out "$work/user"
}

echo "TAP version 13"
"$cc" -c -x c /dev/null -o "$bin/host.o"
program names_test
program files_test
program file_map_test
program file_chunk_test
program file_device_test
program source_test
program serve_test
program run_test
program histogram_test
program query_test
program query_pg_test "${KCSD_QUERY_SEED:-20260101}" "${KCSD_QUERY_ROUNDS:-5000}" \
	"$top/lib/tests/postgres.sh"
"$out/lib/query_drive" - "${KCSD_QUERY_SEED:-20260101}" "${KCSD_QUERY_PROGRAMS:-10000}" >"$work/points"
status=$?
adopt query_drive <"$work/points"
point "query_drive: ends well" test $status = 0
program kv_test
program sidecar_test
program object_test "$out/bpf" "$bin"
program sim_test "$out/bpf"
program sim_files_test "$out/bpf"
program fuzz_test "${KCSD_FUZZ_SEED:-20260101}" "${KCSD_FUZZ_ROUNDS:-400}" "$bin/data.bpf.o" \
	"$bin/refused.bpf.o" "$bin/plain.bpf.o" "$bin/pointers.bpf.o" "$out/bpf/histogram.bpf.o"
point "shared library: only kcsd_ symbols" only_kcsd_symbols -D "$out/libkcsd.so"
point "shared library: those that are declared" exports_match
point "static library: only kcsd_ symbols" only_kcsd_symbols -g "$out/libkcsd.a"
point "static library: those that are declared" archive_matches
point "manual pages: all functions, and no others" documented
for header in $(cd "$top/lib/include" && echo libkcsd/*.h); do
	point "header: $header" header_compiles c "$cc" -std=gnu11
	point "header: libkcsd.h has $header" grep -qxF "#include <$header>" "$top/lib/include/libkcsd.h"
done
header=
point "header: C11" header_compiles c "$cc" -std=gnu11
point "header: C99" header_compiles c "$cc" -std=gnu99 -pedantic
point "header: C++11" header_compiles cc "$cxx" -std=c++11
point "header: C++20" header_compiles cc "$cxx" -std=c++20
point "a C++ program" cxx_program
finish
