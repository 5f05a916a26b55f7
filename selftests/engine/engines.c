// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>

#include "engines.h"
#include "oracle.h"
#include "outer.h"

static const struct kind {
	const char *name;
	bool count;
	bool shifts_wrap;
	bool moving;
} kinds[] = {
	{ "lowered, counting", true, false, false },
	{ "lowered", false, false, false },
	{ "lowered, counting, shifts wrap", true, true, false },
	{ "lowered, shifts wrap", false, true, false },
	{ "lowered, counting, moving", true, false, true },
	{ "lowered, shifts wrap, moving", false, true, true },
};

struct engines {
	const struct program *prog;
	struct kcsd_code *lowered[ARRAY_SIZE(kinds)];	/* NULL: too long to lower */
};

/* Compare ends. Code that does not count is stopped at another place. */
static bool same_end(const struct device_run *want, const struct device_run *got, bool count)
{
	struct kcsd_vm_end end = got->vm.end;

	if (!count && want->stop_tick)
		return end.reason == want->stop_reason || end.reason == want->vm.end.reason;
	if (!count)
		end.insns = want->vm.end.insns;
	return !memcmp(&end, &want->vm.end, sizeof(end));
}

static bool same_calls(const struct device_run *want, const struct device_run *got)
{
	return got->nr_calls == want->nr_calls &&
	       !memcmp(got->calls, want->calls, got->nr_calls * sizeof(got->calls[0]));
}

const char *engines_differ(const struct device_run *want, const struct device_run *got, bool count)
{
	if (got->broken)
		return got->broken;
	if (!same_end(want, got, count))
		return "it ended otherwise";
	if (!count && want->stop_tick)
		return NULL;
	if (!same_calls(want, got))
		return "other helpers were called";
	if (got->emitted_len != want->emitted_len ||
	    (got->emitted_len && memcmp(got->emitted, want->emitted, got->emitted_len)))
		return "something else was emitted";
	if (memcmp(got->vm.mem, want->vm.mem, want->vm.mem_len))
		return "it left another memory";
	return count && got->ticks != want->ticks ? "the ticks differ" : NULL;
}

/* Run twice, as a drive does with code. */
static const char *run_outer(const struct engines *e, const struct device_run *want,
			     struct outer *o, struct device_run *got)
{
	const char *bad = NULL;
	u32 i;

	got->vm.mem = o->inner;
	for (i = 0; i < 2 && !bad; i++) {
		device_reset(got);
		kcsd_vm_setup(&got->vm, &e->prog->view, &got->input);
		bad = outer_run(o, &got->vm);
		if (!bad)
			bad = engines_differ(want, got, o->count);
	}
	return bad;
}

static const char *run(const struct engines *e, u32 kind, const struct device_run *want)
{
	struct device_run *got = malloc(sizeof(*got));
	const char *bad;
	struct outer o;

	assert(got);
	*got = *want;
	got->emitted = malloc(want->input.out_max);
	outer_init(&o, e->lowered[kind], want->vm.mem_len, kinds[kind].count);
	bad = run_outer(e, want, &o, got);
	outer_exit(&o);
	free(got->emitted);
	free(got);
	return bad;
}

const char *engines_compare(const struct engines *e, const struct device_run *want)
{
	static char text[160];
	const char *bad = oracle_check(e->prog, want);
	u32 i;

	if (bad)
		return bad;
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		/* Only counting code ends by the budget. */
		if (!kinds[i].count && want->vm.end.reason == KCSD_FAULT_BUDGET)
			continue;
		/* Its mask covers the own memory of the program, not ranges. */
		if (!kinds[i].moving && want->input.nr_ranges)
			continue;
		bad = e->lowered[i] ? run(e, i, want) : NULL;
		if (!bad)
			continue;
		snprintf(text, sizeof(text), "%s: %s", kinds[i].name, bad);
		return text;
	}
	return NULL;
}

struct engines *engines_create(const struct program *prog)
{
	struct engines *e = calloc(1, sizeof(*e));
	int ret;
	u32 i;

	assert(e);
	e->prog = prog;
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		ret = outer_lower(&prog->view, &(struct kcsd_lower_options){
			.count = kinds[i].count, .shifts_wrap = kinds[i].shifts_wrap,
			.moving = kinds[i].moving,
		}, &e->lowered[i]);
		assert(!ret || ret == -E2BIG);
	}
	return e;
}

void engines_destroy(struct engines *e)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		kcsd_code_destroy(e->lowered[i]);
	free(e);
}
