// SPDX-License-Identifier: GPL-2.0
#include <linux/err.h>

#include "clock/clock.h"
#include "compat.h"
#include "compute/compute.h"
#include "compute/jit_code.h"
#include "compute/jit_run.h"
#include "compute/program.h"
#include "compute/run.h"
#include "compute/unit.h"
#include "engine/jit.h"

/* Longest time that JIT code runs before it must check the clock and cancellation. */
#define KCSD_TICK_NS	(2 * TICK_NSEC)
/* Number of runs that try to compile when the kernel JIT fails. */
#define KCSD_JIT_TRIES	4

/* ---- the code ---- */

/*
 * Compile code for this run and later ones. Holds nothing but the unit. Cancelling the run ends the
 * compilation. Returns 0 or -errno.
 */
static int code_compile(struct kcsd_unit *unit, struct kcsd_run *run, struct kcsd_jit **jit)
{
	struct kcsd_program *p = run->program;
	const struct kcsd_lower_options opt = {
		.mem = (uintptr_t)unit->arena,
		.moving = run->nr_ranges,
		.ctl = (uintptr_t)&unit->ctl,
		.count = run->budget,
		.costs = unit->compute->clock->model ? &unit->compute->clock->costs : NULL,
		.stop = &run->async.cancelled,
		.shifts_wrap = true,	/* on all machines that kcsd_jit_create() supports */
	};
	struct kcsd_lowered *lowered;
	int ret;

	/* All memory that the code can reach speculatively must belong to the unit. */
	if (kcsd_lowered_mem_len(&p->view) > unit->arena_len)
		return -E2BIG;
	ret = kcsd_lower(&p->view, &opt, &lowered);
	if (ret)
		return ret;
	ret = kcsd_jit_create(lowered, opt.stop, jit);
	kcsd_lowered_destroy(lowered);
	return ret;
}

/* Return the code; NULL if a later run shall try again; ERR_PTR if no run shall. */
static struct kcsd_jit *code_make(struct kcsd_unit *unit, struct kcsd_run *run,
				  struct kcsd_jit_variant *code)
{
	struct kcsd_jit *jit;
	int ret;

	ret = code_compile(unit, run, &jit);
	if (ret == -ENOMEM || ret == -EINTR)
		return NULL;
	if (ret == -EAGAIN && ++code->failed < KCSD_JIT_TRIES)
		return NULL;
	if (ret)
		return ERR_PTR(ret);
	if (kcsd_jit_code_charge(unit->compute, kcsd_jit_bytes(jit)))
		return jit;
	code->need = kcsd_jit_bytes(jit);
	kcsd_jit_destroy(jit);
	return NULL;
}

static struct kcsd_jit_variant *unit_variant(const struct kcsd_unit *unit,
					     const struct kcsd_run *run)
{
	bool moving = run->nr_ranges, count = run->budget;

	return &run->program->jit[unit->nr].code[moving][count];
}

bool kcsd_jit_run_ready(const struct kcsd_unit *unit, const struct kcsd_run *run)
{
	const struct kcsd_jit_variant *code;

	if (!run->program->jit)
		return true;
	code = unit_variant(unit, run);
	return code->jit || !kcsd_jit_code_has_room(unit->compute, code);
}

struct kcsd_jit *kcsd_jit_run_get(struct kcsd_unit *unit, struct kcsd_run *run)
{
	struct kcsd_jit_variant *code;

	if (!run->program->jit)
		return NULL;
	code = unit_variant(unit, run);
	/* Only threads of units compile: submitters must be quick, and have fewer rights. */
	if (!code->jit && !run->is_quick && kcsd_jit_code_has_room(unit->compute, code))
		code->jit = code_make(unit, run, code);
	return IS_ERR(code->jit) ? NULL : code->jit;
}

/* ---- running it ---- */

/*
 * Let kcsd_run_cancel() stop the code by run->ctl, from code_publish() to code_withdraw().
 * Before and after, run->async.cancelled alone must suffice.
 */
static void code_publish(struct kcsd_unit *unit, struct kcsd_run *run)
{
	scoped_guard(spinlock, &unit->compute->units->lock) {
		run->ctl = &unit->ctl;
		if (run->async.cancelled)
			kcsd_lowered_stop(run->ctl);
	}
}

static void code_withdraw(struct kcsd_unit *unit, struct kcsd_run *run)
{
	scoped_guard(spinlock, &unit->compute->units->lock)
		run->ctl = NULL;
}

/*
 * Code that does not count instructions checks nothing but the stop flag. A timer sets the flag at
 * each tick while such code runs, and once more afterwards, so that the next run need not start the
 * timer again. A run that is stopped too early, as by the timer of the run before it, checks the
 * clock and continues.
 *
 * The timer fires in hard interrupt context: until then no other task may get this CPU. It is not a
 * timer_list: timers of a CPU that goes offline stand still until another task has migrated them,
 * and that task may never get a CPU.
 */
static void code_timer_start(struct kcsd_unit *unit)
{
	hrtimer_start(&unit->timer, ns_to_ktime(KCSD_TICK_NS), HRTIMER_MODE_REL_PINNED_HARD);
}

static enum hrtimer_restart code_timer(struct hrtimer *timer)
{
	struct kcsd_unit *unit = container_of(timer, struct kcsd_unit, timer);

	/* Pairs with code_ticks(): one of the two sees the store of the other. */
	smp_mb();
	if (READ_ONCE(unit->ticks)) {
		kcsd_lowered_stop(&unit->ctl);
		code_timer_start(unit);
	}
	return HRTIMER_NORESTART;
}

/* Start the ticks of a unit. Call after kcsd_lowered_begin(). */
static void code_ticks(struct kcsd_unit *unit)
{
	smp_store_release(&unit->ticks, true);
	smp_mb();
	if (!hrtimer_is_queued(&unit->timer))
		code_timer_start(unit);
}

void kcsd_jit_run_timer_init(struct kcsd_unit *unit)
{
	kcsd_hrtimer_setup(&unit->timer, code_timer, CLOCK_MONOTONIC,
			   HRTIMER_MODE_REL_PINNED_HARD);
}

void kcsd_jit_run_timer_destroy(struct kcsd_unit *unit)
{
	hrtimer_cancel(&unit->timer);
}

void kcsd_jit_run_pause(struct kcsd_unit *unit)
{
	WRITE_ONCE(unit->ticks, false);
}

void kcsd_jit_run_resume(struct kcsd_unit *unit, const struct kcsd_run *run)
{
	if (run->engine == KCSD_ENGINE_JIT && !run->budget)
		code_ticks(unit);
}

void kcsd_jit_run_start(struct kcsd_unit *unit, struct kcsd_run *run, const struct kcsd_jit *jit)
{
	bool count = run->budget;
	u64 r0;

	kcsd_lowered_begin(&run->vm, &unit->ctl, count);
	kcsd_lowered_place(&unit->ctl, (uintptr_t)run->vm.mem,
			   kcsd_lowered_span(run->vm.mem_len));
	code_publish(unit, run);
	if (!count)
		code_ticks(unit);
	r0 = kcsd_jit_run(jit);
	WRITE_ONCE(unit->ticks, false);
	code_withdraw(unit, run);
	kcsd_lowered_end(&unit->ctl, r0);
}
