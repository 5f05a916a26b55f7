// SPDX-License-Identifier: GPL-2.0
/* kcsd timing: device time, latencies, use of the resources and wear of a drive. */
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd.h"
#include "model.h"
#include "timing_latency.h"

#define MAX_INTERVAL_MS	86400000

#define OPTIONS(X) \
	X(HISTOGRAM, "histogram", 0, NULL, "show histograms of the latencies, too") \
	X(INTERVAL, "interval", 'i', "MS", "show only what happens in the next milliseconds") \
	X(RESOURCES, "resources", 'r', NULL, "show the use of each resource") \
	OPTION_JSON(X)

enum { OPTIONS(OPT_ENUM) };
static const struct opt opts[] = { OPTIONS(OPT_ROW) };

#define MAX_RESOURCES	(2 * 4096 + 256)
#define MAX_HEADER	4096	/* bytes of one of a later module */

struct timing {
	struct kcsd_timing_log log;
	uint32_t nr;		/* resources */
	struct kcsd_timing_resource resource[MAX_RESOURCES];
	struct kcsd_histograms *latencies;	/* owned */
	struct lateness lateness;
};

/* C(member): numbers of the model that only grow, others. */
#define COUNTERS(C) \
	C(device_ns) C(commands) C(late_commands) C(link_read_bytes) C(link_write_bytes) \
	C(read_bytes) C(write_bytes) C(media_read_bytes) C(media_write_bytes) \
	C(buffer_read_bytes) C(moved_bytes) C(padded_bytes) C(trimmed_bytes) C(page_reads) \
	C(programs) C(erases)
#define NUMBERS(C) \
	COUNTERS(C) C(late_min_ns) C(late_permille) C(late_max_ns) C(wear_min) C(wear_max) \
	C(mapped_bytes) C(free_lines) C(memory)

static double ratio(uint64_t part, uint64_t whole)
{
	return whole ? (double)part / whole : 0;
}

static double amplification(const struct kcsd_timing_log *log)
{
	return ratio(le64toh(log->media_write_bytes), le64toh(log->write_bytes));
}

/* ---- text ---- */

static void print_late(const struct timing *t)
{
	const struct kcsd_timing_log *log = &t->log;
	uint64_t late = le64toh(log->late_commands), all = le64toh(log->commands);

	if (late)
		printf("late: %llu of %llu commands (%.3f %%) were", (unsigned long long)late,
		       (unsigned long long)all, 100 * ratio(late, all));
	else
		printf("late: none of %llu commands was", (unsigned long long)all);
	printf(" late by more than %g us and %g %% of the device time%s\n",
	       le64toh(log->late_min_ns) / 1e3, le64toh(log->late_permille) / 10.0,
	       late ? ": their times are the host's" : "");
	if (t->lateness.count)
		printf("lateness: p50 %.1f us, p99 %.1f us, max %.1f us\n", t->lateness.p50 / 1e3,
		       t->lateness.p99 / 1e3, t->lateness.max / 1e3);
}

/* Why device times are not to be relied on. */
static const struct {
	uint8_t flag;
	const char *json, *text;
} marks[] = {
	{ KCSD_TIMING_FILES, "files", "several open files sent commands, and not all named their "
	  "arrivals, or not in order: another time the device times may differ" },
	{ KCSD_TIMING_BLOCK, "block", "the block node got requests of several threads, or did not "
	  "execute them in the order of sending: another time the device times may differ" },
	{ KCSD_TIMING_AT_ONCE, "at_once", "threads sent commands of one open file at once: another "
	  "time the device times may differ" },
	{ KCSD_TIMING_UNTIMED, "untimed", "commands came that the model did not take: they have no "
	  "device time" },
};

static void print_marks(const struct kcsd_timing_log *log)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(marks); i++)
		if (log->flags & marks[i].flag)
			printf("marked: %s\n", marks[i].text);
}

static json_object *json_marks(const struct kcsd_timing_log *log)
{
	json_object *list = json_object_new_array();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(marks); i++)
		if (log->flags & marks[i].flag)
			json_object_array_add(list, json_object_new_string(marks[i].json));
	return list;
}

static void print_model(const struct timing *t)
{
	const struct kcsd_timing_log *log = &t->log;
	bool is_virtual = log->clock == KCSD_CLOCK_VIRTUAL;

	printf("model: flash%s%.*s, %s clock, device time %.6f s\n", log->preset[0] ? ", " : "",
	       (int)sizeof(log->preset), log->preset, is_virtual ? "virtual" : "real",
	       le64toh(log->device_ns) / 1e9);
	if (!is_virtual)
		print_late(t);
	else if (!(log->flags & KCSD_TIMING_MARKED))
		printf("order: defined; the same commands have the same times on each host\n");
	print_marks(log);
	printf("flash: %llu bytes read, %llu written, write amplification %.3f, %llu erases "
	       "(a block %llu to %llu, mean %.3f)\n",
	       (unsigned long long)le64toh(log->media_read_bytes),
	       (unsigned long long)le64toh(log->media_write_bytes), amplification(log),
	       (unsigned long long)le64toh(log->erases),
	       (unsigned long long)le64toh(log->wear_min),
	       (unsigned long long)le64toh(log->wear_max), le64toh(log->wear_avg_milli) / 1e3);
}

/* The use of all resources of a kind, as shares of the device time. */
struct use {
	uint32_t nr;
	double sum, least, most;
};

static struct use use_of(const struct timing *t, uint8_t kind)
{
	const struct kcsd_timing_resource *r = t->resource;
	uint64_t all = le64toh(t->log.device_ns);
	struct use use = {};
	uint32_t i;

	for (i = 0; i < t->nr; i++) {
		double part = ratio(le64toh(r[i].busy_ns), all);

		if (r[i].kind != kind)
			continue;
		use.sum += part;
		if (!use.nr++ || part < use.least)
			use.least = part;
		if (part > use.most)
			use.most = part;
	}
	return use;
}

static void print_uses(const struct timing *t)
{
	uint8_t kind;

	printf("\n%-12s%8s%10s%10s%10s\n", "use in %", "number", "mean", "least", "most");
	for (kind = 0; kind <= KCSD_RESOURCE_UNIT; kind++) {
		struct use use = use_of(t, kind);

		if (use.nr)
			printf("%-12s%8u%10.2f%10.2f%10.2f\n", kcsd_timing_kind_text(kind), use.nr,
			       100 * use.sum / use.nr, 100 * use.least, 100 * use.most);
	}
}

static void print_resources(const struct timing *t)
{
	uint32_t i;

	printf("\n%-12s%8s%20s\n", "resource", "index", "busy ns");
	for (i = 0; i < t->nr; i++)
		printf("%-12s%8u%20llu\n", kcsd_timing_kind_text(t->resource[i].kind),
		       le32toh(t->resource[i].index),
		       (unsigned long long)le64toh(t->resource[i].busy_ns));
}

static int print_text(const struct args *args, const struct timing *t)
{
	if (kcsd_args_has(args, OPT_INTERVAL))
		printf("interval: %.3f s\n", kcsd_histograms_ns(t->latencies) / 1e9);
	if (t->log.model == KCSD_MODEL_NONE) {
		printf("model: none; 'kcsd create --preset NAME' makes a drive that takes device "
		       "time\n");
	} else {
		print_model(t);
		print_uses(t);
		if (kcsd_args_has(args, OPT_RESOURCES))
			print_resources(t);
	}
	kcsd_latencies_print(t->latencies);
	return kcsd_args_has(args, OPT_HISTOGRAM) ? kcsd_latencies_print_bars(t->latencies) : 0;
}

/* ---- JSON ---- */

static json_object *json_resources(const struct timing *t)
{
	json_object *list = json_object_new_array();
	uint32_t i;

	for (i = 0; i < t->nr; i++) {
		const struct kcsd_timing_resource *r = &t->resource[i];
		json_object *row = json_object_new_object();

		json_object_object_add(row, "kind",
				       json_object_new_string(kcsd_timing_kind_text(r->kind)));
		json_object_object_add(row, "index", json_object_new_uint64(le32toh(r->index)));
		json_object_object_add(row, "busy_ns", json_object_new_uint64(le64toh(r->busy_ns)));
		json_object_array_add(list, row);
	}
	return list;
}

static json_object *json_lateness(const struct lateness *lateness)
{
	json_object *json = json_object_new_object();

	json_object_object_add(json, "count", json_object_new_uint64(lateness->count));
	json_object_object_add(json, "p50_ns", json_object_new_uint64(lateness->p50));
	json_object_object_add(json, "p99_ns", json_object_new_uint64(lateness->p99));
	json_object_object_add(json, "max_ns", json_object_new_uint64(lateness->max));
	return json;
}

static void print_json(const struct args *args, const char *drive, const struct timing *t)
{
	const struct kcsd_timing_log *log = &t->log;
	bool has_model = log->model != KCSD_MODEL_NONE;
	json_object *json = json_object_new_object();

	json_object_object_add(json, "drive", json_object_new_string(drive));
	json_object_object_add(json, "interval_ns",
			       json_object_new_uint64(kcsd_histograms_ns(t->latencies)));
	json_object_object_add(json, "model", json_object_new_string(has_model ? "flash" : "none"));
	if (has_model) {
		json_object_object_add(json, "clock", json_object_new_string(
			log->clock == KCSD_CLOCK_VIRTUAL ? "virtual" : "real"));
		json_object_object_add(json, "preset", json_object_new_string_len(log->preset,
			strnlen(log->preset, sizeof(log->preset))));
		json_object_object_add(json, "marked",
				       json_object_new_boolean(log->flags & KCSD_TIMING_MARKED));
		json_object_object_add(json, "marked_by", json_marks(log));
#define ADD_NUMBER(member) \
		json_object_object_add(json, #member, json_object_new_uint64(le64toh(log->member)));
		NUMBERS(ADD_NUMBER)
		json_object_object_add(json, "write_amplification",
				       json_object_new_double(amplification(log)));
		json_object_object_add(json, "wear_avg",
				       json_object_new_double(le64toh(log->wear_avg_milli) / 1e3));
		json_object_object_add(json, "lateness", json_lateness(&t->lateness));
		json_object_object_add(json, "resources", json_resources(t));
	}
	json_object_object_add(json, "latencies",
			       kcsd_latencies_json(t->latencies,
						   kcsd_args_has(args, OPT_HISTOGRAM)));
	kcsd_json_print(json);
}

/* ---- */

/* Read log page C1h. The header of another module may be longer or shorter. */
static int read_model(struct kcsd_drive *drv, struct timing *t)
{
	const size_t room = MAX_HEADER + sizeof(t->resource);
	struct kcsd_timing_log *page = calloc(1, room);
	size_t size, nr;
	int ret;

	if (!page)
		return -ENOMEM;
	ret = kcsd_log_page_get(drv, KCSD_LOG_TIMING, 0, 0, page, room);
	size = le32toh(page->size);
	nr = le32toh(page->nr);
	if (!ret && (size > MAX_HEADER || nr > MAX_RESOURCES ||
		     le32toh(page->resource_len) != sizeof(t->resource[0])))
		ret = -EPROTO;
	if (!ret) {
		memcpy(&t->log, page, size < sizeof(t->log) ? size : sizeof(t->log));
		memcpy(t->resource, (char *)page + size, nr * sizeof(t->resource[0]));
		t->nr = nr;
	}
	free(page);
	return ret;
}

static int read_pages(struct kcsd_drive *drv, struct timing *t)
{
	int ret = read_model(drv, t);

	return ret ? ret : kcsd_histograms_get(drv, &t->latencies);
}

/* Leave what came after another reading of the same drive. */
static int subtract(struct timing *t, const struct timing *before)
{
	struct kcsd_histograms *latencies;
	int ret = kcsd_histograms_subtract(t->latencies, before->latencies, &latencies);
	uint32_t i;

	if (ret)
		return ret;
	kcsd_histograms_free(t->latencies);
	t->latencies = latencies;
#define SUBTRACT(member) \
	t->log.member = htole64(le64toh(t->log.member) - le64toh(before->log.member));
	COUNTERS(SUBTRACT)
	for (i = 0; i < t->nr && i < before->nr; i++)
		t->resource[i].busy_ns = htole64(le64toh(t->resource[i].busy_ns) -
						 le64toh(before->resource[i].busy_ns));
	return 0;
}

static void release(struct timing *t)
{
	if (t)
		kcsd_histograms_free(t->latencies);
	free(t);
}

/* Read, wait, read again into t, and leave the difference. */
static int read_interval(struct kcsd_drive *drv, struct timing *t, uint64_t ms)
{
	const struct timespec wait = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	struct timing *before = calloc(1, sizeof(*before));
	int ret = before ? read_pages(drv, before) : -ENOMEM;

	if (!ret) {
		nanosleep(&wait, NULL);
		ret = read_pages(drv, t);
	}
	if (!ret)
		ret = subtract(t, before);
	release(before);
	return ret;
}

/* ms: 0: since power on. */
static int show(const struct args *args, struct kcsd_drive *drv, struct timing *t, uint64_t ms)
{
	const char *name = kcsd_drive_name(drv);
	int ret = ms ? read_interval(drv, t, ms) : read_pages(drv, t);

	if (ret == KCSD_SC_INVALID_LOG_PAGE)
		return kcsd_fail("%s: the loaded module does not have this model of time", name);
	if (!ret)
		ret = kcsd_lateness_get(t->latencies, &t->lateness);
	if (ret)
		return kcsd_fail_ret(ret, "%s: cannot read its device times", name);
	if (ms)
		t->log.late_max_ns = htole64(t->lateness.max);
	if (kcsd_args_has(args, OPT_JSON))
		print_json(args, name, t);
	else
		ret = print_text(args, t);
	return ret ? kcsd_fail_ret(ret, "%s", name) : 0;
}

static int timing(const struct args *args)
{
	struct kcsd_drive *drv;
	struct timing *t;
	uint64_t ms = 0;
	int ret = kcsd_args_number(args, OPT_INTERVAL, MAX_INTERVAL_MS, &ms);

	if (ret)
		return ret;
	if (kcsd_args_has(args, OPT_INTERVAL) && !ms)
		return kcsd_usage(args->cmd, "--interval: must be at least 1");
	t = calloc(1, sizeof(*t));
	if (!t)
		return kcsd_fail("out of memory");
	ret = kcsd_pick_drive(args->nr_operands ? args->operand[0] : NULL, KCSD_OPEN_RDONLY, &drv);
	if (!ret) {
		ret = show(args, drv, t, ms);
		kcsd_drive_close(drv);
	}
	release(t);
	return ret;
}

const struct command kcsd_cmd_timing = {
	.name = "timing",
	.operands = "[DRIVE]",
	.max_operands = 1,
	.summary = "show device time, latencies, and the use of channels, dies and units",
	.detail = "Numbers are since power on, or of an interval; wear always since power on.\n"
		  "Percentiles are at most 1/16 too large, and so is the maximum of an interval.\n"
		  "Histograms have a line for each octave of each kind of command; as JSON all\n"
		  "buckets. Latencies of the host and CPU times are also those of a drive without\n"
		  "a model, while 'timing/latencies' in /sys/class/kcsd/kcsd0 is 1.",
	.opts = opts,
	.nr_opts = ARRAY_SIZE(opts),
	.run = timing,
};
