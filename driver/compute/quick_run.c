// SPDX-License-Identifier: GPL-2.0
/*
 * Runs that their submitter carries out itself, on a unit that nobody has: for a quick program that
 * is far less than it takes to wake the unit's thread and then the submitter.
 *
 * A program is quick that was so the last few times. When it then is not, the submitter gives up
 * and submits the run for a unit's thread to start over. So nothing may be left of what it did:
 * inline are only runs that can change nothing but their own memory and output.
 *
 * A submitter that gets no CPU keeps the unit from all others meanwhile. So it has to be a normal
 * task of normal priority. Its cgroup can take the CPU away all the same, when a quota (cpu.max) is
 * used up: a module can only see afterwards that a run took far too long. Then its tenant runs
 * nothing quick for so long that all its stalls together are 1 % of the time.
 */
#include <linux/blkdev.h>
#include <linux/sched.h>

#include "compute/compute.h"
#include "compute/tenant.h"
#include "drive.h"

#define KCSD_QUICK_RUNS		4	/* so many in succession make a quick program */
#define KCSD_QUICK_PENALTY	64	/* and so many more after a submitter had to give up */

/*
 * At the first tick after so many times what is quick. Native code that does not count has a tick
 * within two jiffies.
 */
#define KCSD_GIVE_UP		4

/* Longer than KCSD_GIVE_UP by so much: the submitter had no CPU. More than a tick may be late. */
#define KCSD_STALL_NS		(4 * TICK_NSEC)
#define KCSD_STALL_PENALTY	100	/* times what the run took */

static u64 quick_ns(const struct kcsd_run *run)
{
	return run->drive->cfg.quick_us * NSEC_PER_USEC;
}

void kcsd_program_time(struct kcsd_program *p, const struct kcsd_run *run)
{
	bool was_quick = run->end_ns - run->start_ns < quick_ns(run);
	int quick = READ_ONCE(p->quick);

	/* Written only while it changes: all units look at it. */
	if (!was_quick && quick > 0)
		WRITE_ONCE(p->quick, 0);
	else if (was_quick && quick < KCSD_QUICK_RUNS)
		WRITE_ONCE(p->quick, quick + 1);
}

/* Can it be begun, and then started over, without anybody's noticing? */
static bool run_leaves_nothing(const struct kcsd_run *run)
{
	u32 i;

	for (i = 0; i < run->nr_grants; i++)
		if (run->grants[i].access != KCSD_GRANT_READ)
			return false;
	return !run->nr_ranges && !run->audit && !run->program->logs;
}

/* Does its submitter wait for nothing but this run, and can do it as well as a unit's thread? */
static bool run_suits_submitter(const struct kcsd_run *run)
{
	const struct kcsd_drive *drive = run->drive;

	/* A plug says that more is to come: which is for all the units to do. */
	if (current->plug || drive->cfg.cu_cpus)
		return false;
	/* Who may get no CPU for long must not take a unit along. */
	if (current->policy != SCHED_NORMAL || task_nice(current) > 0 ||
	    ktime_get_ns() < READ_ONCE(run->turn.tenant->quick_from))
		return false;
	/* What it was told to fail at counts its hits, and may take long. */
	if (READ_ONCE(drive->retained->inject.armed))
		return false;
	return !run->nr_grants || !drive->store.ops->blocking;
}

bool kcsd_run_overran(struct kcsd_run *run)
{
	run->overran = ktime_get_ns() - run->start_ns > KCSD_GIVE_UP * quick_ns(run);
	return run->overran;
}

/* The unit has been given back: for how long was it kept from others? */
static void run_note_stall(const struct kcsd_run *run)
{
	u64 now = ktime_get_ns(), took = now - run->queued_ns;

	if (took > KCSD_GIVE_UP * quick_ns(run) + KCSD_STALL_NS)
		WRITE_ONCE(run->turn.tenant->quick_from, now + KCSD_STALL_PENALTY * took);
}

/* As if it had never begun. Its output's memory may stay. */
static void run_start_over(struct kcsd_run *run)
{
	kcsd_stat_inc(run->drive, runs_restarted);
	WRITE_ONCE(run->program->quick, -KCSD_QUICK_PENALTY);
	run->vm.end = (struct kcsd_vm_end){};
	run->engine = KCSD_ENGINE_NONE;
	run->start_ns = 0;
	run->read_bytes = 0;
	run->medium_status = 0;
	run->medium_lba = 0;
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
