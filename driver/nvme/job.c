// SPDX-License-Identifier: GPL-2.0
/* Jobs: execute long commands on a workqueue of the drive. */
#include "compute/async.h"
#include "drive.h"
#include "media/lbas.h"
#include "nvme/cmd.h"
#include "nvme/job.h"
#include "stats/trace.h"

static struct kcsd_job *to_job(struct kcsd_async *async)
{
	return container_of(async, struct kcsd_job, async);
}

/* Complete a job that is neither queued nor running any more: hand it back to its submitter. */
static void job_complete(struct kcsd_job *job, int status)
{
	struct kcsd_time *time = &job->async.held.time;

	time->cpu_ns -= min(time->cpu_ns, time->delay_ns);
	job->async.status = status;
	if (!status && job->take_time)
		job->take_time(job, time);
	kcsd_async_exit(&job->async);
	kcsd_async_complete(&job->async);
}

/* ---- workers ---- */

static struct kcsd_job *turn_job(struct kcsd_turn *turn)
{
	return container_of(turn, struct kcsd_job, async.turn);
}

/* Take the next job; the worker then owns it. NULL: none is queued, and the worker is idle. */
static struct kcsd_job *job_take(struct kcsd_job_worker *worker)
{
	struct kcsd_jobs *jobs = worker->jobs;
	struct kcsd_turn *turn;

	spin_lock(&jobs->lock);
	turn = kcsd_schedule_next(&jobs->schedule);
	if (turn) {
		turn_job(turn)->async.state = KCSD_ASYNC_RUNNING;
		list_add_tail(&turn->entry, &jobs->running);
	} else {
		worker->called = false;
	}
	spin_unlock(&jobs->lock);
	return turn ? turn_job(turn) : NULL;
}

static int job_execute(struct kcsd_job *job)
{
	int status = job->async.gate ? kcsd_gate_status(job->async.gate) : 0;

	if (kcsd_job_cancelled(job))
		return KCSD_SC_ABORT_REQUESTED;
	if (status)
		return status;
	if (!job->begun)
		trace_kcsd_cmd_start(&job->async.trace, -1, -1);
	job->begun = true;
	return job->execute(job);
}

/*
 * End the turn of a job, which took ns. Returns true if the job is queued again, because it has a
 * rest: the worker no longer owns it. Otherwise no cancel function finds the job on a list.
 */
static bool job_requeue(struct kcsd_job *job, bool rest, u64 ns)
{
	struct kcsd_jobs *jobs = job->async.drive->jobs;

	spin_lock(&jobs->lock);
	list_del(&job->async.turn.entry);
	/* Do not queue a cancelled job again: its canceller saw it running and left it there. */
	rest = rest && !jobs->stopping && !job->async.cancelled;
	job->async.state = rest ? KCSD_ASYNC_QUEUED : KCSD_ASYNC_COMPLETE;
	if (rest)
		kcsd_schedule_add(&jobs->schedule, &job->async.turn);
	kcsd_schedule_end(&jobs->schedule, &job->async.turn, ns);
	spin_unlock(&jobs->lock);
	return rest;
}

static void job_carry_out(struct kcsd_job *job)
{
	u64 start = ktime_get_ns(), took;
	int status = job_execute(job);
	bool rest = status == KCSD_JOB_REST;

	took = ktime_get_ns() - start;
	job->async.held.time.cpu_ns += took;
	if (job_requeue(job, rest, took))
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

static void job_submit(struct kcsd_async *async)
{
	struct kcsd_jobs *jobs = async->drive->jobs;
	bool stopping;

	scoped_guard(spinlock, &jobs->lock) {
		stopping = jobs->stopping || async->cancelled;
		async->state = stopping ? KCSD_ASYNC_COMPLETE : KCSD_ASYNC_QUEUED;
		if (!stopping) {
			kcsd_schedule_add(&jobs->schedule, &async->turn);
			jobs_call(jobs);
		}
	}
	if (stopping)
		job_complete(to_job(async), KCSD_SC_ABORT_REQUESTED);
}

static void job_cancel(struct kcsd_async *async)
{
	struct kcsd_jobs *jobs = async->drive->jobs;
	bool complete, queued;

	scoped_guard(spinlock, &jobs->lock) {
		WRITE_ONCE(async->cancelled, true);
		if (async->state == KCSD_ASYNC_RUNNING)
			kcsd_delayed_wake(&async->drive->lbas->delayed);
		complete = async->state == KCSD_ASYNC_COMPLETE;
		queued = async->state == KCSD_ASYNC_QUEUED;
		if (queued) {
			kcsd_schedule_remove(&jobs->schedule, &async->turn);
			async->state = KCSD_ASYNC_COMPLETE;
		}
	}
	if (complete)
		kcsd_async_hurry(async);
	if (queued)
		job_complete(to_job(async), KCSD_SC_ABORT_REQUESTED);
}

static const struct kcsd_async_ops job_ops = {
	.submit = job_submit,
	.cancel = job_cancel,
};

/* Execute a quick job and free it. Returns the status. */
static int job_execute_quick(struct kcsd_cmd *cmd)
{
	struct kcsd_job *job = to_job(cmd->async);
	int status = job->execute(job);

	if (!status && job->take_time)
		job->take_time(job, cmd->time);
	cmd->result = job->async.result;
	cmd->failed_lba = job->async.lba;
	kcsd_async_free(&job->async);
	cmd->async = NULL;
	return status;
}

struct kcsd_job *kcsd_job_create(struct kcsd_cmd *cmd, size_t size, bool quick, int *ret)
{
	*ret = kcsd_cmd_create_async(cmd, &job_ops, size, !quick);
	if (*ret)
		return NULL;
	if (quick)
		cmd->execute = job_execute_quick;
	return to_job(cmd->async);
}

void kcsd_jobs_cancel_all(struct kcsd_drive *drive)
{
	struct kcsd_jobs *jobs = drive->jobs;
	struct kcsd_job *job, *next;
	LIST_HEAD(queued);

	scoped_guard(spinlock, &jobs->lock) {
		jobs->stopping = true;
		kcsd_schedule_drain(&jobs->schedule, &queued, NULL);
		list_for_each_entry(job, &queued, async.turn.entry)
			job->async.state = KCSD_ASYNC_COMPLETE;
		list_for_each_entry(job, &jobs->running, async.turn.entry)
			WRITE_ONCE(job->async.cancelled, true);
	}
	list_for_each_entry_safe(job, next, &queued, async.turn.entry)
		job_complete(job, KCSD_SC_ABORT_REQUESTED);
}

void kcsd_jobs_cancel_memory(struct kcsd_drive *drive)
{
	struct kcsd_jobs *jobs = drive->jobs;
	struct kcsd_job *job;

	scoped_guard(spinlock, &jobs->lock)
		list_for_each_entry(job, &jobs->running, async.turn.entry)
			if (job->async.gate == &drive->memory_gate)
				WRITE_ONCE(job->async.cancelled, true);
	kcsd_delayed_wake(&drive->lbas->delayed);
}

int kcsd_jobs_alloc(struct kcsd_drive *drive)
{
	struct kcsd_jobs *jobs = kzalloc(sizeof(*jobs), GFP_KERNEL);
	struct kcsd_job_worker *worker;

	if (!jobs)
		return -ENOMEM;
	drive->jobs = jobs;
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
	destroy_workqueue(drive->jobs->wq);
}
