// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Histograms of latencies: read log page C5h, subtract, merge, compute percentiles. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

#define MAX_HISTOGRAMS	4096		/* of a page: a drive has 352 kinds */
#define MAX_PAGE	(16u << 20)	/* bytes */
#define FIRST_READ	(64u << 10)
#define TRIES		16
#define MILLION		1000000u

struct kcsd_histograms {
	uint64_t start_ns;	/* of the drive: tells one power on from another */
	uint64_t time_ns;
	uint64_t ns;		/* for which they counted */
	uint32_t nr;
	size_t nr_buckets;	/* of all */
	struct kcsd_histogram *histogram;	/* room for those that were asked for */
	struct kcsd_histogram_bucket *bucket;	/* of all of them */
};

/* Make an empty set with room for so many. */
static struct kcsd_histograms *alloc_set(uint32_t histograms, size_t buckets)
{
	struct kcsd_histograms *set = calloc(1, sizeof(*set));

	if (!set)
		return NULL;
	set->histogram = calloc(MAX(histograms, 1), sizeof(*set->histogram));
	set->bucket = calloc(MAX(buckets, 1), sizeof(*set->bucket));
	if (set->histogram && set->bucket)
		return set;
	kcsd_histograms_free(set);
	return NULL;
}

void kcsd_histograms_free(struct kcsd_histograms *set)
{
	if (!set)
		return;
	free(set->histogram);
	free(set->bucket);
	free(set);
}

/* ---- the page ---- */

/* A page while it is validated. */
struct page {
	const uint8_t *at;
	size_t len;		/* bytes that are left */
	uint64_t count, sum;	/* of all histograms so far: they do not overflow when merged */
};

static const void *take(struct page *page, size_t len)
{
	const uint8_t *at = page->at;

	if (page->len < len)
		return NULL;
	page->at += len;
	page->len -= len;
	return at;
}

static bool is_after(const struct kcsd_histogram *h, const struct kcsd_histogram *before)
{
	if (h->what != before->what)
		return h->what > before->what;
	return h->op != before->op ? h->op > before->op : h->depth > before->depth;
}

/* Take the buckets of the last histogram of a set. Their counts make up its count. */
static int parse_buckets(struct kcsd_histograms *set, struct kcsd_histogram *h, struct page *page)
{
	struct kcsd_histogram_bucket *to = &set->bucket[set->nr_buckets];
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < h->nr; i++) {
		const struct kcsd_latency_bucket *from = take(page, sizeof(*from));

		if (!from)
			return -EPROTO;
		to[i].last = kcsd_get64(&from->last);
		to[i].count = kcsd_get64(&from->count);
		if (!to[i].count || (i && to[i].last <= to[i - 1].last) ||
		    __builtin_add_overflow(sum, to[i].count, &sum))
			return -EPROTO;
	}
	h->bucket = to;
	set->nr_buckets += h->nr;
	return h->nr && sum == h->count ? 0 : -EPROTO;
}

static int parse_histogram(struct kcsd_histograms *set, struct page *page)
{
	const struct kcsd_latency_histogram *from = take(page, sizeof(*from));
	struct kcsd_histogram *h = &set->histogram[set->nr];

	if (!from)
		return -EPROTO;
	*h = (struct kcsd_histogram){
		.what = from->what,
		.op = from->op,
		.depth = from->depth,
		.nr = kcsd_get32(&from->nr),
		.count = kcsd_get64(&from->count),
		.sum = kcsd_get64(&from->sum),
		.max = kcsd_get64(&from->max),
	};
	if ((set->nr && !is_after(h, h - 1)) ||
	    __builtin_add_overflow(page->count, h->count, &page->count) ||
	    __builtin_add_overflow(page->sum, h->sum, &page->sum))
		return -EPROTO;
	set->nr++;
	return parse_buckets(set, h, page);
}

int kcsd_histograms_parse(const void *buf, size_t len, struct kcsd_histograms **histograms)
{
	const struct kcsd_histogram_log *log;
	struct page page = { .at = buf, .len = len };
	struct kcsd_histograms *set;
	uint32_t nr;
	int ret = 0;

	log = take(&page, sizeof(*log));
	if (!log || kcsd_get32(&log->len) < sizeof(*log) || kcsd_get32(&log->len) > len ||
	    kcsd_get16(&log->histogram_len) != sizeof(struct kcsd_latency_histogram) ||
	    kcsd_get16(&log->bucket_len) != sizeof(struct kcsd_latency_bucket) ||
	    kcsd_get64(&log->time_ns) < kcsd_get64(&log->start_ns))
		return -EPROTO;
	nr = kcsd_get32(&log->nr);
	page.len = kcsd_get32(&log->len) - sizeof(*log);
	if (nr > MAX_HISTOGRAMS)
		return -EPROTO;
	set = alloc_set(nr, page.len / sizeof(struct kcsd_latency_bucket));
	if (!set)
		return -ENOMEM;
	set->start_ns = kcsd_get64(&log->start_ns);
	set->time_ns = kcsd_get64(&log->time_ns);
	set->ns = set->time_ns - set->start_ns;
	while (!ret && set->nr < nr)
		ret = parse_histogram(set, &page);
	if (!ret && page.len)
		ret = -EPROTO;
	if (ret)
		kcsd_histograms_free(set);
	else
		*histograms = set;
	return ret;
}

/*
 * Read the page with a buffer of *room bytes. -EAGAIN: it is longer, *room is now what it needs; or
 * it was read by several commands and has changed between them.
 */
static int read_page(struct kcsd_drive *drv, size_t *room, struct kcsd_histograms **histograms)
{
	struct kcsd_histogram_log *page = calloc(1, *room);
	size_t len, have = *room;
	int ret;

	if (!page)
		return -ENOMEM;
	ret = kcsd_log_page_get(drv, KCSD_LOG_HISTOGRAMS, 0, 0, page, have);
	len = le32toh(page->len);
	if (!ret && len > have) {
		/* Leave room to grow, but no command begins after the end of the page. */
		*room = len > drv->max_transfer ? len & ~(size_t)3 :
						  MIN(2 * len, drv->max_transfer & ~3u);
		ret = len > MAX_PAGE ? -EPROTO : -EAGAIN;
	}
	if (!ret)
		ret = kcsd_histograms_parse(page, len, histograms);
	if (ret == -EPROTO && have > drv->max_transfer)
		ret = -EAGAIN;
	free(page);
	return ret;
}

int kcsd_histograms_get(struct kcsd_drive *drv, struct kcsd_histograms **histograms)
{
	size_t room = MIN(FIRST_READ, drv->max_transfer & ~3u);
	int i, ret = -EAGAIN;

	for (i = 0; i < TRIES && ret == -EAGAIN; i++)
		ret = read_page(drv, &room, histograms);
	return ret;
}

/* ---- what is computed of them ---- */

uint64_t kcsd_histograms_ns(const struct kcsd_histograms *histograms)
{
	return histograms->ns;
}

int kcsd_histograms_each(const struct kcsd_histograms *histograms,
			 int (*fn)(const struct kcsd_histogram *h, void *arg), void *arg)
{
	uint32_t i;
	int ret = 0;

	for (i = 0; i < histograms->nr && !ret; i++)
		ret = fn(&histograms->histogram[i], arg);
	return ret;
}

static const struct kcsd_histogram *find(const struct kcsd_histograms *set,
					 const struct kcsd_histogram *like)
{
	uint32_t i;

	for (i = 0; i < set->nr; i++) {
		const struct kcsd_histogram *h = &set->histogram[i];

		if (h->what == like->what && h->op == like->op && h->depth == like->depth)
			return h;
	}
	return NULL;
}

/* Append now - before to a set that has room. -ESTALE: a counter has become less. */
static int subtract(struct kcsd_histograms *set, const struct kcsd_histogram *now,
		    const struct kcsd_histogram *before)
{
	struct kcsd_histogram_bucket *to = &set->bucket[set->nr_buckets];
	struct kcsd_histogram h = *now;
	uint32_t i, b = 0;

	if (now->sum < before->sum || now->max < before->max)
		return -ESTALE;
	h.nr = 0;
	h.count = 0;
	h.bucket = to;
	for (i = 0; i < now->nr; i++) {
		uint64_t count = now->bucket[i].count;

		if (b < before->nr && before->bucket[b].last == now->bucket[i].last) {
			if (before->bucket[b].count > count)
				return -ESTALE;
			count -= before->bucket[b++].count;
		}
		if (!count)
			continue;
		to[h.nr++] = (struct kcsd_histogram_bucket){ now->bucket[i].last, count };
		h.count += count;
	}
	if (b < before->nr)
		return -ESTALE;
	if (!h.nr)
		return 0;
	h.sum -= before->sum;
	/* A greater maximum is of now. Else it may be of before. */
	if (h.max == before->max)
		h.max = MIN(h.max, to[h.nr - 1].last);
	set->nr_buckets += h.nr;
	set->histogram[set->nr++] = h;
	return 0;
}

int kcsd_histograms_subtract(const struct kcsd_histograms *now,
			     const struct kcsd_histograms *before,
			     struct kcsd_histograms **difference)
{
	static const struct kcsd_histogram none;
	struct kcsd_histograms *set;
	uint32_t i, found = 0;
	int ret = 0;

	if (now->start_ns != before->start_ns || now->time_ns < before->time_ns)
		return -ESTALE;
	set = alloc_set(now->nr, now->nr_buckets);
	if (!set)
		return -ENOMEM;
	set->start_ns = now->start_ns;
	set->time_ns = now->time_ns;
	set->ns = now->time_ns - before->time_ns;
	for (i = 0; i < now->nr && !ret; i++) {
		const struct kcsd_histogram *other = find(before, &now->histogram[i]);

		found += !!other;
		ret = subtract(set, &now->histogram[i], other ? other : &none);
	}
	if (!ret && found != before->nr)
		ret = -ESTALE;
	if (ret)
		kcsd_histograms_free(set);
	else
		*difference = set;
	return ret;
}

static int by_last(const void *a, const void *b)
{
	const struct kcsd_histogram_bucket *one = a, *other = b;

	return (one->last > other->last) - (one->last < other->last);
}

/* Sort buckets and make one of those with the same last value. Return how many are left. */
static uint32_t unite(struct kcsd_histogram_bucket *bucket, uint32_t nr)
{
	uint32_t i, to = 0;

	qsort(bucket, nr, sizeof(*bucket), by_last);
	for (i = 1; i < nr; i++) {
		if (bucket[i].last == bucket[to].last)
			bucket[to].count += bucket[i].count;
		else
			bucket[++to] = bucket[i];
	}
	return nr ? to + 1 : 0;
}

/* Return the histogram, without buckets and counts, in which this one is merged. */
static struct kcsd_histogram merged_key(const struct kcsd_histogram *h, uint32_t keep)
{
	return (struct kcsd_histogram){
		.what = h->what,
		.op = keep & KCSD_HISTOGRAMS_OP ? h->op : KCSD_HISTOGRAM_ALL,
		.depth = keep & KCSD_HISTOGRAMS_DEPTH ? h->depth : KCSD_HISTOGRAM_ALL,
	};
}

/* Append the sum of all histograms with this key to a set that has room. */
static void merge(struct kcsd_histograms *set, const struct kcsd_histograms *from,
		  struct kcsd_histogram sum, uint32_t keep)
{
	struct kcsd_histogram_bucket *to = &set->bucket[set->nr_buckets];
	uint32_t i;

	for (i = 0; i < from->nr; i++) {
		const struct kcsd_histogram *h = &from->histogram[i];
		const struct kcsd_histogram key = merged_key(h, keep);

		if (key.what != sum.what || key.op != sum.op || key.depth != sum.depth)
			continue;
		memcpy(&to[sum.nr], h->bucket, h->nr * sizeof(*to));
		sum.nr += h->nr;
		sum.count += h->count;
		sum.sum += h->sum;
		sum.max = MAX(sum.max, h->max);
	}
	sum.nr = unite(to, sum.nr);
	sum.bucket = to;
	set->nr_buckets += sum.nr;
	set->histogram[set->nr++] = sum;
}

int kcsd_histograms_merge(const struct kcsd_histograms *histograms, uint32_t keep,
			  struct kcsd_histograms **merged)
{
	struct kcsd_histograms *set;
	uint32_t i;

	if (keep & ~(KCSD_HISTOGRAMS_OP | KCSD_HISTOGRAMS_DEPTH))
		return -EINVAL;
	set = alloc_set(histograms->nr, histograms->nr_buckets);
	if (!set)
		return -ENOMEM;
	set->start_ns = histograms->start_ns;
	set->time_ns = histograms->time_ns;
	set->ns = histograms->ns;
	for (i = 0; i < histograms->nr; i++) {
		const struct kcsd_histogram key = merged_key(&histograms->histogram[i], keep);

		if (!find(set, &key))
			merge(set, histograms, key, keep);
	}
	*merged = set;
	return 0;
}

uint64_t kcsd_histogram_percentile(const struct kcsd_histogram *h, uint32_t ppm)
{
	uint64_t wanted, seen = 0;
	uint32_t i;

	ppm = MIN(ppm, MILLION);
	/* As a sum of two parts, since the product could overflow. */
	wanted = h->count / MILLION * ppm +
		 (h->count % MILLION * ppm + MILLION - 1) / MILLION;
	for (i = 0; i < h->nr; i++) {
		seen += h->bucket[i].count;
		if (seen >= wanted)
			return MIN(h->bucket[i].last, h->max);
	}
	return h->max;
}

uint64_t kcsd_histogram_count(const struct kcsd_histogram *h, uint64_t ns)
{
	uint64_t count = 0;
	uint32_t i;

	for (i = 0; i < h->nr && h->bucket[i].last <= ns; i++)
		count += h->bucket[i].count;
	return count;
}
