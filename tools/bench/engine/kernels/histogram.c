// SPDX-License-Identifier: GPL-2.0
/* Count how often each byte value occurs. */
#include "text.h"

static __u8 text[65536];
static __u32 counts[256];

static void setup(__u64 seed)
{
	text_fill(text, sizeof(text), &seed);
}

static noinline __u64 kernel(void)
{
	const __u8 *p = text, *end = text + sizeof(text);
	__u64 sum = 0;
	__u32 i;

	for (i = 0; i < 256; i++) {
		counts[i] = 0;
		bench_barrier();	/* keeps the compiler from calling memset */
	}
	for (; p < end; p++)
		counts[*p]++;
	for (i = 0; i < 256; i++)
		sum += (__u64)counts[i] * i;
	return sum;
}

BENCH(histogram)
