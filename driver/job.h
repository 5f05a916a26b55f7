/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Commands that take long: carried out by a worker of the drive, after their
 * submitter has returned, and in need of nothing that is the submitter's.
 */
#ifndef KCSD_JOB_H
#define KCSD_JOB_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "trace_cmd.h"

struct kcsd_drive;

/*
 * Embedded in what a command set makes of a command. Handed over by kcsd_job_submit() and given
 * back by calling done() exactly once, from a worker or from whoever cancels it; the front end
 * then frees it. Holds drive->live until just before done(). After that only the
 * front end's open file keeps struct kcsd_drive.
 */
struct kcsd_job {
	struct list_head entry;		/* jobs.list; jobs.lock */
	struct work_struct work;
	struct kcsd_drive *drive;
	bool quick;			/* short enough for the submitter to do it itself */
	bool cancelled;			/* set once by anyone, read by the worker */
	struct kcsd_trace_cmd trace;
	int status;			/* NVMe status, once ended */
	u64 result;			/* of the CQE, likewise */

	/* Returns the status; looks at kcsd_job_cancelled() every KCSD_JOB_CHUNK bytes or so. */
	int (*execute)(struct kcsd_job *job);
	void (*free)(struct kcsd_job *job);

	/* The front end's. */
	void (*done)(struct kcsd_job *job);
	void *done_data;
};

#define KCSD_JOB_CHUNK	SZ_64K

struct kcsd_jobs {
	spinlock_t lock;		/* the next two; process context, a leaf */
	struct list_head list;		/* submitted, not yet ended */
	bool stopping;			/* jobs submitted from now on are cancelled at once */
	struct workqueue_struct *wq;
};

int kcsd_jobs_init(struct kcsd_drive *drive);
void kcsd_jobs_destroy(struct kcsd_drive *drive);
/* End all jobs soon. New ones must have been shut out. */
void kcsd_jobs_cancel_all(struct kcsd_drive *drive);

/* Everything but execute and free. */
void kcsd_job_init(struct kcsd_job *job, struct kcsd_drive *drive);
/* It may have ended, and be gone, when this returns. */
void kcsd_job_submit(struct kcsd_job *job);
/* Instead of submitting it, and of freeing it later: status, and *result. */
int kcsd_job_run(struct kcsd_job *job, u64 *result);
/* Ask it to end soon; one not yet begun ends before this returns. It must not have been freed. */
void kcsd_job_cancel(struct kcsd_job *job);

static inline bool kcsd_job_cancelled(const struct kcsd_job *job)
{
	return READ_ONCE(job->cancelled);
}

#endif
