// SPDX-License-Identifier: GPL-2.0
/* Compute units: the owner of a unit executes runs in the order of the schedule. */
#define pr_fmt(fmt) "kcsd: " fmt

#include <linux/cpumask.h>
#include <linux/kthread.h>
#include <linux/log2.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "compat.h"
#include "compute/async.h"
#include "compute/compute.h"
#include "compute/jit_run.h"
#include "compute/mapping.h"
#include "compute/output.h"
#include "compute/program.h"
#include "compute/run.h"
#include "compute/unit.h"
#include "config.h"
#include "media/lbas.h"
#include "media/objects.h"

/* Maximum number of bytes to wipe before a quick run. */
#define KCSD_QUICK_WIPE	SZ_64K

/* ---- units ---- */

void kcsd_units_call(struct kcsd_units *us)
{
	struct kcsd_unit *unit = list_first_entry_or_null(&us->idle, struct kcsd_unit, idle);

	lockdep_assert_held(&us->lock);
	if (!unit)
		return;
	list_del(&unit->idle);
	WRITE_ONCE(unit->called, true);
	wake_up(&unit->wait);
}

/* Return the spare unit with the least number, or NULL. */
static struct kcsd_unit *units_first_spare(struct kcsd_units *us)
{
	struct kcsd_unit *unit, *first = NULL;

	list_for_each_entry(unit, &us->spare, idle)
		if (!first || unit->nr < first->nr)
			first = unit;
	return first;
}

void kcsd_unit_leave_place(struct kcsd_unit *unit)
{
	struct kcsd_units *us = unit->compute->units;
	struct kcsd_unit *spare = units_first_spare(us);

	lockdep_assert_held(&us->lock);
	/* Each run that may wait for its reader has reserved one. */
	if (WARN_ON_ONCE(!spare))
		return;
	list_move(&spare->idle, &us->idle);
	if (us->schedule.queued)
		kcsd_units_call(us);
}

/*
 * Make a unit idle. The last unit used is the first to be used again: its memory is in the caches.
 * A unit that stands in for a spare one, with a lower number, gives the place back.
 */
static void unit_put(struct kcsd_unit *unit)
{
	struct kcsd_units *us = unit->compute->units;
	struct kcsd_unit *spare = unit->nr < us->nr ? NULL : units_first_spare(us);

	lockdep_assert_held(&us->lock);
	WRITE_ONCE(unit->called, false);
	if (spare && spare->nr < unit->nr) {
		list_move(&spare->idle, &us->idle);
		list_add(&unit->idle, &us->spare);
	} else {
		list_add(&unit->idle, &us->idle);
	}
}

static struct kcsd_run *turn_run(struct kcsd_turn *turn)
{
	return container_of(turn, struct kcsd_run, async.turn);
}

/* Take the next run from the schedule, as running. NULL if none waits. */
static struct kcsd_run *units_next(struct kcsd_units *us)
{
	struct kcsd_turn *turn = kcsd_schedule_next(&us->schedule);

	lockdep_assert_held(&us->lock);
	if (!turn)
		return NULL;
	turn_run(turn)->async.state = KCSD_ASYNC_RUNNING;
	list_add_tail(&turn->entry, &us->running);
	return turn_run(turn);
}

/*
 * Return the next run for this unit. If none waits, make the unit idle and return NULL. If another
 * unit has the next run, return NULL, too: this unit is then spare.
 */
static struct kcsd_run *unit_take(struct kcsd_unit *unit)
{
	struct kcsd_units *us = unit->compute->units;
	struct kcsd_run *run;

	scoped_guard(spinlock, &us->lock) {
		run = units_next(us);
		if (!run)
			unit_put(unit);
		else if (kcsd_run_unpark(run, unit))
			run = NULL;
	}
	return run;
}

/*
 * Read the clock inside the write section, as readers do in theirs. A reader that sees the old
 * state has read the clock before; one that sees the new state reads it afterwards. So neither time
 * ever decreases.
 */
void kcsd_unit_set_busy(struct kcsd_unit *unit)
{
	guard(preempt)();
	write_seqcount_begin(&unit->busy_seq);
	unit->busy_since = ktime_get_ns();
	write_seqcount_end(&unit->busy_seq);
}

/* Wiping data of another tenant is not in the result. */
u64 kcsd_unit_set_idle(struct kcsd_unit *unit)
{
	u64 took;

	guard(preempt)();
	write_seqcount_begin(&unit->busy_seq);
	took = ktime_get_ns() - unit->busy_since;
	unit->busy_ns += took;
	unit->busy_since = 0;
	write_seqcount_end(&unit->busy_seq);
	took -= unit->wipe_ns;
	unit->wipe_ns = 0;
	return took;
}

/* Its run has ended, but its thread may still have to complete it. */
static void unit_become_spare(struct kcsd_unit *unit)
{
	struct kcsd_units *us = unit->compute->units;

	lockdep_assert_held(&us->lock);
	unit->lost_place = false;
	WRITE_ONCE(unit->called, false);
	list_add(&unit->idle, &us->spare);
}

void kcsd_unit_execute(struct kcsd_unit *unit, struct kcsd_run *run)
{
	struct kcsd_units *us = unit->compute->units;
	u64 took;

	kcsd_unit_set_busy(unit);
	kcsd_run_execute(run, unit);
	/* Includes the time to compile code: the tenant occupied the unit. */
	took = kcsd_unit_set_idle(unit);
	WRITE_ONCE(unit->runs, unit->runs + !run->overran);

	kcsd_async_take_slot(&run->async);
	/* From here on only this unit can find the run. */
	scoped_guard(spinlock, &us->lock) {
		run->async.state = KCSD_ASYNC_COMPLETE;
		list_del(&run->async.turn.entry);
		/* A run that lost its place was charged when it was parked. */
		if (unit->lost_place)
			unit_become_spare(unit);
		else
			kcsd_schedule_end(&us->schedule, &run->async.turn, took);
	}
}

static int unit_thread(void *data)
{
	struct kcsd_unit *unit = data;
	struct kcsd_run *run;

	while (!kthread_should_stop()) {
		/* Idle sleep: waiting for work adds no load and is no hung task. */
		wait_event_idle(unit->wait, READ_ONCE(unit->called) || kthread_should_stop());
		while (READ_ONCE(unit->called) && (run = unit_take(unit))) {
			kcsd_unit_execute(unit, run);
			kcsd_run_complete(run);
		}
	}
	return 0;
}

/* ---- runs ---- */

/* True if the run reads or stores objects: it is inside their gate. */
static bool run_has_objects(const struct kcsd_run *run)
{
	return run->objects || run->nr_key_grants;
}

/*
 * True if this run may not begin: at power off, during Sanitize, which has closed memory_gate
 * before, if it has objects during Format of these, which has closed their gate, or if it pins some
 * while a command needs their space.
 */
static bool units_stopping(const struct kcsd_run *run)
{
	const struct kcsd_compute *compute = run->compute;

	lockdep_assert_held(&compute->units->lock);
	return compute->units->stopping || kcsd_gate_status(compute->ns.gate) ||
	       (run_has_objects(run) && kcsd_gate_status(&compute->objects->gate)) ||
	       (run->objects && kcsd_objects_claimed(compute->objects));
}

void kcsd_run_submit(struct kcsd_async *async)
{
	struct kcsd_run *run = container_of(async, struct kcsd_run, async);
	struct kcsd_units *us = run->compute->units;
	bool stopping;

	/* A run that was started as a quick run has waited since before that. */
	run->queued_ns = run->queued_ns ?: ktime_get_ns();
	scoped_guard(spinlock, &us->lock) {
		stopping = units_stopping(run) || async->cancelled;
		async->state = stopping ? KCSD_ASYNC_COMPLETE : KCSD_ASYNC_QUEUED;
		if (!stopping) {
			kcsd_schedule_add(&us->schedule, &async->turn);
			kcsd_units_call(us);
		}
	}
	if (!stopping)
		return;
	kcsd_vm_fault(&run->vm, KCSD_FAULT_CANCELLED, 0);
	kcsd_run_complete(run);
}

/*
 * True if so little must be wiped before a run with `own` bytes of memory that it is still quick.
 */
static bool unit_is_clean(const struct kcsd_unit *unit, u64 own)
{
	return unit->dirty <= own + KCSD_QUICK_WIPE;
}

/*
 * Put a quick run with `own` bytes of memory on an idle unit, and return the unit. NULL: submit the
 * run instead.
 */
static struct kcsd_unit *units_lend(struct kcsd_units *us, struct kcsd_run *run, u64 own)
{
	struct kcsd_unit *unit;

	lockdep_assert_held(&us->lock);
	unit = list_first_entry_or_null(&us->idle, struct kcsd_unit, idle);
	if (!unit || us->schedule.queued || units_stopping(run) ||
	    !kcsd_jit_run_ready(unit, run) || !unit_is_clean(unit, own))
		return NULL;
	list_del(&unit->idle);
	run->queued_ns = ktime_get_ns();
	kcsd_schedule_add(&us->schedule, &run->async.turn);
	units_next(us);
	return unit;
}

struct kcsd_unit *kcsd_unit_borrow(struct kcsd_run *run)
{
	u64 own = kcsd_layout_init(&run->vm.layout, &run->program->view, run->args_len);
	struct kcsd_units *us = run->compute->units;
	struct kcsd_unit *unit;

	scoped_guard(spinlock, &us->lock)
		unit = units_lend(us, run, own);
	return unit;
}

void kcsd_unit_return(struct kcsd_unit *unit)
{
	struct kcsd_units *us = unit->compute->units;

	scoped_guard(spinlock, &us->lock) {
		unit_put(unit);
		/* Runs submitted meanwhile did not find this unit. */
		if (us->schedule.queued)
			kcsd_units_call(us);
	}
}

/*
 * Mark a run as cancelled. A running one ends soon; the caller removes a queued one from the queue.
 */
static void run_set_cancelled(struct kcsd_units *us, struct kcsd_run *run)
{
	lockdep_assert_held(&us->lock);
	WRITE_ONCE(run->async.cancelled, true);
	if (run->ctl)
		kcsd_lowered_stop(run->ctl);
}

/*
 * Remove a cancelled run from the queue. Returns true if it is complete; false if it has begun, and
 * ends on its unit.
 */
static bool run_dequeue(struct kcsd_units *us, struct kcsd_run *run)
{
	lockdep_assert_held(&us->lock);
	kcsd_schedule_remove(&us->schedule, &run->async.turn);
	if (run->parked_on) {
		kcsd_run_park_end(run);
		return false;
	}
	run->async.state = KCSD_ASYNC_COMPLETE;
	return true;
}

void kcsd_run_cancel(struct kcsd_async *async)
{
	struct kcsd_run *run = container_of(async, struct kcsd_run, async);
	struct kcsd_units *us = run->compute->units;
	bool complete, queued;

	scoped_guard(spinlock, &us->lock) {
		run_set_cancelled(us, run);
		if (async->state == KCSD_ASYNC_RUNNING)
			kcsd_delayed_wake(&run->compute->lbas->delayed);
		if (async->state == KCSD_ASYNC_PARKED)
			wake_up(&run->output->wait);
		complete = async->state == KCSD_ASYNC_COMPLETE;
		queued = async->state == KCSD_ASYNC_QUEUED && run_dequeue(us, run);
	}
	if (complete)
		kcsd_async_hurry(async);
	if (!queued)
		return;
	kcsd_vm_fault(&run->vm, KCSD_FAULT_CANCELLED, 0);
	kcsd_run_complete(run);
}

/* Prepare queued runs for their end. One that has begun ends on its unit, and leaves the list. */
static void runs_end_queued(struct kcsd_units *us, struct list_head *queued)
{
	struct kcsd_run *run, *next;

	lockdep_assert_held(&us->lock);
	list_for_each_entry_safe(run, next, queued, async.turn.entry) {
		if (run->parked_on) {
			list_del(&run->async.turn.entry);
			run_set_cancelled(us, run);
			kcsd_run_park_end(run);
		} else {
			run->async.state = KCSD_ASYNC_COMPLETE;
		}
	}
}

static bool turn_has_objects(const struct kcsd_turn *turn)
{
	return run_has_objects(container_of(turn, struct kcsd_run, async.turn));
}

/* Cancel the runs that match, NULL: all. Those that never began are complete when this returns. */
static void units_cancel(struct kcsd_compute *compute, bool (*match)(const struct kcsd_turn *turn))
{
	struct kcsd_units *us = compute->units;
	struct kcsd_run *run;
	LIST_HEAD(queued);

	scoped_guard(spinlock, &us->lock) {
		list_for_each_entry(run, &us->running, async.turn.entry)
			if (!match || match(&run->async.turn))
				run_set_cancelled(us, run);
		list_for_each_entry(run, &us->parked, async.turn.entry) {
			if (match && !match(&run->async.turn))
				continue;
			run_set_cancelled(us, run);
			wake_up(&run->output->wait);
		}
		kcsd_schedule_drain(&us->schedule, &queued, match);
		runs_end_queued(us, &queued);
	}
	kcsd_delayed_wake(&compute->lbas->delayed);
	while ((run = list_first_entry_or_null(&queued, struct kcsd_run, async.turn.entry))) {
		list_del(&run->async.turn.entry);
		kcsd_vm_fault(&run->vm, KCSD_FAULT_CANCELLED, 0);
		kcsd_run_complete(run);
	}
}

void kcsd_units_cancel_all(struct kcsd_compute *compute, bool for_good)
{
	scoped_guard(spinlock, &compute->units->lock)
		compute->units->stopping |= for_good;
	units_cancel(compute, NULL);
}

void kcsd_units_cancel_objects(struct kcsd_compute *compute)
{
	units_cancel(compute, turn_has_objects);
}

static bool turn_pins_objects(const struct kcsd_turn *turn)
{
	return container_of(turn, struct kcsd_run, async.turn)->objects;
}

void kcsd_units_cancel_pins(struct kcsd_compute *compute)
{
	units_cancel(compute, turn_pins_objects);
}

void kcsd_units_erase(struct kcsd_compute *compute)
{
	struct kcsd_unit *unit;

	for (unit = compute->units->unit; unit < compute->units->unit + compute->units->nr_all;
	     unit++) {
		memset(unit->arena, 0, unit->dirty);
		unit->dirty = 0;
		cond_resched();
	}
}

/* ---- create and destroy units ---- */

/* Return the bytes of memory of a unit, without JIT code. */
static u64 unit_memory(const struct kcsd_config *cfg)
{
	return KCSD_LOWERED_BEFORE + roundup_pow_of_two(cfg->arena_size) + cfg->block_size;
}

/* Fail rather than invoke the OOM killer: users decide when spare units are created. */
static int unit_alloc_memory(struct kcsd_unit *unit)
{
	u64 len = roundup_pow_of_two(unit->compute->cfg->arena_size);
	u8 *memory;

	if (!kcsd_config_has_memory(unit_memory(unit->compute->cfg)))
		return -ENOMEM;
	unit->bounce = kzalloc(unit->compute->cfg->block_size, GFP_KERNEL);
	if (!unit->bounce)
		return -ENOMEM;
	memory = __vmalloc(KCSD_LOWERED_BEFORE + len,
			   GFP_KERNEL | __GFP_ZERO | __GFP_RETRY_MAYFAIL | __GFP_NOWARN);
	if (!memory) {
		kfree(unit->bounce);
		return -ENOMEM;
	}
	unit->arena = memory + KCSD_LOWERED_BEFORE;
	unit->arena_len = len;
	return 0;
}

static void unit_free_memory(struct kcsd_unit *unit)
{
	kcsd_mappings_destroy(unit);
	vfree(unit->arena - KCSD_LOWERED_BEFORE);
	kfree(unit->bounce);
}

/* Set up a unit and start its thread. cpus: where the thread runs; NULL: anywhere. */
static int unit_init(struct kcsd_compute *compute, struct kcsd_unit *unit, u32 nr,
		     const struct cpumask *cpus)
{
	struct task_struct *task;

	unit->compute = compute;
	unit->nr = nr;
	seqcount_init(&unit->busy_seq);
	init_waitqueue_head(&unit->wait);
	if (unit_alloc_memory(unit))
		return -ENOMEM;
	kcsd_jit_run_timer_init(unit);
	task = kthread_create(unit_thread, unit, "kcsd%u-cu%u", compute->index, nr);
	if (IS_ERR(task)) {
		unit_free_memory(unit);
		return PTR_ERR(task);
	}
	/* A preference, not a binding: when the last of these CPUs goes offline, others run it. */
	if (cpus && kcsd_kthread_prefer(task, cpus))
		pr_warn("kcsd%u: unit %u cannot be bound to cu_cpus\n", compute->index, nr);
	wake_up_process(task);
	unit->task = task;
	return 0;
}

static void unit_destroy(struct kcsd_unit *unit)
{
	kthread_stop(unit->task);
	kcsd_jit_run_timer_destroy(unit);
	unit_free_memory(unit);
}

/* Create units until there are nr of them; the new ones go to a list. */
static int units_grow(struct kcsd_compute *compute, u32 nr, struct list_head *list)
{
	struct kcsd_units *us = compute->units;
	cpumask_var_t cpus;
	int ret;

	if (!alloc_cpumask_var(&cpus, GFP_KERNEL))
		return -ENOMEM;
	ret = kcsd_config_cpus(compute->cfg, cpus);
	while (!ret && us->nr_all < nr) {
		ret = unit_init(compute, &us->unit[us->nr_all], us->nr_all,
				compute->cfg->cu_cpus ? cpus : NULL);
		if (ret)
			break;
		scoped_guard(spinlock, &us->lock)
			list_add_tail(&us->unit[us->nr_all].idle, list);
		WRITE_ONCE(us->nr_all, us->nr_all + 1);
	}
	free_cpumask_var(cpus);
	return ret;
}

bool kcsd_units_fit_memory(const struct kcsd_config *cfg, const char *name)
{
	return kcsd_config_fits_memory(name, "arena_size of all units",
				       cfg->cus * unit_memory(cfg));
}

int kcsd_units_init(struct kcsd_compute *compute)
{
	struct kcsd_units *us = compute->units;
	int ret;

	spin_lock_init(&us->lock);
	mutex_init(&us->grow);
	INIT_LIST_HEAD(&us->running);
	INIT_LIST_HEAD(&us->parked);
	INIT_LIST_HEAD(&us->idle);
	INIT_LIST_HEAD(&us->spare);
	us->started_ns = ktime_get_ns();
	us->unit = kcalloc(kcsd_config_max_units(compute->cfg), sizeof(*us->unit), GFP_KERNEL);
	if (!us->unit)
		return -ENOMEM;
	us->nr = compute->cfg->cus;
	ret = units_grow(compute, us->nr, &us->idle);
	if (ret)
		kcsd_units_destroy(compute);
	return ret;
}

void kcsd_units_destroy(struct kcsd_compute *compute)
{
	struct kcsd_units *us = compute->units;

	while (us->nr_all)
		unit_destroy(&us->unit[--us->nr_all]);
	kfree(us->unit);
	mutex_destroy(&us->grow);
}

/* ---- spare units ---- */

/* Return the row of a user, or a free one; NULL: there is none. */
static struct kcsd_reserver *units_reserver(struct kcsd_units *us, u64 user)
{
	struct kcsd_reserver *r, *row = NULL;

	lockdep_assert_held(&us->lock);
	for (r = us->reserver; r < us->reserver + KCSD_SPARE_UNITS; r++) {
		if (r->nr && r->user == user)
			return r;
		if (!r->nr)
			row = r;
	}
	return row;
}

/* Count a reservation. Returns the units that the drive then needs, or 0 if it is refused. */
static u32 units_count_reservation(struct kcsd_units *us, u64 user)
{
	struct kcsd_reserver *r = units_reserver(us, user);

	if (!r || us->reserved == KCSD_SPARE_UNITS || r->nr == KCSD_SPARE_UNITS / 2)
		return 0;
	r->user = user;
	r->nr++;
	return us->nr + ++us->reserved;
}

int kcsd_units_reserve(struct kcsd_compute *compute, u64 user)
{
	struct kcsd_units *us = compute->units;
	int ret;
	u32 nr;

	scoped_guard(spinlock, &us->lock)
		nr = units_count_reservation(us, user);
	if (!nr)
		return KCSD_SC_INSUFFICIENT_RESOURCES;
	scoped_guard(mutex, &us->grow)
		ret = units_grow(compute, nr, &us->spare);
	if (ret)
		kcsd_units_release(compute, user);
	return ret;
}

void kcsd_units_release(struct kcsd_compute *compute, u64 user)
{
	struct kcsd_units *us = compute->units;

	scoped_guard(spinlock, &us->lock) {
		us->reserved--;
		units_reserver(us, user)->nr--;
	}
}

/* ---- statistics ---- */

void kcsd_unit_get_times(const struct kcsd_unit *unit, struct kcsd_unit_times *times)
{
	unsigned int seq;
	u64 busy, since, now;

	do {
		seq = read_seqcount_begin(&unit->busy_seq);
		busy = unit->busy_ns;
		since = unit->busy_since;
		now = ktime_get_ns();
	} while (read_seqcount_retry(&unit->busy_seq, seq));
	times->busy_ns = busy + (since ? now - since : 0);
	times->idle_ns = now - unit->compute->units->started_ns - times->busy_ns;
}

void kcsd_units_get_times(const struct kcsd_compute *compute, struct kcsd_unit_times *times)
{
	struct kcsd_units *us = compute->units;
	struct kcsd_unit_times one;
	u32 i;

	*times = (struct kcsd_unit_times){};
	for (i = 0; i < READ_ONCE(us->nr_all); i++) {
		kcsd_unit_get_times(&us->unit[i], &one);
		times->busy_ns += one.busy_ns;
		/* A spare unit has no place of its own: another one is idle as long. */
		times->idle_ns += i < us->nr ? one.idle_ns : -one.busy_ns;
	}
	if (i == us->nr)
		return;
	/* The clock was read several times: units may have changed places between them. */
	/* A unit that has lost its place is busy beside them. */
	if ((s64)times->idle_ns < 0)
		times->idle_ns = 0;
	scoped_guard(spinlock, &us->lock) {
		us->idle_ns = max(us->idle_ns, times->idle_ns);
		times->idle_ns = us->idle_ns;
	}
}

u64 kcsd_units_memory(const struct kcsd_compute *compute)
{
	return READ_ONCE(compute->units->nr_all) * unit_memory(compute->cfg) +
	       atomic64_read(&compute->jit_bytes);
}
