// SPDX-License-Identifier: GPL-2.0
/* Runs that wait for their readers; unit.h describes them. */
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/list.h>

#include "compute/compute.h"
#include "compute/jit_run.h"
#include "compute/output.h"
#include "compute/run.h"
#include "compute/unit.h"

/* Give the place away. The tenant is charged for the time up to now. */
static void park(struct kcsd_run *run, struct kcsd_units *us)
{
	struct kcsd_turn *turn = &run->async.turn;
	u64 took = kcsd_unit_set_idle(run->unit);

	scoped_guard(spinlock, &us->lock) {
		kcsd_schedule_end(&us->schedule, turn, took);
		run->async.state = KCSD_ASYNC_PARKED;
		list_move_tail(&turn->entry, &us->parked);
		WRITE_ONCE(us->nr_parked, us->nr_parked + 1);
		kcsd_unit_leave_place(run->unit);
	}
}

/*
 * Return the jiffies until the deadline of a run is over. Two more than it has: the first one has
 * begun, and a wait for all of them must not end before the deadline.
 */
static long time_left(const struct kcsd_run *run)
{
	u64 now = ktime_get_ns();

	return now <= run->deadline_ns ? nsecs_to_jiffies(run->deadline_ns - now) + 2 : 0;
}

/* True if the run has objects, which pin their space, and is past its deadline. */
static bool has_to_end(const struct kcsd_run *run)
{
	return READ_ONCE(run->async.cancelled) || (run->objects && !time_left(run));
}

static bool may_go_on(const struct kcsd_run *run)
{
	return kcsd_output_is_half_empty(run->output) || READ_ONCE(run->async.cancelled);
}

static void wait_for_reader(struct kcsd_run *run)
{
	wait_queue_head_t *wait = &run->output->wait;

	if (run->objects)
		wait_event_idle_timeout(*wait, may_go_on(run), time_left(run));
	else
		wait_event_idle(*wait, may_go_on(run));
}

static bool has_place(const struct kcsd_run *run)
{
	return !smp_load_acquire(&run->parked_on);
}

/* The run is queued. At the deadline of one with objects, take it from the queue. */
static void wait_for_place(struct kcsd_run *run, struct kcsd_units *us)
{
	wait_queue_head_t *wait = &run->unit->wait;

	if (!run->objects) {
		wait_event_idle(*wait, has_place(run));
		return;
	}
	if (wait_event_idle_timeout(*wait, has_place(run), time_left(run)))
		return;
	scoped_guard(spinlock, &us->lock) {
		if (run->parked_on) {
			kcsd_schedule_remove(&us->schedule, &run->async.turn);
			kcsd_run_park_end(run);
		}
	}
}

/* Queue for a place, and wait for it; a run that has to end goes on without one. */
static void unpark(struct kcsd_run *run, struct kcsd_units *us)
{
	struct kcsd_turn *turn = &run->async.turn;

	scoped_guard(spinlock, &us->lock) {
		list_del(&turn->entry);
		WRITE_ONCE(us->nr_parked, us->nr_parked - 1);
		run->parked_on = run->unit;
		if (has_to_end(run)) {
			kcsd_run_park_end(run);
		} else {
			run->async.state = KCSD_ASYNC_QUEUED;
			kcsd_schedule_add(&us->schedule, turn);
			kcsd_units_call(us);
		}
	}
	wait_for_place(run, us);
	kcsd_unit_set_busy(run->unit);
}

void kcsd_run_park(struct kcsd_run *run)
{
	struct kcsd_units *us = run->compute->units;
	struct kcsd_output *out = run->output;
	u64 start = ktime_get_ns(), waited;

	kcsd_jit_run_pause(run->unit);
	kcsd_run_clock_pause(&run->clock);
	park(run, us);
	/* The reader may wait for the rest of a page. */
	wake_up(&out->wait);
	wait_for_reader(run);
	unpark(run, us);
	waited = ktime_get_ns() - start;
	run->reader_ns += waited;
	/* A run with objects pins their space: its reader has no more time than the run. */
	if (!run->objects)
		run->deadline_ns += waited;
	kcsd_run_clock_resume(&run->clock);
	kcsd_jit_run_resume(run->unit, run);
}

/* Let the thread of the unit go on with its run, which is in units.running. */
static void go_on(struct kcsd_run *run)
{
	struct kcsd_unit *unit = run->parked_on;

	run->async.state = KCSD_ASYNC_RUNNING;
	smp_store_release(&run->parked_on, NULL);
	wake_up(&unit->wait);
}

bool kcsd_run_unpark(struct kcsd_run *run, struct kcsd_unit *unit)
{
	struct kcsd_units *us = run->compute->units;

	lockdep_assert_held(&us->lock);
	if (!run->parked_on)
		return false;
	WRITE_ONCE(unit->called, false);
	list_add(&unit->idle, &us->spare);
	go_on(run);
	return true;
}

void kcsd_run_park_end(struct kcsd_run *run)
{
	struct kcsd_units *us = run->compute->units;

	lockdep_assert_held(&us->lock);
	run->parked_on->lost_place = true;
	list_add_tail(&run->async.turn.entry, &us->running);
	go_on(run);
}
