/* SPDX-License-Identifier: GPL-2.0 */
/* Histograms of latencies: log page C5h. */
#ifndef KST_HISTOGRAM_H
#define KST_HISTOGRAM_H

#include <stdbool.h>
#include <stdint.h>
#include <linux/kcsd.h>

/* Bytes that the pages of tests have, at most. */
#define HISTOGRAMS_LEN	(512u << 10)

/* Read the page; bytes after its end become 0. Return 0, -errno or a status. */
int histograms_get(int ctrl, void *page);
/* True if the page is as documented. Prints what is not. */
bool histograms_are_valid(const void *page);
/* Return a histogram of a valid page, or NULL. */
const struct kcsd_latency_histogram *histogram_find(const void *page, __u8 what, __u8 op,
						    __u8 depth);
/* Return the count of the bucket that ends with this value, 0 without it; h may be NULL. */
__u64 histogram_bucket(const struct kcsd_latency_histogram *h, __u64 last);
/* Return the last value of the bucket that a value is in. */
__u64 histogram_last_of(__u64 ns);
/* The same as log page C3h: a value that is not exceeded by this many of 10,000. */
__u64 histogram_percentile(const struct kcsd_latency_histogram *h, __u32 share);

#endif
