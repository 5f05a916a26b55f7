// SPDX-License-Identifier: GPL-2.0
/* kcsd timing: device time, latencies, use of the resources and wear of a drive. */
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "model.h"

#define OPTIONS(X) \
	X(RESOURCES, "resources", 'r', NULL, "show the use of each resource") \
	OPTION_JSON(X)

enum { OPTIONS(OPT_ENUM) };
static const struct opt opts[] = { OPTIONS(OPT_ROW) };

/* Log pages C1h and C3h, as long as they can be. */
#define MAX_RESOURCES	(2 * 4096 + 256)
#define MAX_LATENCIES	(KCSD_NR_LATENCIES * KCSD_NR_TIME_OPS * KCSD_DEPTH_CLASSES)

struct timing {
	struct {
		struct kcsd_timing_log log;
		struct kcsd_timing_resource resource[MAX_RESOURCES];
	} model;
	struct {
		struct kcsd_latency_log header;
		struct kcsd_latency row[MAX_LATENCIES];
	} latencies;
};

static const char *const op_names[KCSD_NR_TIME_OPS] = {
	"read", "write", "trim", "flush", "zone reset", "zone finish", "memory read",
	"memory write", "other", "run", "copy",
};

static const char *const what_names[KCSD_NR_LATENCIES] = {
	"device time", "host time", "lateness", "CPU time",
};

/* L(member, "text", "json name"): percentiles of a latency. */
#define PERCENTILES(L) \
	L(p50, "p50", "p50_ns") L(p90, "p90", "p90_ns") L(p95, "p95", "p95_ns") \
	L(p99, "p99", "p99_ns") L(p999, "p99.9", "p999_ns") L(p9999, "p99.99", "p9999_ns") \
	L(max, "max", "max_ns")

/* C(member, "json name"): numbers of the model. */
#define NUMBERS(C) \
	C(device_ns) C(commands) C(late_commands) C(late_permille) C(late_max_ns) \
	C(link_read_bytes) C(link_write_bytes) C(read_bytes) C(write_bytes) C(media_read_bytes) \
	C(media_write_bytes) C(buffer_read_bytes) C(moved_bytes) C(padded_bytes) \
	C(trimmed_bytes) C(page_reads) C(programs) C(erases) C(wear_min) C(wear_max) \
	C(mapped_bytes) C(free_lines) C(memory)

static uint32_t nr_resources(const struct timing *t)
{
	uint32_t nr = le32toh(t->model.log.nr);

	return nr < MAX_RESOURCES ? nr : MAX_RESOURCES;
}

static uint32_t nr_latencies(const struct timing *t)
{
	uint32_t nr = le32toh(t->latencies.header.nr);

	return nr < MAX_LATENCIES ? nr : MAX_LATENCIES;
}

static double ratio(uint64_t part, uint64_t whole)
{
	return whole ? (double)part / whole : 0;
}

static double amplification(const struct kcsd_timing_log *log)
{
	return ratio(le64toh(log->media_write_bytes), le64toh(log->write_bytes));
}

/* ---- text ---- */

static void print_late(const struct kcsd_timing_log *log)
{
	uint64_t late = le64toh(log->late_commands), all = le64toh(log->commands);

	if (!late)
		printf("late: none of %llu commands was later than %g %% of its device time\n",
		       (unsigned long long)all, le64toh(log->late_permille) / 10.0);
	else
		printf("late: %llu of %llu commands (%.3f %%) completed later than %g %% of their "
		       "device time, the latest by %.1f us: their times are the host's\n",
		       (unsigned long long)late, (unsigned long long)all,
		       100 * ratio(late, all), le64toh(log->late_permille) / 10.0,
		       le64toh(log->late_max_ns) / 1e3);
}

/* Why device times are not to be relied on. */
static const struct {
	uint8_t flag;
	const char *json, *text;
} marks[] = {
	{ KCSD_TIMING_FILES, "files", "several open files sent commands, and not all named their "
	  "arrivals: another time the device times may differ" },
	{ KCSD_TIMING_BLOCK, "block", "the block node got requests of several threads, or did not "
	  "execute them in the order of sending: another time the device times may differ" },
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

static void print_model(const struct kcsd_timing_log *log)
{
	bool is_virtual = log->clock == KCSD_CLOCK_VIRTUAL;

	printf("model: flash%s%.*s, %s clock, device time %.6f s\n", log->preset[0] ? ", " : "",
	       (int)sizeof(log->preset), log->preset, is_virtual ? "virtual" : "real",
	       le64toh(log->device_ns) / 1e9);
	if (!is_virtual)
		print_late(log);
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
	const struct kcsd_timing_resource *r = t->model.resource;
	uint64_t all = le64toh(t->model.log.device_ns);
	struct use use = {};
	uint32_t i;

	for (i = 0; i < nr_resources(t); i++) {
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
	for (i = 0; i < nr_resources(t); i++)
		printf("%-12s%8u%20llu\n", kcsd_timing_kind_text(t->model.resource[i].kind),
		       le32toh(t->model.resource[i].index),
		       (unsigned long long)le64toh(t->model.resource[i].busy_ns));
}

/* Format a depth class: "1", "2-3", ..., "128-". */
static const char *depth_text(uint8_t depth, char text[16])
{
	if (!depth)
		snprintf(text, 16, "1");
	else if (depth == KCSD_DEPTH_CLASSES - 1)
		snprintf(text, 16, "%u-", 1u << depth);
	else
		snprintf(text, 16, "%u-%u", 1u << depth, (2u << depth) - 1);
	return text;
}

static void print_latency(const struct kcsd_latency *l)
{
	char depth[16];

	printf("%-14s%8s%12llu%12.1f", op_names[l->op], depth_text(l->depth, depth),
	       (unsigned long long)le64toh(l->count),
	       ratio(le64toh(l->sum), le64toh(l->count)) / 1e3);
#define PRINT_PERCENTILE(member, text, json) printf("%12.1f", le64toh(l->member) / 1e3);
	PERCENTILES(PRINT_PERCENTILE)
	putchar('\n');
}

/* True if a row is one that this command knows. */
static bool is_known(const struct kcsd_latency *l)
{
	return l->what < KCSD_NR_LATENCIES && l->op < KCSD_NR_TIME_OPS &&
	       l->depth < KCSD_DEPTH_CLASSES;
}

static void print_latencies(const struct timing *t)
{
	const struct kcsd_latency *row = t->latencies.row;
	uint32_t i;
	int what = -1;

	for (i = 0; i < nr_latencies(t); i++) {
		if (!is_known(&row[i]))
			continue;
		if (row[i].what != what) {
			what = row[i].what;
			printf("\n%-14s%8s%12s%12s", what_names[what], "depth", "commands", "mean us");
#define PRINT_HEAD(member, text, json) printf("%12s", text);
			PERCENTILES(PRINT_HEAD)
			putchar('\n');
		}
		print_latency(&row[i]);
	}
}

static void print_text(const struct args *args, const struct timing *t)
{
	if (t->model.log.model == KCSD_MODEL_NONE) {
		printf("model: none; 'kcsd create --preset NAME' makes a drive that takes device "
		       "time\n");
	} else {
		print_model(&t->model.log);
		print_uses(t);
		if (kcsd_args_has(args, OPT_RESOURCES))
			print_resources(t);
	}
	print_latencies(t);
}

/* ---- JSON ---- */

static json_object *json_resources(const struct timing *t)
{
	json_object *list = json_object_new_array();
	uint32_t i;

	for (i = 0; i < nr_resources(t); i++) {
		const struct kcsd_timing_resource *r = &t->model.resource[i];
		json_object *row = json_object_new_object();

		json_object_object_add(row, "kind",
				       json_object_new_string(kcsd_timing_kind_text(r->kind)));
		json_object_object_add(row, "index", json_object_new_uint64(le32toh(r->index)));
		json_object_object_add(row, "busy_ns", json_object_new_uint64(le64toh(r->busy_ns)));
		json_object_array_add(list, row);
	}
	return list;
}

static json_object *json_latencies(const struct timing *t)
{
	json_object *list = json_object_new_array();
	uint32_t i;

	for (i = 0; i < nr_latencies(t); i++) {
		const struct kcsd_latency *l = &t->latencies.row[i];
		json_object *row;

		if (!is_known(l))
			continue;
		row = json_object_new_object();
		json_object_object_add(row, "of", json_object_new_string(what_names[l->what]));
		json_object_object_add(row, "command", json_object_new_string(op_names[l->op]));
		json_object_object_add(row, "depth", json_object_new_uint64(1u << l->depth));
		json_object_object_add(row, "count", json_object_new_uint64(le64toh(l->count)));
		json_object_object_add(row, "sum_ns", json_object_new_uint64(le64toh(l->sum)));
#define ADD_PERCENTILE(member, text, json) \
		json_object_object_add(row, json, json_object_new_uint64(le64toh(l->member)));
		PERCENTILES(ADD_PERCENTILE)
		json_object_array_add(list, row);
	}
	return list;
}

static void print_json(const char *drive, const struct timing *t)
{
	const struct kcsd_timing_log *log = &t->model.log;
	bool has_model = log->model != KCSD_MODEL_NONE;
	json_object *json = json_object_new_object();

	json_object_object_add(json, "drive", json_object_new_string(drive));
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
		json_object_object_add(json, "resources", json_resources(t));
	}
	json_object_object_add(json, "latencies", json_latencies(t));
	kcsd_json_print(json);
}

/* ---- */

static int read_pages(struct kcsd_drive *drv, struct timing *t)
{
	int ret = kcsd_log_page_get(drv, KCSD_LOG_TIMING, 0, 0, &t->model, sizeof(t->model));

	return ret ? ret : kcsd_log_page_get(drv, KCSD_LOG_LATENCIES, 0, 0, &t->latencies,
					     sizeof(t->latencies));
}

static int show(const struct args *args, struct kcsd_drive *drv, struct timing *t)
{
	const char *name = kcsd_drive_name(drv);
	int ret = read_pages(drv, t);

	if (ret == KCSD_SC_INVALID_LOG_PAGE)
		return kcsd_fail("%s: the loaded module has no model of time", name);
	if (ret)
		return kcsd_fail_ret(ret, "%s: cannot read its device times", name);
	if (kcsd_args_has(args, OPT_JSON))
		print_json(name, t);
	else
		print_text(args, t);
	return 0;
}

static int timing(const struct args *args)
{
	struct timing *t = calloc(1, sizeof(*t));
	struct kcsd_drive *drv;
	int ret;

	if (!t)
		return kcsd_fail("out of memory");
	ret = kcsd_pick_drive(args->nr_operands ? args->operand[0] : NULL, KCSD_OPEN_RDONLY, &drv);
	if (!ret) {
		ret = show(args, drv, t);
		kcsd_drive_close(drv);
	}
	free(t);
	return ret;
}

const struct command kcsd_cmd_timing = {
	.name = "timing",
	.operands = "[DRIVE]",
	.max_operands = 1,
	.summary = "show device time, latencies, and the use of channels, dies and units",
	.detail = "Percentiles are at most 1/16 too large. Latencies of the host and CPU times are\n"
		  "also those of a drive without a model, while 'timing/latencies' in\n"
		  "/sys/class/kcsd/kcsd0 is 1.",
	.opts = opts,
	.nr_opts = ARRAY_SIZE(opts),
	.run = timing,
};
