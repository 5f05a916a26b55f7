// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>

#include "tests.h"

int main(void)
{
	puts("TAP version 13");
	model_setup();
	use_tests();
	damage_tests();
	torn_tests();
	content_tests();
	errors_tests();
	memory_tests();
	dirty_tests();
	return tap_end();
}
