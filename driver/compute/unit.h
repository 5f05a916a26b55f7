/* SPDX-License-Identifier: GPL-2.0 */
/* Compute units, which execute runs. */
#ifndef KCSD_UNIT_H
#define KCSD_UNIT_H

#include <linux/hrtimer.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/seqlock.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/kcsd.h>

#include "compute/schedule.h"
#include "engine/lowered.h"

struct kcsd_compute;
struct kcsd_config;
struct kcsd_mapping;
struct kcsd_run;
struct kobject;

/* Units that stand in for those whose runs wait for their readers; as many may wait at once. */
#define KCSD_SPARE_UNITS	KCSD_MAX_WAITING_RUNS

/* Mappings that a unit caches: more than a pipeline on one unit has runs in flight. */
#define KCSD_UNIT_MAPPINGS	4

/*
 * A compute unit: a thread and private program memory. A unit has at most one owner at a time: its
 * thread, or the submitter of a quick run (quick_run.c). A unit without an owner is in units.idle.
 * Only the owner may use members marked [h].
 *
 * The drive has cfg.cus places to execute runs. A unit has a place, or it is in units.spare, or its
 * run waits for its reader (park.c) or had to end in that wait.
 */
struct kcsd_unit {
	struct kcsd_compute *compute;
	u32 nr;				/* index in units.unit */
	struct list_head idle;		/* units.idle or units.spare; units.lock */
	bool lost_place;		/* [h] its run had to end while it was parked */
	bool called;			/* its thread is the owner; units.lock */
	wait_queue_head_t wait;		/* the thread waits here until called is set */
	struct task_struct *task;
	struct kobject *dir;		/* in sysfs; control/units_dir.c */
	/*
	 * [h] Memory of the program that runs. All bytes after the first `dirty` ones are zero. The
	 * bytes in front of the arena (KCSD_LOWERED_BEFORE) are always zero: JIT code can read them
	 * when the CPU mis-speculates, and must find nothing there.
	 */
	u8 *arena;
	u64 arena_len;			/* bytes; a power of two, at least cfg.arena_size */
	u64 dirty;			/* [h] bytes that the last program could write */
	u64 dirty_by;			/* [h] owner.file of the tenant that ran it */
	u64 wipe_ns;			/* [h] time to wipe data of another tenant before the run */
	u8 *bounce;			/* [h] one LBA, to read or write a part; zero between */
	struct kcsd_mapping *mapping[KCSD_UNIT_MAPPINGS];	/* [h] NULL: none yet */
	u64 mapping_clock;		/* [h] uses of mappings so far */
	struct kcsd_lowered_ctl ctl;	/* [h] of JIT code; to cancel it: kcsd_run.ctl */
	struct hrtimer timer;		/* for JIT code that counts no instructions; jit_run.c */
	bool ticks;			/* [h] such code is running */
	u64 runs;			/* [h] read without a lock */
	seqcount_t busy_seq;		/* [h] for the next two; read without a lock */
	u64 busy_ns;			/* without the current run */
	u64 busy_since;			/* ktime, 0: idle */
};

struct kcsd_units {
	/*
	 * Protects the next four and the state of runs. Process context; nothing is taken inside,
	 * but units are woken.
	 */
	spinlock_t lock;
	struct kcsd_schedule schedule;	/* runs that wait */
	struct list_head running;
	struct list_head parked;	/* runs that wait for their readers */
	u32 nr_parked;			/* read without the lock */
	struct list_head idle;		/* units without an owner; none while runs wait for long */
	struct list_head spare;		/* units without owner and place */
	u32 reserved;			/* spare units that runs may need at once */
	struct kcsd_reserver {		/* of them, by user; nr 0: a free row */
		u64 user;
		u32 nr;
	} reserver[KCSD_SPARE_UNITS];
	u64 idle_ns;			/* the most that was shown */
	bool stopping;			/* cancel new runs at once */
	u64 started_ns;			/* ktime */
	struct mutex grow;		/* held to create a spare unit */
	u32 nr;				/* places, and the units that power on creates */
	u32 nr_all;			/* units; changed under grow, never less before power off */
	struct kcsd_unit *unit;		/* nr_all of kcsd_units_max() */
	struct kobject *dir;		/* units/ in sysfs, with the first nr units */
};

/* True if all units fit into memory. If not, a line in the kernel log says so. */
bool kcsd_units_fit_memory(const struct kcsd_config *cfg, const char *name);
int kcsd_units_init(struct kcsd_compute *compute);
void kcsd_units_destroy(struct kcsd_compute *compute);
/*
 * Cancel all runs, queued and running. The caller has locked out new runs: by for_good, or by
 * closing ns.gate.
 */
void kcsd_units_cancel_all(struct kcsd_compute *compute, bool for_good);
/*
 * Cancel the runs that have objects. The caller has closed the gate of the objects, so that there
 * are no new ones.
 */
void kcsd_units_cancel_objects(struct kcsd_compute *compute);
/* Cancel the runs that pin values of objects. The caller has claimed the space of these. */
void kcsd_units_cancel_pins(struct kcsd_compute *compute);
/* Zero the memory of all units. No run is under way, and none can begin. */
void kcsd_units_erase(struct kcsd_compute *compute);
/*
 * Nanoseconds that one unit, or all units together, were busy and idle since power on. Neither
 * value ever decreases.
 */
struct kcsd_unit_times {
	u64 busy_ns;
	u64 idle_ns;
};

void kcsd_unit_get_times(const struct kcsd_unit *unit, struct kcsd_unit_times *times);
void kcsd_units_get_times(const struct kcsd_compute *compute, struct kcsd_unit_times *times);
/* Return the bytes of kernel memory that all units hold, JIT code included. */
u64 kcsd_units_memory(const struct kcsd_compute *compute);

/*
 * Reserve a spare unit for a run that may wait for its reader, and create it if need be. Returns 0;
 * -errno; or Insufficient Resources if all are reserved, or half of them by this user. Sleeps.
 */
int kcsd_units_reserve(struct kcsd_compute *compute, u64 user);
void kcsd_units_release(struct kcsd_compute *compute, u64 user);

/*
 * For a quick run, instead of kcsd_run_submit(): make the caller the owner of an idle unit and put
 * the run on it. Then call kcsd_unit_execute() and kcsd_unit_return(). Returns NULL if no unit is
 * idle, if other runs wait, if no run may begin, or if code must first be compiled or much memory
 * wiped: then submit the run.
 */
struct kcsd_unit *kcsd_unit_borrow(struct kcsd_run *run);
void kcsd_unit_return(struct kcsd_unit *unit);
/*
 * Execute a run on a unit that the caller owns. The run is then KCSD_ASYNC_COMPLETE; done() is not
 * called.
 */
void kcsd_unit_execute(struct kcsd_unit *unit, struct kcsd_run *run);

/* ---- runs that wait for their readers: park.c ---- */

/*
 * A run that waits for its reader is parked: it keeps its unit (thread, memory), but the unit gives
 * its place to a spare unit, so that other runs execute. When there is room for output again, the
 * run queues for a place like any other. The unit that would take it gives its own place to the
 * parked one and becomes spare.
 */

/*
 * Park a run whose output is full, until half of that is received or the run is cancelled. The time
 * does not count as run time; for the time limit only if the run has objects: these pin their
 * space, and the wait ends at the deadline. Called by the thread of its unit, without locks.
 */
void kcsd_run_park(struct kcsd_run *run);
/*
 * A unit got this run from the schedule: if it is parked on another unit, give that the place of
 * this one, which is then spare. units.lock is held. Returns false if it is not parked.
 */
bool kcsd_run_unpark(struct kcsd_run *run, struct kcsd_unit *unit);
/*
 * Wake a parked or unparking run that was marked as cancelled, or is past its deadline, and is in
 * no queue; it ends without a place. units.lock is held.
 */
void kcsd_run_park_end(struct kcsd_run *run);

/* For park.c. units.lock is held, except for the last two. */
/* Wake the thread of an idle unit, if there is one; the thread then owns the unit. */
void kcsd_units_call(struct kcsd_units *us);
/* Take the place of a unit, and give it to a spare unit. */
void kcsd_unit_leave_place(struct kcsd_unit *unit);
/* Begin and end the time in which a unit is busy. The owner calls. Ending returns the ns. */
void kcsd_unit_set_busy(struct kcsd_unit *unit);
u64 kcsd_unit_set_idle(struct kcsd_unit *unit);

#endif
