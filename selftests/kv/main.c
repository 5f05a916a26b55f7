// SPDX-License-Identifier: GPL-2.0
#include "tests.h"

u32 rounds(u32 n)
{
	const char *times = getenv("KV_ROUNDS");

	return n * (times ? max(atoi(times), 1) : 1);
}

int main(int argc, char **argv)
{
	const char *only = argc > 1 ? argv[1] : NULL;
	static const struct {
		const char *name;
		void (*run)(void);
	} tests[] = {
		{ "use", use_tests }, { "sizes", sizes_tests }, { "list", list_tests },
		{ "crash", crash_tests }, { "threads", threads_tests }, { "full", full_tests },
		{ "flip", flip_tests }, { "errors", errors_tests }, { "memory", memory_tests },
		{ "hostile", hostile_tests }, { "lies", lies_tests },
		{ "bad", bad_tests }, { "torture", torture_tests },
		{ "rough", rough_tests },
	};
	u32 i;

	setlinebuf(stdout);
	puts("TAP version 13");
	for (i = 0; i < ARRAY_SIZE(tests); i++)
		if (!only || !strcmp(only, tests[i].name))
			tests[i].run();
	return tap_end();
}
