// SPDX-License-Identifier: GPL-2.0
/* Histograms: fold and print. */
#include <linux/seq_file.h>

#include "stats/histogram.h"

void kcsd_histogram_fold(struct kcsd_histogram *sum, const struct kcsd_histogram *h)
{
	int i;

	for (i = 0; i < KCSD_HISTOGRAM_BUCKETS; i++)
		sum->bucket[i] += READ_ONCE(h->bucket[i]);
}

void kcsd_histogram_show(struct seq_file *m, const struct kcsd_histogram *h)
{
	int i;

	for (i = 0; i < KCSD_HISTOGRAM_BUCKETS; i++) {
		u64 first = i ? 1ULL << (i - 1) : 0;

		if (h->bucket[i])
			seq_printf(m, "%llu %llu %llu\n", first, i ? first + (first - 1) : 0,
				   h->bucket[i]);
	}
}
