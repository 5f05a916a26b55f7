// SPDX-License-Identifier: GPL-2.0
/* NVMe commands by io_uring. */
#include <linux/fs.h>
#include <linux/sched/mm.h>

#include "clock/clock.h"
#include "compat.h"
#include "compute/async.h"
#include "compute/tenant.h"
#include "drive.h"
#include "host/node.h"
#include "host/passthru.h"
#include "nvme/cmd.h"

/*
 * Flags that the submitter of a command sets; flags above are internal to io_uring. Refuse unknown
 * flags: with IORING_URING_CMD_MULTISHOT, which kernels from 6.18 on let through, a command
 * executed at once would never complete.
 */
#define KCSD_URING_USER_FLAGS	0x00ffffffu

/*
 * A command that its submitter has executed, and that waits for its device time. Allocated, with a
 * slot, before it is executed: nothing sleeps for it in the submission.
 */
struct uring_executed {
	struct kcsd_held held;		/* only its times if polled */
	struct kcsd_slot *slot;
	struct io_uring_cmd *ioucmd;
	u64 result;
	int ret;
};

/*
 * State of one io_uring command between submission and completion. On IOPOLL rings done() only sets
 * completed, and the poller completes the command.
 */
struct kcsd_uring_pdu {
	struct kcsd_async *async;	/* or NULL, and: */
	union {
		/* Polled: mm of the submitter, to compare; mmgrab() reference. */
		struct mm_struct *mm;
		struct uring_executed *executed;	/* without async; owned */
	};
	bool polled;		/* completed by kcsd_uring_iopoll() */
	bool completed;		/* polled: it is complete */
};

static struct kcsd_uring_pdu *uring_pdu(struct io_uring_cmd *ioucmd)
{
	return io_uring_cmd_to_pdu(ioucmd, struct kcsd_uring_pdu);
}

/* True if the current mm is that of the submitter, to which the output belongs. */
static bool uring_is_submitter(struct io_uring_cmd *ioucmd)
{
	const struct kcsd_uring_pdu *pdu = uring_pdu(ioucmd);

	if (!current->mm || current->flags & PF_KTHREAD)
		return false;
	return !pdu->polled || current->mm == pdu->mm;
}

/*
 * Complete a command. Called in the task of the submitter, in a kernel thread if that task is gone,
 * or in any task that polls.
 */
static void uring_complete_cb(struct io_uring_cmd *ioucmd, unsigned int issue_flags)
{
	const struct kcsd_uring_pdu *pdu = uring_pdu(ioucmd);
	struct kcsd_async *async = pdu->async;
	/* Returns the slot before completing: the submitter may send its next command at once. */
	int ret = kcsd_cmd_finish(async, uring_is_submitter(ioucmd));

	if (pdu->polled)
		mmdrop(pdu->mm);
	/* A cancel callback may use async until this returns. */
	kcsd_uring_done(ioucmd, ret, async->result, issue_flags);
	kcsd_async_free(async);
}
KCSD_URING_TASK_WORK(uring_complete_cb)

static void uring_async_done(struct kcsd_async *async)
{
	struct io_uring_cmd *ioucmd = async->done_data;

	if (uring_pdu(ioucmd)->polled)
		smp_store_release(&uring_pdu(ioucmd)->completed, true);
	else
		io_uring_cmd_complete_in_task(ioucmd, uring_complete_cb_tw);
}

static void uring_submit(struct io_uring_cmd *ioucmd, struct kcsd_cmd *cmd,
			 unsigned int issue_flags)
{
	struct kcsd_uring_pdu *pdu = uring_pdu(ioucmd);

	*pdu = (struct kcsd_uring_pdu) {
		.async = cmd->async,
		.mm = current->mm,
		.polled = issue_flags & IO_URING_F_IOPOLL,
	};
	/*
	 * Hold a reference to the mm. The poller may be another process: without the reference its
	 * mm could get the same address, and it would receive the output. Polled commands are not
	 * marked cancelable: newer kernels cannot cancel them.
	 */
	if (pdu->polled)
		mmgrab(pdu->mm);
	else
		io_uring_cmd_mark_cancelable(ioucmd, issue_flags);
	cmd->async->done = uring_async_done;
	cmd->async->done_data = ioucmd;
	cmd->async->ops->submit(cmd->async);
}

/* An executed command completes at once, as it is. */
static void uring_cancel(struct io_uring_cmd *ioucmd)
{
	struct kcsd_uring_pdu *pdu = uring_pdu(ioucmd);

	if (pdu->async)
		pdu->async->ops->cancel(pdu->async);
	else
		kcsd_due_now(&pdu->executed->held.due);
}

/* ---- device time ---- */

static void uring_executed_cb(struct io_uring_cmd *ioucmd, unsigned int issue_flags)
{
	struct uring_executed *executed = uring_pdu(ioucmd)->executed;

	kcsd_uring_done(ioucmd, executed->ret, executed->result, issue_flags);
	kfree(executed);
}
KCSD_URING_TASK_WORK(uring_executed_cb)

static void uring_end_slot(struct uring_executed *executed)
{
	kcsd_slot_end(executed->slot, kcsd_clock_due(executed->held.clock, &executed->held.time));
}

static void uring_held_done(struct kcsd_held *held)
{
	struct uring_executed *executed = container_of(held, struct uring_executed, held);

	uring_end_slot(executed);
	io_uring_cmd_complete_in_task(executed->ioucmd, uring_executed_cb_tw);
}

static void uring_drop(struct kcsd_cmd *cmd, struct uring_executed *executed)
{
	kcsd_slot_put(cmd->slot);
	cmd->slot = NULL;
	kfree(executed);
}

/*
 * Prepare for holding back the completion of a command, if completions are. Returns 0; -EAGAIN: a
 * worker thread must wait for a slot; -EINTR; -ENOMEM.
 */
static int uring_prepare(struct kcsd_cmd *cmd, unsigned int issue_flags,
			 struct uring_executed **out)
{
	int ret;

	*out = NULL;
	if (!kcsd_clock_holds(cmd->drive->clock))
		return 0;
	*out = kzalloc(sizeof(**out), GFP_KERNEL_ACCOUNT);
	if (!*out)
		return -ENOMEM;
	ret = kcsd_slot_get(cmd->drive->clock, &cmd->tenant->flow, kcsd_cmd_slot_kind(cmd),
			    !(issue_flags & IO_URING_F_NONBLOCK), &cmd->slot);
	if (ret)
		kfree(*out);
	return ret;
}

/*
 * Complete an executed command when it is due. Returns -EIOCBQUEUED, or ret if that is now. The
 * poller of an IOPOLL ring looks at the clock: no timer is needed.
 */
static int uring_hold(struct io_uring_cmd *ioucmd, struct kcsd_cmd *cmd,
		      struct uring_executed *executed, int ret, unsigned int issue_flags)
{
	struct kcsd_clock *clock = cmd->drive->clock;

	if (!executed || kcsd_clock_due(clock, cmd->time) <= ktime_get_ns()) {
		uring_drop(cmd, executed);
		kcsd_clock_wait(clock, cmd->time);
		return ret;
	}
	executed->held.clock = clock;
	executed->held.time = *cmd->time;
	executed->held.done = uring_held_done;
	executed->slot = cmd->slot;
	executed->ioucmd = ioucmd;
	executed->result = cmd->result;
	executed->ret = ret;
	*uring_pdu(ioucmd) = (struct kcsd_uring_pdu){
		.executed = executed,
		.polled = issue_flags & IO_URING_F_IOPOLL,
	};
	if (uring_pdu(ioucmd)->polled) {
		/* Perhaps nobody polls. */
		kcsd_slot_lend(executed->slot, kcsd_clock_due(clock, &executed->held.time));
		return -EIOCBQUEUED;
	}
	io_uring_cmd_mark_cancelable(ioucmd, issue_flags);
	kcsd_clock_hold(&executed->held, false);
	return -EIOCBQUEUED;
}

/*
 * Complete a polled command that is due, or whose ring is being closed. Returns false if it is
 * neither.
 */
static bool uring_poll_executed(struct io_uring_cmd *ioucmd)
{
	struct uring_executed *executed = uring_pdu(ioucmd)->executed;
	struct kcsd_held *held = &executed->held;

	if (kcsd_clock_due(held->clock, &held->time) > ktime_get_ns() && !kcsd_uring_going(ioucmd))
		return false;
	kcsd_clock_complete(held->clock, &held->time);
	uring_end_slot(executed);
	uring_executed_cb(ioucmd, 0);
	return true;
}

/* ---- submission ---- */

static int uring_submit_or_wait(struct io_uring_cmd *ioucmd, struct kcsd_cmd *cmd,
				unsigned int issue_flags)
{
	if (issue_flags & IO_URING_F_NONBLOCK && !kcsd_cmd_waits_here(cmd)) {
		uring_submit(ioucmd, cmd, issue_flags);
		return -EIOCBQUEUED;
	}
	/*
	 * IOSQE_ASYNC: wait in a worker thread, which IORING_OP_ASYNC_CANCEL can interrupt.
	 * (That operation does not reach drivers in any other way.)
	 */
	return kcsd_cmd_wait(cmd);
}

/* Carry out what kcsd_cmd_issue() has left to submit, or return ret. */
static int uring_carry_out(struct io_uring_cmd *ioucmd, struct kcsd_cmd *cmd, int ret,
			   unsigned int issue_flags)
{
	if (ret == -EIOCBQUEUED && !kcsd_cmd_run_quick(cmd, &ret))
		ret = uring_submit_or_wait(ioucmd, cmd, issue_flags);
	return ret;
}

/* Execute a command that has its slot. Returns -EIOCBQUEUED if it completes later. */
static int uring_carry_out_timed(struct io_uring_cmd *ioucmd, struct kcsd_cmd *cmd,
				 const struct kcsd_user_data *data,
				 struct uring_executed *executed, unsigned int issue_flags)
{
	int ret = kcsd_cmd_issue_timed(cmd, data, issue_flags & IO_URING_F_NONBLOCK);

	if (cmd->time->begin_ns)
		return uring_hold(ioucmd, cmd, executed, ret, issue_flags);
	/* Drop what was prepared: the command has failed, or its run or job has the times. */
	uring_drop(cmd, executed);
	return uring_carry_out(ioucmd, cmd, ret, issue_flags);
}

/* Issue a command with the clock on. */
static noinline int uring_issue_timed(struct io_uring_cmd *ioucmd, struct kcsd_cmd *cmd,
				      const struct kcsd_user_data *data, unsigned int issue_flags)
{
	struct uring_executed *executed;
	int ret = uring_prepare(cmd, issue_flags, &executed);

	if (ret == -EAGAIN)
		return kcsd_cmd_hold_buffer(cmd, data) ?: ret;
	return ret ?: uring_carry_out_timed(ioucmd, cmd, data, executed, issue_flags);
}

static int uring_issue_cmd(struct io_uring_cmd *ioucmd, struct kcsd_cmd *cmd,
			   const struct kcsd_user_data *data, unsigned int issue_flags)
{
	int ret;

	if (unlikely(kcsd_clock_is_on(cmd->drive->clock))) {
		ret = uring_issue_timed(ioucmd, cmd, data, issue_flags);
	} else {
		ret = kcsd_cmd_issue(cmd, data, issue_flags & IO_URING_F_NONBLOCK);
		ret = uring_carry_out(ioucmd, cmd, ret, issue_flags);
	}
	if (ret == -EAGAIN)
		kcsd_uring_keep_sqe(ioucmd);
	return ret;
}

static int uring_issue(struct kcsd_node *node, struct io_uring_cmd *ioucmd,
		       unsigned int issue_flags, bool admin, bool vec)
{
	const struct nvme_uring_cmd *u = kcsd_uring_sqe(ioucmd);
	struct kcsd_time time KCSD_UNINITIALIZED;
	struct kcsd_cmd cmd = {
		.drive = node->drive,
		.tenant = ioucmd->file->private_data,
		.admin = admin,
		.writable = ioucmd->file->f_mode & FMODE_WRITE,
		.node = node->nsid,
		.opcode = READ_ONCE(u->opcode),
		.nsid = READ_ONCE(u->nsid),
		.cdw2 = READ_ONCE(u->cdw2),
		.cdw3 = READ_ONCE(u->cdw3),
		.cdw10 = READ_ONCE(u->cdw10),
		.cdw11 = READ_ONCE(u->cdw11),
		.cdw12 = READ_ONCE(u->cdw12),
		.cdw13 = READ_ONCE(u->cdw13),
		.cdw14 = READ_ONCE(u->cdw14),
		.cdw15 = READ_ONCE(u->cdw15),
		.timeout_ms = READ_ONCE(u->timeout_ms),
		.metadata = u64_to_user_ptr(READ_ONCE(u->metadata)),
		.metadata_len = READ_ONCE(u->metadata_len),
		.time = &time,
	};
	struct kcsd_user_data data = {
		.addr = READ_ONCE(u->addr),
		.len = READ_ONCE(u->data_len),
		.vec = vec,
		.compat = issue_flags & IO_URING_F_COMPAT,
		.fixed = ioucmd->flags & IORING_URING_CMD_FIXED ? ioucmd : NULL,
		.issue_flags = issue_flags,
	};
	int ret;

	if (ioucmd->flags & KCSD_URING_USER_FLAGS & ~IORING_URING_CMD_FIXED)
		return -EINVAL;
	if (vec && data.fixed)
		return -EINVAL;
	if (READ_ONCE(u->flags) || READ_ONCE(u->rsvd1) || READ_ONCE(u->rsvd2))
		return -EINVAL;
	if (!admin && cmd.nsid != node->nsid)
		return -EINVAL;
	kcsd_time_none(&time);
	ret = uring_issue_cmd(ioucmd, &cmd, &data, issue_flags);
	if (ret == -EIOCBQUEUED)
		return ret;
	if (!cmd.result || ret == -EAGAIN)
		return ret;
	/* Only io_uring_cmd_done() can put a 64-bit result into the CQE. */
	kcsd_uring_done(ioucmd, ret, cmd.result, issue_flags);
	return -EIOCBQUEUED;
}

int kcsd_uring_cmd(struct io_uring_cmd *ioucmd, unsigned int issue_flags)
{
	struct kcsd_node *node = kcsd_file_node(ioucmd->file);

	if (issue_flags & IO_URING_F_CANCEL) {
		uring_cancel(ioucmd);
		return 0;
	}
	if (!(issue_flags & IO_URING_F_SQE128))
		return -EOPNOTSUPP;

	/* Like NVMe nodes of Linux: only one kind of command per node, though ioctls of both. */
	switch (ioucmd->cmd_op) {
	case NVME_URING_CMD_ADMIN:
	case NVME_URING_CMD_ADMIN_VEC:
		if (node->nsid)
			return -ENOTTY;
		return uring_issue(node, ioucmd, issue_flags, true,
				   ioucmd->cmd_op == NVME_URING_CMD_ADMIN_VEC);
	case NVME_URING_CMD_IO:
	case NVME_URING_CMD_IO_VEC:
		if (!node->nsid)
			return -ENOTTY;
		return uring_issue(node, ioucmd, issue_flags, false,
				   ioucmd->cmd_op == NVME_URING_CMD_IO_VEC);
	default:
		return -ENOTTY;
	}
}

/*
 * Complete one command of an IOPOLL ring if its run or job is complete. Called repeatedly for each
 * command in flight, with the lock of the ring held: by users of the ring, by its submission
 * thread, or, when the ring is destroyed, by a kernel thread that waits until no command is left.
 *
 * A run completes with -ECANCELED if a process other than its submitter polls. The output is not
 * for that process. The task of the submitter cannot take it: that needs the lock of the ring,
 * which the poller holds, perhaps as long as it finds no completion.
 */
int kcsd_uring_iopoll(struct io_uring_cmd *ioucmd, struct io_comp_batch *iob,
		      unsigned int poll_flags)
{
	struct kcsd_uring_pdu *pdu = uring_pdu(ioucmd);

	if (!pdu->async)
		return uring_poll_executed(ioucmd);
	if (!smp_load_acquire(&pdu->completed)) {
		if (kcsd_uring_going(ioucmd))
			uring_cancel(ioucmd);
		return 0;
	}
	uring_complete_cb(ioucmd, 0);
	return 1;
}
