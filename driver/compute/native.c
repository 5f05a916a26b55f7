// SPDX-License-Identifier: GPL-2.0
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "compat.h"
#include "compute/compute.h"
#include "compute/native.h"
#include "drive.h"
#include "engine/jit.h"

/* How long native code may go on before it is made to look at clock and cancellation. */
#define KCSD_TICK_NS	(2 * TICK_NSEC)
/* Runs for which the kernel's JIT is asked for code that it does not make. */
#define KCSD_JIT_TRIES	4

/* ---- the code ---- */

int kcsd_native_init(struct kcsd_drive *drive, struct kcsd_program *p)
{
	if (drive->cfg.engine == KCSD_RUN_BY_INTERP)
		return 0;
	p->native = kvcalloc(drive->cfg.cus, sizeof(*p->native), GFP_KERNEL_ACCOUNT);
	return p->native ? 0 : -ENOMEM;
}

void kcsd_native_destroy(struct kcsd_program *p)
{
	kvfree(p->native);
}

static void native_drop_one(struct kcsd_drive *drive, struct kcsd_jit *jit)
{
	if (IS_ERR_OR_NULL(jit))
		return;
	atomic64_sub(kcsd_jit_bytes(jit), &drive->units.jit_bytes);
	kcsd_jit_destroy(jit);
}

void kcsd_native_drop(struct kcsd_drive *drive, struct kcsd_program *p)
{
	u32 i, k;

	for (i = 0; p->native && i < drive->cfg.cus; i++)
		for (k = 0; k < 4; k++)
			native_drop_one(drive, p->native[i].code[k / 2][k % 2].jit);
}

/* For this run, and those after it. Holds nothing but the unit; cancelling the run ends it. */
static int native_compile(struct kcsd_unit *unit, struct kcsd_run *run, struct kcsd_jit **jit)
{
	struct kcsd_program *p = run->program;
	const struct kcsd_lower_options opt = {
		.mem = (uintptr_t)unit->arena,
		.moving = run->nr_ranges,
		.ctl = (uintptr_t)&unit->ctl,
		.count = run->budget,
		.stop = &run->cancelled,
		.shifts_wrap = true,	/* on all machines that kcsd_jit_create() is for */
	};
	struct kcsd_lowered *lowered;
	int ret;

	/* All that it can reach while it speculates has to be the unit's. */
	if (kcsd_lowered_mem_len(&p->view) > unit->arena_len)
		return -E2BIG;
	ret = kcsd_lower(&p->view, &opt, &lowered);
	if (ret)
		return ret;
	ret = kcsd_jit_create(lowered, opt.stop, jit);
	kcsd_lowered_destroy(lowered);
	return ret;
}

/*
 * Keep to cfg.max_jit_bytes. The kernel's own limit (net.core.bpf_jit_limit) does not hold
 * here: it lets whoever has CAP_BPF exceed it, as kernel threads do.
 */
static bool native_charge(struct kcsd_drive *drive, u64 bytes)
{
	if (atomic64_add_return(bytes, &drive->units.jit_bytes) <= drive->cfg.max_jit_bytes)
		return true;
	atomic64_sub(bytes, &drive->units.jit_bytes);
	return false;
}

/* Is there, as far as is known? So that what does not fit is not compiled at each run. */
static bool native_has_room(struct kcsd_drive *drive, const struct kcsd_native_code *code)
{
	u64 need = max(code->need, 1ull);

	return atomic64_read(&drive->units.jit_bytes) + need <= drive->cfg.max_jit_bytes;
}

/* The code, or NULL: a later run tries again, or ERR_PTR: none does. */
static struct kcsd_jit *native_make(struct kcsd_unit *unit, struct kcsd_run *run,
					 struct kcsd_native_code *code)
{
	struct kcsd_jit *jit;
	int ret;

	ret = native_compile(unit, run, &jit);
	if (ret == -ENOMEM || ret == -EINTR)
		return NULL;
	if (ret == -EAGAIN && ++code->failed < KCSD_JIT_TRIES)
		return NULL;
	if (ret)
		return ERR_PTR(ret);
	if (native_charge(unit->drive, kcsd_jit_bytes(jit)))
		return jit;
	code->need = kcsd_jit_bytes(jit);
	kcsd_jit_destroy(jit);
	return NULL;
}

static struct kcsd_native_code *native_code(const struct kcsd_unit *unit,
						 const struct kcsd_run *run)
{
	bool moving = run->nr_ranges, count = run->budget;

	return &run->program->native[unit->nr].code[moving][count];
}

bool kcsd_native_ready(const struct kcsd_unit *unit, const struct kcsd_run *run)
{
	const struct kcsd_native_code *code;

	if (!run->program->native)
		return true;
	code = native_code(unit, run);
	return code->jit || !native_has_room(unit->drive, code);
}

struct kcsd_jit *kcsd_native_get(struct kcsd_unit *unit, struct kcsd_run *run)
{
	struct kcsd_native_code *code;

	if (!run->program->native)
		return NULL;
	code = native_code(unit, run);
	/* Only units' threads make it: submitters are to be quick, and have less rights. */
	if (!code->jit && !run->is_quick && native_has_room(unit->drive, code))
		code->jit = native_make(unit, run, code);
	return IS_ERR(code->jit) ? NULL : code->jit;
}

/* ---- a run ---- */

/*
 * Between these two cancelling can reach the run by its ctl; before and after,
 * run->cancelled alone must do.
 */
static void native_publish(struct kcsd_unit *unit, struct kcsd_run *run)
{
	scoped_guard(spinlock, &unit->drive->units.lock) {
		run->ctl = &unit->ctl;
		if (run->cancelled)
			kcsd_lowered_stop(run->ctl);
	}
}

static void native_withdraw(struct kcsd_unit *unit, struct kcsd_run *run)
{
	scoped_guard(spinlock, &unit->drive->units.lock)
		run->ctl = NULL;
}

/*
 * Code that does not count sees nothing but the stop flag, so somebody has to set it: a timer that
 * goes on while there is such code, and once more, so that one run after the other need not start
 * it. Stopped too soon, as by the last run's timer, a run looks at the clock and goes on.
 *
 * It fires in the interrupt itself: until then nothing else may get this CPU. And it is no
 * timer_list: those of a CPU that goes offline stand still until another task has moved them, which
 * may never get a CPU.
 */
static void native_timer_start(struct kcsd_unit *unit)
{
	hrtimer_start(&unit->timer, ns_to_ktime(KCSD_TICK_NS), HRTIMER_MODE_REL_PINNED_HARD);
}

static enum hrtimer_restart native_timer(struct hrtimer *timer)
{
	struct kcsd_unit *unit = container_of(timer, struct kcsd_unit, timer);

	/* Pairs with native_ticks(): either sees what the other has done. */
	smp_mb();
	if (READ_ONCE(unit->ticks)) {
		kcsd_lowered_stop(&unit->ctl);
		native_timer_start(unit);
	}
	return HRTIMER_NORESTART;
}

/* After kcsd_lowered_begin(). */
static void native_ticks(struct kcsd_unit *unit)
{
	smp_store_release(&unit->ticks, true);
	smp_mb();
	if (!hrtimer_is_queued(&unit->timer))
		native_timer_start(unit);
}

void kcsd_native_timer_init(struct kcsd_unit *unit)
{
	kcsd_hrtimer_setup(&unit->timer, native_timer, CLOCK_MONOTONIC,
			   HRTIMER_MODE_REL_PINNED_HARD);
}

void kcsd_native_timer_destroy(struct kcsd_unit *unit)
{
	hrtimer_cancel(&unit->timer);
}

void kcsd_native_run(struct kcsd_unit *unit, struct kcsd_run *run, const struct kcsd_jit *jit)
{
	bool count = run->budget;
	u64 r0;

	kcsd_lowered_begin(&run->vm, &unit->ctl, count);
	kcsd_lowered_place(&unit->ctl, (uintptr_t)run->vm.mem,
			   kcsd_lowered_span(run->vm.mem_len));
	native_publish(unit, run);
	if (!count)
		native_ticks(unit);
	r0 = kcsd_jit_run(jit);
	WRITE_ONCE(unit->ticks, false);
	native_withdraw(unit, run);
	kcsd_lowered_end(&unit->ctl, r0);
}
