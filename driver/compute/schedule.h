/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The schedule: selects the next run for the compute units, or the next job for the workers.
 * Tenants share them by weight, in time that their runs or jobs take; within a tenant it is first
 * come, first served. A long job goes behind the others after each of its turns.
 *
 * The virtual time of a tenant is the time of its runs divided by its weight. Of the tenants that
 * wait, the one with the least virtual time is next. A run is charged when it starts, with the
 * typical time of its tenant, and corrected when it ends: so a tenant with runs on all units is
 * behind a tenant with its first run, which gets the next free unit, however many runs wait. The
 * same holds for jobs.
 *
 * A tenant that had nothing waiting starts at the virtual time of the others (vtime): idle time
 * saves up nothing. Time that it had beyond its share it still owes, unless it was alone then.
 */
#ifndef KCSD_SCHEDULE_H
#define KCSD_SCHEDULE_H

#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/types.h>

struct kcsd_tenant;

/* One turn in the schedule: a run, or a piece of a job. */
struct kcsd_turn {
	struct list_head entry;		/* in tenant.queue; while it runs, free for its owner */
	struct kcsd_tenant *tenant;	/* constant while it is queued or running */
	u64 charged;			/* charged to vtime of the tenant */
};

/*
 * The schedule of the units, or of the jobs. units.lock or jobs.lock protects it, and the members
 * of tenants and turns that it uses. Zero-filled memory is a valid, empty schedule.
 */
struct kcsd_schedule {
	struct rb_root_cached waiting;	/* tenants with turns queued, by vtime */
	u64 vtime;			/* of a tenant that always got exactly its share */
	u64 weight;			/* sum for tenants with turns queued or running */
	u32 queued, running;		/* turns */
};

/* Queue a turn behind the other turns of its tenant. */
void kcsd_schedule_add(struct kcsd_schedule *s, struct kcsd_turn *turn);
/* Return the next turn, which is then running; NULL if none is queued. */
struct kcsd_turn *kcsd_schedule_next(struct kcsd_schedule *s);
/* End a running turn, which took ns. A turn that was queued again meanwhile keeps its place. */
void kcsd_schedule_end(struct kcsd_schedule *s, struct kcsd_turn *turn, u64 ns);
/* Remove a queued turn; it never runs. */
void kcsd_schedule_remove(struct kcsd_schedule *s, struct kcsd_turn *turn);
/* Move all queued turns that match to a list, linked by turn.entry. NULL: all. */
void kcsd_schedule_drain(struct kcsd_schedule *s, struct list_head *turns,
			 bool (*match)(const struct kcsd_turn *turn));

#endif
