// SPDX-License-Identifier: GPL-2.0
#include "timing.h"

#include <stdlib.h>
#include <time.h>

__u64 time_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

__u64 ms_since(__u64 start_ns)
{
	return (time_ns() - start_ns) / 1000000;
}

void sleep_ms(unsigned int ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&ts, NULL);
}

unsigned int time_slow(void)
{
	const char *slow = getenv("KCSD_TEST_SLOW");
	int n = slow ? atoi(slow) : 1;

	return n > 1 ? n : 1;
}

unsigned int repeats(unsigned int n, unsigned int least)
{
	n /= time_slow();
	return n > least ? n : least;
}
