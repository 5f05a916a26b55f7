/* SPDX-License-Identifier: GPL-2.0 */
/* Scale time limits: everything may take KCSD_TEST_SLOW times as long as usual. */
#ifndef KST_SLOW_H
#define KST_SLOW_H

#include <stdlib.h>

/* Returns the factor, 1 or more. The runner sets it for kernels with debugging checks. */
static inline unsigned int time_slow(void)
{
	const char *slow = getenv("KCSD_TEST_SLOW");
	int n = slow ? atoi(slow) : 1;

	return n > 1 ? n : 1;
}

/*
 * Returns how often to repeat a step that finds bugs by chance: n times on a fast machine, fewer on
 * a slow one, but at least `least` times.
 */
static inline unsigned int repeats(unsigned int n, unsigned int least)
{
	n /= time_slow();
	return n > least ? n : least;
}

#endif
