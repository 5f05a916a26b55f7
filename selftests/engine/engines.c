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
	bool cost;
} kinds[] = {
	{ "lowered, counting, cost", true, false, false, true },
	{ "lowered, cost", false, false, false, true },
	{ "lowered, counting, shifts wrap", true, true, false, false },
	{ "lowered, shifts wrap", false, true, false, false },
	{ "lowered, counting, moving, cost", true, false, true, true },
	{ "lowered, shifts wrap, moving, cost", false, true, true, true },
	{ "lowered, shifts wrap, moving", false, true, true, false },
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
	u32 i;

	if (got->nr_calls != want->nr_calls)
		return false;
	for (i = 0; i < got->nr_calls; i++)
		if (got->calls[i].id != want->calls[i].id ||
		    memcmp(got->calls[i].val, want->calls[i].val, sizeof(want->calls[i].val)))
			return false;
	return true;
}

static const char *costs_differ(const struct device_run *want, const struct device_run *got,
				bool count)
{
	u32 i;

	if (got->vm.cost != want->vm.cost)
		return "the cost differs";
	for (i = 0; i < got->nr_calls; i++)
		if (got->calls[i].cost != want->calls[i].cost)
			return "the cost at a helper differs";
	return count && got->tick_costs != want->tick_costs ? "the cost at a tick differs" : NULL;
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
	if (count && got->ticks != want->ticks)
		return "the ticks differ";
	return got->vm.costs ? costs_differ(want, got, count) : NULL;
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
		kcsd_vm_release(&got->vm);
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
	if (!kinds[kind].cost)
		got->vm.costs = NULL;
	got->emitted = malloc(want->input.out_max);
	outer_init(&o, e->lowered[kind], want->vm.mem_len, kinds[kind].count);
	bad = run_outer(e, want, &o, got);
	outer_exit(&o);
	free(got->emitted);
	free(got);
	return bad;
}

/* Run in the interpreter that counts no cost. */
static const char *run_plain(const struct engines *e, const struct device_run *want)
{
	struct device_run *got = malloc(sizeof(*got));
	const char *bad;

	assert(got);
	*got = *want;
	got->vm.costs = NULL;
	got->vm.mem = malloc(want->vm.mem_len);
	got->emitted = malloc(want->input.out_max);
	assert(got->vm.mem);
	program_run(e->prog, got);
	bad = engines_differ(want, got, true);
	if (!bad && got->vm.cost)
		bad = "it has a cost";
	free(got->emitted);
	free(got->vm.mem);
	free(got);
	return bad;
}

const char *engines_compare(const struct engines *e, const struct device_run *want)
{
	static char text[160];
	const char *bad = oracle_check(e->prog, want);
	u32 i;

	if (!bad)
		bad = run_plain(e, want);
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
			.costs = kinds[i].cost ? &prog->costs : NULL,
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
