/* SPDX-License-Identifier: GPL-2.0 */
/* Asynchronous commands: what runs and jobs share, so that front ends treat them alike. */
#ifndef KCSD_ASYNC_H
#define KCSD_ASYNC_H

#include <linux/types.h>
#include <linux/kcsd.h>

#include "clock/clock.h"
#include "compute/schedule.h"
#include "stats/trace_cmd.h"

struct kcsd_async;
struct kcsd_drive;
struct kcsd_gate;
struct kcsd_tenant;

enum kcsd_async_state {
	KCSD_ASYNC_NEW,		/* not submitted yet */
	KCSD_ASYNC_QUEUED,	/* in the schedule, for its first or a later turn */
	KCSD_ASYNC_RUNNING,	/* on a unit, or owned by a worker */
	KCSD_ASYNC_PARKED,	/* a run that waits for its reader, without a place; park.c */
	KCSD_ASYNC_COMPLETE,	/* owned by the submitter again */
};

struct kcsd_async_ops {
	/* Start it. It may be complete and freed when this returns. */
	void (*submit)(struct kcsd_async *async);
	/*
	 * Cancel it. A queued one is complete when this returns; a running one completes soon. The
	 * caller makes sure that it is not freed meanwhile.
	 */
	void (*cancel)(struct kcsd_async *async);
	/*
	 * Copy the output to the host, if to_host is set: in the mm of the submitter. Then free all
	 * buffers; members that cancel() reads stay valid. Returns 0; -EFAULT; -ECANCELED if output
	 * is not copied. Called once, also if it was never submitted. NULL: nothing to do.
	 */
	int (*finish)(struct kcsd_async *async, bool to_host);
};

/*
 * First member of struct kcsd_run and struct kcsd_job. Created when a command is parsed, passed on
 * by ops->submit(), and returned to the front end by exactly one call of done(): from a compute
 * unit, from a worker, or from the task that cancels it. The front end then finishes and frees it.
 *
 * Holds drive->live, and gate if there is one, until just before done(). After that
 * only the open file of the front end keeps struct kcsd_drive alive, perhaps without power: only
 * its stats, units.lock, jobs.lock and delayed are valid then.
 *
 * Keeps the slot of its tenant until its buffers are freed: memory of completed commands that
 * nobody has reaped counts, too.
 */
struct kcsd_async {
	const struct kcsd_async_ops *ops;
	struct kcsd_turn turn;		/* entry: in the list of running ones while it runs */
	enum kcsd_async_state state;	/* units.lock or jobs.lock */
	bool cancelled;			/* set once, in any context; read by what executes it */
	bool admin;
	u8 opcode;
	u8 op;				/* enum kcsd_time_op */
	u32 nsid;
	struct kcsd_drive *drive;
	struct kcsd_gate *gate;		/* kcsd_ns.gate of its namespace; NULL: none */
	struct kcsd_tenant *slot_of;	/* tenant whose slot it has, or NULL */
	struct kcsd_trace_cmd trace;

	/* Valid once it is complete. */
	int status;			/* without DNR, or -errno */
	u64 result;			/* in the CQE */
	u64 lba;			/* first LBA that failed; 0: none */
	bool overdue;			/* its time limit is over: do not wait for the device */
	bool waits_out;			/* it has no slot to leave: it waits for the device */

	/* Its times. From kcsd_async_complete() to done() it may wait. */
	struct kcsd_held held;
	struct kcsd_slot *device_slot;	/* owned; NULL: none. A run that executes rests it */

	/* Owned by the front end. */
	void (*done)(struct kcsd_async *async);
	void *done_data;
};

/*
 * Log a failure in the error log, end its device time, and leave gate and drive. status, result and
 * lba are set. Then call kcsd_async_complete(), if it was submitted.
 */
void kcsd_async_exit(struct kcsd_async *async);
/* Call done(), when its device time is over, or it is cancelled or overdue. */
void kcsd_async_complete(struct kcsd_async *async);
/*
 * Take the slot that a run has rested, before it is complete. If its user has too many, a cancel
 * does not shorten the wait for its device time, which nobody would count.
 */
static inline void kcsd_async_take_slot(struct kcsd_async *async)
{
	async->waits_out = kcsd_slot_take(async->device_slot, false);
}

/* It was cancelled when it was complete: if it waits for its device time, call done() now. */
static inline void kcsd_async_hurry(struct kcsd_async *async)
{
	if (!async->waits_out)
		kcsd_due_now(&async->held.due);
}
/*
 * Call ops->finish() (described there), and return the slot. ops->cancel() may still be called
 * until kcsd_async_free().
 */
int kcsd_async_finish(struct kcsd_async *async, bool to_host);
/* Free a finished one. */
void kcsd_async_free(struct kcsd_async *async);

#endif
