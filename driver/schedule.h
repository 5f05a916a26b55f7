/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which run is next. Tenants share the units by weight, in time that their runs take there;
 * within one it is first come, first served.
 *
 * A tenant's virtual time is the time its runs took over its weight; of the tenants that wait,
 * the one with the least goes next. A run is charged when it starts, with what the tenant's runs
 * took of late, and correctly when it ends: so a tenant with runs on all units is behind one that
 * comes with its first, which gets the next unit that is free, however many wait.
 *
 * A tenant that had nothing waiting starts where the others are (vtime): it has saved up nothing.
 * What it had too much of it still owes, unless it was alone then.
 */
#ifndef KCSD_SCHEDULE_H
#define KCSD_SCHEDULE_H

#include <linux/rbtree.h>
#include <linux/types.h>

struct kcsd_run;
struct list_head;

/* All of it, and of tenants and runs what is used here, is protected by units.lock. */
struct kcsd_schedule {
	struct rb_root_cached waiting;	/* tenants with runs queued, by vtime */
	u64 vtime;			/* of a tenant that always had just its share */
	u64 weight;			/* of the tenants that have runs, queued or running */
	u32 queued, running;		/* runs */
};

/* Zeroes are a valid, empty schedule. */

/* Queue a run, at the end of its tenant's. */
void kcsd_schedule_add(struct kcsd_schedule *s, struct kcsd_run *run);
/* The next run, which is no longer queued but running; or NULL. */
struct kcsd_run *kcsd_schedule_next(struct kcsd_schedule *s);
/* It ended after ns on a unit. */
void kcsd_schedule_end(struct kcsd_schedule *s, struct kcsd_run *run, u64 ns);
/* A queued run shall not run. */
void kcsd_schedule_remove(struct kcsd_schedule *s, struct kcsd_run *run);
/* All that are queued shall not run: move them to a list, by their entry. */
void kcsd_schedule_drain(struct kcsd_schedule *s, struct list_head *runs);

#endif
