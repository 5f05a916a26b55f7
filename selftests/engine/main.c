// SPDX-License-Identifier: GPL-2.0
/*
 *	tests DIRECTORY			run all, print TAP
 *	tests --case NAME DIRECTORY	only the cases of data files whose names match
 *	tests --corpus SEEDS DIRECTORY	write the test programs as seeds for the fuzzer
 */
#include <stdio.h>
#include <sys/resource.h>

#include "runner.h"
#include "tap.h"

#define MAX_SECONDS	600	/* of all tests; more is a hang */

static int run_cases(const char *dir, const char *pattern)
{
	puts("TAP version 13");
	if (!runner_run(dir, pattern))
		tap_point(0, "no case %s", pattern);
	return tap_end();
}

int main(int argc, char **argv)
{
	/* Seconds of the CPU: the machine may be busy. */
	const struct rlimit limit = { MAX_SECONDS, MAX_SECONDS };

	if (argc == 4 && !strcmp(argv[1], "--corpus"))
		return !runner_corpus(argv[3], argv[2]);
	if (argc == 4 && !strcmp(argv[1], "--case"))
		return run_cases(argv[3], argv[2]);
	if (argc != 2) {
		fprintf(stderr, "usage: %s [--case NAME | --corpus SEEDS] DIRECTORY\n", argv[0]);
		return 2;
	}
	setrlimit(RLIMIT_CPU, &limit);
	puts("TAP version 13");
	encoding_tests(argv[1]);
	disasm_tests(argv[1]);
	legal_tests();
	code_tests();
	image_tests();
	memory_tests();
	helper_tests();
	decompress_tests();
	fused_tests();
	cost_tests();
	if (!runner_run(argv[1], NULL))
		tap_point(0, "no data files in %s", argv[1]);
	lowered_tests(argv[1]);
	mutate_tests(argv[1]);
	return tap_end();
}
