// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>

#include "timing_latency.h"

#define BAR	50	/* characters of the longest bar */

static const char *const op_names[KCSD_NR_TIME_OPS] = {
	"read", "write", "trim", "flush", "zone reset", "zone finish", "memory read",
	"memory write", "other", "run", "copy", "store", "retrieve", "list", "delete", "exist",
};

static const char *const what_names[KCSD_NR_LATENCIES] = {
	"device time", "host time", "lateness", "CPU time",
};

/* P(millionths, "text", "json name"): percentiles. */
#define PERCENTILES(P) \
	P(500000, "p50", "p50_ns") P(900000, "p90", "p90_ns") P(950000, "p95", "p95_ns") \
	P(990000, "p99", "p99_ns") P(999000, "p99.9", "p999_ns") P(999900, "p99.99", "p9999_ns")

/* True if this command knows what a histogram is of. */
static bool is_known(const struct kcsd_histogram *h)
{
	return h->what < KCSD_NR_LATENCIES && h->op < KCSD_NR_TIME_OPS &&
	       (h->depth < KCSD_DEPTH_CLASSES || h->depth == KCSD_HISTOGRAM_ALL);
}

/* ---- lateness ---- */

static int take_lateness(const struct kcsd_histogram *h, void *arg)
{
	if (h->what == KCSD_LATENCY_LATE)
		*(struct lateness *)arg = (struct lateness){
			.count = h->count,
			.p50 = kcsd_histogram_percentile(h, 500000),
			.p99 = kcsd_histogram_percentile(h, 990000),
			.max = h->max,
		};
	return 0;
}

int kcsd_lateness_get(const struct kcsd_histograms *latencies, struct lateness *lateness)
{
	struct kcsd_histograms *merged;
	int ret = kcsd_histograms_merge(latencies, 0, &merged);

	*lateness = (struct lateness){};
	if (ret)
		return ret;
	kcsd_histograms_each(merged, take_lateness, lateness);
	kcsd_histograms_free(merged);
	return 0;
}

/* ---- text ---- */

/* Format a depth class: "1", "2-3", ..., "128-". */
static const char *depth_text(uint32_t depth, char text[16])
{
	if (!depth)
		snprintf(text, 16, "1");
	else if (depth == KCSD_DEPTH_CLASSES - 1)
		snprintf(text, 16, "%u-", 1u << depth);
	else
		snprintf(text, 16, "%u-%u", 1u << depth, (2u << depth) - 1);
	return text;
}

static int print_latency(const struct kcsd_histogram *h, void *arg)
{
	uint32_t *what = arg;
	char depth[16];

	if (!is_known(h))
		return 0;
	if (*what != h->what) {
		*what = h->what;
		printf("\n%-14s%8s%12s%12s", what_names[h->what], "depth", "commands", "mean us");
#define PRINT_HEAD(ppm, text, json) printf("%12s", text);
		PERCENTILES(PRINT_HEAD)
		printf("%12s\n", "max");
	}
	printf("%-14s%8s%12llu%12.1f", op_names[h->op], depth_text(h->depth, depth),
	       (unsigned long long)h->count, h->sum / 1e3 / h->count);
#define PRINT_PERCENTILE(ppm, text, json) \
	printf("%12.1f", kcsd_histogram_percentile(h, ppm) / 1e3);
	PERCENTILES(PRINT_PERCENTILE)
	printf("%12.1f\n", h->max / 1e3);
	return 0;
}

void kcsd_latencies_print(const struct kcsd_histograms *latencies)
{
	uint32_t what = UINT32_MAX;

	kcsd_histograms_each(latencies, print_latency, &what);
}

/* Return the values of an octave that ends with this one: 0, 1, 3, 7, ... */
static uint64_t octave_count(const struct kcsd_histogram *h, uint64_t last)
{
	return kcsd_histogram_count(h, last) - (last ? kcsd_histogram_count(h, last / 2) : 0);
}

static void print_bar(const struct kcsd_histogram *h, uint64_t last, uint64_t most)
{
	uint64_t count = octave_count(h, last);
	int len = (double)count * BAR / most + 0.5;

	/* Even one value is seen. */
	if (count && !len)
		len = 1;
	if (last == UINT64_MAX)
		printf("%16s", "more");
	else
		printf("%16.3f", last / 1e3);
	printf("%14llu%9.3f  %.*s\n", (unsigned long long)count, 100.0 * count / h->count, len,
	       "##################################################");
}

/* Return the last value of the octave of ns. */
static uint64_t octave_last(uint64_t ns)
{
	uint64_t last = 0;

	while (last < ns)
		last = 2 * last + 1;
	return last;
}

static int print_bars(const struct kcsd_histogram *h, void *arg)
{
	uint64_t from = octave_last(h->bucket[0].last), last, most = 1;
	uint64_t to = octave_last(h->bucket[h->nr - 1].last);

	(void)arg;
	if (!is_known(h))
		return 0;
	for (last = from;; last = 2 * last + 1) {
		uint64_t count = octave_count(h, last);

		if (count > most)
			most = count;
		if (last == to)
			break;
	}
	printf("\n%s, %s\n%16s%14s%9s\n", what_names[h->what], op_names[h->op], "up to us",
	       "commands", "%");
	for (last = from;; last = 2 * last + 1) {
		print_bar(h, last, most);
		if (last == to)
			return 0;
	}
}

int kcsd_latencies_print_bars(const struct kcsd_histograms *latencies)
{
	struct kcsd_histograms *merged;
	int ret = kcsd_histograms_merge(latencies, KCSD_HISTOGRAMS_OP, &merged);

	if (ret)
		return ret;
	kcsd_histograms_each(merged, print_bars, NULL);
	kcsd_histograms_free(merged);
	return 0;
}

/* ---- JSON ---- */

static json_object *json_buckets(const struct kcsd_histogram *h)
{
	json_object *list = json_object_new_array();
	uint32_t i;

	for (i = 0; i < h->nr; i++) {
		json_object *row = json_object_new_object();
		uint64_t last = h->bucket[i].last;

		json_object_object_add(row, "last_ns", last == UINT64_MAX ? NULL :
				       json_object_new_uint64(last));
		json_object_object_add(row, "count", json_object_new_uint64(h->bucket[i].count));
		json_object_array_add(list, row);
	}
	return list;
}

struct json_list {
	json_object *list;
	bool buckets;
};

static int add_latency(const struct kcsd_histogram *h, void *arg)
{
	const struct json_list *json = arg;
	json_object *row;

	if (!is_known(h))
		return 0;
	row = json_object_new_object();
	json_object_object_add(row, "of", json_object_new_string(what_names[h->what]));
	json_object_object_add(row, "command", json_object_new_string(op_names[h->op]));
	json_object_object_add(row, "depth", json_object_new_uint64(1u << h->depth));
	json_object_object_add(row, "count", json_object_new_uint64(h->count));
	json_object_object_add(row, "sum_ns", json_object_new_uint64(h->sum));
#define ADD_PERCENTILE(ppm, text, json) \
	json_object_object_add(row, json, \
			       json_object_new_uint64(kcsd_histogram_percentile(h, ppm)));
	PERCENTILES(ADD_PERCENTILE)
	json_object_object_add(row, "max_ns", json_object_new_uint64(h->max));
	if (json->buckets)
		json_object_object_add(row, "buckets", json_buckets(h));
	json_object_array_add(json->list, row);
	return 0;
}

json_object *kcsd_latencies_json(const struct kcsd_histograms *latencies, bool buckets)
{
	struct json_list json = { .list = json_object_new_array(), .buckets = buckets };

	kcsd_histograms_each(latencies, add_latency, &json);
	return json.list;
}
