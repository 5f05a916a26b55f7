// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Histograms of latencies without a drive: pages as a drive sends them and as it does not,
 * percentiles against sorted values, differences, sums.
 */
#include <errno.h>
#include <stdlib.h>

#include "private.h"
#include "tap.h"

#define READ_DEVICE	KCSD_LATENCY_DEVICE, KCSD_TIME_READ
#define START		1000

/* A page while it is made: words of 64 bits. The first four are the header. */
struct page {
	uint64_t word[8192];
	size_t nr;
};

static size_t page_len(const struct page *p)
{
	return p->nr * 8;
}

/* Begin a page, read at this time. */
static void page_begin(struct page *p, uint64_t time_ns)
{
	const struct kcsd_histogram_log log = {
		.histogram_len = htole16(sizeof(struct kcsd_latency_histogram)),
		.bucket_len = htole16(sizeof(struct kcsd_latency_bucket)),
		.time_ns = htole64(time_ns),
		.start_ns = htole64(START),
	};

	memcpy(p->word, &log, sizeof(log));
	p->nr = sizeof(log) / 8;
}

static struct kcsd_histogram_log *page_log(struct page *p)
{
	return (void *)p->word;
}

static void page_set_len(struct page *p)
{
	page_log(p)->len = htole32(page_len(p));
}

/* Add a histogram; page_bucket() adds its buckets. */
static struct kcsd_latency_histogram *page_add(struct page *p, uint8_t what, uint8_t op,
					       uint8_t depth, uint64_t sum, uint64_t max)
{
	struct kcsd_latency_histogram *h = (void *)&p->word[p->nr];

	*h = (struct kcsd_latency_histogram){
		.what = what, .op = op, .depth = depth, .sum = htole64(sum), .max = htole64(max),
	};
	p->nr += sizeof(*h) / 8;
	page_log(p)->nr = htole32(le32toh(page_log(p)->nr) + 1);
	page_set_len(p);
	return h;
}

static void page_bucket(struct page *p, struct kcsd_latency_histogram *h, uint64_t last,
			uint64_t count)
{
	p->word[p->nr++] = htole64(last);
	p->word[p->nr++] = htole64(count);
	h->nr = htole32(le32toh(h->nr) + 1);
	h->count = htole64(le64toh(h->count) + count);
	page_set_len(p);
}

static struct kcsd_histograms *parse(const struct page *p)
{
	struct kcsd_histograms *set = NULL;

	if (kcsd_histograms_parse(p->word, page_len(p), &set))
		OK(false, "a page is parsed");
	return set;
}

struct search {
	uint32_t what, op, depth, at, nr;
	struct kcsd_histogram found;
};

static int search(const struct kcsd_histogram *h, void *arg)
{
	struct search *s = arg;

	s->nr++;
	if (h->what == s->what && h->op == s->op && h->depth == s->depth)
		s->found = *h;
	return 0;
}

/* Return the histogram, with nr 0 if there is none. Its buckets are those of the set. */
static struct kcsd_histogram find(const struct kcsd_histograms *set, uint32_t what, uint32_t op,
				  uint32_t depth)
{
	struct search s = { .what = what, .op = op, .depth = depth };

	kcsd_histograms_each(set, search, &s);
	return s.found;
}

static uint32_t count(const struct kcsd_histograms *set)
{
	struct search s = {};

	kcsd_histograms_each(set, search, &s);
	return s.nr;
}

/* ---- pages that are refused ---- */

static void make_good(struct page *p)
{
	struct kcsd_latency_histogram *h;

	page_begin(p, START + 500);
	h = page_add(p, READ_DEVICE, 0, 600, 210);
	page_bucket(p, h, 100, 3);
	page_bucket(p, h, 207, 1);
	page_bucket(p, h, UINT64_MAX, 1);
	h = page_add(p, READ_DEVICE, 1, 7, 7);
	page_bucket(p, h, 7, 1);
	h = page_add(p, KCSD_LATENCY_CPU, KCSD_TIME_READ, 0, 9, 9);
	page_bucket(p, h, 9, 1);
}

/* Offsets of words in that page. */
enum { FIRST = 4, FIRST_COUNT, FIRST_SUM, FIRST_MAX, BUCKET, BUCKET_COUNT, SECOND = 14,
       SECOND_BUCKET = 18, THIRD = 20 };

static void refused(const struct page *p, size_t len, const char *what)
{
	/* A copy of this length, so that the sanitizer sees each byte read after it. */
	void *copy = malloc(len ? len : 1);
	struct kcsd_histograms *set = NULL;

	memcpy(copy, p->word, len);
	IS(kcsd_histograms_parse(copy, len, &set), -EPROTO, "refused: %s", what);
	OK(!set, "  and nothing is made");
	kcsd_histograms_free(set);
	free(copy);
}

#define REFUSED(what, change) \
do { \
	static struct page p; \
\
	make_good(&p); \
	change; \
	refused(&p, page_len(&p), what); \
} while (0)

static void test_truncated(void)
{
	static struct page p;
	struct kcsd_histograms *set;
	char what[64];
	size_t len;

	make_good(&p);
	for (len = 0; len < page_len(&p); len += 4) {
		snprintf(what, sizeof(what), "%zu bytes of %zu", len, page_len(&p));
		refused(&p, len, what);
		if (len < sizeof(struct kcsd_histogram_log))
			continue;
		page_log(&p)->len = htole32(len);
		refused(&p, len, "  as its header says");
		page_set_len(&p);
	}
	set = parse(&p);
	IS(count(set), 3, "the whole page has 3 histograms");
	IS(kcsd_histograms_ns(set), 500, "  and the time since power on");
	kcsd_histograms_free(set);
}

static void test_refused(void)
{
	REFUSED("longer than the buffer", page_log(&p)->len = htole32(page_len(&p) + 16));
	REFUSED("a length of less than the header", page_log(&p)->len = htole32(31));
	REFUSED("other histograms", page_log(&p)->histogram_len = htole16(40));
	REFUSED("other buckets", page_log(&p)->bucket_len = htole16(8));
	REFUSED("read before power on", page_log(&p)->time_ns = htole64(START - 1));
	REFUSED("a histogram too many", page_log(&p)->nr = htole32(4));
	REFUSED("bytes after the last histogram", page_log(&p)->nr = htole32(2));
	REFUSED("2^32 - 1 histograms", page_log(&p)->nr = htole32(UINT32_MAX));
	REFUSED("2^32 - 1 buckets", p.word[FIRST] |= htole64(0xffffffffull << 32));
	REFUSED("no buckets", p.word[FIRST] &= htole64(0xffffffff));
	REFUSED("a count that is not that of the buckets", p.word[FIRST_COUNT] = htole64(6));
	REFUSED("an empty bucket", p.word[BUCKET_COUNT] = 0; p.word[FIRST_COUNT] = htole64(2));
	REFUSED("buckets that are not in order", p.word[BUCKET] = htole64(208));
	REFUSED("a bucket twice", p.word[BUCKET] = htole64(207));
	/* 3 + 1 + 1 with 2^64 more. */
	REFUSED("counts that wrap", p.word[BUCKET_COUNT] = htole64(UINT64_MAX);
		p.word[BUCKET_COUNT + 2] = htole64(5));
	REFUSED("counts that wrap over two histograms", p.word[FIRST_COUNT] = htole64(UINT64_MAX);
		p.word[BUCKET_COUNT] = htole64(UINT64_MAX - 2));
	REFUSED("sums that wrap over two histograms", p.word[FIRST_SUM] = htole64(UINT64_MAX));
	REFUSED("a kind twice", ((uint8_t *)&p.word[SECOND])[2] = 0);
	REFUSED("kinds that are not in order", p.word[THIRD] &= ~htole64(0xff));
}

/* Change bytes at random: nothing may break, and what is taken has sums that fit. */
static int fits(const struct kcsd_histogram *h, void *arg)
{
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < h->nr; i++)
		sum += h->bucket[i].count;
	*(bool *)arg &= sum == h->count && kcsd_histogram_percentile(h, 1000000) <= h->max &&
			kcsd_histogram_count(h, UINT64_MAX) == h->count;
	return 0;
}

static void test_random(void)
{
	static struct page p;
	uint64_t state = 1;
	int i, taken = 0;
	bool good = true;

	for (i = 0; i < 200000; i++) {
		struct kcsd_histograms *set, *other;
		int n;

		make_good(&p);
		for (n = 0; n <= i % 3; n++) {
			state = state * 6364136223846793005ull + 1442695040888963407ull;
			((uint8_t *)p.word)[(state >> 33) % page_len(&p)] = state >> 56;
		}
		if (kcsd_histograms_parse(p.word, page_len(&p), &set))
			continue;
		taken++;
		kcsd_histograms_each(set, fits, &good);
		good &= !kcsd_histograms_merge(set, 0, &other);
		kcsd_histograms_each(other, fits, &good);
		kcsd_histograms_free(other);
		good &= !kcsd_histograms_subtract(set, set, &other) && !count(other);
		kcsd_histograms_free(other);
		kcsd_histograms_free(set);
	}
	OK(good, "random changes: what is taken adds up");
	OK(taken > 1000 && taken < 190000, "random changes: %d of 200000 are taken", taken);
}

/* ---- percentiles ---- */

/* The bucket of a value, as a drive has them. */
static uint64_t last_of(uint64_t ns)
{
	int bits = ns ? 64 - __builtin_clzll(ns) : 0, shift = bits > 5 ? bits - 5 : 0;

	return ns | ((1ull << shift) - 1);
}

static int by_value(const void *a, const void *b)
{
	uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;

	return (one > other) - (one < other);
}

/* Add a histogram of sorted values. */
static void page_values(struct page *p, uint8_t op, uint8_t depth, const uint64_t *value, int nr)
{
	struct kcsd_latency_histogram *h;
	uint64_t sum = 0;
	int i, n;

	for (i = 0; i < nr; i++)
		sum += value[i];
	h = page_add(p, KCSD_LATENCY_HOST, op, depth, sum, value[nr - 1]);
	for (i = 0; i < nr; i += n) {
		for (n = 1; i + n < nr && last_of(value[i + n]) == last_of(value[i]); n++)
			;
		page_bucket(p, h, last_of(value[i]), n);
	}
}

#define VALUES	10000

static void random_values(uint64_t *value, int nr, uint64_t seed)
{
	int i;

	for (i = 0; i < nr; i++) {
		seed = seed * 6364136223846793005ull + 1442695040888963407ull;
		value[i] = (seed >> 16) >> (20 + (seed >> 60));
	}
	qsort(value, nr, sizeof(*value), by_value);
}

static void test_percentiles(void)
{
	static const uint32_t ppm[] = { 0, 1, 500000, 900000, 990000, 999900, 999999, 1000000 };
	static uint64_t value[VALUES];
	static struct page p;
	struct kcsd_histograms *set;
	struct kcsd_histogram h;
	size_t i;

	random_values(value, VALUES, 3);
	page_begin(&p, START);
	page_values(&p, KCSD_TIME_READ, 0, value, VALUES);
	set = parse(&p);
	h = find(set, KCSD_LATENCY_HOST, KCSD_TIME_READ, 0);
	IS(h.count, VALUES, "percentiles: all values");
	for (i = 0; i < ARRAY_SIZE(ppm); i++) {
		uint64_t rank = ((uint64_t)VALUES * ppm[i] + 999999) / 1000000;
		uint64_t exact = value[rank ? rank - 1 : 0];
		uint64_t got = kcsd_histogram_percentile(&h, ppm[i]);

		OK(got >= exact && got <= exact + exact / 16,
		   "percentiles: %u ppm is %llu, exact %llu", ppm[i], (unsigned long long)got,
		   (unsigned long long)exact);
	}
	IS(kcsd_histogram_percentile(&h, 2000000), value[VALUES - 1], "percentiles: not over 1");
	for (i = 0; i < 44; i++) {
		uint64_t to = (1ull << i) - 1, n;

		for (n = 0; n < VALUES && value[n] <= to; n++)
			;
		if (kcsd_histogram_count(&h, to) != n)
			break;
	}
	IS(i, 44, "counts up to 2^n - 1 are exact");
	kcsd_histograms_free(set);

	h = (struct kcsd_histogram){
		.nr = 2, .count = UINT64_MAX, .max = 9,
		.bucket = (struct kcsd_histogram_bucket[]){ { 4, UINT64_MAX - 1 }, { 10, 1 } },
	};
	IS(kcsd_histogram_percentile(&h, 999999), 4, "percentiles: counts of 64 bits");
	IS(kcsd_histogram_percentile(&h, 1000000), 9, "percentiles: no more than the maximum");
}

/* ---- differences ---- */

static void test_subtract(void)
{
	static uint64_t value[VALUES];
	static struct page before, now, wanted;
	struct kcsd_histograms *a, *b, *diff, *direct;
	struct kcsd_histogram got, exact;

	/* The first half, sorted alone, then all; the second half alone. */
	random_values(value, VALUES / 2, 5);
	random_values(value + VALUES / 2, VALUES / 2, 6);
	value[0] = 1ull << 50;	/* the greatest came before */
	qsort(value, VALUES / 2, sizeof(*value), by_value);
	page_begin(&before, START + 100);
	page_values(&before, KCSD_TIME_READ, 0, value, VALUES / 2);
	page_begin(&wanted, START + 350);
	page_values(&wanted, KCSD_TIME_READ, 0, value + VALUES / 2, VALUES / 2);
	qsort(value, VALUES, sizeof(*value), by_value);
	page_begin(&now, START + 350);
	page_values(&now, KCSD_TIME_READ, 0, value, VALUES);
	page_values(&now, KCSD_TIME_WRITE, 0, value, 3);

	a = parse(&before);
	b = parse(&now);
	direct = parse(&wanted);
	IS(kcsd_histograms_subtract(b, a, &diff), 0, "difference");
	IS(kcsd_histograms_ns(diff), 250, "  has the time between");
	got = find(diff, KCSD_LATENCY_HOST, KCSD_TIME_READ, 0);
	exact = find(direct, KCSD_LATENCY_HOST, KCSD_TIME_READ, 0);
	OK(got.nr == exact.nr && got.count == exact.count && got.sum == exact.sum &&
	   !memcmp(got.bucket, exact.bucket, got.nr * sizeof(*got.bucket)),
	   "  is what came between");
	OK(got.max >= exact.max && got.max <= exact.max + exact.max / 16,
	   "  its maximum is that of its last bucket");
	IS(find(diff, KCSD_LATENCY_HOST, KCSD_TIME_WRITE, 0).count, 3, "  has what was new");
	kcsd_histograms_free(diff);

	IS(kcsd_histograms_subtract(a, b, &diff), -ESTALE, "difference: the wrong way round");
	page_log(&before)->start_ns = htole64(START + 1);
	kcsd_histograms_free(a);
	a = parse(&before);
	IS(kcsd_histograms_subtract(b, a, &diff), -ESTALE, "difference: power on between");
	kcsd_histograms_free(a);
	page_log(&wanted)->time_ns = htole64(START + 360);
	kcsd_histograms_free(direct);
	direct = parse(&wanted);
	IS(kcsd_histograms_subtract(direct, b, &diff), -ESTALE, "difference: fewer than before");
	kcsd_histograms_free(direct);
	kcsd_histograms_free(b);

	/* A bucket that has gone, one with less in it, a histogram that has gone. */
	make_good(&now);
	a = parse(&now);
	now.word[SECOND_BUCKET] = htole64(8);
	b = parse(&now);
	IS(kcsd_histograms_subtract(b, a, &diff), -ESTALE, "difference: a bucket has gone");
	kcsd_histograms_free(b);
	make_good(&now);
	now.word[BUCKET_COUNT] = htole64(2);
	now.word[BUCKET_COUNT + 2] = htole64(2);
	b = parse(&now);
	IS(kcsd_histograms_subtract(b, a, &diff), -ESTALE, "difference: a bucket has less");
	kcsd_histograms_free(b);
	make_good(&now);
	((uint8_t *)&now.word[SECOND])[2] = 2;
	b = parse(&now);
	IS(kcsd_histograms_subtract(b, a, &diff), -ESTALE, "difference: a histogram has gone");
	kcsd_histograms_free(b);
	kcsd_histograms_free(a);

	/* A greater maximum is new. */
	make_good(&now);
	a = parse(&now);
	now.word[BUCKET_COUNT] = htole64(4);
	now.word[FIRST_COUNT] = htole64(6);
	now.word[FIRST_MAX] = htole64(90);
	b = parse(&now);
	IS(kcsd_histograms_subtract(b, a, &diff), -ESTALE, "difference: a lower maximum");
	kcsd_histograms_free(b);
	now.word[FIRST_MAX] = htole64(211);
	b = parse(&now);
	IS(kcsd_histograms_subtract(b, a, &diff), 0, "difference: one value");
	IS(count(diff), 1, "  has one histogram");
	got = find(diff, READ_DEVICE, 0);
	IS(got.count, 1, "  of one value");
	IS(got.max, 211, "  which is the maximum");
	kcsd_histograms_free(diff);
	kcsd_histograms_free(b);
	kcsd_histograms_free(a);
}

/* ---- sums ---- */

static void test_merge(void)
{
	static uint64_t value[4][VALUES / 4], all[VALUES];
	static struct page p, wanted;
	struct kcsd_histograms *set, *merged, *direct;
	struct kcsd_histogram got, exact;
	int i;

	page_begin(&p, START + 100);
	for (i = 0; i < 4; i++) {
		random_values(value[i], VALUES / 4, i);
		memcpy(&all[i * VALUES / 4], value[i], sizeof(value[i]));
		page_values(&p, KCSD_TIME_READ + i / 2, i % 2, value[i], VALUES / 4);
	}
	qsort(all, VALUES, sizeof(*all), by_value);
	page_begin(&wanted, START);
	page_values(&wanted, KCSD_TIME_READ, 0, all, VALUES);
	set = parse(&p);
	direct = parse(&wanted);
	exact = find(direct, KCSD_LATENCY_HOST, KCSD_TIME_READ, 0);

	IS(kcsd_histograms_merge(set, 0, &merged), 0, "merge all");
	IS(count(merged), 1, "  into one");
	IS(kcsd_histograms_ns(merged), 100, "  of the same time");
	got = find(merged, KCSD_LATENCY_HOST, KCSD_HISTOGRAM_ALL, KCSD_HISTOGRAM_ALL);
	OK(got.nr == exact.nr && got.count == exact.count && got.sum == exact.sum &&
	   got.max == exact.max && !memcmp(got.bucket, exact.bucket, got.nr * sizeof(*got.bucket)),
	   "  that is of all values");
	kcsd_histograms_free(merged);

	IS(kcsd_histograms_merge(set, KCSD_HISTOGRAMS_OP, &merged), 0, "merge depths");
	IS(count(merged), 2, "  into two");
	got = find(merged, KCSD_LATENCY_HOST, KCSD_TIME_WRITE, KCSD_HISTOGRAM_ALL);
	IS(got.count, VALUES / 2, "  with their values");
	kcsd_histograms_free(merged);
	IS(kcsd_histograms_merge(set, KCSD_HISTOGRAMS_DEPTH, &merged), 0, "merge commands");
	IS(count(merged), 2, "  into two");
	got = find(merged, KCSD_LATENCY_HOST, KCSD_HISTOGRAM_ALL, 1);
	IS(got.count, VALUES / 2, "  with their values");
	kcsd_histograms_free(merged);
	IS(kcsd_histograms_merge(set, KCSD_HISTOGRAMS_OP | KCSD_HISTOGRAMS_DEPTH, &merged), 0,
	   "merge nothing");
	IS(count(merged), 4, "  leaves four");
	kcsd_histograms_free(merged);
	IS(kcsd_histograms_merge(set, 4, &merged), -EINVAL, "merge: no such bit");
	kcsd_histograms_free(set);
	kcsd_histograms_free(direct);
}

static void test_empty(void)
{
	static struct page p;
	struct kcsd_histograms *set, *other;

	page_begin(&p, START);
	page_set_len(&p);
	set = parse(&p);
	IS(count(set), 0, "no histograms");
	IS(kcsd_histograms_merge(set, 0, &other), 0, "  merged");
	kcsd_histograms_free(other);
	IS(kcsd_histograms_subtract(set, set, &other), 0, "  subtracted");
	IS(kcsd_histograms_ns(other), 0, "  of no time");
	kcsd_histograms_free(other);
	kcsd_histograms_free(set);
	kcsd_histograms_free(NULL);
}

int main(void)
{
	puts("TAP version 13");
	test_truncated();
	test_refused();
	test_random();
	test_percentiles();
	test_subtract();
	test_merge();
	test_empty();
	return tap_end();
}
