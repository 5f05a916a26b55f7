// SPDX-License-Identifier: GPL-2.0
/* Commands that take long, on a workqueue of their drive. */
#include "drive.h"
#include "trace.h"

/* At once, the others wait: they would only take the CPUs from each other. */
#define KCSD_JOBS_AT_ONCE	4

/* All jobs are commands to SLM. */
static void kcsd_job_log_failure(const struct kcsd_job *job)
{
	struct kcsd_failure f = {
		.status = job->status,
		.nsid = KCSD_NSID_SLM,
		.place = job->status == KCSD_SC_INVALID_FIELD ? job->result : KCSD_ERROR_NO_PLACE,
	};

	kcsd_error_log_add(&job->drive->life->errors, &f);
}

static void kcsd_job_end(struct kcsd_job *job, int status)
{
	struct kcsd_drive *drive = job->drive;

	scoped_guard(spinlock, &drive->jobs.lock)
		list_del(&job->entry);
	job->status = status;
	if (status > 0)
		kcsd_job_log_failure(job);
	kcsd_drive_exit(drive);
	job->done(job);
}

static void kcsd_job_work(struct work_struct *work)
{
	struct kcsd_job *job = container_of(work, struct kcsd_job, work);

	if (kcsd_job_cancelled(job)) {
		kcsd_job_end(job, KCSD_SC_ABORT_REQUESTED);
		return;
	}
	trace_kcsd_cmd_start(job->drive, &job->trace, -1, -1);
	kcsd_job_end(job, job->execute(job));
}

void kcsd_job_init(struct kcsd_job *job, struct kcsd_drive *drive)
{
	INIT_LIST_HEAD(&job->entry);
	INIT_WORK(&job->work, kcsd_job_work);
	job->drive = drive;
}

void kcsd_job_submit(struct kcsd_job *job)
{
	struct kcsd_jobs *jobs = &job->drive->jobs;
	bool stopping;

	scoped_guard(spinlock, &jobs->lock) {
		stopping = jobs->stopping;
		list_add_tail(&job->entry, &jobs->list);
	}
	if (stopping)
		kcsd_job_end(job, KCSD_SC_ABORT_REQUESTED);
	else
		queue_work(jobs->wq, &job->work);
}

int kcsd_job_run(struct kcsd_job *job, u64 *result)
{
	int status = job->execute(job);

	*result = job->result;
	job->free(job);
	return status;
}

void kcsd_job_cancel(struct kcsd_job *job)
{
	WRITE_ONCE(job->cancelled, true);
	kcsd_held_wake(&job->drive->held);
	if (cancel_work(&job->work))
		kcsd_job_end(job, KCSD_SC_ABORT_REQUESTED);
}

/* Those not yet begun are ended by the workers, who find them cancelled. */
void kcsd_jobs_cancel_all(struct kcsd_drive *drive)
{
	struct kcsd_jobs *jobs = &drive->jobs;
	struct kcsd_job *job;

	spin_lock(&jobs->lock);
	jobs->stopping = true;
	list_for_each_entry(job, &jobs->list, entry)
		WRITE_ONCE(job->cancelled, true);
	spin_unlock(&jobs->lock);
}

int kcsd_jobs_init(struct kcsd_drive *drive)
{
	struct kcsd_jobs *jobs = &drive->jobs;

	spin_lock_init(&jobs->lock);
	INIT_LIST_HEAD(&jobs->list);
	jobs->wq = alloc_workqueue("kcsd%u-jobs", WQ_UNBOUND, KCSD_JOBS_AT_ONCE, drive->index);
	return jobs->wq ? 0 : -ENOMEM;
}

void kcsd_jobs_destroy(struct kcsd_drive *drive)
{
	/* The last job has been given back, its worker may still be on its way out. */
	destroy_workqueue(drive->jobs.wq);
}
