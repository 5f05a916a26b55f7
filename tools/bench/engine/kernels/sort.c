// SPDX-License-Identifier: GPL-2.0
/* Sort pages of 64-bit keys: sort short runs by insertion, then merge them to longer ones. */
#include "kernel.h"

#define PAGES	8
#define KEYS	512	/* a page of 4 KiB */
#define RUN	8

static __u64 input[PAGES][KEYS];
static __u64 one[KEYS], other[KEYS];

static void setup(__u64 seed)
{
	__u64 page, i;

	for (page = 0; page < PAGES; page++)
		for (i = 0; i < KEYS; i++)
			input[page][i] = bench_random(&seed);
}

/* Sort a run of the keys of a page into one[]. */
static inline void insert_run(const __u64 *from, __u64 *to)
{
	__u64 i, k, key;

	for (i = 0; i < RUN; i++) {
		key = from[i];
		for (k = i; k && to[k - 1] > key; k--)
			to[k] = to[k - 1];
		to[k] = key;
	}
}

/* Merge two runs of len keys; the second is behind the first. */
static inline void merge(const __u64 *from, __u64 *to, __u64 len)
{
	const __u64 *a = from, *a_end = from + len, *b = a_end, *b_end = b + len;

	while (a < a_end && b < b_end)
		*to++ = *b < *a ? *b++ : *a++;
	while (a < a_end) {
		*to++ = *a++;
		bench_barrier();	/* keeps the compiler from calling memcpy */
	}
	while (b < b_end) {
		*to++ = *b++;
		bench_barrier();
	}
}

/* Sort a page. Return the sorted keys. */
static inline const __u64 *sort_page(const __u64 *keys)
{
	__u64 *from = one, *to = other, *swap;
	__u64 i, len;

	for (i = 0; i < KEYS; i += RUN)
		insert_run(keys + i, from + i);
	for (len = RUN; len < KEYS; len *= 2) {
		for (i = 0; i < KEYS; i += 2 * len)
			merge(from + i, to + i, len);
		swap = from;
		from = to;
		to = swap;
	}
	return from;
}

static noinline __u64 kernel(void)
{
	__u64 page, i, sum = 0;
	const __u64 *sorted;

	for (page = 0; page < PAGES; page++) {
		sorted = sort_page(input[page]);
		for (i = 0; i < KEYS; i += 64)
			sum = (sum ^ sorted[i]) * 31;
	}
	return sum;
}

BENCH(sort)
