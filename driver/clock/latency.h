/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Latencies by kind of command and queue depth: percentiles, log page C3h, and histograms, C5h.
 * Each octave has 16 buckets. One set of histograms for each CPU; each is allocated with its first
 * value and counts until power off.
 */
#ifndef KCSD_LATENCY_H
#define KCSD_LATENCY_H

#include <linux/types.h>
#include <linux/kcsd.h>

struct kcsd_latency_buckets;

/* Of one CPU. Written by this CPU with interrupts off; read by any, without a lock. */
struct kcsd_latencies {
	struct kcsd_latency_buckets *hist[KCSD_NR_LATENCIES][KCSD_NR_TIME_OPS][KCSD_DEPTH_CLASSES];
};

struct kcsd_latencies __percpu *kcsd_latencies_alloc(void);
/* Free them; NULL is allowed. Nobody adds to them any more. */
void kcsd_latencies_free(struct kcsd_latencies __percpu *l);

/* Return the depth class of so many commands in flight. */
u8 kcsd_latency_class(u32 depth);
/*
 * Count a value. depth: a class. Any context. A value is lost if there is no memory for the first
 * of its kind.
 */
void kcsd_latency_add(struct kcsd_latencies __percpu *l, u8 what, u8 op, u8 depth, u64 ns);
/* Return log page C3h, *len bytes, to be freed by kvfree(); NULL without memory. Sleeps. */
void *kcsd_latencies_page(struct kcsd_latencies __percpu *l, u32 *len);
/* The same of log page C5h. start_ns: ktime since which they count. */
void *kcsd_histograms_page(struct kcsd_latencies __percpu *l, u64 start_ns, u32 *len);

#endif
