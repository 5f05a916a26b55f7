/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Completions that wait for a time: of commands that are done, but whose device time is not over.
 * Those that a CPU adds wait on that CPU, earliest first, and share one timer.
 */
#ifndef KCSD_DUE_H
#define KCSD_DUE_H

#include <linux/hrtimer.h>
#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/types.h>

/* Owned by who waits, who must not free it before fire() is called. */
struct kcsd_due {
	struct rb_node node;		/* queue->lock */
	struct kcsd_due_queue *queue;	/* NULL: never added */
	bool hurry;			/* kcsd_due_now() was called */
	u64 at;				/* ktime */
	/* Complete the command. Any context, interrupts may be off. May free the due. */
	void (*fire)(struct kcsd_due *due);
};

/* Of one CPU. */
struct kcsd_due_queue {
	spinlock_t lock;		/* protects the next two; a leaf; any context */
	struct rb_root_cached root;	/* by time */
	bool stopped;			/* fire all at once */
	struct hrtimer timer;		/* started under lock */
};

struct kcsd_due_queue __percpu *kcsd_dues_alloc(void);
/* Free the queues, which are stopped; NULL is allowed. */
void kcsd_dues_free(struct kcsd_due_queue __percpu *queues);
/* Fire at due->at, or soon if that has passed. The caller has set at and fire. Any context. */
void kcsd_due_add(struct kcsd_due_queue __percpu *queues, struct kcsd_due *due);
/*
 * Fire now, if it was added and has not fired yet; if it was not added, let kcsd_due_add() fire it.
 * The caller makes sure that it is not freed.
 */
void kcsd_due_now(struct kcsd_due *due);
/* Fire all now, and from now on each one that is added. */
void kcsd_dues_stop(struct kcsd_due_queue __percpu *queues);

#endif
