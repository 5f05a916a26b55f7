// SPDX-License-Identifier: GPL-2.0
/* Look keys up in a Bloom filter with 12 bits for each key, 4 of them set. */
#include "kernel.h"

#define BITS	65536
#define HASHES	4
#define KEYS	(BITS / 12)
#define PROBES	8192

static __u64 filter[BITS / 64];
static __u64 probes[PROBES];

static void insert(__u64 key)
{
	__u64 i, hash = bench_hash(key), step = hash >> 32 | 1;

	for (i = 0; i < HASHES; i++, hash += step)
		filter[hash % BITS / 64] |= 1ULL << hash % 64;
}

static void setup(__u64 seed)
{
	__u64 i, key;

	for (i = 0; i < BITS / 64; i++) {	/* clear the filter of an earlier run */
		filter[i] = 0;
		bench_barrier();	/* keeps the compiler from calling memset */
	}
	for (i = 0; i < KEYS; i++) {
		key = bench_random(&seed);
		insert(key);
		if (i < PROBES / 4)
			probes[i * 4] = key;
	}
	for (i = 0; i < PROBES; i++)	/* one in four is in the filter */
		if (i % 4)
			probes[i] = bench_random(&seed);
}

static inline bool may_have(__u64 key)
{
	__u64 i, hash = bench_hash(key), step = hash >> 32 | 1;

	for (i = 0; i < HASHES; i++, hash += step)
		if (!(filter[hash % BITS / 64] >> hash % 64 & 1))
			return false;
	return true;
}

static noinline __u64 kernel(void)
{
	__u64 i, found = 0;

	for (i = 0; i < PROBES; i++)
		found += may_have(probes[i]);
	return found;
}

BENCH(bloom)
