// SPDX-License-Identifier: GPL-2.0
/* kcsd top: show the difference of two samples as text and as JSON. */
#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "top.h"

#define MIB	(1 << 20)

/* One drive, both samples. */
struct view {
	const struct sample *before;	/* NULL: no such drive then */
	const struct sample *now;
	double seconds;
};

/*
 * Return the increase of a counter. If it started again from 0 (power off, program replaced), that
 * is its value.
 */
static uint64_t delta(const struct view *v, const char *name)
{
	const struct counter *now = kcsd_top_counter(v->now, name);
	const struct counter *before = kcsd_top_counter(v->before, name);

	if (!now)
		return 0;
	if (!before || before->id != now->id)
		return now->value;
	return now->value > before->value ? now->value - before->value : 0;
}

static double rate(const struct view *v, const char *name)
{
	return v->seconds > 0 ? delta(v, name) / v->seconds : 0;
}

static double iops(const struct view *v)
{
	return rate(v, "ns1/read_commands") + rate(v, "ns1/write_commands");
}

/* Commands on objects. */
static double objects(const struct view *v)
{
	return rate(v, "ns4/store_commands") + rate(v, "ns4/retrieve_commands") +
	       rate(v, "ns4/delete_commands") + rate(v, "ns4/exist_commands") +
	       rate(v, "ns4/list_commands");
}

static double percent(uint64_t part, uint64_t rest)
{
	return part + rest ? 100.0 * part / (part + rest) : 0;
}

static double busy_percent(const struct view *v)
{
	return percent(delta(v, "stats/cu_busy_ns"), delta(v, "stats/cu_idle_ns"));
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
	R("stats/runs", "runs") \
	R("stats/runs_failed", "faults") \
	R("stats/insns", "insns")

/* ---- programs and units: each has a counter "<kind>/<index>/runs" ---- */

#define PROGRAMS	"programs"
#define UNITS		"units"

/* Set *index to the next greater index of this kind (from -1: the first). False: none. */
static bool next_of(const struct view *v, const char *kind, int *index)
{
	size_t i, len = strlen(kind);
	int best = INT_MAX;

	for (i = 0; i < v->now->nr; i++) {
		const char *name = v->now->counters[i].name;
		int nr, end = 0;

		if (!strncmp(name, kind, len) && sscanf(name + len, "/%d/runs%n", &nr, &end) == 1 &&
		    end && !name[len + end] && nr > *index && nr < best)
			best = nr;
	}
	*index = best;
	return best != INT_MAX;
}

static uint64_t delta_of(const struct view *v, const char *kind, int index, const char *what)
{
	char name[TOP_COUNTER_LEN];

	snprintf(name, sizeof(name), "%s/%d/%s", kind, index, what);
	return delta(v, name);
}

static void show_program(FILE *to, const struct view *v, int pind)
{
	uint64_t runs = delta_of(v, PROGRAMS, pind, "runs");
	uint64_t ns = delta_of(v, PROGRAMS, pind, "total_ns");
	char path[TOP_COUNTER_LEN], text[64] = "";

	snprintf(path, sizeof(path), PROGRAMS "/%d/name", pind);
	kcsd_stats_text(v->now->drive, path, text, sizeof(text));
	fprintf(to, "  %5d %10.1f %12.1f %10.1f  %s\n", pind, runs / v->seconds,
		runs ? ns / 1e3 / runs : 0, delta_of(v, PROGRAMS, pind, "faults") / v->seconds,
		text);
}

static void show_programs(FILE *to, const struct view *v)
{
	int pind = -1;

	if (next_of(v, PROGRAMS, &pind))
		fprintf(to, "  %5s %10s %12s %10s  %s\n", "INDEX", "RUNS/s", "us/RUN", "FAULTS/s",
			"PROGRAM");
	for (pind = -1; next_of(v, PROGRAMS, &pind);)
		show_program(to, v, pind);
}

static double unit_busy_percent(const struct view *v, int unit)
{
	return percent(delta_of(v, UNITS, unit, "busy_ns"), delta_of(v, UNITS, unit, "idle_ns"));
}

static void show_units(FILE *to, const struct view *v)
{
	int unit = -1;

	if (next_of(v, UNITS, &unit))
		fprintf(to, "  %5s %10s %12s\n", "UNIT", "RUNS/s", "BUSY%");
	for (unit = -1; next_of(v, UNITS, &unit);)
		fprintf(to, "  %5d %10.1f %12.1f\n", unit,
			delta_of(v, UNITS, unit, "runs") / v->seconds, unit_busy_percent(v, unit));
}

/* ---- device time ---- */

static double ratio(uint64_t part, uint64_t whole)
{
	return whole ? (double)part / whole : 0;
}

/* False for a drive without a model, and for a module that has none. */
static bool has_model(const struct view *v)
{
	char text[16];

	return !kcsd_stats_text(v->now->drive, "timing/model", text, sizeof(text)) &&
	       strcmp(text, "none");
}

static bool is_marked(const struct view *v)
{
	const struct counter *marked = kcsd_top_counter(v->now, "timing/marked");

	return marked && marked->value;
}

/* Show device time and lateness of the commands of the interval. */
struct device {
	uint64_t commands, late;
	double ns, late_ns;	/* of one command, on average */
};

static struct device device_of(const struct view *v)
{
	uint64_t commands = delta(v, "timing/commands");

	return (struct device){
		.commands = commands,
		.late = delta(v, "timing/late_commands"),
		.ns = ratio(delta(v, "timing/commands_ns"), commands),
		.late_ns = ratio(delta(v, "timing/late_ns"), commands),
	};
}

static void show_device(FILE *to, const struct view *v)
{
	struct device d = device_of(v);
	char clock[16] = "";

	if (!has_model(v))
		return;
	kcsd_stats_text(v->now->drive, "timing/clock", clock, sizeof(clock));
	fprintf(to, "  %-7s %10s %12s %10s %8s %10s\n", "DEVICE", "COMMANDS/s", "us/COMMAND",
		"LATE/s", "LATE%", "us LATE");
	fprintf(to, "  %-7s %10.1f %12.1f %10.1f %8.2f %10.1f%s\n", clock,
		d.commands / v->seconds, d.ns / 1e3, d.late / v->seconds,
		100 * ratio(d.late, d.commands), d.late_ns / 1e3,
		is_marked(v) ? "  marked" : "");
}

static void show_drive(FILE *to, const struct view *v)
{
	fprintf(to, "%-8s %10.0f %10.0f %10.1f %10.1f %10.1f %10.1f %8.1f %8.1f %6.1f\n",
		v->now->drive, iops(v), objects(v), rate(v, "stats/host_read_bytes") / MIB,
		rate(v, "stats/host_write_bytes") / MIB, rate(v, "stats/media_read_bytes") / MIB,
		rate(v, "stats/media_write_bytes") / MIB, rate(v, "stats/runs"),
		rate(v, "stats/runs_failed"), busy_percent(v));
	show_device(to, v);
	show_units(to, v);
	show_programs(to, v);
}

void kcsd_top_show(FILE *to, const struct samples *before, const struct samples *now)
{
	struct view v;
	size_t i;

	fprintf(to, "%-8s %10s %10s %10s %10s %10s %10s %8s %8s %6s\n", "DRIVE", "IOPS", "OBJECTS",
		"HOST-R", "HOST-W", "MEDIA-R", "MEDIA-W", "RUNS/s", "FAULTS/s", "BUSY%");
	for (i = 0; i < now->nr; i++) {
		v = view_of(before, now, i);
		show_drive(to, &v);
	}
}

/* ---- JSON ---- */

static void add_number(json_object *row, const char *name, uint64_t value)
{
	json_object_object_add(row, name, json_object_new_uint64(value));
}

static json_object *json_programs(const struct view *v)
{
	json_object *list = json_object_new_array(), *row;
	int pind = -1;

	while (next_of(v, PROGRAMS, &pind)) {
		row = json_object_new_object();
		add_number(row, "index", pind);
		add_number(row, "runs", delta_of(v, PROGRAMS, pind, "runs"));
		add_number(row, "faults", delta_of(v, PROGRAMS, pind, "faults"));
		add_number(row, "total_ns", delta_of(v, PROGRAMS, pind, "total_ns"));
		json_object_array_add(list, row);
	}
	return list;
}

static json_object *json_units(const struct view *v)
{
	json_object *list = json_object_new_array(), *row;
	int unit = -1;

	while (next_of(v, UNITS, &unit)) {
		row = json_object_new_object();
		add_number(row, "unit", unit);
		add_number(row, "runs", delta_of(v, UNITS, unit, "runs"));
		json_object_object_add(row, "busy_percent",
				       json_object_new_double(unit_busy_percent(v, unit)));
		json_object_array_add(list, row);
	}
	return list;
}

static json_object *json_device(const struct view *v)
{
	json_object *row = json_object_new_object();
	struct device d = device_of(v);

	add_number(row, "commands", d.commands);
	add_number(row, "late_commands", d.late);
	json_object_object_add(row, "mean_ns", json_object_new_double(d.ns));
	json_object_object_add(row, "mean_late_ns", json_object_new_double(d.late_ns));
	json_object_object_add(row, "marked", json_object_new_boolean(is_marked(v)));
	return row;
}

static json_object *json_drive(const struct view *v)
{
	json_object *row = json_object_new_object();

	json_object_object_add(row, "drive", json_object_new_string(v->now->drive));
	json_object_object_add(row, "iops", json_object_new_double(iops(v)));
	json_object_object_add(row, "objects_per_s", json_object_new_double(objects(v)));
#define ADD_RATE(counter, name) \
	json_object_object_add(row, name "_per_s", json_object_new_double(rate(v, counter)));
	RATES(ADD_RATE)
#undef ADD_RATE
	json_object_object_add(row, "busy_percent", json_object_new_double(busy_percent(v)));
	if (has_model(v))
		json_object_object_add(row, "device", json_device(v));
	json_object_object_add(row, "units", json_units(v));
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
