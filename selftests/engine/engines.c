// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>

#include "engines.h"
#include "oracle.h"
#include "outer.h"
#include "verify.h"

static const struct engine {
	const char *name;
	bool count;
	bool proofs;
	bool shifts_wrap;
} engines[] = {
	{ "lowered, counting", true, false, false },
	{ "lowered", false, false, false },
	{ "lowered, counting, proven", true, true, true },
	{ "lowered, proven", false, true, true },
};

/* Code that does not count is stopped elsewhere. */
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
	return count && got->ticks != want->ticks ? "the ticks were others" : NULL;
}

/* Twice, as a drive uses code. */
static const char *run(const struct engine *e, struct outer *o, const struct program *prog,
		       const struct device_run *want)
{
	struct device_run *got = malloc(sizeof(*got));
	const char *bad = NULL;
	u32 i;

	assert(got);
	*got = *want;
	got->emitted = malloc(want->input.out_max);
	got->vm.mem = o->inner;
	for (i = 0; i < 2 && !bad; i++) {
		device_reset(got);
		kcsd_vm_setup(&got->vm, &prog->view, &got->input);
		bad = outer_run(o, &got->vm);
		if (!bad)
			bad = engines_differ(want, got, e->count);
	}
	free(got->emitted);
	free(got);
	return bad;
}

static const char *run_engine(const struct engine *e, const struct program *prog,
			      const struct device_run *want)
{
	struct kcsd_lower_options opt = { .count = e->count, .shifts_wrap = e->shifts_wrap };
	u8 *proofs = calloc(prog->view.insn_cnt, 1);
	const char *bad = NULL;
	struct outer o;
	int ret;

	assert(proofs);
	if (e->proofs) {
		ret = kcsd_verify(&prog->view, proofs);
		assert(!ret);
		opt.proofs = proofs;
	}
	ret = outer_init(&o, &prog->view, want->vm.mem_len, &opt);
	if (!ret)
		bad = run(e, &o, prog, want);
	else if (ret != -E2BIG)
		bad = "it cannot be lowered";
	outer_exit(&o);
	free(proofs);
	return bad;
}

const char *engines_compare(const struct program *prog, const struct device_run *want)
{
	static char text[160];
	const char *bad = oracle_check(prog, want);
	u32 i;

	if (bad)
		return bad;
	for (i = 0; i < ARRAY_SIZE(engines); i++) {
		/* Nothing else ends what ran out of budget. */
		if (!engines[i].count && want->vm.end.reason == KCSD_FAULT_BUDGET)
			continue;
		bad = run_engine(&engines[i], prog, want);
		if (!bad)
			continue;
		snprintf(text, sizeof(text), "%s: %s", engines[i].name, bad);
		return text;
	}
	return NULL;
}
