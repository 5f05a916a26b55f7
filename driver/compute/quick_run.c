// SPDX-License-Identifier: GPL-2.0
/*
 * Quick runs: the submitter executes the run itself, on a unit without an owner. For a quick
 * program that takes far less time than to wake the thread of the unit and then the submitter.
 *
 * A program counts as quick if its last few runs were quick. If a quick run overruns its slice all
 * the same, the submitter stops it and submits it, and the thread of a unit starts it over. So the
 * first attempt must leave no trace: only runs that change nothing but their own memory and output
 * can be quick runs.
 *
 * A submitter that gets no CPU keeps the unit from all other runs meanwhile. So it must be a task
 * of normal policy and priority. Its cgroup can still take the CPU away, when a quota (cpu.max) is
 * used up: a module sees only afterwards that a run took far too long. Then its tenant gets no
 * quick runs for a time, so long that all its stalls together are 1 % of the time.
 */
#include <linux/blkdev.h>
#include <linux/sched.h>

#include "clock/clock.h"
#include "compute/compute.h"
#include "compute/program.h"
#include "compute/run.h"
#include "compute/source_list.h"
#include "compute/stream.h"
#include "compute/tenant.h"
#include "compute/unit.h"
#include "config.h"
#include "media/lbas.h"
#include "media/store.h"
#include "stats/counters.h"

#define KCSD_QUICK_PENALTY	64	/* so many more after one that overran its slice */

/*
 * The slice of a quick run, in multiples of cfg.quick_us. The run overruns at its first tick after
 * that; JIT code that does not count instructions has a tick within two jiffies.
 */
#define KCSD_QUICK_SLICE		4

/* A quick run that exceeds its slice by more than this had no CPU. More than a tick can be late. */
#define KCSD_STALL_NS		(4 * TICK_NSEC)
#define KCSD_STALL_PENALTY	100	/* times the duration of the run */

static u64 quick_ns(const struct kcsd_run *run)
{
	return run->compute->cfg->quick_us * NSEC_PER_USEC;
}

bool kcsd_run_was_quick(const struct kcsd_run *run)
{
	return run->end_ns - run->start_ns < quick_ns(run);
}

/* True if the run can be started over without a visible trace of the first attempt. */
static bool run_leaves_nothing(const struct kcsd_run *run)
{
	u32 i;

	for (i = 0; i < run->nr_grants; i++)
		if (run->grants[i].access != KCSD_GRANT_READ)
			return false;
	if (run->list && run->list->watch.edited)
		return false;
	return !run->nr_ranges && !run->nr_key_grants && !run->audit && !run->output &&
	       !run->program->acts;
}

/*
 * True if the submitter waits only for this run, and can execute it as well as the thread of a
 * unit.
 */
static bool run_suits_submitter(const struct kcsd_run *run)
{
	const struct kcsd_compute *compute = run->compute;

	/* A plug means that more commands follow: these are for all units to share. */
	if (current->plug || compute->cfg->cu_cpus)
		return false;
	/* A run may have to wait for the device; no attempt may take device time twice. */
	if (compute->clock->model)
		return false;
	/* A task that may get no CPU for long must not keep a unit. */
	if (current->policy != SCHED_NORMAL || task_nice(current) > 0 ||
	    ktime_get_ns() < READ_ONCE(run->async.turn.tenant->quick_from))
		return false;
	/* An injected failure or delay counts its hits, and may take long. */
	if (READ_ONCE(compute->lbas->retained->inject.armed))
		return false;
	if (kcsd_run_objects_may_wait(run))
		return false;
	return (!run->nr_grants && !run->stream.nr) || !compute->lbas->store.ops->blocking;
}

bool kcsd_run_overran(struct kcsd_run *run)
{
	run->overran = ktime_get_ns() - run->start_ns > KCSD_QUICK_SLICE * quick_ns(run);
	return run->overran;
}

/*
 * Penalise the tenant if the quick run kept the unit for too long. Call after the unit was
 * returned.
 */
static void run_note_stall(const struct kcsd_run *run)
{
	u64 now = ktime_get_ns(), took = now - run->queued_ns;

	if (took > KCSD_QUICK_SLICE * quick_ns(run) + KCSD_STALL_NS)
		WRITE_ONCE(run->async.turn.tenant->quick_from, now + KCSD_STALL_PENALTY * took);
}

/* Reset the run as if it had never begun. Pages of its output stay allocated. */
static void run_start_over(struct kcsd_run *run)
{
	kcsd_stat_inc(run->compute, runs_restarted);
	WRITE_ONCE(run->program->quick, -KCSD_QUICK_PENALTY);
	run->vm.end = (struct kcsd_vm_end){};
	run->engine = KCSD_ENGINE_NONE;
	run->start_ns = 0;
	run->read_bytes = 0;
	run->io_status = 0;
	run->io_lba = 0;
	run->io_object = false;
	run->out_len = 0;
	run->cut = false;
	run->is_quick = false;
	run->overran = false;
}

bool kcsd_run_quick(struct kcsd_run *run)
{
	struct kcsd_unit *unit;

	if (READ_ONCE(run->program->quick) < KCSD_QUICK_RUNS || !run_leaves_nothing(run) ||
	    !run_suits_submitter(run))
		return false;
	unit = kcsd_unit_borrow(run);
	if (!unit)
		return false;
	run->is_quick = true;
	kcsd_unit_execute(unit, run);
	kcsd_unit_return(unit);
	run_note_stall(run);
	if (run->overran) {
		run_start_over(run);
		return false;
	}
	kcsd_run_retire(run);
	return true;
}
