/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Jobs: long commands that a worker of the drive executes after their submitter has returned. A job
 * uses nothing that belongs to the submitter. Tenants share the workers as they share compute
 * units: compute/schedule.h.
 */
#ifndef KCSD_JOB_H
#define KCSD_JOB_H

#include <linux/errno.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "compute/async.h"

struct kcsd_cmd;
struct kcsd_drive;
struct kcsd_time;

/*
 * First member of the struct in which a command set keeps a long command; allocated by
 * kcsd_job_create(). A quick job is short: the submitter executes it, and it has no slot.
 */
struct kcsd_job {
	struct kcsd_async async;	/* the first member; async.turn.entry: in jobs.running */
	/*
	 * Returns the status. Checks kcsd_job_cancelled() about every KCSD_JOB_CHUNK bytes. If the
	 * job is long and not quick, returns KCSD_JOB_REST after KCSD_JOB_TURN bytes; it is then
	 * called again for the rest, perhaps by another worker. A job that is cancelled before that
	 * call completes with the result that it has.
	 */
	int (*execute)(struct kcsd_job *job);
	/* Let a job that succeeded take device time: kcsd_clock_submit(). NULL: none. */
	void (*take_time)(struct kcsd_job *job, struct kcsd_time *time);
	bool begun;			/* has started; used by its worker only */
};

#define KCSD_JOB_CHUNK	SZ_64K
/* Bytes of one turn: other jobs wait for no more. */
#define KCSD_JOB_TURN	SZ_16M
/* Neither a status nor an errno that the store returns. */
#define KCSD_JOB_REST	(-EINPROGRESS)

/* Jobs executed at once; others wait. More would only compete for the CPUs. */
#define KCSD_JOBS_AT_ONCE	4

/* Executes jobs one after another until none is queued. */
struct kcsd_job_worker {
	struct work_struct work;
	struct kcsd_jobs *jobs;
	bool called;			/* woken for a job, or owns one; jobs.lock */
};

struct kcsd_jobs {
	/*
	 * Protects the next four members and the state of jobs. Process context. Only wake-ups take
	 * other locks inside it.
	 */
	spinlock_t lock;
	struct kcsd_schedule schedule;	/* queued jobs */
	struct list_head running;
	bool stopping;			/* cancel every job that is submitted */
	struct kcsd_job_worker worker[KCSD_JOBS_AT_ONCE];
	struct workqueue_struct *wq;
};

/* Set drive->jobs and start the workers. Returns 0 or -ENOMEM. */
int kcsd_jobs_alloc(struct kcsd_drive *drive);
/* Stop the workers: all jobs are complete. */
void kcsd_jobs_destroy(struct kcsd_drive *drive);
/* Cancel all jobs; they complete soon. The caller has shut out new ones. */
void kcsd_jobs_cancel_all(struct kcsd_drive *drive);
/*
 * Cancel the jobs inside drive->memory_gate, which the caller has closed; they complete soon. Other
 * jobs continue.
 */
void kcsd_jobs_cancel_memory(struct kcsd_drive *drive);

/*
 * Create cmd->async, see kcsd_cmd_create_async(): size bytes, with the job as first member. Sets
 * cmd->execute, too, if the job is quick. The caller sets job->execute. Returns NULL with *ret set.
 */
struct kcsd_job *kcsd_job_create(struct kcsd_cmd *cmd, size_t size, bool quick, int *ret);

static inline bool kcsd_job_cancelled(const struct kcsd_job *job)
{
	return READ_ONCE(job->async.cancelled);
}

#endif
