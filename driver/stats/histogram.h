/* SPDX-License-Identifier: GPL-2.0 */
/* Histograms of powers of two: one per CPU, written without locks, folded when shown. */
#ifndef KCSD_HISTOGRAM_H
#define KCSD_HISTOGRAM_H

#include <linux/bitops.h>
#include <linux/compiler.h>
#include <linux/types.h>

struct seq_file;

#define KCSD_HISTOGRAM_BUCKETS	65

/* bucket[0] counts zeroes, bucket[n] values from 2^(n-1) to 2^n - 1. */
struct kcsd_histogram {
	u64 bucket[KCSD_HISTOGRAM_BUCKETS];
};

/* Count a value in the histogram of this CPU. Preemption is off. */
static inline void kcsd_histogram_add(struct kcsd_histogram *h, u64 value)
{
	u64 *bucket = &h->bucket[fls64(value)];

	WRITE_ONCE(*bucket, *bucket + 1);
}

/* Add the buckets of h to sum. Another CPU may be writing to h. */
void kcsd_histogram_fold(struct kcsd_histogram *sum, const struct kcsd_histogram *h);
/* Print a line "first last count" for each bucket that is not empty. */
void kcsd_histogram_show(struct seq_file *m, const struct kcsd_histogram *h);

#endif
