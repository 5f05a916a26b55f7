/* SPDX-License-Identifier: GPL-2.0 */
/* The time, and time limits: everything may take KCSD_TEST_SLOW times as long as usual. */
#ifndef KST_TIMING_H
#define KST_TIMING_H

#include <linux/types.h>

__u64 time_ns(void);
__u64 ms_since(__u64 start_ns);
void sleep_ms(unsigned int ms);

/* Returns the factor, 1 or more. The runner sets it for kernels with debugging checks. */
unsigned int time_slow(void);

/*
 * Returns how often to repeat a step that finds bugs by chance: n times on a fast machine, fewer on
 * a slow one, but at least `least` times.
 */
unsigned int repeats(unsigned int n, unsigned int least);

#endif
