// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>

#include "cost.h"
#include "engines.h"
#include "oracle.h"
#include "outer.h"

static const struct kind {
	const char *name;
	bool count;
	bool shifts_wrap;
	bool moving;
	bool costs;
} kinds[] = {
	{ "lowered, counting", true, false, false, false },
	{ "lowered", false, false, false, false },
	{ "lowered, counting, shifts wrap", true, true, false, false },
	{ "lowered, shifts wrap", false, true, false, false },
	{ "lowered, counting, moving", true, false, true, false },
	{ "lowered, shifts wrap, moving", false, true, true, false },
	{ "lowered, counting, costs", true, false, false, true },
	{ "lowered, costs", false, true, false, true },
	{ "lowered, counting, moving, costs", true, true, true, true },
};

/* No sum of a few is another one of them. Not taken costs more than taken, which JITs must bear. */
static const struct kcsd_cost_classes classes = {
	.alu = 1, .mul = 20, .div = 401, .access = 8003, .taken = 30011, .not_taken = 90001,
	.call = 16001, .helper = 64007, .helper_byte = 3,
};
static struct kcsd_costs costs;

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

/* Runs that count no cost are not compared with those that do. */
static bool same_cost(const struct device_run *want, const struct device_run *got)
{
	u32 i;

	if (!want->vm.costs || !got->vm.costs)
		return true;
	for (i = 0; i < got->nr_calls; i++)
		if (got->calls[i].cost != want->calls[i].cost)
			return false;
	return got->vm.cost == want->vm.cost;
}

static bool same_calls(const struct device_run *want, const struct device_run *got)
{
	u32 i;

	for (i = 0; i < got->nr_calls && i < want->nr_calls; i++)
		if (got->calls[i].id != want->calls[i].id ||
		    memcmp(got->calls[i].val, want->calls[i].val, sizeof(got->calls[i].val)))
			return false;
	return got->nr_calls == want->nr_calls;
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
	if (!same_cost(want, got))
		return "it cost something else";
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
	got->vm.costs = kinds[kind].costs ? &costs : NULL;
	got->emitted = malloc(want->input.out_max);
	outer_init(&o, e->lowered[kind], want->vm.mem_len, kinds[kind].count);
	bad = run_outer(e, want, &o, got);
	outer_exit(&o);
	free(got->emitted);
	free(got);
	return bad;
}

/* Run the interpreter that counts cost. Returns what differs from a run without, or NULL. */
static const char *run_cost(const struct engines *e, const struct device_run *want,
			    struct device_run *got)
{
	device_reset(got);
	kcsd_vm_setup(&got->vm, &e->prog->view, &got->input);
	kcsd_interp_cost(e->prog->code, &got->vm);
	return engines_differ(want, got, true) ?: got->vm.cost ? NULL : "it cost nothing";
}

static const char *compare_lowered(const struct engines *e, const struct device_run *want,
				   bool with_costs)
{
	static char text[160];
	const char *bad;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (kinds[i].costs != with_costs)
			continue;
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

/* The reference of what a program costs is the interpreter that adds instruction by instruction. */
static const char *compare_costs(const struct engines *e, const struct device_run *want)
{
	struct device_run *counted = malloc(sizeof(*counted));
	const char *bad;

	assert(counted);
	*counted = *want;
	counted->vm.costs = &costs;
	counted->vm.mem = malloc(want->vm.mem_len);
	counted->emitted = malloc(want->input.out_max);
	assert(counted->vm.mem);
	bad = run_cost(e, want, counted);
	if (!bad)
		bad = compare_lowered(e, counted, true);
	free(counted->vm.mem);
	free(counted->emitted);
	free(counted);
	return bad;
}

const char *engines_compare(const struct engines *e, const struct device_run *want)
{
	return oracle_check(e->prog, want) ?: compare_lowered(e, want, false) ?:
	       compare_costs(e, want);
}

struct engines *engines_create(const struct program *prog)
{
	struct engines *e = calloc(1, sizeof(*e));
	int ret;
	u32 i;

	assert(e);
	e->prog = prog;
	kcsd_costs_init(&costs, &classes);
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		ret = outer_lower(&prog->view, &(struct kcsd_lower_options){
			.count = kinds[i].count, .shifts_wrap = kinds[i].shifts_wrap,
			.moving = kinds[i].moving,
			.costs = kinds[i].costs ? &costs : NULL,
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
