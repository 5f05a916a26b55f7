// SPDX-License-Identifier: GPL-2.0
/* Ask a Bloom filter, 12 bits for each key and 4 of them set, for keys. */
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

	for (i = 0; i < BITS / 64; i++) {	/* it may have been used before */
		filter[i] = 0;
		bench_barrier();	/* else this were a call of memset */
	}
	for (i = 0; i < KEYS; i++) {
		key = bench_random(&seed);
		insert(key);
		if (i < PROBES / 4)
			probes[i * 4] = key;
	}
	for (i = 0; i < PROBES; i++)	/* one in four is there */
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
