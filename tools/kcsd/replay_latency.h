/* SPDX-License-Identifier: GPL-2.0 */
/* Histogram of latencies in nanoseconds, for percentiles with an error below 0.1 %. */
#ifndef KCSD_REPLAY_LATENCY_H
#define KCSD_REPLAY_LATENCY_H

#include <stdbool.h>
#include <stdint.h>

/* Values below 2^BITS have a bucket each; of larger ones, the first BITS bits choose it. */
#define LATENCY_BITS	11
#define LATENCY_HALF	(1u << (LATENCY_BITS - 1))
#define LATENCY_BUCKETS	((64 - LATENCY_BITS + 2) * LATENCY_HALF)

struct latency {
	uint64_t count;
	uint64_t min, max;
	double sum;
	uint64_t *bucket;	/* owned */
};

/* Count a value in a histogram with buckets. */
static inline void kcsd_latency_add(struct latency *l, uint64_t ns)
{
	unsigned int shift = 0;

	if (ns >> LATENCY_BITS)
		shift = 64 - LATENCY_BITS - __builtin_clzll(ns);
	l->bucket[shift * LATENCY_HALF + (ns >> shift)]++;
	l->count++;
	l->sum += ns;
	if (ns > l->max)
		l->max = ns;
	if (ns < l->min)
		l->min = ns;
}

/* replay_latency.c */
/* Make the buckets. False if there is no memory. Free them in any case. */
bool kcsd_latency_init(struct latency *l);
void kcsd_latency_free(struct latency *l);
/*
 * Return the value that per_100k / 100,000 of all values do not exceed, so 99,000 for the 99th
 * percentile; 0 if there are no values.
 */
uint64_t kcsd_latency_percentile(const struct latency *l, uint32_t per_100k);

#endif
