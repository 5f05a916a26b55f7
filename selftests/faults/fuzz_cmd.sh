#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The command fuzzer for KCSD_FUZZ_TIME seconds (60) from KCSD_FUZZ_SEED (1) on; then, where the
# kernel has KCOV, how much of each of the module's files it has reached.
. ../lib/lib.sh

begin
fuzzer=$(first_there "${OUTPUT:-}/fuzz_cmd" ./fuzz_cmd ../../build/selftests/fuzz_cmd) ||
	skip_all "no fuzz_cmd: build it with 'make selftests'"
cover=$work/cover
"$fuzzer" -t "${KCSD_FUZZ_TIME:-60}" -s "${KCSD_FUZZ_SEED:-1}" -c "$cover" |
	sed -e '/^TAP version/d' -e '/^1\.\./d' | tee "$work/out"
status=${PIPESTATUS[0]}
points=$(grep -cE '^(not )?ok ' "$work/out")
verdict "$status" "the fuzzer's own verdict"
if [ -s "$cover" ]; then
	[ -z "${KCSD_COVERAGE:-}" ] || cp "$cover" "$KCSD_COVERAGE"
	module=$(first_there "${KCSD_MODULE:-}" "../../build/module/$(uname -r)/kcsd.ko" ../../kcsd.ko) &&
		./coverage "$module" "$cover" | sed 's/^/# /'
fi
finish
