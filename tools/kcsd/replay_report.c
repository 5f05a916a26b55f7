// SPDX-License-Identifier: GPL-2.0
/* What a replay reports, as text and as JSON. All but host_ns is the same on every host. */
#include <stdio.h>

#include "replay.h"

static const struct {
	const char *name;
	uint32_t per_100k;
} percentiles[] = {
	{ "p50", 50000 }, { "p90", 90000 }, { "p99", 99000 }, { "p99.9", 99900 },
	{ "p99.99", 99990 },
};

/* Return count per second of device time. */
static double per_second(uint64_t count, uint64_t ns)
{
	return ns ? count * 1e9 / ns : 0;
}

/* Return for how long there were commands of a kind. */
static uint64_t span(const struct replay_result *result)
{
	return result->end_ns - result->begin_ns;
}

static uint64_t nr_commands(const struct replay *r)
{
	uint64_t nr = 0;
	int i;

	for (i = 0; i < NR_REPLAY_KINDS; i++)
		nr += r->result[i].latency.count;
	return nr;
}

static double mean(const struct latency *l)
{
	return l->count ? l->sum / l->count : 0;
}

/* ---- resources ---- */

struct replay_use kcsd_replay_use(const struct replay *r, unsigned int kind)
{
	struct replay_use use = { .nr = kcsd_timing_count(r->model, kind) };
	double part, sum = 0;
	uint32_t i;

	for (i = 0; i < use.nr; i++) {
		part = r->end_ns ? (double)kcsd_timing_busy(r->model, kind, i) / r->end_ns : 0;
		sum += part;
		if (!i || part < use.least)
			use.least = part;
		if (part > use.most)
			use.most = part;
	}
	use.mean = use.nr ? sum / use.nr : 0;
	return use;
}

/* ---- text ---- */

static void print_totals(const struct replay *r)
{
	printf("replay: %llu commands in %.6f s of device time, ",
	       (unsigned long long)nr_commands(r), r->end_ns / 1e9);
	if (r->open_loop)
		printf("open loop at %g times the speed of the trace\n",
		       (double)r->speed / REPLAY_SPEED_ONE);
	else
		printf("closed loop of depth %llu\n", (unsigned long long)r->depth);
	printf("host: %.3f s, %.2f million commands/s\n", r->host_ns / 1e9,
	       per_second(nr_commands(r), r->host_ns) / 1e6);
}

static void print_refused(const struct replay *r)
{
	if (r->writes_refused)
		printf("\nWARNING: %llu of %llu writes would fail on a drive with zones: they are not "
		       "at the write\npointer of their zone, or the zone is full. The times below "
		       "count them as if it took them.\n", (unsigned long long)r->writes_refused,
		       (unsigned long long)r->zone_writes);
}

/* Print a rate, "-" if the commands took no time. */
static void print_rate(int width, int digits, double rate, uint64_t ns)
{
	if (ns)
		printf("%*.*f", width, digits, rate);
	else
		printf("%*s", width, "-");
}

/* Print a percentile, "-" if there are too few commands for one that is slower. */
static void print_percentile(const struct latency *l, uint32_t per_100k)
{
	if (l->count < 100000 / (100000 - per_100k))
		printf("%12s", "-");
	else
		printf("%12.1f", kcsd_latency_percentile(l, per_100k) / 1e3);
}

static void print_kinds(const struct replay *r)
{
	const struct replay_result *result;
	const struct latency *l;
	size_t i, j;

	printf("\n%-10s%10s%10s%10s  latency in us:%8s", "", "commands", "MB/s", "IOPS", "mean");
	for (j = 0; j < ARRAY_SIZE(percentiles); j++)
		printf("%12s", percentiles[j].name);
	printf("%12s\n", "max");
	for (i = 0; i < NR_REPLAY_KINDS; i++) {
		result = &r->result[i];
		l = &result->latency;
		if (!l->count)
			continue;
		printf("%-10s%10llu", kcsd_replay_kind_names[i], (unsigned long long)l->count);
		print_rate(10, 1, per_second(result->bytes, span(result)) / 1e6, span(result));
		print_rate(10, 0, per_second(l->count, span(result)), span(result));
		printf("%24.1f", mean(l) / 1e3);
		for (j = 0; j < ARRAY_SIZE(percentiles); j++)
			print_percentile(l, percentiles[j].per_100k);
		printf("%12.1f\n", l->max / 1e3);
	}
}

static void print_parts(const struct replay *r)
{
	size_t i;

	printf("\n%-10s%12s%12s%12s%12s%12s\n", "mean us", "link", "controller", "media", "compute",
	       "waiting");
	for (i = 0; i < NR_REPLAY_KINDS; i++) {
		const struct kcsd_timing_parts *p = &r->result[i].parts;
		double us = r->result[i].latency.count * 1e3;

		if (us)
			printf("%-10s%12.1f%12.1f%12.1f%12.1f%12.1f\n", kcsd_replay_kind_names[i],
			       p->link / us, p->controller / us, p->media / us, p->compute / us,
			       p->waiting / us);
	}
}

static void print_use(const struct replay *r)
{
	unsigned int kind;
	struct replay_use use;

	printf("\n%-12s%8s%10s%10s%10s\n", "busy", "number", "mean", "least", "most");
	for (kind = 0; kind < KCSD_TIMING_NR_KINDS; kind++) {
		use = kcsd_replay_use(r, kind);
		if (use.nr)
			printf("%-12s%8u%8.1f %%%8.1f %%%8.1f %%\n", kcsd_timing_kind_text(kind),
			       use.nr, 100 * use.mean, 100 * use.least, 100 * use.most);
	}
}

static void print_media(const struct replay *r)
{
	static const struct kcsd_timing_stats zero;
	struct kcsd_timing_stats s;
	char read[KCSD_HUMAN_LEN], written[KCSD_HUMAN_LEN], moved[KCSD_HUMAN_LEN];
	char padded[KCSD_HUMAN_LEN];
	uint64_t wa;

	kcsd_timing_get_stats(r->model, &s);
	wa = kcsd_timing_amplification(&zero, &s);
	printf("\nmedia: %s read, %s programmed, of that %s moved, %s padding; %llu erases\n",
	       kcsd_human_bytes(s.media_read, read), kcsd_human_bytes(s.media_written, written),
	       kcsd_human_bytes(s.moved, moved), kcsd_human_bytes(s.padded, padded),
	       (unsigned long long)s.erases);
	if (s.user_written)
		printf("write amplification: %llu.%03llu%s\n", (unsigned long long)wa / 1000,
		       (unsigned long long)wa % 1000, s.moved && !r->size_given ?
		       "; what is moved depends on the capacity, which is that of the traces "
		       "(--size)" : "");
}

static void print_program(const struct replay *r)
{
	const struct replay_program *p = &r->program;

	if (!p->nr)
		return;
	printf("a run: result %llu, %llu instructions, %.2f cycles, %zu media accesses, "
	       "%llu bytes of output\n",
	       (unsigned long long)p->result, (unsigned long long)p->insns, p->cycles / 100.0,
	       p->nr - 1, (unsigned long long)p->output);
}

static void print_left_out(const struct replay *r)
{
	int i;

	for (i = 0; i < NR_REPLAY_SKIPS; i++)
		if (r->source.skipped[i])
			printf("left out: %llu %s\n", (unsigned long long)r->source.skipped[i],
			       kcsd_replay_skip_names[i]);
	if (r->early)
		printf("%llu commands are earlier than the one before them in the trace, and arrive "
		       "with it\n", (unsigned long long)r->early);
}

void kcsd_replay_report(const struct replay *r)
{
	kcsd_replay_print_drive(r);
	print_totals(r);
	print_refused(r);
	print_kinds(r);
	print_parts(r);
	print_use(r);
	print_media(r);
	print_program(r);
	print_left_out(r);
}

/* ---- JSON ---- */

static void add_number(json_object *json, const char *name, uint64_t value)
{
	json_object_object_add(json, name, json_object_new_uint64(value));
}

/* Return null if the commands took no time. */
static json_object *rate_json(uint64_t count, uint64_t ns)
{
	return ns ? json_object_new_double(per_second(count, ns)) : NULL;
}

static json_object *kind_json(const struct replay_result *result)
{
	const struct latency *l = &result->latency;
	json_object *json = json_object_new_object(), *latency = json_object_new_object();
	json_object *parts = json_object_new_object();
	size_t i;

	add_number(json, "commands", l->count);
	add_number(json, "bytes", result->bytes);
	json_object_object_add(json, "bytes_per_s", rate_json(result->bytes, span(result)));
	json_object_object_add(json, "iops", rate_json(l->count, span(result)));
	add_number(latency, "min", l->min);
	json_object_object_add(latency, "mean", json_object_new_double(mean(l)));
	for (i = 0; i < ARRAY_SIZE(percentiles); i++)
		add_number(latency, percentiles[i].name,
			   kcsd_latency_percentile(l, percentiles[i].per_100k));
	add_number(latency, "max", l->max);
	json_object_object_add(json, "latency_ns", latency);
#define PART(part)	add_number(parts, #part, result->parts.part);
	REPLAY_PARTS(PART)
#undef PART
	json_object_object_add(json, "parts_ns", parts);
	return json;
}

static json_object *kinds_json(const struct replay *r)
{
	json_object *json = json_object_new_object();
	int i;

	for (i = 0; i < NR_REPLAY_KINDS; i++)
		if (r->result[i].latency.count)
			json_object_object_add(json, kcsd_replay_kind_names[i],
					       kind_json(&r->result[i]));
	return json;
}

static json_object *busy_json(const struct replay *r)
{
	json_object *json = json_object_new_object(), *list;
	unsigned int kind;
	uint32_t i, nr;

	for (kind = 0; kind < KCSD_TIMING_NR_KINDS; kind++) {
		nr = kcsd_timing_count(r->model, kind);
		if (!nr)
			continue;
		list = json_object_new_array();
		for (i = 0; i < nr; i++)
			json_object_array_add(list, json_object_new_uint64(
						      kcsd_timing_busy(r->model, kind, i)));
		json_object_object_add(json, kcsd_timing_kind_text(kind), list);
	}
	return json;
}

static json_object *media_json(const struct replay *r)
{
	static const struct kcsd_timing_stats zero;
	json_object *json = json_object_new_object();
	struct kcsd_timing_stats s;

	kcsd_timing_get_stats(r->model, &s);
	add_number(json, "read_bytes", s.media_read);
	add_number(json, "written_bytes", s.media_written);
	add_number(json, "moved_bytes", s.moved);
	add_number(json, "padded_bytes", s.padded);
	add_number(json, "erases", s.erases);
	add_number(json, "wear_max", s.wear_max);
	json_object_object_add(json, "write_amplification", json_object_new_double(
				       kcsd_timing_amplification(&zero, &s) / 1000.0));
	return json;
}

static json_object *program_json(const struct replay_program *p)
{
	json_object *json = json_object_new_object();

	add_number(json, "result", p->result);
	add_number(json, "instructions", p->insns);
	json_object_object_add(json, "cycles", json_object_new_double(p->cycles / 100.0));
	add_number(json, "media_accesses", p->nr - 1);
	add_number(json, "output_bytes", p->output);
	return json;
}

static json_object *left_out_json(const struct replay *r)
{
	json_object *json = json_object_new_object();
	int i;

	for (i = 0; i < NR_REPLAY_SKIPS; i++)
		if (r->source.skipped[i])
			add_number(json, kcsd_replay_skip_names[i], r->source.skipped[i]);
	return json;
}

json_object *kcsd_replay_json(const struct replay *r)
{
	json_object *json = json_object_new_object();

	kcsd_replay_add_drive(r, json);
	json_object_object_add(json, "loop",
			       json_object_new_string(r->open_loop ? "open" : "closed"));
	if (r->open_loop)
		json_object_object_add(json, "speed", json_object_new_double(
					       (double)r->speed / REPLAY_SPEED_ONE));
	else
		add_number(json, "depth", r->depth);
	add_number(json, "commands", nr_commands(r));
	add_number(json, "device_ns", r->end_ns);
	add_number(json, "host_ns", r->host_ns);
	json_object_object_add(json, "kinds", kinds_json(r));
	json_object_object_add(json, "busy_ns", busy_json(r));
	json_object_object_add(json, "media", media_json(r));
	if (r->program.nr)
		json_object_object_add(json, "run", program_json(&r->program));
	json_object_object_add(json, "left_out", left_out_json(r));
	add_number(json, "early", r->early);
	add_number(json, "writes_refused", r->writes_refused);
	return json;
}
