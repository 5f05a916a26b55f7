// SPDX-License-Identifier: GPL-2.0
#include "histogram.h"

#include <endian.h>
#include <string.h>

#include "admin.h"
#include "kselftest.h"

#define LIMIT	(1ull << 44)	/* longer values have the last bucket */

int histograms_get(int ctrl, void *page)
{
	struct nvme_uring_cmd c = cmd_log(KCSD_LOG_HISTOGRAMS, page, HISTOGRAMS_LEN, 0);

	c.nsid = 0;
	return cmd_admin(ctrl, &c);
}

static const struct kcsd_latency_bucket *buckets(const struct kcsd_latency_histogram *h)
{
	return (const void *)(h + 1);
}

static const struct kcsd_latency_histogram *next(const struct kcsd_latency_histogram *h)
{
	return (const void *)(buckets(h) + le32toh(h->nr));
}

static bool is_valid(const struct kcsd_latency_histogram *h, const void *end)
{
	const struct kcsd_latency_bucket *bucket = buckets(h);
	__u64 sum = 0, last = 0, i;

	if ((const void *)bucket > end || (const void *)next(h) > end)
		return false;
	for (i = 0; i < le32toh(h->nr); i++) {
		if (!bucket[i].count || (i && le64toh(bucket[i].last) <= last))
			return false;
		last = le64toh(bucket[i].last);
		sum += le64toh(bucket[i].count);
		if (histogram_last_of(last) != last)
			return false;
	}
	return i && sum == le64toh(h->count) && le64toh(h->max) <= last && !h->rsvd &&
	       h->what < KCSD_NR_LATENCIES && h->op < KCSD_NR_TIME_OPS &&
	       h->depth < KCSD_DEPTH_CLASSES;
}

bool histograms_are_valid(const void *page)
{
	const struct kcsd_histogram_log *log = page;
	const struct kcsd_latency_histogram *h = (const void *)(log + 1);
	const void *end = page + le32toh(log->len);
	__u32 i, kind, before = 0;

	if (le32toh(log->len) < sizeof(*log) || le32toh(log->len) > HISTOGRAMS_LEN || log->rsvd ||
	    le16toh(log->histogram_len) != sizeof(*h) ||
	    le16toh(log->bucket_len) != sizeof(struct kcsd_latency_bucket) ||
	    le64toh(log->start_ns) > le64toh(log->time_ns)) {
		ksft_print_msg("the header of log page C5h is not valid\n");
		return false;
	}
	for (i = 0; i < le32toh(log->nr); i++, h = next(h), before = kind) {
		kind = h->what << 16 | h->op << 8 | h->depth;
		if (!is_valid(h, end) || (i && kind <= before)) {
			ksft_print_msg("histogram %u of log page C5h is not valid\n", i);
			return false;
		}
	}
	return h == end;
}

const struct kcsd_latency_histogram *histogram_find(const void *page, __u8 what, __u8 op,
						    __u8 depth)
{
	const struct kcsd_histogram_log *log = page;
	const struct kcsd_latency_histogram *h = (const void *)(log + 1);
	__u32 i;

	for (i = 0; i < le32toh(log->nr); i++, h = next(h))
		if (h->what == what && h->op == op && h->depth == depth)
			return h;
	return NULL;
}

__u64 histogram_bucket(const struct kcsd_latency_histogram *h, __u64 last)
{
	__u32 i;

	for (i = 0; h && i < le32toh(h->nr); i++)
		if (le64toh(buckets(h)[i].last) == last)
			return le64toh(buckets(h)[i].count);
	return 0;
}

__u64 histogram_last_of(__u64 ns)
{
	__u64 width = 1;

	while (ns / width >= 32)
		width *= 2;
	return ns >= LIMIT - LIMIT / 32 ? UINT64_MAX : ns / width * width + width - 1;
}

__u64 histogram_percentile(const struct kcsd_latency_histogram *h, __u32 share)
{
	__u64 wanted = (le64toh(h->count) * share + 9999) / 10000, seen = 0, last;
	__u32 i;

	for (i = 0; i < le32toh(h->nr); i++) {
		seen += le64toh(buckets(h)[i].count);
		last = le64toh(buckets(h)[i].last);
		if (seen >= wanted)
			return last < le64toh(h->max) ? last : le64toh(h->max);
	}
	return 0;
}
