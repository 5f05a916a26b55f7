// SPDX-License-Identifier: GPL-2.0
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

/* Octaves that each histogram has, so that they can be added: up to 255 ns, ..., up to 34 s. */
#define FIRST_OCTAVE	8
#define LAST_OCTAVE	35

struct latencies {
	FILE *to;
	const char *drive;
	uint32_t what;		/* of the last one */
};

static int print_latency(const struct kcsd_histogram *h, void *arg)
{
	static const char *const ops[KCSD_NR_TIME_OPS] = {
		"read", "write", "trim", "flush", "zone_reset", "zone_finish", "memory_read",
		"memory_write", "other", "run", "copy", "store", "retrieve", "list", "delete",
		"exist",
	};
	static const struct {
		const char *metric, *help;
	} whats[KCSD_NR_LATENCIES] = {
		{ "kcsd_device_time_seconds", "Device time of commands" },
		{ "kcsd_host_time_seconds", "Time of commands from submission to completion" },
		{ "kcsd_late_seconds", "Time by which commands completed after their device time" },
		{ "kcsd_cpu_time_seconds", "Time for which a CPU of the host executed a command" },
	};
	struct latencies *l = arg;
	char labels[96];
	const char *name;
	int i;

	if (h->what >= KCSD_NR_LATENCIES || h->op >= KCSD_NR_TIME_OPS)
		return 0;
	name = whats[h->what].metric;
	if (h->what != l->what)
		fprintf(l->to, "# HELP %s %s.\n# TYPE %s histogram\n", name, whats[h->what].help,
			name);
	l->what = h->what;
	snprintf(labels, sizeof(labels), "drive=\"%s\",command=\"%s\"", l->drive, ops[h->op]);
	for (i = FIRST_OCTAVE; i <= LAST_OCTAVE; i++) {
		uint64_t last = (1ull << i) - 1;

		fprintf(l->to, "%s_bucket{%s,le=\"%llu.%09llu\"} %llu\n", name, labels,
			last / 1000000000ull, last % 1000000000ull,
			(unsigned long long)kcsd_histogram_count(h, last));
	}
	fprintf(l->to, "%s_bucket{%s,le=\"+Inf\"} %llu\n%s_sum{%s} %llu.%09llu\n"
		"%s_count{%s} %llu\n", name, labels, (unsigned long long)h->count, name, labels,
		(unsigned long long)h->sum / 1000000000ull,
		(unsigned long long)h->sum % 1000000000ull, name, labels,
		(unsigned long long)h->count);
	return 0;
}

/* Latencies need the node of the controller; without it there are the counters alone. */
static void try_latencies(FILE *to, const char *name)
{
	struct latencies l = { .to = to, .drive = name, .what = UINT32_MAX };
	struct kcsd_histograms *all = NULL, *merged;
	struct kcsd_drive *drv;

	if (kcsd_drive_open(name, KCSD_OPEN_RDONLY, &drv))
		return;
	if (!kcsd_histograms_get(drv, &all) &&
	    !kcsd_histograms_merge(all, KCSD_HISTOGRAMS_OP, &merged)) {
		kcsd_histograms_each(merged, print_latency, &l);
		kcsd_histograms_free(merged);
	}
	kcsd_histograms_free(all);
	kcsd_drive_close(drv);
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
