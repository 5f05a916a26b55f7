/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Commands that take long: carried out by a worker of the drive, after their
 * submitter has returned, and in need of nothing that is the submitter's. Tenants share the workers
 * as they share compute units: compute/schedule.h.
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
	KCSD_JOB_QUEUED,	/* in jobs.schedule, for the first turn or another */
	KCSD_JOB_RUNNING,	/* a worker has it */
	KCSD_JOB_ENDED,		/* the submitter's again */
};

/*
 * The first member of what a command set makes of a command, by kcsd_job_create(). Handed over by
 * kcsd_job_submit() and given back by calling done() exactly once, from a worker or from whoever
 * cancels it; the front end then frees it. Holds drive->live until just before done(). After that
 * only the front end's open file keeps struct kcsd_drive: its stats, jobs.lock and held are valid,
 * no more. It keeps its tenant's slot until it is released.
 */
struct kcsd_job {
	struct kcsd_turn turn;		/* its entry: jobs.running while it runs; jobs.lock */
	enum kcsd_job_state state;	/* jobs.lock */
	struct kcsd_drive *drive;
	struct kcsd_tenant *slot_of;	/* who gave a slot for it; NULL: has it back, or is quick */
	u32 nsid;
	bool admin;
	bool quick;			/* short enough for the submitter to do it itself */
	bool cancelled;			/* set once by anyone, read by the worker */
	struct kcsd_trace_cmd trace;
	int status;			/* NVMe status, once ended */
	u64 result;			/* of the CQE, likewise */
	u64 lba;			/* the first LBA that failed, likewise; 0: none */

	/*
	 * Returns the status; looks at kcsd_job_cancelled() every KCSD_JOB_CHUNK bytes or so. One
	 * that can take long, and is not quick, returns KCSD_JOB_REST after KCSD_JOB_TURN bytes, to
	 * be called again for what remains, perhaps by another worker. If it is cancelled first it
	 * ends as it is then: with this result.
	 */
	int (*execute)(struct kcsd_job *job);
	bool begun;			/* its worker's */

	/* The front end's. */
	void (*done)(struct kcsd_job *job);
	void *done_data;
};

#define KCSD_JOB_CHUNK	SZ_64K
/* How much others wait for. */
#define KCSD_JOB_TURN	SZ_16M
/* No status and no errno of a medium's. */
#define KCSD_JOB_REST	(-EINPROGRESS)

/* At once, the others wait: they would only take the CPUs from each other. */
#define KCSD_JOBS_AT_ONCE	4

/* Carries out jobs one after another, as long as there are any. */
struct kcsd_job_worker {
	struct work_struct work;
	struct kcsd_jobs *jobs;
	bool called;			/* it looks for jobs, or has one; jobs.lock */
};

struct kcsd_jobs {
	/* The next four, the state of jobs; process context, nothing inside but waking a worker. */
	spinlock_t lock;
	struct kcsd_schedule schedule;	/* those that wait */
	struct list_head running;
	bool stopping;			/* jobs submitted from now on are cancelled at once */
	struct kcsd_job_worker worker[KCSD_JOBS_AT_ONCE];
	struct workqueue_struct *wq;
};

int kcsd_jobs_init(struct kcsd_drive *drive);
void kcsd_jobs_destroy(struct kcsd_drive *drive);
/* End all jobs soon. New ones must have been shut out. */
void kcsd_jobs_cancel_all(struct kcsd_drive *drive);
/* End those of namespace 2 soon, whose gate the caller has closed; others go on. */
void kcsd_jobs_cancel_slm(struct kcsd_drive *drive);

/*
 * Allocate size bytes, zeroed, of which the job is the first member, and set all of it but execute.
 * One that is not quick takes a slot of the command's tenant. NULL with *ret set: Insufficient
 * Resources if no slot is free, or -ENOMEM.
 */
struct kcsd_job *kcsd_job_create(struct kcsd_cmd *cmd, size_t size, bool quick, int *ret);
/* Give back its slot. What a cancelling may look at stays. */
void kcsd_job_release(struct kcsd_job *job);
/* Release it, if that has not been done, and free it. */
void kcsd_job_free(struct kcsd_job *job);
/* It may have ended, and be gone, when this returns. */
void kcsd_job_submit(struct kcsd_job *job);
/* Instead of submitting cmd->job, and of freeing it later: status, and cmd's result, failed_lba. */
int kcsd_job_run(struct kcsd_cmd *cmd);
/* Ask it to end soon; one not yet begun ends before this returns. It must not have been freed. */
void kcsd_job_cancel(struct kcsd_job *job);

static inline bool kcsd_job_cancelled(const struct kcsd_job *job)
{
	return READ_ONCE(job->cancelled);
}

#endif
