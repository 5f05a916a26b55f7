// SPDX-License-Identifier: GPL-2.0
/* The front end of the char nodes: NVMe commands by io_uring and ioctl. */
#include <linux/fs.h>
#include <linux/nvme.h>
#include <linux/ptrace.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "cmd.h"
#include "compat.h"
#include "drive.h"
#include "identify.h"

/* What one io_uring command keeps between submission and completion: one of the two. */
struct kcsd_uring_pdu {
	struct kcsd_run *run;
	struct kcsd_job *job;
};

/* The host's data buffer as the command names it. */
struct kcsd_user_data {
	u64 addr;
	u32 len;		/* bytes; with vec: iovecs at addr */
	bool vec;
	struct io_uring_cmd *fixed;	/* its ring has the buffer registered; else NULL */
	unsigned int issue_flags;	/* for fixed */
};

int kcsd_cmd_copy_to_host(struct kcsd_cmd *cmd, const void *from, size_t len)
{
	if (copy_to_iter(from, len, &cmd->data) != len)
		return -EFAULT;
	kcsd_stat_add(cmd->drive, host_read_bytes, len);
	return 0;
}

int kcsd_cmd_copy_from_host(struct kcsd_cmd *cmd, void *to, size_t len)
{
	if (!copy_from_iter_full(to, len, &cmd->data))
		return -EFAULT;
	kcsd_stat_add(cmd->drive, host_write_bytes, len);
	return 0;
}

int kcsd_cmd_check_unused(struct kcsd_cmd *cmd, const struct kcsd_cmd_uses *uses)
{
	if (cmd->cdw2 & ~uses->cdw2)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW2);
	if (cmd->cdw3 & ~uses->cdw3)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW3);
	if (!uses->metadata && (cmd->metadata || cmd->metadata_len))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_MPTR);
	if (cmd->cdw10 & ~uses->cdw10)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW10);
	if (cmd->cdw11 & ~uses->cdw11)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW11);
	if (cmd->cdw12 & ~uses->cdw12)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW12);
	if (cmd->cdw13 & ~uses->cdw13)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW13);
	if (cmd->cdw14 & ~uses->cdw14)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW14);
	if (cmd->cdw15 & ~uses->cdw15)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW15);
	return 0;
}

static struct kcsd_node *kcsd_file_node(struct file *file)
{
	return container_of(file_inode(file)->i_cdev, struct kcsd_node, cdev);
}

/*
 * Who may send what. Opening a node is not enough to change anything: that takes
 * opening it for writing. (Execute changes something only if it grants writes;
 * kcsd_execute_parse() sees to that.)
 */
static int kcsd_cmd_permitted(const struct kcsd_cmd *cmd)
{
	if (cmd->writable)
		return 0;
	if (cmd->admin)
		return cmd->opcode == KCSD_ADMIN_LOAD_PROGRAM ||
		       cmd->opcode == KCSD_ADMIN_PROGRAM_ACTIVATION ||
		       cmd->opcode == KCSD_ADMIN_RANGE_SET ? -EACCES : 0;
	if (cmd->nsid == KCSD_NSID_COMPUTE)
		return 0;
	if (cmd->nsid == KCSD_NSID_SLM && cmd->opcode == KCSD_SLM_FILL)
		return -EACCES;
	/* NVMe Base, "Opcode": bit 0 is set when data goes to the drive. */
	return cmd->opcode & 1 ? -EACCES : 0;
}

static int kcsd_cmd_parse(struct kcsd_cmd *cmd)
{
	if (cmd->admin)
		return kcsd_admin_parse(cmd);
	if (cmd->nsid == KCSD_NSID_COMPUTE)
		return kcsd_execute_parse(cmd);
	if (cmd->nsid == KCSD_NSID_SLM)
		return kcsd_slm_parse(cmd);
	return kcsd_nvm_parse(cmd);
}

/*
 * Make cmd->data of the buffer. *iov is the caller's array of UIO_FASTIOV, and afterwards what to
 * kfree().
 */
static int kcsd_cmd_import(struct kcsd_cmd *cmd, const struct kcsd_user_data *d, struct iovec **iov)
{
	/* NVMe Base, "Opcode": bit 0 to the drive, bit 1 to the host. */
	int dir = cmd->opcode & 1 ? ITER_SOURCE : ITER_DEST;
	/* One byte more than any command takes is enough to have it refused for that. */
	u32 len = min(d->len, KCSD_MAX_TRANSFER + 1);
	void __user *addr = u64_to_user_ptr(d->addr);
	struct iovec *fast = *iov;
	ssize_t ret;

	*iov = NULL;
	if (d->fixed && len)
		return kcsd_uring_import_fixed(d->fixed, d->addr, len, dir, &cmd->data,
					       d->issue_flags);
	if (!d->vec)
		return import_ubuf(dir, addr, len, &cmd->data);
	*iov = fast;
	ret = import_iovec(dir, addr, d->len, UIO_FASTIOV, iov, &cmd->data);
	return min(ret, 0);
}

/*
 * Import the buffer, parse, and carry out what can be done at once. -EIOCBQUEUED: cmd->run or
 * cmd->job is to be submitted. The caller has entered the drive; those keep that until they end.
 */
static int kcsd_cmd_issue(struct kcsd_cmd *cmd, const struct kcsd_user_data *d, bool nonblock)
{
	struct iovec fast[UIO_FASTIOV], *iov = fast;
	int ret;

	ret = kcsd_cmd_permitted(cmd);
	if (ret)
		return ret;
	ret = kcsd_cmd_import(cmd, d, &iov);
	if (ret)
		return ret;

	ret = kcsd_cmd_parse(cmd);
	if (ret)
		goto out;
	if (cmd->run || (cmd->job && !cmd->job->quick))
		ret = -EIOCBQUEUED;
	else if (cmd->job)
		ret = kcsd_job_run(cmd->job, &cmd->result);
	else if (nonblock && cmd->blocking)
		ret = -EAGAIN;	/* let io_uring call again from a thread of its own */
	else
		ret = cmd->execute(cmd);
out:
	kfree(iov);
	return ret > 0 ? ret | KCSD_SC_DNR : ret;
}

static int kcsd_ended(int status)
{
	return status ? status | KCSD_SC_DNR : 0;
}

/* ---- io_uring ---- */

/* In the submitter's task, or in a kernel thread if that is gone. */
static void kcsd_uring_run_cb(struct io_uring_cmd *ioucmd, unsigned int issue_flags)
{
	struct kcsd_run *run = io_uring_cmd_to_pdu(ioucmd, struct kcsd_uring_pdu)->run;
	int ret = -ECANCELED;

	if (current->mm && !(current->flags & PF_KTHREAD)) {
		ret = kcsd_run_copy_output(run);
		if (!ret)
			ret = kcsd_ended(kcsd_run_status(run));
	}
	/* A cancel callback may look at the run until this returns. */
	kcsd_uring_done(ioucmd, ret, run->vm.end.r0, issue_flags);
	kcsd_run_free(run);
}
KCSD_URING_TASK_WORK(kcsd_uring_run_cb)

static void kcsd_uring_run_done(struct kcsd_run *run)
{
	io_uring_cmd_complete_in_task(run->done_data, kcsd_uring_run_cb_tw);
}

static void kcsd_uring_job_cb(struct io_uring_cmd *ioucmd, unsigned int issue_flags)
{
	struct kcsd_job *job = io_uring_cmd_to_pdu(ioucmd, struct kcsd_uring_pdu)->job;

	/* A cancel callback may look at the job until this returns. */
	kcsd_uring_done(ioucmd, kcsd_ended(job->status), job->result, issue_flags);
	job->free(job);
}
KCSD_URING_TASK_WORK(kcsd_uring_job_cb)

static void kcsd_uring_job_done(struct kcsd_job *job)
{
	io_uring_cmd_complete_in_task(job->done_data, kcsd_uring_job_cb_tw);
}

static void kcsd_uring_submit(struct io_uring_cmd *ioucmd, struct kcsd_cmd *cmd,
			      unsigned int issue_flags)
{
	*io_uring_cmd_to_pdu(ioucmd, struct kcsd_uring_pdu) = (struct kcsd_uring_pdu) {
		.run = cmd->run,
		.job = cmd->job,
	};
	/* On IOPOLL rings kcsd_uring_iopoll() cancels: newer kernels cannot do both. */
	if (!(issue_flags & IO_URING_F_IOPOLL))
		io_uring_cmd_mark_cancelable(ioucmd, issue_flags);
	if (cmd->job) {
		cmd->job->done = kcsd_uring_job_done;
		cmd->job->done_data = ioucmd;
		kcsd_job_submit(cmd->job);
	} else {
		cmd->run->done = kcsd_uring_run_done;
		cmd->run->done_data = ioucmd;
		kcsd_run_submit(cmd->run);
	}
}

static void kcsd_uring_cancel(struct io_uring_cmd *ioucmd)
{
	const struct kcsd_uring_pdu *pdu = io_uring_cmd_to_pdu(ioucmd, struct kcsd_uring_pdu);

	if (pdu->job)
		kcsd_job_cancel(pdu->job);
	else
		kcsd_run_cancel(pdu->run);
}

static int kcsd_uring_issue(struct kcsd_node *node, struct io_uring_cmd *ioucmd,
			    unsigned int issue_flags, bool admin, bool vec)
{
	const struct nvme_uring_cmd *u = kcsd_uring_sqe(ioucmd);
	struct kcsd_cmd cmd = {
		.drive = node->drive,
		.admin = admin,
		.writable = ioucmd->file->f_mode & FMODE_WRITE,
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
	};
	struct kcsd_user_data data = {
		.addr = READ_ONCE(u->addr),
		.len = READ_ONCE(u->data_len),
		.vec = vec,
		.fixed = ioucmd->flags & IORING_URING_CMD_FIXED ? ioucmd : NULL,
		.issue_flags = issue_flags,
	};
	int ret;

	if (vec && data.fixed)
		return -EINVAL;
	if (READ_ONCE(u->flags) || READ_ONCE(u->rsvd1) || READ_ONCE(u->rsvd2))
		return -EINVAL;
	if (!admin && cmd.nsid != node->nsid)
		return -EINVAL;
	if (!kcsd_drive_enter(node->drive))
		return -ENODEV;
	ret = kcsd_cmd_issue(&cmd, &data, issue_flags & IO_URING_F_NONBLOCK);
	if (ret == -EIOCBQUEUED) {
		kcsd_uring_submit(ioucmd, &cmd, issue_flags);
		return ret;
	}
	kcsd_drive_exit(node->drive);
	if (!cmd.result || ret == -EAGAIN)
		return ret;
	/* Only io_uring_cmd_done() can bring a 64-bit result into the CQE. */
	kcsd_uring_done(ioucmd, ret, cmd.result, issue_flags);
	return -EIOCBQUEUED;
}

static int kcsd_uring_cmd(struct io_uring_cmd *ioucmd, unsigned int issue_flags)
{
	struct kcsd_node *node = kcsd_file_node(ioucmd->file);

	if (issue_flags & IO_URING_F_CANCEL) {
		kcsd_uring_cancel(ioucmd);
		return 0;
	}
	if (!(issue_flags & IO_URING_F_SQE128))
		return -EOPNOTSUPP;

	/* As on Linux's NVMe nodes: each takes its own kind, though ioctls of both. */
	switch (ioucmd->cmd_op) {
	case NVME_URING_CMD_ADMIN:
	case NVME_URING_CMD_ADMIN_VEC:
		if (node->nsid)
			return -ENOTTY;
		return kcsd_uring_issue(node, ioucmd, issue_flags, true,
					ioucmd->cmd_op == NVME_URING_CMD_ADMIN_VEC);
	case NVME_URING_CMD_IO:
	case NVME_URING_CMD_IO_VEC:
		if (!node->nsid)
			return -ENOTTY;
		return kcsd_uring_issue(node, ioucmd, issue_flags, false,
					ioucmd->cmd_op == NVME_URING_CMD_IO_VEC);
	default:
		return -ENOTTY;
	}
}

/*
 * Called over and over for each command in flight on an IOPOLL ring, with the ring's lock held, as
 * it is when one completes: what pdu points to is there. Nothing has to be polled, task work
 * completes; but a ring that goes away asks from a kernel thread, a task that ends by itself.
 */
static int kcsd_uring_iopoll(struct io_uring_cmd *ioucmd, struct io_comp_batch *iob,
			     unsigned int poll_flags)
{
	if (current->flags & (PF_KTHREAD | PF_EXITING))
		kcsd_uring_cancel(ioucmd);
	return 0;
}

/* ---- ioctl ---- */

static void kcsd_ioctl_run_done(struct kcsd_run *run)
{
	complete(run->done_data);
}

static int kcsd_ioctl_run(struct kcsd_run *run, u64 *result)
{
	DECLARE_COMPLETION_ONSTACK(done);
	int ret;

	run->done = kcsd_ioctl_run_done;
	run->done_data = &done;
	kcsd_run_submit(run);
	if (wait_for_completion_killable(&done)) {
		kcsd_run_cancel(run);
		wait_for_completion(&done);
	}
	*result = run->vm.end.r0;
	ret = kcsd_run_copy_output(run);
	if (!ret)
		ret = kcsd_ended(kcsd_run_status(run));
	kcsd_run_free(run);
	return ret;
}

static void kcsd_ioctl_job_done(struct kcsd_job *job)
{
	complete(job->done_data);
}

static int kcsd_ioctl_job(struct kcsd_job *job, u64 *result)
{
	DECLARE_COMPLETION_ONSTACK(done);
	int ret;

	job->done = kcsd_ioctl_job_done;
	job->done_data = &done;
	kcsd_job_submit(job);
	if (wait_for_completion_killable(&done)) {
		kcsd_job_cancel(job);
		wait_for_completion(&done);
	}
	*result = job->result;
	ret = kcsd_ended(job->status);
	job->free(job);
	return ret;
}

static int kcsd_ioctl_issue(struct kcsd_cmd *cmd, const struct kcsd_user_data *data)
{
	int ret;

	if (!kcsd_drive_enter(cmd->drive))
		return -ENODEV;
	ret = kcsd_cmd_issue(cmd, data, false);
	if (ret == -EIOCBQUEUED)
		return cmd->job ? kcsd_ioctl_job(cmd->job, &cmd->result) :
				  kcsd_ioctl_run(cmd->run, &cmd->result);
	kcsd_drive_exit(cmd->drive);
	return ret;
}

/* struct nvme_passthru_cmd and _cmd64 are the same up to timeout_ms. */
static int kcsd_ioctl_passthru(struct kcsd_node *node, const struct nvme_passthru_cmd64 *u,
			       bool admin, bool vec, bool writable, u64 *result)
{
	struct kcsd_user_data data = { .addr = u->addr, .len = u->data_len, .vec = vec };
	struct kcsd_cmd cmd = {
		.drive = node->drive,
		.admin = admin,
		.writable = writable,
		.opcode = u->opcode,
		.nsid = u->nsid,
		.cdw2 = u->cdw2,
		.cdw3 = u->cdw3,
		.cdw10 = u->cdw10,
		.cdw11 = u->cdw11,
		.cdw12 = u->cdw12,
		.cdw13 = u->cdw13,
		.cdw14 = u->cdw14,
		.cdw15 = u->cdw15,
		.timeout_ms = u->timeout_ms,
		.metadata = u64_to_user_ptr(u->metadata),
		.metadata_len = u->metadata_len,
	};
	int ret;

	if (u->flags || u->rsvd1 || u->rsvd2)
		return -EINVAL;
	if (!admin && cmd.nsid != node->nsid)
		return -EINVAL;
	ret = kcsd_ioctl_issue(&cmd, &data);
	*result = cmd.result;
	return ret;
}

static int kcsd_ioctl_cmd(struct kcsd_node *node, struct nvme_passthru_cmd __user *ucmd,
			  bool admin, bool writable)
{
	struct nvme_passthru_cmd64 cmd = {};
	u64 result = 0;
	int ret;

	BUILD_BUG_ON(offsetof(struct nvme_passthru_cmd, result) !=
		     offsetof(struct nvme_passthru_cmd64, rsvd2));
	if (copy_from_user(&cmd, ucmd, offsetof(struct nvme_passthru_cmd, result)))
		return -EFAULT;
	ret = kcsd_ioctl_passthru(node, &cmd, admin, false, writable, &result);
	if (ret >= 0 && put_user((u32)result, &ucmd->result))
		return -EFAULT;
	return ret;
}

static int kcsd_ioctl_cmd64(struct kcsd_node *node, struct nvme_passthru_cmd64 __user *ucmd,
			    bool admin, bool vec, bool writable)
{
	struct nvme_passthru_cmd64 cmd;
	u64 result = 0;
	int ret;

	if (copy_from_user(&cmd, ucmd, sizeof(cmd)))
		return -EFAULT;
	ret = kcsd_ioctl_passthru(node, &cmd, admin, vec, writable, &result);
	if (ret >= 0 && put_user(result, &ucmd->result))
		return -EFAULT;
	return ret;
}

/* The oldest form: NVM reads and writes only. */
static int kcsd_ioctl_submit_io(struct kcsd_node *node, struct nvme_user_io __user *uio,
				bool writable)
{
	struct nvme_passthru_cmd64 cmd = {};
	struct nvme_user_io io;
	u64 result;

	if (copy_from_user(&io, uio, sizeof(io)))
		return -EFAULT;
	if (node->nsid != KCSD_NSID_NVM || io.flags || io.rsvd || io.metadata)
		return -EINVAL;
	if (io.opcode != nvme_cmd_read && io.opcode != nvme_cmd_write)
		return -EINVAL;

	cmd.opcode = io.opcode;
	cmd.nsid = node->nsid;
	cmd.addr = io.addr;
	cmd.data_len = (io.nblocks + 1) << node->drive->lba_shift;
	cmd.cdw10 = lower_32_bits(io.slba);
	cmd.cdw11 = upper_32_bits(io.slba);
	cmd.cdw12 = io.nblocks | (u32)io.control << 16;
	cmd.cdw13 = io.dsmgmt;
	cmd.cdw14 = io.reftag;
	cmd.cdw15 = io.apptag | (u32)io.appmask << 16;
	return kcsd_ioctl_passthru(node, &cmd, false, false, writable, &result);
}

static long kcsd_ns_ioctl(struct kcsd_node *node, unsigned int op, void __user *arg, bool writable)
{
	switch (op) {
	case NVME_IOCTL_ID:
		force_successful_syscall_return();
		return node->nsid;
	case NVME_IOCTL_SUBMIT_IO:
		return kcsd_ioctl_submit_io(node, arg, writable);
	case NVME_IOCTL_IO_CMD:
		return kcsd_ioctl_cmd(node, arg, false, writable);
	case NVME_IOCTL_IO64_CMD:
		return kcsd_ioctl_cmd64(node, arg, false, false, writable);
	case NVME_IOCTL_IO64_CMD_VEC:
		return kcsd_ioctl_cmd64(node, arg, false, true, writable);
	default:
		return -ENOTTY;
	}
}

static long kcsd_ioctl(struct file *file, unsigned int op, unsigned long uarg)
{
	struct kcsd_node *node = kcsd_file_node(file);
	bool writable = file->f_mode & FMODE_WRITE;
	void __user *arg = (void __user *)uarg;

	switch (op) {
	case NVME_IOCTL_ADMIN_CMD:
		return kcsd_ioctl_cmd(node, arg, true, writable);
	case NVME_IOCTL_ADMIN64_CMD:
		return kcsd_ioctl_cmd64(node, arg, true, false, writable);
	}
	return node->nsid ? kcsd_ns_ioctl(node, op, arg, writable) : -ENOTTY;
}

const struct file_operations kcsd_node_fops = {
	.owner		= THIS_MODULE,
	.open		= nonseekable_open,
	.unlocked_ioctl	= kcsd_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
	.uring_cmd	= kcsd_uring_cmd,
	.uring_cmd_iopoll = kcsd_uring_iopoll,
};
