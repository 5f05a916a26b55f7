/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which run is next on the compute units, or which job on the workers. Tenants share them by
 * weight, in time that their runs or jobs take there; within one it is first come, first served. A
 * job that takes long goes behind the others after each of its turns.
 *
 * A tenant's virtual time is the time its runs took over its weight; of the tenants that wait,
 * the one with the least goes next. A run is charged when it starts, with what the tenant's runs
 * took of late, and correctly when it ends: so a tenant with runs on all units is behind one that
 * comes with its first, which gets the next unit that is free, however many wait. Jobs likewise.
 *
 * A tenant that had nothing waiting starts where the others are (vtime): it has saved up nothing.
 * What it had too much of it still owes, unless it was alone then.
 */
#ifndef KCSD_SCHEDULE_H
#define KCSD_SCHEDULE_H

#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/types.h>

struct kcsd_tenant;

/* A run's, or a job's, place in the schedule. */
struct kcsd_turn {
	struct list_head entry;		/* its tenant's queue; while it runs, its owner's to use */
	struct kcsd_tenant *tenant;	/* constant while it is queued or running */
	u64 charged;			/* to the tenant's vtime */
};

/*
 * Of the units, or of the jobs. All of it, and of tenants and turns what is used here, is protected
 * by units.lock or jobs.lock.
 */
struct kcsd_schedule {
	struct rb_root_cached waiting;	/* tenants with turns queued, by vtime */
	u64 vtime;			/* of a tenant that always had just its share */
	u64 weight;			/* of the tenants that have turns, queued or running */
	u32 queued, running;		/* turns */
};

/* Zeroes are a valid, empty schedule. */

/* Queue a turn, at the end of its tenant's. */
void kcsd_schedule_add(struct kcsd_schedule *s, struct kcsd_turn *turn);
/* Take the next turn, which is no longer queued but running. NULL: none is queued. */
struct kcsd_turn *kcsd_schedule_next(struct kcsd_schedule *s);
/* End a running turn, which took ns. One that has been queued again for a rest is not moved. */
void kcsd_schedule_end(struct kcsd_schedule *s, struct kcsd_turn *turn, u64 ns);
/* Take a queued turn away; it never runs. */
void kcsd_schedule_remove(struct kcsd_schedule *s, struct kcsd_turn *turn);
/* Take all queued turns away, to a list, by their entry. */
void kcsd_schedule_drain(struct kcsd_schedule *s, struct list_head *turns);

#endif
