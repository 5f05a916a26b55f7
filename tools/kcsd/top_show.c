// SPDX-License-Identifier: GPL-2.0
/* kcsd top: what happened between two samples, as text and as JSON. */
#include <inttypes.h>
#include <string.h>

#include "top.h"

#define MIB	(1 << 20)

/* One drive, both samples. */
struct view {
	const struct sample *before;	/* NULL: it was not there */
	const struct sample *now;
	double seconds;
};

/* Of a counter that began anew (the drive was powered off, the program replaced): all of it. */
static uint64_t delta(const struct view *v, const char *name)
{
	uint64_t now = kcsd_top_value(v->now, name), before = kcsd_top_value(v->before, name);

	return now < before ? now : now - before;
}

static double rate(const struct view *v, const char *name)
{
	return v->seconds > 0 ? delta(v, name) / v->seconds : 0;
}

static double iops(const struct view *v)
{
	return rate(v, "ns1/read_commands") + rate(v, "ns1/write_commands");
}

static double busy_percent(const struct view *v)
{
	uint64_t busy = delta(v, "stats/cu_busy_ns"), idle = delta(v, "stats/cu_idle_ns");

	return busy + idle ? 100.0 * busy / (busy + idle) : 0;
}

static struct view view_of(const struct samples *before, const struct samples *now, size_t i)
{
	return (struct view){
		.before = kcsd_top_find(before, now->drive[i].drive),
		.now = &now->drive[i],
		.seconds = (now->time_ns - before->time_ns) / 1e9,
	};
}

/* R(counter, "name in JSON"): rates per second. */
#define RATES(R) \
	R("stats/host_read_bytes", "host_read_bytes") \
	R("stats/host_write_bytes", "host_write_bytes") \
	R("stats/media_read_bytes", "media_read_bytes") \
	R("stats/media_write_bytes", "media_write_bytes") \
	R("stats/executions", "runs") \
	R("stats/executions_failed", "faults") \
	R("stats/insns", "insns")

/* ---- programs: "programs/<pind>/runs" is a counter that each has ---- */

static bool is_program(const char *name, unsigned int *pind)
{
	int end = 0;

	return sscanf(name, "programs/%u/runs%n", pind, &end) == 1 && end && !name[end];
}

static uint64_t program_delta(const struct view *v, unsigned int pind, const char *what)
{
	char name[TOP_COUNTER_LEN];

	snprintf(name, sizeof(name), "programs/%u/%s", pind, what);
	return delta(v, name);
}

static void show_program(FILE *to, const struct view *v, unsigned int pind)
{
	uint64_t runs = program_delta(v, pind, "runs"), ns = program_delta(v, pind, "total_ns");
	char path[TOP_COUNTER_LEN], text[64] = "";

	snprintf(path, sizeof(path), "programs/%u/name", pind);
	kcsd_stats_text(v->now->drive, path, text, sizeof(text));
	fprintf(to, "  %5u %10.1f %12.1f %10.1f  %s\n", pind, runs / v->seconds,
		runs ? ns / 1e3 / runs : 0, program_delta(v, pind, "faults") / v->seconds, text);
}

static void show_programs(FILE *to, const struct view *v)
{
	unsigned int pind;
	bool any = false;
	size_t i;

	for (i = 0; i < v->now->nr; i++) {
		if (!is_program(v->now->counters[i].name, &pind))
			continue;
		if (!any)
			fprintf(to, "  %5s %10s %12s %10s  %s\n", "INDEX", "RUNS/s", "us/RUN",
				"FAULTS/s", "PROGRAM");
		any = true;
		show_program(to, v, pind);
	}
}

static void show_drive(FILE *to, const struct view *v)
{
	fprintf(to, "%-8s %10.0f %10.1f %10.1f %10.1f %10.1f %8.1f %8.1f %6.1f\n", v->now->drive,
		iops(v), rate(v, "stats/host_read_bytes") / MIB,
		rate(v, "stats/host_write_bytes") / MIB, rate(v, "stats/media_read_bytes") / MIB,
		rate(v, "stats/media_write_bytes") / MIB, rate(v, "stats/executions"),
		rate(v, "stats/executions_failed"), busy_percent(v));
	show_programs(to, v);
}

void kcsd_top_show(FILE *to, const struct samples *before, const struct samples *now)
{
	struct view v;
	size_t i;

	fprintf(to, "%-8s %10s %10s %10s %10s %10s %8s %8s %6s\n", "DRIVE", "IOPS", "HOST-R",
		"HOST-W", "MEDIA-R", "MEDIA-W", "RUNS/s", "FAULTS/s", "BUSY%");
	for (i = 0; i < now->nr; i++) {
		v = view_of(before, now, i);
		show_drive(to, &v);
	}
}

/* ---- JSON ---- */

static json_object *json_programs(const struct view *v)
{
	json_object *list = json_object_new_array(), *row;
	unsigned int pind;
	size_t i;

	for (i = 0; i < v->now->nr; i++) {
		if (!is_program(v->now->counters[i].name, &pind))
			continue;
		row = json_object_new_object();
		json_object_object_add(row, "index", json_object_new_uint64(pind));
		json_object_object_add(row, "runs", json_object_new_uint64(
			program_delta(v, pind, "runs")));
		json_object_object_add(row, "faults", json_object_new_uint64(
			program_delta(v, pind, "faults")));
		json_object_object_add(row, "total_ns", json_object_new_uint64(
			program_delta(v, pind, "total_ns")));
		json_object_array_add(list, row);
	}
	return list;
}

static json_object *json_drive(const struct view *v)
{
	json_object *row = json_object_new_object();

	json_object_object_add(row, "drive", json_object_new_string(v->now->drive));
	json_object_object_add(row, "iops", json_object_new_double(iops(v)));
#define ADD_RATE(counter, name) \
	json_object_object_add(row, name "_per_s", json_object_new_double(rate(v, counter)));
	RATES(ADD_RATE)
#undef ADD_RATE
	json_object_object_add(row, "busy_percent", json_object_new_double(busy_percent(v)));
	json_object_object_add(row, "programs", json_programs(v));
	return row;
}

json_object *kcsd_top_json(const struct samples *before, const struct samples *now)
{
	json_object *json = json_object_new_object(), *drives = json_object_new_array();
	struct view v;
	size_t i;

	for (i = 0; i < now->nr; i++) {
		v = view_of(before, now, i);
		json_object_array_add(drives, json_drive(&v));
	}
	json_object_object_add(json, "seconds", json_object_new_double(
			       (now->time_ns - before->time_ns) / 1e9));
	json_object_object_add(json, "drives", drives);
	return json;
}
