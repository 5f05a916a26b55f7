#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Run the command fuzzer for KCSD_FUZZ_TIME seconds (60), from seed KCSD_FUZZ_SEED (1). If the
# kernel has KCOV, then print how much of each file of the module it has reached.
. ../lib/lib.sh

begin
fuzzer=$(first_there "${OUTPUT:-}/fuzz_cmd" ./fuzz_cmd ../../build/selftests/fuzz_cmd) ||
	skip_all "no fuzz_cmd: build it with 'make selftests'"
cover=$work/cover
"$fuzzer" -t "${KCSD_FUZZ_TIME:-60}" -s "${KCSD_FUZZ_SEED:-1}" -c "$cover" |
	sed -e '/^TAP version/d' -e '/^1\.\./d' | tee "$work/out"
status=${PIPESTATUS[0]}
# shellcheck disable=SC2034 # tap.sh counts on from there
points=$(grep -cE '^(not )?ok ' "$work/out")
verdict "$status" "fuzz_cmd succeeds"
if [ -s "$cover" ]; then
	[ -z "${KCSD_COVERAGE:-}" ] || cp "$cover" "$KCSD_COVERAGE"
	module=$(first_there "${KCSD_MODULE:-}" "../../build/module/$(uname -r)/kcsd.ko" ../../kcsd.ko) &&
		./coverage "$module" "$cover" | sed 's/^/# /'
fi
finish
