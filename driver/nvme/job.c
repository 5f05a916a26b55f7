// SPDX-License-Identifier: GPL-2.0
/* Jobs: execute long commands on a workqueue of the drive. */
#include <linux/mm.h>

#include "compute/tenant.h"
#include "drive.h"
#include "nvme/cmd.h"
#include "stats/trace.h"

static bool is_of_slm(const struct kcsd_job *job)
{
	return job->nsid == KCSD_NSID_SLM && !job->admin;
}

static void job_log_failure(const struct kcsd_job *job)
{
	struct kcsd_failure f = {
		.owner = job->turn.tenant->owner,
		.status = job->status,
		.admin = job->admin,
		.nsid = job->nsid,
		.lba = job->lba,
		.place = job->status == KCSD_SC_INVALID_FIELD ? job->result : KCSD_ERROR_NO_PLACE,
	};

	kcsd_error_log_add(&job->drive->retained->errors, &f);
}

/* Complete a job that is neither queued nor running any more: hand it back to its submitter. */
static void job_complete(struct kcsd_job *job, int status)
{
	job->status = status;
	if (status > 0)
		job_log_failure(job);
	if (is_of_slm(job))
		kcsd_gate_exit(&job->drive->memory_gate);
	kcsd_drive_exit(job->drive);
	job->done(job);
}

/* ---- workers ---- */

static struct kcsd_job *turn_job(struct kcsd_turn *turn)
{
	return container_of(turn, struct kcsd_job, turn);
}

/* Take the next job; the worker then owns it. NULL: none is queued, and the worker is idle. */
static struct kcsd_job *job_take(struct kcsd_job_worker *worker)
{
	struct kcsd_jobs *jobs = worker->jobs;
	struct kcsd_turn *turn;

	spin_lock(&jobs->lock);
	turn = kcsd_schedule_next(&jobs->schedule);
	if (turn) {
		turn_job(turn)->state = KCSD_JOB_RUNNING;
		list_add_tail(&turn->entry, &jobs->running);
	} else {
		worker->called = false;
	}
	spin_unlock(&jobs->lock);
	return turn ? turn_job(turn) : NULL;
}

static int job_execute(struct kcsd_job *job)
{
	int status = is_of_slm(job) ? kcsd_gate_status(&job->drive->memory_gate) : 0;

	if (kcsd_job_cancelled(job))
		return KCSD_SC_ABORT_REQUESTED;
	if (status)
		return status;
	if (!job->begun)
		trace_kcsd_cmd_start(job->drive, &job->trace, -1, -1);
	job->begun = true;
	return job->execute(job);
}

/*
 * End the turn of a job, which took ns. Returns true if the job is queued again, because it has a
 * rest: the worker no longer owns it. Otherwise no cancel function finds the job on a list.
 */
static bool job_requeue(struct kcsd_job *job, bool rest, u64 ns)
{
	struct kcsd_jobs *jobs = &job->drive->jobs;

	spin_lock(&jobs->lock);
	list_del(&job->turn.entry);
	/* Do not queue a cancelled job again: its canceller saw it running and left it there. */
	rest = rest && !jobs->stopping && !job->cancelled;
	job->state = rest ? KCSD_JOB_QUEUED : KCSD_JOB_COMPLETE;
	if (rest)
		kcsd_schedule_add(&jobs->schedule, &job->turn);
	kcsd_schedule_end(&jobs->schedule, &job->turn, ns);
	spin_unlock(&jobs->lock);
	return rest;
}

static void job_carry_out(struct kcsd_job *job)
{
	u64 start = ktime_get_ns();
	int status = job_execute(job);
	bool rest = status == KCSD_JOB_REST;

	if (job_requeue(job, rest, ktime_get_ns() - start))
		return;
	job_complete(job, rest ? KCSD_SC_ABORT_REQUESTED : status);
}

static void job_work(struct work_struct *work)
{
	struct kcsd_job_worker *worker = container_of(work, struct kcsd_job_worker, work);
	struct kcsd_job *job;

	while ((job = job_take(worker))) {
		job_carry_out(job);
		cond_resched();
	}
}

/* Wake one idle worker, if there is one, to take a job. */
static void jobs_call(struct kcsd_jobs *jobs)
{
	struct kcsd_job_worker *worker;

	lockdep_assert_held(&jobs->lock);
	for (worker = jobs->worker; worker < jobs->worker + KCSD_JOBS_AT_ONCE; worker++) {
		if (worker->called)
			continue;
		worker->called = true;
		queue_work(jobs->wq, &worker->work);
		return;
	}
}

/* ---- jobs ---- */

struct kcsd_job *kcsd_job_create(struct kcsd_cmd *cmd, size_t size, bool quick, int *ret)
{
	struct kcsd_drive *drive = cmd->drive;
	struct kcsd_job *job;

	*ret = KCSD_SC_INSUFFICIENT_RESOURCES;
	/* Take the slot before allocating, so that a tenant over its limit uses no memory. */
	if (!quick && !kcsd_tenant_get_slot(cmd->tenant, drive->cfg.queue_limit))
		return NULL;
	*ret = -ENOMEM;
	job = kvzalloc(size, GFP_KERNEL_ACCOUNT);
	if (!job) {
		if (!quick)
			kcsd_tenant_put_slot(cmd->tenant);
		return NULL;
	}
	job->drive = drive;
	job->nsid = cmd->nsid;
	job->quick = quick;
	job->turn.tenant = cmd->tenant;
	job->slot_of = quick ? NULL : cmd->tenant;
	*ret = 0;
	return job;
}

void kcsd_job_release(struct kcsd_job *job)
{
	if (job->slot_of)
		kcsd_tenant_put_slot(job->slot_of);
	job->slot_of = NULL;
}

void kcsd_job_free(struct kcsd_job *job)
{
	kcsd_job_release(job);
	kvfree(job);
}

void kcsd_job_submit(struct kcsd_job *job)
{
	struct kcsd_jobs *jobs = &job->drive->jobs;
	bool stopping;

	scoped_guard(spinlock, &jobs->lock) {
		stopping = jobs->stopping || job->cancelled;
		job->state = stopping ? KCSD_JOB_COMPLETE : KCSD_JOB_QUEUED;
		if (!stopping) {
			kcsd_schedule_add(&jobs->schedule, &job->turn);
			jobs_call(jobs);
		}
	}
	if (stopping)
		job_complete(job, KCSD_SC_ABORT_REQUESTED);
}

int kcsd_job_run(struct kcsd_cmd *cmd)
{
	struct kcsd_job *job = cmd->job;
	int status = job->execute(job);

	cmd->result = job->result;
	cmd->failed_lba = job->lba;
	kcsd_job_free(job);
	return status;
}

void kcsd_job_cancel(struct kcsd_job *job)
{
	struct kcsd_jobs *jobs = &job->drive->jobs;

	scoped_guard(spinlock, &jobs->lock) {
		WRITE_ONCE(job->cancelled, true);
		if (job->state == KCSD_JOB_RUNNING)
			kcsd_delayed_wake(&job->drive->delayed);
		if (job->state != KCSD_JOB_QUEUED)
			return;
		kcsd_schedule_remove(&jobs->schedule, &job->turn);
		job->state = KCSD_JOB_COMPLETE;
	}
	job_complete(job, KCSD_SC_ABORT_REQUESTED);
}

void kcsd_jobs_cancel_all(struct kcsd_drive *drive)
{
	struct kcsd_jobs *jobs = &drive->jobs;
	struct kcsd_job *job, *next;
	LIST_HEAD(queued);

	scoped_guard(spinlock, &jobs->lock) {
		jobs->stopping = true;
		kcsd_schedule_drain(&jobs->schedule, &queued);
		list_for_each_entry(job, &queued, turn.entry)
			job->state = KCSD_JOB_COMPLETE;
		list_for_each_entry(job, &jobs->running, turn.entry)
			WRITE_ONCE(job->cancelled, true);
	}
	list_for_each_entry_safe(job, next, &queued, turn.entry)
		job_complete(job, KCSD_SC_ABORT_REQUESTED);
}

void kcsd_jobs_cancel_slm(struct kcsd_drive *drive)
{
	struct kcsd_jobs *jobs = &drive->jobs;
	struct kcsd_job *job;

	scoped_guard(spinlock, &jobs->lock)
		list_for_each_entry(job, &jobs->running, turn.entry)
			if (is_of_slm(job))
				WRITE_ONCE(job->cancelled, true);
	kcsd_delayed_wake(&drive->delayed);
}

int kcsd_jobs_init(struct kcsd_drive *drive)
{
	struct kcsd_jobs *jobs = &drive->jobs;
	struct kcsd_job_worker *worker;

	spin_lock_init(&jobs->lock);
	INIT_LIST_HEAD(&jobs->running);
	for (worker = jobs->worker; worker < jobs->worker + KCSD_JOBS_AT_ONCE; worker++) {
		worker->jobs = jobs;
		INIT_WORK(&worker->work, job_work);
	}
	jobs->wq = alloc_workqueue("kcsd%u-jobs", WQ_UNBOUND, KCSD_JOBS_AT_ONCE, drive->index);
	return jobs->wq ? 0 : -ENOMEM;
}

void kcsd_jobs_destroy(struct kcsd_drive *drive)
{
	/* All jobs are complete; wait for workers that have not returned yet. */
	destroy_workqueue(drive->jobs.wq);
}
