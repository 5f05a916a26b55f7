// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Memory ranges of simulated runs: copied into the memory of the program before the run, and back
 * after it. No one else accesses them during the run.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

static int range_status(const struct kcsd_sim *sim, const struct kcsd_slm_range *r)
{
	if (!sim->opts.slm_len)
		return KCSD_SC_INVALID_MEMORY_NS;
	if ((r->start | r->len) % KCSD_RANGE_GRANULARITY || r->start > sim->opts.slm_len ||
	    r->len > sim->opts.slm_len - r->start)
		return KCSD_SC_INVALID_RANGE_SET;
	return 0;
}

static bool overlap(const struct kcsd_slm_range *a, const struct kcsd_slm_range *b)
{
	return a->start < b->start + b->len && b->start < a->start + a->len;
}

/* Validate the ranges like kcsd_memory_ranges_validate() of the driver. */
static int validate_ranges(const struct kcsd_sim *sim, const struct kcsd_run_opts *o,
			   struct kcsd_error *err)
{
	u32 i, k;
	int ret;

	for (i = 0; i < o->nr_ranges; i++) {
		ret = range_status(sim, &o->ranges[i]);
		for (k = 0; !ret && k < i; k++)
			if (overlap(&o->ranges[i], &o->ranges[k]))
				ret = KCSD_SC_OVERLAPPING_RANGES;
		if (ret)
			return kcsd_error_set(err, ret, "range %u: %s", i, kcsd_error_text(ret));
	}
	return 0;
}

int kcsd_sim_ranges_take(struct sim_run *run, const struct kcsd_run_opts *o,
			 struct kcsd_error *err)
{
	struct kcsd_layout layout;
	u64 len;
	int ret;
	u32 i;

	if (o->rsid)
		return kcsd_error_set(err, -EINVAL, "the simulator has no range sets");
	if (!o->nr_ranges)
		return 0;
	if (run->sim->lowered)
		return kcsd_error_set(err, -EINVAL, "ranges are for the interpreter only");
	ret = validate_ranges(run->sim, o, err);
	if (ret)
		return ret;
	for (i = 0; i < o->nr_ranges; i++)
		run->ranges[i].len = htole32(o->ranges[i].len);
	len = kcsd_layout_init(&layout, &run->sim->view, o->args_len);
	len = kcsd_layout_add_ranges(&layout, len, run->ranges, o->nr_ranges);
	if (KCSD_GUEST_CTX + len > KCSD_GUEST_END)
		return kcsd_error_set(err, KCSD_SC_INSUFFICIENT_PROGRAM_RESOURCES,
				      "with its ranges, the program needs 4 GiB or more");
	run->with_ranges = malloc(len);
	return run->with_ranges ? 0 : kcsd_error_set(err, -ENOMEM, "out of memory");
}

void kcsd_sim_ranges_enter(struct sim_run *run, const struct kcsd_run_opts *o)
{
	struct kcsd_vm *vm = &run->vm;
	u8 *to;
	u32 i;

	vm->mem = run->with_ranges;
	vm->mem_len = kcsd_layout_add_ranges(&vm->layout, vm->mem_len, run->ranges, o->nr_ranges);
	to = vm->mem + (vm->layout.ranges - KCSD_GUEST_CTX);
	for (i = 0; i < o->nr_ranges; i++) {
		memcpy(to, (u8 *)run->sim->opts.slm + o->ranges[i].start, o->ranges[i].len);
		to += o->ranges[i].len;
	}
}

void kcsd_sim_ranges_leave(const struct sim_run *run, const struct kcsd_run_opts *o)
{
	const u8 *from = run->vm.mem + (run->vm.layout.ranges - KCSD_GUEST_CTX);
	u32 i;

	for (i = 0; i < o->nr_ranges; i++) {
		memcpy((u8 *)run->sim->opts.slm + o->ranges[i].start, from, o->ranges[i].len);
		from += o->ranges[i].len;
	}
}
