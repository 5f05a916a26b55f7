// SPDX-License-Identifier: GPL-2.0
#include <linux/bitops.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "clock/latency.h"

/* Values below 2^SUB_BITS have buckets of their own; an octave above has 2^SUB_BITS buckets. */
#define SUB_BITS	4
#define MAX_BITS	44	/* almost 5 hours; what is longer counts as that */
#define BUCKETS		((MAX_BITS - SUB_BITS + 1) << SUB_BITS)

struct kcsd_latency_buckets {
	u64 count;
	u64 sum;
	u64 max;
	u64 bucket[BUCKETS];
};

struct kcsd_latencies __percpu *kcsd_latencies_alloc(void)
{
	return alloc_percpu(struct kcsd_latencies);
}

void kcsd_latencies_free(struct kcsd_latencies __percpu *l)
{
	unsigned int i;
	int cpu;

	if (!l)
		return;
	for_each_possible_cpu(cpu) {
		struct kcsd_latency_buckets **hist = &per_cpu_ptr(l, cpu)->hist[0][0][0];

		for (i = 0; i < sizeof(*l) / sizeof(*hist); i++)
			kfree(hist[i]);
	}
	free_percpu(l);
}

u8 kcsd_latency_class(u32 depth)
{
	return depth ? min(ilog2(depth), KCSD_DEPTH_CLASSES - 1) : 0;
}

static u32 bucket_of(u64 ns)
{
	u32 octave;

	ns = min(ns, (1ULL << MAX_BITS) - 1);
	if (ns < 1 << SUB_BITS)
		return ns;
	octave = fls64(ns) - 1 - SUB_BITS;
	return ((octave + 1) << SUB_BITS) + (ns >> octave) - (1 << SUB_BITS);
}

/* Return the greatest value that a bucket counts; the last one has no limit. */
static u64 bucket_end(u32 bucket)
{
	u32 octave = bucket >> SUB_BITS;

	if (bucket == BUCKETS - 1)
		return U64_MAX;
	if (!octave)
		return bucket;
	return ((u64)((bucket & ((1 << SUB_BITS) - 1)) + (1 << SUB_BITS) + 1) << (octave - 1)) - 1;
}

void kcsd_latency_add(struct kcsd_latencies __percpu *l, u8 what, u8 op, u8 depth, u64 ns)
{
	struct kcsd_latency_buckets **slot, *h;
	unsigned long flags;

	local_irq_save(flags);
	slot = &this_cpu_ptr(l)->hist[what][op][depth];
	h = *slot;
	if (!h) {
		h = kzalloc(sizeof(*h), GFP_NOWAIT | __GFP_NOWARN);
		smp_store_release(slot, h);
	}
	if (h) {
		u64 *bucket = &h->bucket[bucket_of(ns)];

		WRITE_ONCE(*bucket, *bucket + 1);
		WRITE_ONCE(h->sum, h->sum + ns);
		WRITE_ONCE(h->max, max(h->max, ns));
		WRITE_ONCE(h->count, h->count + 1);
	}
	local_irq_restore(flags);
}

/* ---- log pages ---- */

#define NR_KINDS	(KCSD_NR_LATENCIES * KCSD_NR_TIME_OPS * KCSD_DEPTH_CLASSES)

static u8 kind_what(u32 kind)
{
	return kind / (KCSD_NR_TIME_OPS * KCSD_DEPTH_CLASSES);
}

static u8 kind_op(u32 kind)
{
	return kind / KCSD_DEPTH_CLASSES % KCSD_NR_TIME_OPS;
}

static u8 kind_depth(u32 kind)
{
	return kind % KCSD_DEPTH_CLASSES;
}

/* Add up those of all CPUs. Sleeps. */
static void fold(struct kcsd_latencies __percpu *l, u32 kind, struct kcsd_latency_buckets *sum)
{
	int cpu;
	u32 i;

	memset(sum, 0, sizeof(*sum));
	for_each_possible_cpu(cpu) {
		struct kcsd_latency_buckets **hist = &per_cpu_ptr(l, cpu)->hist[0][0][0];
		struct kcsd_latency_buckets *h = smp_load_acquire(&hist[kind]);

		if (!h)
			continue;
		/* Count what is in the buckets: another CPU may be adding. */
		for (i = 0; i < BUCKETS; i++) {
			u64 n = READ_ONCE(h->bucket[i]);

			sum->bucket[i] += n;
			sum->count += n;
		}
		sum->sum += READ_ONCE(h->sum);
		sum->max = max(sum->max, READ_ONCE(h->max));
		cond_resched();
	}
}

/* Return a value that is not exceeded by this many of 10,000. */
static __le64 percentile(const struct kcsd_latency_buckets *h, u32 share)
{
	u64 wanted = div_u64(h->count * share + 9999, 10000), seen = 0;
	u32 i;

	for (i = 0; i < BUCKETS - 1; i++) {
		seen += h->bucket[i];
		if (seen >= wanted)
			break;
	}
	return cpu_to_le64(min(bucket_end(i), h->max));
}

static void describe(u32 kind, const struct kcsd_latency_buckets *h, struct kcsd_latency *entry)
{
	*entry = (struct kcsd_latency){
		.what	= kind_what(kind),
		.op	= kind_op(kind),
		.depth	= kind_depth(kind),
		.count	= cpu_to_le64(h->count),
		.sum	= cpu_to_le64(h->sum),
		.max	= cpu_to_le64(h->max),
		.p50	= percentile(h, 5000),
		.p90	= percentile(h, 9000),
		.p95	= percentile(h, 9500),
		.p99	= percentile(h, 9900),
		.p999	= percentile(h, 9990),
		.p9999	= percentile(h, 9999),
	};
}

/* Allocate a zeroed page of len bytes, and what its caller folds in. NULL without memory. */
static void *alloc_page_and_sum(size_t len, struct kcsd_latency_buckets **sum)
{
	void *page = kvzalloc(len, GFP_KERNEL_ACCOUNT);

	*sum = kvzalloc(sizeof(**sum), GFP_KERNEL_ACCOUNT);
	if (page && *sum)
		return page;
	kvfree(page);
	kvfree(*sum);
	return NULL;
}

void *kcsd_latencies_page(struct kcsd_latencies __percpu *l, u32 *len)
{
	struct kcsd_latency_buckets *sum;
	struct kcsd_latency_log *page;
	struct kcsd_latency *entry;
	u32 i, nr = 0;

	BUILD_BUG_ON(sizeof(*page) != 16 || sizeof(*entry) != 80);
	page = alloc_page_and_sum(sizeof(*page) + NR_KINDS * sizeof(*entry), &sum);
	if (!page)
		return NULL;
	entry = (struct kcsd_latency *)(page + 1);
	for (i = 0; i < NR_KINDS; i++) {
		fold(l, i, sum);
		if (sum->count)
			describe(i, sum, &entry[nr++]);
	}
	page->nr = cpu_to_le32(nr);
	page->entry_len = cpu_to_le32(sizeof(*entry));
	*len = sizeof(*page) + nr * sizeof(*entry);
	kvfree(sum);
	return page;
}

/* Return the number of kinds that a CPU has counted. */
static u32 count_kinds(struct kcsd_latencies __percpu *l)
{
	u32 i, nr = 0;
	int cpu;

	for (i = 0; i < NR_KINDS; i++) {
		for_each_possible_cpu(cpu) {
			struct kcsd_latency_buckets **hist = &per_cpu_ptr(l, cpu)->hist[0][0][0];

			if (!READ_ONCE(hist[i]))
				continue;
			nr++;
			break;
		}
	}
	return nr;
}

/* Write a histogram: its header, then the buckets that are not empty. Return its end. */
static void *describe_buckets(u32 kind, const struct kcsd_latency_buckets *h,
			      struct kcsd_latency_histogram *to)
{
	struct kcsd_latency_bucket *bucket = (struct kcsd_latency_bucket *)(to + 1);
	u32 i, nr = 0;

	for (i = 0; i < BUCKETS; i++)
		if (h->bucket[i])
			bucket[nr++] = (struct kcsd_latency_bucket){
				.last = cpu_to_le64(bucket_end(i)),
				.count = cpu_to_le64(h->bucket[i]),
			};
	*to = (struct kcsd_latency_histogram){
		.what	= kind_what(kind),
		.op	= kind_op(kind),
		.depth	= kind_depth(kind),
		.nr	= cpu_to_le32(nr),
		.count	= cpu_to_le64(h->count),
		.sum	= cpu_to_le64(h->sum),
		.max	= cpu_to_le64(h->max),
	};
	return bucket + nr;
}

void *kcsd_histograms_page(struct kcsd_latencies __percpu *l, u64 start_ns, u32 *len)
{
	u32 i, nr = 0, kinds = count_kinds(l);
	struct kcsd_latency_buckets *sum;
	struct kcsd_histogram_log *page;
	void *end;

	BUILD_BUG_ON(sizeof(*page) != 32 || sizeof(struct kcsd_latency_histogram) != 32 ||
		     sizeof(struct kcsd_latency_bucket) != 16);
	page = alloc_page_and_sum(sizeof(*page) + kinds * (sizeof(struct kcsd_latency_histogram) +
				  BUCKETS * sizeof(struct kcsd_latency_bucket)), &sum);
	if (!page)
		return NULL;
	end = page + 1;
	/* There may be more of them now: their turn is the next page. */
	for (i = 0; i < NR_KINDS && nr < kinds; i++) {
		fold(l, i, sum);
		if (!sum->count)
			continue;
		end = describe_buckets(i, sum, end);
		nr++;
	}
	*len = end - (void *)page;
	page->len = cpu_to_le32(*len);
	page->nr = cpu_to_le32(nr);
	page->histogram_len = cpu_to_le16(sizeof(struct kcsd_latency_histogram));
	page->bucket_len = cpu_to_le16(sizeof(struct kcsd_latency_bucket));
	page->time_ns = cpu_to_le64(ktime_get_ns());
	page->start_ns = cpu_to_le64(start_ns);
	kvfree(sum);
	return page;
}
