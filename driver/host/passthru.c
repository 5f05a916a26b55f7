// SPDX-License-Identifier: GPL-2.0
/* Passthrough commands by ioctl and io_uring: import the buffer, test permission, issue, wait. */
#include <linux/fs.h>
#include <linux/nvme.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "clock/clock.h"
#include "compat.h"
#include "compute/async.h"
#include "compute/compute.h"
#include "compute/output.h"
#include "compute/program_log.h"
#include "compute/run.h"
#include "compute/tenant.h"
#include "drive.h"
#include "host/iovec.h"
#include "host/node.h"
#include "host/passthru.h"
#include "host/pin.h"
#include "nvme/cmd.h"
#include "nvme/identify.h"
#include "nvme/opcodes.h"
#include "nvme/sanitize.h"
#include "stats/error_log.h"
#include "stats/trace.h"
#include "wait.h"

/* Log a command that failed with a status. Returns the status for the submitter. */
static int cmd_failed(struct kcsd_cmd *cmd, int status)
{
	struct kcsd_failure f = {
		.owner = cmd->tenant->owner,
		.admin = cmd->admin,
		.status = status,
		.nsid = cmd->nsid,
		.place = status == KCSD_SC_INVALID_FIELD ? cmd->result : KCSD_ERROR_NO_PLACE,
		.lba = cmd->failed_lba ?: kcsd_nvm_failed_lba(cmd, status),
	};

	kcsd_error_log_add(cmd->drive->errors, &f);
	return kcsd_status_to_host(status);
}

/*
 * Set cmd->data to the host buffer. *iov is an array of UIO_FASTIOV owned by the caller; on return
 * it is the pointer that the caller must kfree().
 */
static int cmd_import(struct kcsd_cmd *cmd, const struct kcsd_user_data *d, struct iovec **iov)
{
	/* NVMe Base, "Opcode": bit 0 to the drive, bit 1 to the host. */
	int dir = cmd->opcode & 1 ? ITER_SOURCE : ITER_DEST;
	/* One byte more than the maximum: enough for parse to refuse the command. */
	u32 most = cmd->drive->max_transfer + 1, len = min(d->len, most);
	void __user *addr = u64_to_user_ptr(d->addr);

	if (d->vec)
		return kcsd_import_iovec(dir, addr, d->len, d->compat, most, iov, &cmd->data);
	*iov = NULL;
	if (d->fixed && len)
		return kcsd_uring_import_fixed(d->fixed, d->addr, len, dir, &cmd->data,
					       d->issue_flags);
	return import_ubuf(dir, addr, len, &cmd->data);
}

int kcsd_cmd_hold_buffer(struct kcsd_cmd *cmd, const struct kcsd_user_data *d)
{
	struct iovec *iov = NULL;

	return d->fixed ? cmd_import(cmd, d, &iov) : 0;
}

/* True if cmd may transfer its data. Otherwise parse needs only the length of the data. */
static bool cmd_has_data(const struct kcsd_cmd *cmd)
{
	return cmd->opcode & 3 && iov_iter_count(&cmd->data) <= cmd->drive->max_transfer;
}

/* Import the host buffer and pin it. After this, nothing waits for user memory. */
static int cmd_pin(struct kcsd_cmd *cmd, const struct kcsd_user_data *d,
		   struct kcsd_pinned *pinned)
{
	struct iovec fast[UIO_FASTIOV] KCSD_UNINITIALIZED, *iov = fast;
	int ret = cmd_import(cmd, d, &iov);

	if (ret)
		return ret;
	if (cmd_has_data(cmd)) {
		ret = kcsd_pin(pinned, &cmd->data);
	} else {
		kcsd_pin_nothing(pinned);
		iov_iter_ubuf(&cmd->data, ITER_SOURCE, NULL, iov_iter_count(&cmd->data));
	}
	kfree(iov);
	return ret;
}

/* A run takes its slot again when it ends: it may take long without reserving device time. */
static void give_time(struct kcsd_cmd *cmd)
{
	struct kcsd_async *async = cmd->async;

	async->held.time = *cmd->time;
	cmd->time->begin_ns = 0;
	async->device_slot = cmd->slot;
	cmd->slot = NULL;
	if (kcsd_async_run(async))
		kcsd_slot_rest(async->device_slot);
}

/* Execute cmd now, or return -EIOCBQUEUED if cmd->async must be submitted. */
static int cmd_start(struct kcsd_cmd *cmd)
{
	if (!cmd->execute) {
		if (unlikely(cmd->time->begin_ns))
			give_time(cmd);
		return -EIOCBQUEUED;
	}
	trace_kcsd_cmd_start(&cmd->trace, -1, -1);
	cmd->started = true;
	return cmd->execute(cmd);
}

/* Free what a failed parse has created. */
static void cmd_drop_async(struct kcsd_cmd *cmd)
{
	if (!cmd->async)
		return;
	kcsd_async_finish(cmd->async, false);
	kcsd_async_free(cmd->async);
	cmd->async = NULL;
}

/* Returns 0 if opcode, sender and gates allow cmd now; -errno or a status. Ignores the buffer. */
static int cmd_validate(struct kcsd_cmd *cmd)
{
	int status;

	if (!cmd->found)
		return cmd_failed(cmd, KCSD_SC_INVALID_OPCODE);
	if (!kcsd_cmd_allowed(cmd, cmd->found->allowed))
		return -EACCES;
	status = kcsd_sanitize_refuses(cmd);
	return status ? cmd_failed(cmd, status) : 0;
}

static u8 time_op(const struct kcsd_cmd *cmd, int status, const struct kcsd_timing_cmd *piece)
{
	return status ? KCSD_TIME_OTHER : cmd->found->time_op ?: piece->op;
}

/*
 * Give a command that its submitter executed its device time. Commands of the controller are not
 * part of the stream of an open file: they have none with the virtual clock.
 */
static void cmd_take_time(struct kcsd_cmd *cmd, int status)
{
	const struct kcsd_opcode *opcode = cmd->found;
	struct kcsd_timing_cmd piece = { .op = KCSD_TIMING_OTHER };
	struct kcsd_clock *clock = cmd->drive->clock;
	struct kcsd_flow *flow = &cmd->tenant->flow;

	if (opcode->takes_no_time || (cmd->admin && clock->is_virtual)) {
		kcsd_clock_forget(clock, cmd->time);
		return;
	}
	cmd->time->cpu_ns = ktime_get_ns() - cmd->time->begin_ns - cmd->time->delay_ns -
			    cmd->time->waited_ns;
	if (cmd->opcode & 3)
		piece.bytes = cmd->data_len;
	if (cmd->opcode & 1)
		piece.op = KCSD_TIMING_MEM_WRITE;
	if (!status && opcode->describe)
		opcode->describe(cmd, &piece);
	/* A quick job has described itself. */
	if (!status && !cmd->time->arrived)
		kcsd_clock_submit(clock, flow, cmd->time, piece, KCSD_CLOCK_ABREAST);
	kcsd_clock_leave(clock, flow, cmd->time, time_op(cmd, status, &piece), cmd->opcode);
	kcsd_time_trace(cmd->time, &cmd->trace);
	if (!status && !cmd->admin && cmd->time->arrived && !opcode->has_result &&
	    READ_ONCE(flow->flags) & KCSD_TIMING_RESULT)
		cmd->result = cmd->time->end - cmd->time->arrival;
}

static int cmd_parse_and_start(struct kcsd_cmd *cmd)
{
	int ret;

	if (kcsd_trace_enabled())
		kcsd_cmd_trace_begin(cmd);
	cmd->data_len = iov_iter_count(&cmd->data);
	ret = cmd->found->parse(cmd);
	if (kcsd_trace_enabled())
		kcsd_cmd_trace_submit(cmd);
	if (ret)
		cmd_drop_async(cmd);
	else
		ret = cmd_start(cmd);
	if (ret != -EIOCBQUEUED && ret != KCSD_CMD_WAITS)
		trace_kcsd_cmd_complete(&cmd->trace, ret, NULL);
	return ret;
}

/*
 * Execute cmd. The caller has entered the drive. After -EIOCBQUEUED, cmd->async keeps the drive
 * entered until it is complete. After KCSD_CMD_WAITS, call cmd_wait_outside().
 */
static int cmd_carry_out(struct kcsd_cmd *cmd, bool nonblock)
{
	int ret = cmd_validate(cmd);

	if (ret)
		return ret;
	if (nonblock && !cmd->now && kcsd_opcode_blocks(cmd->found, cmd))
		return -EAGAIN;	/* io_uring calls again from a worker thread */
	ret = kcsd_sanitize_enter(cmd, cmd->found);
	if (!ret) {
		ret = cmd_parse_and_start(cmd);
		if (ret != -EIOCBQUEUED)
			kcsd_sanitize_exit(cmd);
	}
	if (unlikely(cmd->time->begin_ns) && ret >= 0)
		cmd_take_time(cmd, ret);
	return ret > 0 ? cmd_failed(cmd, ret) : ret;
}

/* Returns what a command returns that has waited. ret: 0, or why it cannot go on. */
static int cmd_resume(struct kcsd_cmd *cmd, int ret)
{
	ret = cmd->resume(cmd, ret);
	trace_kcsd_cmd_complete(&cmd->trace, ret, NULL);
	return ret;
}

/* Go on with a command that has waited. The caller has entered the drive again. */
static int cmd_carry_on(struct kcsd_cmd *cmd)
{
	int closed = kcsd_sanitize_enter(cmd, cmd->found);
	int ret = cmd_resume(cmd, closed);

	if (!closed)
		kcsd_sanitize_exit(cmd);
	if (unlikely(cmd->time->begin_ns) && ret >= 0)
		cmd_take_time(cmd, ret);
	return ret > 0 ? cmd_failed(cmd, ret) : ret;
}

/*
 * Let a command wait for other users, outside of the drive and its gate: a submitter that is frozen
 * meanwhile goes on when it is thawed, and neither power off nor Sanitize waits for that.
 */
static int cmd_wait_outside(struct kcsd_cmd *cmd)
{
	u64 start = ktime_get_ns();
	int ret;

	kcsd_slot_rest(cmd->slot);
	ret = cmd->wait(cmd) ?: kcsd_slot_take(cmd->slot, true);
	cmd->time->waited_ns = ktime_get_ns() - start;
	if (!ret && !kcsd_drive_enter(cmd->drive))
		ret = -ENODEV;
	if (ret)
		return cmd_resume(cmd, ret);
	ret = cmd_carry_on(cmd);
	kcsd_drive_exit(cmd->drive);
	return ret;
}

/* True if cmd may sleep, judged without entering the drive. Ignores injected delays. */
static bool cmd_may_block(const struct kcsd_cmd *cmd)
{
	return cmd->admin || kcsd_cmd_ns(cmd)->blocks;
}

/*
 * Returns -EAGAIN if a worker thread of io_uring must execute cmd; the -errno or status if cmd is
 * refused whatever its buffer is; otherwise 0. Called before pinning, which would be wasted.
 */
static int cmd_defer(struct kcsd_cmd *cmd)
{
	int ret = 0;

	if (!kcsd_drive_enter(cmd->drive))
		return -ENODEV;
	if (cmd->found && kcsd_opcode_blocks(cmd->found, cmd))
		ret = cmd_validate(cmd) ?: -EAGAIN;
	kcsd_drive_exit(cmd->drive);
	return ret;
}

/* True if either all of the buffer is there or none of it. */
static bool is_within_page(const struct kcsd_user_data *d)
{
	return d->fixed || (u64)offset_in_page(d->addr) + d->len <= PAGE_SIZE;
}

/*
 * True if cmd may execute without pinning the buffer. Excludes what could be left
 * half written because a page is missing in the middle of the buffer.
 */
static bool cmd_may_be_now(const struct kcsd_cmd *cmd, const struct kcsd_user_data *d)
{
	const struct kcsd_opcode *opcode = cmd->found;

	/* With tracing, execute once only: each command must appear once. */
	if (!opcode || cmd->admin || d->vec || kcsd_trace_enabled())
		return false;
	return opcode->now == KCSD_NOW || (opcode->now == KCSD_NOW_IN_PAGE && is_within_page(d));
}

/*
 * Execute cmd if its data is in memory and the pages of the buffer are present: pins nothing, waits
 * for nothing. Returns -EAGAIN or -EFAULT if cmd needs more than that, or if the buffer is bad.
 */
static int cmd_issue_now(struct kcsd_cmd *cmd, const struct kcsd_user_data *d)
{
	struct iovec *iov = NULL;
	int ret = cmd_import(cmd, d, &iov);

	if (ret)
		return ret;
	if (!kcsd_drive_enter(cmd->drive))
		return -ENODEV;
	cmd->now = true;
	pagefault_disable();
	ret = cmd_carry_out(cmd, false);
	pagefault_enable();
	cmd->now = false;
	cmd->execute = NULL;	/* if it was not carried out, parse again */
	kcsd_drive_exit(cmd->drive);
	return ret;
}

int kcsd_cmd_issue(struct kcsd_cmd *cmd, const struct kcsd_user_data *d, bool nonblock)
{
	struct kcsd_pinned pinned KCSD_UNINITIALIZED;
	int ret = -EAGAIN;

	cmd->found = kcsd_opcode_find(cmd);
	if (cmd_may_be_now(cmd, d))
		ret = cmd_issue_now(cmd, d);
	if (ret != -EAGAIN && ret != -EFAULT)
		return ret;
	ret = 0;
	/* Import a registered buffer before deferring: cmd then holds it, if it is replaced. */
	if (nonblock && !d->fixed && cmd_may_block(cmd))
		ret = cmd_defer(cmd);
	if (!ret)
		ret = cmd_pin(cmd, d, &pinned);
	if (ret)
		return ret;
	ret = -ENODEV;
	if (kcsd_drive_enter(cmd->drive)) {
		ret = cmd_carry_out(cmd, nonblock);
		if (ret != -EIOCBQUEUED)
			kcsd_drive_exit(cmd->drive);
	}
	if (ret == KCSD_CMD_WAITS)
		ret = cmd_wait_outside(cmd);
	kcsd_unpin(&pinned, cmd->started);
	return ret;
}

int kcsd_cmd_issue_timed(struct kcsd_cmd *cmd, const struct kcsd_user_data *d, bool nonblock)
{
	struct kcsd_clock *clock = cmd->drive->clock;
	int ret = kcsd_flow_open(&cmd->tenant->flow, clock);

	if (ret)
		return ret;
	kcsd_clock_begin(clock, cmd->admin ? NULL : &cmd->tenant->flow, cmd->time);
	ret = kcsd_cmd_issue(cmd, d, nonblock && !clock->is_virtual);
	if (ret < 0)
		kcsd_clock_forget(clock, cmd->time);
	return ret;
}

/* ---- asynchronous commands ---- */

static void async_trace_complete(struct kcsd_async *async, int status)
{
	const struct kcsd_run *run = kcsd_async_run(async);
	struct kcsd_trace_run t;

	if (run)
		kcsd_run_describe(run, &t);
	trace_kcsd_cmd_complete(&async->trace, status, run ? &t : NULL);
}

int kcsd_cmd_finish(struct kcsd_async *async, bool to_host)
{
	int ret = kcsd_async_finish(async, to_host) ?: kcsd_status_to_host(async->status);

	if (trace_kcsd_cmd_complete_enabled())
		async_trace_complete(async, ret);
	return ret;
}

/* Finish and free cmd->async, in the mm of the submitter. Returns the status or -errno. */
static int cmd_reap(struct kcsd_cmd *cmd)
{
	int ret = kcsd_cmd_finish(cmd->async, true);

	cmd->result = cmd->async->result;
	kcsd_async_free(cmd->async);
	return ret;
}

bool kcsd_cmd_waits_here(const struct kcsd_cmd *cmd)
{
	const struct kcsd_run *run = kcsd_async_run(cmd->async);

	return cmd->drive->clock->is_virtual && (!run || !run->output || !run->output->waits);
}

bool kcsd_cmd_run_quick(struct kcsd_cmd *cmd, int *ret)
{
	struct kcsd_run *run = kcsd_async_run(cmd->async);

	if (!run || !kcsd_run_quick(run))
		return false;
	kcsd_clock_complete(cmd->drive->clock, &cmd->async->held.time);
	*ret = cmd_reap(cmd);
	return true;
}

static void wait_done(struct kcsd_async *async)
{
	complete(async->done_data);
}

int kcsd_cmd_wait(struct kcsd_cmd *cmd)
{
	struct kcsd_async *async = cmd->async;
	DECLARE_COMPLETION_ONSTACK(done);

	async->done = wait_done;
	async->done_data = &done;
	async->ops->submit(async);
	if (!kcsd_wait_for(&done)) {
		async->ops->cancel(async);
		wait_for_completion(&done);
	}
	return cmd_reap(cmd);
}

/* ---- the files ---- */

static int node_open(struct inode *inode, struct file *file)
{
	file->private_data = kcsd_tenant_create();
	return file->private_data ? nonseekable_open(inode, file) : -ENOMEM;
}

/*
 * Add the entries of this file in the logs to those of closed files of its user: opening a node
 * repeatedly must not give more than the share of one file.
 */
static void node_leave_logs(struct kcsd_drive *drive, const struct kcsd_tenant *t)
{
	if (!kcsd_drive_enter(drive))
		return;
	kcsd_error_log_close(drive->errors, t->owner);
	kcsd_program_log_close(drive->compute->log, t->owner);
	kcsd_drive_exit(drive);
}

static int node_release(struct inode *inode, struct file *file)
{
	node_leave_logs(kcsd_file_node(file)->drive, file->private_data);
	kcsd_tenant_destroy(file->private_data);
	return 0;
}

static void node_show_fdinfo(struct seq_file *m, struct file *file)
{
	if (kcsd_file_node(file)->nsid)
		kcsd_tenant_show(m, file->private_data);
}

const struct file_operations kcsd_node_fops = {
	.owner		= THIS_MODULE,
	.open		= node_open,
	.release	= node_release,
	.show_fdinfo	= node_show_fdinfo,
	.unlocked_ioctl	= kcsd_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
	.uring_cmd	= kcsd_uring_cmd,
	.uring_cmd_iopoll = kcsd_uring_iopoll,
};
