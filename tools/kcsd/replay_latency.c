// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>

#include "replay_latency.h"

bool kcsd_latency_init(struct latency *l)
{
	*l = (struct latency){ .min = UINT64_MAX };
	l->bucket = calloc(LATENCY_BUCKETS, sizeof(*l->bucket));
	return l->bucket;
}

void kcsd_latency_free(struct latency *l)
{
	free(l->bucket);
	l->bucket = NULL;
}

/* Return the largest value that a bucket counts. */
static uint64_t bucket_max(unsigned int i)
{
	unsigned int shift = i < 2 * LATENCY_HALF ? 0 : i / LATENCY_HALF - 1;
	uint64_t first = i - shift * LATENCY_HALF;

	return (first << shift) + ((1ull << shift) - 1);
}

uint64_t kcsd_latency_percentile(const struct latency *l, uint32_t per_100k)
{
	/* As a sum of two parts, since the product could overflow. */
	uint64_t wanted = l->count / 100000 * per_100k +
			  (l->count % 100000 * per_100k + 99999) / 100000;
	uint64_t seen = 0, ns;
	unsigned int i;

	for (i = 0; l->count && i < LATENCY_BUCKETS; i++) {
		seen += l->bucket[i];
		if (!seen || seen < wanted)
			continue;
		ns = bucket_max(i);
		return ns < l->max ? ns : l->max;
	}
	return l->max;
}
