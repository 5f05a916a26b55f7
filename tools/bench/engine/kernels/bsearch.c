// SPDX-License-Identifier: GPL-2.0
/* Look keys up in a sorted array. */
#include "kernel.h"

#define KEYS	4096
#define LOOKUPS	2048

static __u64 keys[KEYS];
static __u64 wanted[LOOKUPS];

static void setup(__u64 seed)
{
	__u64 i, key = 0;

	for (i = 0; i < KEYS; i++) {
		key += 1 + bench_below(&seed, 1000);
		keys[i] = key;
	}
	for (i = 0; i < LOOKUPS; i++)	/* every second one is in the array */
		wanted[i] = i & 1 ? keys[bench_below(&seed, KEYS)] : bench_below(&seed, key);
}

/* Return the index of the first key that is not below key, or KEYS. */
static inline __u64 lower_bound(__u64 key)
{
	__u64 low = 0, high = KEYS, middle;

	while (low < high) {
		middle = (low + high) / 2;
		if (keys[middle] < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static noinline __u64 kernel(void)
{
	__u64 i, at, found = 0, sum = 0;

	for (i = 0; i < LOOKUPS; i++) {
		at = lower_bound(wanted[i]);
		found += at < KEYS && keys[at] == wanted[i];
		sum += at;
	}
	return found << 32 | sum;
}

BENCH(bsearch)
