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

#include "compute/schedule.h"
#include "stats/trace_cmd.h"

struct kcsd_cmd;
struct kcsd_drive;
struct kcsd_tenant;

enum kcsd_job_state {
	KCSD_JOB_NEW,		/* not submitted yet */
	KCSD_JOB_QUEUED,	/* in jobs.schedule, for its first or a later turn */
	KCSD_JOB_RUNNING,	/* owned by a worker */
	KCSD_JOB_COMPLETE,		/* owned by the submitter again */
};

/*
 * First member of the struct in which a command set keeps a long command; allocated by
 * kcsd_job_create(). kcsd_job_submit() hands the job to the workers; done() hands it back, called
 * exactly once, by a worker or by the task that cancels the job. The front end then frees it.
 *
 * Holds drive->live until just before done(). After that only the open file of the front end holds
 * struct kcsd_drive, of which only stats, jobs.lock and delayed are still valid. Holds a slot of
 * its tenant until kcsd_job_release().
 */
struct kcsd_job {
	struct kcsd_turn turn;		/* turn.entry is in jobs.running while it runs; jobs.lock */
	enum kcsd_job_state state;	/* jobs.lock */
	struct kcsd_drive *drive;
	struct kcsd_tenant *slot_of;	/* tenant that gave its slot; NULL: given back, or quick */
	u32 nsid;
	bool admin;
	bool quick;			/* short: the submitter executes it */
	bool cancelled;			/* set once by anyone, read by the worker */
	struct kcsd_trace_cmd trace;
	int status;			/* NVMe status, once complete */
	u64 result;			/* result in the CQE, once complete */
	u64 lba;			/* first LBA that failed, once complete; 0: none */

	/*
	 * Returns the status. Checks kcsd_job_cancelled() about every KCSD_JOB_CHUNK bytes. If the
	 * job is long and not quick, returns KCSD_JOB_REST after KCSD_JOB_TURN bytes; it is then
	 * called again for the rest, perhaps by another worker. A job that is cancelled before that
	 * call completes with the result that it has.
	 */
	int (*execute)(struct kcsd_job *job);
	bool begun;			/* has started; used by its worker only */

	/* Owned by the front end. */
	void (*done)(struct kcsd_job *job);
	void *done_data;
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

int kcsd_jobs_init(struct kcsd_drive *drive);
void kcsd_jobs_destroy(struct kcsd_drive *drive);
/* Cancel all jobs; they complete soon. The caller has shut out new ones. */
void kcsd_jobs_cancel_all(struct kcsd_drive *drive);
/*
 * Cancel all jobs of namespace 2; they complete soon, other jobs continue. The caller has closed
 * drive->memory_gate.
 */
void kcsd_jobs_cancel_slm(struct kcsd_drive *drive);

/*
 * Allocate size bytes, zeroed, with the job as first member. Takes a slot of the tenant unless the
 * job is quick. The caller sets execute, and admin for an admin command. Returns NULL with *ret
 * set: Insufficient Resources if no slot is free, or -ENOMEM.
 */
struct kcsd_job *kcsd_job_create(struct kcsd_cmd *cmd, size_t size, bool quick, int *ret);
/* Give back the slot of a completed job. kcsd_job_cancel() may still use the job. */
void kcsd_job_release(struct kcsd_job *job);
/* Release a job, unless that is done, and free it. */
void kcsd_job_free(struct kcsd_job *job);
/* Hand a job to the workers. It may be complete, and freed, when this returns. */
void kcsd_job_submit(struct kcsd_job *job);
/*
 * Execute the quick cmd->job and free it, in place of kcsd_job_submit(). Returns the status; sets
 * result and failed_lba of cmd.
 */
int kcsd_job_run(struct kcsd_cmd *cmd);
/* Cancel a job; a queued one completes before this returns. The job must not have been freed. */
void kcsd_job_cancel(struct kcsd_job *job);

static inline bool kcsd_job_cancelled(const struct kcsd_job *job)
{
	return READ_ONCE(job->cancelled);
}

#endif
