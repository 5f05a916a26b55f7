/* SPDX-License-Identifier: GPL-2.0 */
/* How patient to be: KCSD_TEST_SLOW is how many times as long as usual anything may take. */
#ifndef KST_SLOW_H
#define KST_SLOW_H

#include <stdlib.h>

/* Set by the runner where the kernel checks itself. 1 or more. */
static inline unsigned int time_slow(void)
{
	const char *slow = getenv("KCSD_TEST_SLOW");
	int n = slow ? atoi(slow) : 1;

	return n > 1 ? n : 1;
}

/* How often to do what is done n times for the sake of luck: at least "least" times. */
static inline unsigned int repeats(unsigned int n, unsigned int least)
{
	n /= time_slow();
	return n > least ? n : least;
}

#endif
