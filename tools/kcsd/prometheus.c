// SPDX-License-Identifier: GPL-2.0
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "prometheus.h"

#define MAX_NAME	96

/* A counter: samples of one metric follow each other in the output. */
struct sample {
	char metric[MAX_NAME];	/* without "kcsd_" and "_total" */
	char label[32];		/* ",program=\"3\"", or "" */
	char file[MAX_NAME];	/* below the directory of the drive */
	uint64_t value;
};

struct samples {
	struct sample *sample;
	size_t nr, room;
};

/* Numbers that may go down. */
static bool is_gauge(const char *metric)
{
	static const char *const gauges[] = {
		"stats_memory_bytes", "unit_queued", "units_queued", "units_waiting", "program_active",
		"program_persistent", "program_size", "timing_marked", "timing_latencies",
		"timing_late_min_ns", "timing_late_permille", "timing_memory_bytes",
		"timing_wear_min", "timing_wear_max", "timing_late_max_ns",
	};
	const char *count = strstr(metric, "_count");
	size_t i;

	if (!strncmp(metric, "timing_", 7) && count && !count[strlen("_count")])
		return true;

	for (i = 0; i < ARRAY_SIZE(gauges); i++)
		if (!strcmp(metric, gauges[i]))
			return true;
	return false;
}

/* Make metric and label of the name of a file: programs/3/runs is program_runs{program="3"}. */
static void name_sample(struct sample *s, const char *file)
{
	char kind[16] = "", *at;
	unsigned int index;
	int end = 0;

	snprintf(s->file, sizeof(s->file), "%s", file);
	s->label[0] = '\0';
	if (sscanf(file, "programs/%u/%n", &index, &end) == 1 && end)
		strcpy(kind, "program");
	else if (sscanf(file, "units/%u/%n", &index, &end) == 1 && end)
		strcpy(kind, "unit");
	else
		end = 0;
	if (end)
		snprintf(s->label, sizeof(s->label), ",%s=\"%u\"", kind, index);
	snprintf(s->metric, sizeof(s->metric), "%s%s%s", end ? kind : "", end ? "_" : "",
		 file + end);
	for (at = s->metric; *at; at++)
		if (*at == '/' || *at == '-' || *at == '.')
			*at = '_';
}

static int add_sample(const char *name, uint64_t value, void *arg)
{
	struct samples *all = arg;
	struct sample *more;

	if (all->nr == all->room) {
		all->room = all->room ? 2 * all->room : 256;
		more = reallocarray(all->sample, all->room, sizeof(*more));
		if (!more)
			return -ENOMEM;
		all->sample = more;
	}
	name_sample(&all->sample[all->nr], name);
	all->sample[all->nr++].value = value;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct sample *one = a, *other = b;
	int order = strcmp(one->metric, other->metric);

	return order ? order : strcmp(one->label, other->label);
}

static void print_samples(FILE *to, const char *drive, struct samples *all)
{
	size_t i;

	qsort(all->sample, all->nr, sizeof(*all->sample), compare);
	for (i = 0; i < all->nr; i++) {
		const struct sample *s = &all->sample[i];
		const char *total = is_gauge(s->metric) ? "" : "_total";

		if (!i || strcmp(s->metric, s[-1].metric))
			fprintf(to, "# HELP kcsd_%s%s Number in %s of the drive in sysfs.\n"
				"# TYPE kcsd_%s%s %s\n", s->metric, total, s->file, s->metric,
				total, *total ? "counter" : "gauge");
		fprintf(to, "kcsd_%s%s{drive=\"%s\"%s} %llu\n", s->metric, total, drive, s->label,
			(unsigned long long)s->value);
	}
}

/* Print the numbers in sysfs that are no integers. */
static void print_fractions(FILE *to, const char *drive)
{
	static const char *const files[] = { "wear_avg", "write_amplification" };
	char name[MAX_NAME], text[MAX_NAME];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(name, sizeof(name), "timing/%s", files[i]);
		if (kcsd_stats_text(drive, name, text, sizeof(text)))
			continue;
		fprintf(to, "# HELP kcsd_timing_%s Number in %s of the drive in sysfs.\n"
			"# TYPE kcsd_timing_%s gauge\nkcsd_timing_%s{drive=\"%s\"} %s\n",
			files[i], name, files[i], files[i], drive, text);
	}
}

/* Print what a drive is, for joins: kcsd_timing_info. */
static void print_info(FILE *to, const char *drive)
{
	static const char *const files[] = { "model", "clock", "preset" };
	char name[MAX_NAME], text[MAX_NAME];
	size_t i;

	fprintf(to, "# HELP kcsd_timing_info What the device times of the drive come from.\n"
		"# TYPE kcsd_timing_info gauge\nkcsd_timing_info{drive=\"%s\"", drive);
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(name, sizeof(name), "timing/%s", files[i]);
		if (kcsd_stats_text(drive, name, text, sizeof(text)))
			text[0] = '\0';
		fprintf(to, ",%s=\"%s\"", files[i], text);
	}
	fprintf(to, "} 1\n");
}

/* ---- latencies ---- */

struct latencies {
	struct kcsd_latency_log header;
	struct kcsd_latency row[KCSD_NR_LATENCIES * KCSD_NR_TIME_OPS * KCSD_DEPTH_CLASSES];
};

static void print_latency(FILE *to, const char *metric, const char *drive,
			  const struct kcsd_latency *l)
{
	static const char *const ops[KCSD_NR_TIME_OPS] = {
		"read", "write", "trim", "flush", "zone_reset", "zone_finish", "memory_read",
		"memory_write", "other", "run", "copy",
	};
	const struct {
		const char *quantile;
		__le64 ns;
	} quantiles[] = {
		{ "0.5", l->p50 }, { "0.9", l->p90 }, { "0.95", l->p95 }, { "0.99", l->p99 },
		{ "0.999", l->p999 }, { "0.9999", l->p9999 },
	};
	char labels[96];
	size_t i;

	snprintf(labels, sizeof(labels), "drive=\"%s\",command=\"%s\",depth=\"%u\"", drive,
		 ops[l->op], 1u << l->depth);
	for (i = 0; i < ARRAY_SIZE(quantiles); i++)
		fprintf(to, "%s{%s,quantile=\"%s\"} %.9f\n", metric, labels, quantiles[i].quantile,
			le64toh(quantiles[i].ns) / 1e9);
	fprintf(to, "%s_sum{%s} %.9f\n%s_count{%s} %llu\n", metric, labels, le64toh(l->sum) / 1e9,
		metric, labels, (unsigned long long)le64toh(l->count));
}

static void print_latencies(FILE *to, const char *drive, const struct latencies *page)
{
	static const struct {
		const char *metric, *help;
	} whats[KCSD_NR_LATENCIES] = {
		{ "kcsd_device_time_seconds", "Device time of commands" },
		{ "kcsd_host_time_seconds", "Time of commands from submission to completion" },
		{ "kcsd_late_seconds", "Time by which commands completed after their device time" },
		{ "kcsd_cpu_time_seconds", "Time for which a CPU of the host executed a command" },
	};
	uint32_t i, nr = le32toh(page->header.nr);
	int what = -1;

	for (i = 0; i < nr && i < ARRAY_SIZE(page->row); i++) {
		const struct kcsd_latency *l = &page->row[i];

		if (l->what >= KCSD_NR_LATENCIES || l->op >= KCSD_NR_TIME_OPS)
			continue;
		if (l->what != what)
			fprintf(to, "# HELP %s %s.\n# TYPE %s summary\n", whats[l->what].metric,
				whats[l->what].help, whats[l->what].metric);
		what = l->what;
		print_latency(to, whats[what].metric, drive, l);
	}
}

/* Latencies need the node of the controller; without it there are the counters alone. */
static void try_latencies(FILE *to, const char *name)
{
	struct latencies *page = calloc(1, sizeof(*page));
	struct kcsd_drive *drv;

	if (page && !kcsd_drive_open(name, KCSD_OPEN_RDONLY, &drv)) {
		if (!kcsd_log_page_get(drv, KCSD_LOG_LATENCIES, 0, 0, page, sizeof(*page)))
			print_latencies(to, name, page);
		kcsd_drive_close(drv);
	}
	free(page);
}

int kcsd_prometheus_print(FILE *to, const char *drive)
{
	struct samples all = {};
	int ret = kcsd_stats_each(drive, add_sample, &all);

	if (!ret) {
		print_samples(to, drive, &all);
		print_fractions(to, drive);
		print_info(to, drive);
		try_latencies(to, drive);
	}
	free(all.sample);
	return ret;
}
