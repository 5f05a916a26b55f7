/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Watches: learn whether LBAs have changed since a moment. A change of one of the LBAs trips the
 * watch before the first byte changes. So bytes that were read before the watch was seen untripped
 * are those of the moment at which it was armed.
 *
 * A watch that is edited is one under which runs also write its LBAs, in place: kcsd_lba_io_edit().
 * A change then also waits for the edit that is under way, if there is one: no edit that saw the
 * watch untripped ever lands on top of a change.
 */
#ifndef KCSD_WATCH_H
#define KCSD_WATCH_H

#include <linux/compiler.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/srcu.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

struct kcsd_watches;

/* LBAs [first, end). */
struct kcsd_watch_range {
	u64 first;
	u64 end;
};

/* Constant while it is armed, except tripped. The owner frees it by kcsd_watch_release(). */
struct kcsd_watch {
	struct kcsd_watches *watches;	/* NULL: not armed */
	struct list_head entry;		/* watches.list: RCU, changed under watches.lock */
	bool tripped;			/* set once, by any context that changes LBAs */
	bool edited;			/* its LBAs are changed by kcsd_lba_io_edit() */
	u64 user;			/* whose watch it is */
	void (*release)(struct kcsd_watch *watch);	/* frees it */
	struct rcu_head rcu;		/* for that */
	u32 nr;
	struct kcsd_watch_range *range;	/* nr, ascending, neither overlapping nor adjacent */
};

/* The armed watches of a drive. */
struct kcsd_watches {
	struct srcu_struct srcu;	/* read side: each change of LBAs, from begin to end */
	struct mutex lock;		/* changes of list and nr */
	struct list_head list;
	u32 nr;				/* read without the lock by each change */
	u64 asked;			/* waits for changes that were begun; lock */
	u64 answered;			/* of these, the first so many are over */
	wait_queue_head_t wait;		/* for answered */
	struct work_struct work;	/* waits for changes: one wait for all that were begun */
	struct workqueue_struct *wq;	/* for work */
};

/* Return 0 or -ENOMEM. */
int kcsd_watches_init(struct kcsd_watches *watches);
/* No watch is armed. */
void kcsd_watches_destroy(struct kcsd_watches *watches);

/*
 * Arm a watch whose ranges are set, for the first time or again; nobody relies on it before
 * kcsd_watch_wait(). Returns 0, or Insufficient Resources if KCSD_MAX_WATCHES are armed, or half as
 * many of this user: then it is not armed.
 */
int kcsd_watch_arm(struct kcsd_watches *watches, struct kcsd_watch *watch);
/*
 * Wait until all changes are over that began before and did not see a watch that was just armed:
 * for as long as such a change lasts, unless the task is killed (-EINTR). Call outside of the
 * drive, as the task may be frozen. The caller trips a watch that was not waited for to the end.
 */
int kcsd_watch_wait(struct kcsd_watch *watch);
void kcsd_watch_trip(struct kcsd_watch *watch);
/*
 * Disarm a watch, if it is armed, and call release(watch) when no change can see it any more: at
 * once or later, in a context that cannot sleep. Does not sleep.
 */
void kcsd_watch_release(struct kcsd_watch *watch, void (*release)(struct kcsd_watch *watch));

/* Sort ranges and join those that overlap or adjoin. tmp has as much room. Returns their number. */
u32 kcsd_watch_sort(struct kcsd_watch_range *range, struct kcsd_watch_range *tmp, u32 nr);

/* Trip all watches but one that have one of these LBAs. For kcsd_watches_trip(). */
bool kcsd_watches_trip_slow(struct kcsd_watches *watches, u64 slba, u64 nlb,
			    const struct kcsd_watch *but);

/*
 * Begin to change LBAs. Any context. Returns the token for kcsd_watches_exit(). Sparse does not
 * follow who has one: a change that is refused gets none.
 */
static inline int kcsd_watches_enter(struct kcsd_watches *watches)
{
	int token = srcu_read_lock(&watches->srcu);

	__release(&watches->srcu);
	return token;
}

static inline void kcsd_watches_exit(struct kcsd_watches *watches, int token)
{
	__acquire(&watches->srcu);
	srcu_read_unlock(&watches->srcu, token);
}

/*
 * Call before the first byte of these LBAs changes, between enter and exit. but: the watch of who
 * changes them, or NULL. Returns true if one of the watches is edited: then an edit of these LBAs
 * may be under way.
 */
static inline bool kcsd_watches_trip(struct kcsd_watches *watches, u64 slba, u64 nlb,
				     const struct kcsd_watch *but)
{
	return unlikely(READ_ONCE(watches->nr)) &&
	       kcsd_watches_trip_slow(watches, slba, nlb, but);
}

/* Call after bytes were read: true if they may not be those of when the watch was armed. */
static inline bool kcsd_watch_tripped(const struct kcsd_watch *watch)
{
	smp_rmb();	/* pairs with smp_mb() in kcsd_watches_trip_slow() */
	return READ_ONCE(watch->tripped);
}

#endif
