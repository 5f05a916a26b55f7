/* SPDX-License-Identifier: GPL-2.0 */
/* Front end of the char nodes: shared by io_uring and ioctl. */
#ifndef KCSD_PASSTHRU_H
#define KCSD_PASSTHRU_H

#include <linux/fs.h>
#include <linux/kcsd.h>

struct io_comp_batch;
struct io_uring_cmd;
struct kcsd_async;
struct kcsd_cmd;
struct kcsd_drive;
struct kcsd_tenant;

/* Data buffer of the host, as given in the command. */
struct kcsd_user_data {
	u64 addr;
	u32 len;		/* bytes; with vec: iovecs at addr */
	bool vec;
	bool compat;		/* vec: iovecs of a 32-bit program */
	struct io_uring_cmd *fixed;	/* buffer is registered with its ring; otherwise NULL */
	unsigned int issue_flags;	/* for fixed */
};

/* Source of a command by ioctl: an open file of a char node or of the block device. */
struct kcsd_origin {
	struct kcsd_drive *drive;
	struct kcsd_tenant *tenant;	/* never NULL */
	u32 nsid;			/* of the node; 0: controller node */
	bool writable;			/* opened for writing */
	bool partition;			/* opened on a partition of the block device */
};

/* passthru.c */
extern const struct file_operations kcsd_node_fops;
/*
 * Pin the buffer if that is needed, enter the drive, parse, and execute cmd if that is possible
 * now; a command that waits for other users does so outside of the drive. Returns -EIOCBQUEUED if
 * the caller must submit cmd->async, which keeps the drive entered until it is complete; -ENODEV if
 * the drive is powering off; with nonblock, -EAGAIN if cmd must be issued again without it. May
 * sleep for user memory without limit, but not inside the drive.
 */
int kcsd_cmd_issue(struct kcsd_cmd *cmd, const struct kcsd_user_data *d, bool nonblock);
/*
 * The same if the clock is on: gives the command its device time.
 *
 * With the virtual clock, it does not leave a command to another thread: commands take device time
 * in the order in which they are issued. A command that has executed (>= 0) may have to wait for
 * its device time: kcsd_clock_due() of cmd->time.
 */
int kcsd_cmd_issue_timed(struct kcsd_cmd *cmd, const struct kcsd_user_data *d, bool nonblock);
/*
 * cmd will be issued again: let it keep a buffer that is registered with its ring, which may be
 * replaced meanwhile. Returns 0 or -errno.
 */
int kcsd_cmd_hold_buffer(struct kcsd_cmd *cmd, const struct kcsd_user_data *d);
/*
 * True if cmd->async must be waited for where it was submitted: with the virtual clock the next
 * command takes device time after it. Not a run that waits for its reader.
 */
bool kcsd_cmd_waits_here(const struct kcsd_cmd *cmd);
/*
 * Try a quick run of cmd->async, which kcsd_cmd_issue() left to submit. Returns true, with *ret
 * set, if it is complete; false if it must be submitted.
 */
bool kcsd_cmd_run_quick(struct kcsd_cmd *cmd, int *ret);
/*
 * Submit cmd->async, which kcsd_cmd_issue() left to submit, and wait until it is complete. Returns
 * the status or -errno of the command, and sets cmd->result. The command is cancelled if the
 * submitter is killed, or if io_uring cancels its worker thread.
 */
int kcsd_cmd_wait(struct kcsd_cmd *cmd);
/*
 * Finish a completed asynchronous command, see kcsd_async_finish(). Returns the status for the
 * host, or -errno. The caller frees it.
 */
int kcsd_cmd_finish(struct kcsd_async *async, bool to_host);

/* uring.c, ioctl.c: file operations of every char node. */
int kcsd_uring_cmd(struct io_uring_cmd *ioucmd, unsigned int issue_flags);
int kcsd_uring_iopoll(struct io_uring_cmd *ioucmd, struct io_comp_batch *iob,
		      unsigned int poll_flags);
long kcsd_ioctl(struct file *file, unsigned int op, unsigned long uarg);
/*
 * Execute an NVME_IOCTL_*. Returns -ENOTTY for other ioctls, -ENODEV if the drive is powered off.
 * The caller holds a reference to from->drive.
 */
long kcsd_ioctl_from(const struct kcsd_origin *from, unsigned int op, void __user *arg);

#endif
