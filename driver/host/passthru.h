/* SPDX-License-Identifier: GPL-2.0 */
/* The front end of the char nodes: what io_uring and ioctl have in common. */
#ifndef KCSD_PASSTHRU_H
#define KCSD_PASSTHRU_H

#include <linux/fs.h>
#include <linux/kcsd.h>

#include "drive.h"

struct io_comp_batch;
struct io_uring_cmd;
struct kcsd_cmd;

/* The host's data buffer as the command names it. */
struct kcsd_user_data {
	u64 addr;
	u32 len;		/* bytes; with vec: iovecs at addr */
	bool vec;
	bool compat;		/* vec: they are a 32-bit program's */
	struct io_uring_cmd *fixed;	/* its ring has the buffer registered; else NULL */
	unsigned int issue_flags;	/* for fixed */
};

/* What a command by ioctl comes through: an open file of a node, or of the block device. */
struct kcsd_origin {
	struct kcsd_drive *drive;
	struct kcsd_tenant *tenant;	/* never NULL */
	u32 nsid;			/* the node's; 0: the controller's */
	bool writable;			/* it was opened for writing */
	bool partition;			/* of the block device */
};

static inline struct kcsd_node *kcsd_file_node(struct file *file)
{
	return container_of(file_inode(file)->i_cdev, struct kcsd_node, cdev);
}

/* passthru.c */
/*
 * Pin the buffer, if that is needed, enter the drive, parse, and carry out what can be done at once.
 * -EIOCBQUEUED: cmd->run or cmd->job is to be submitted; it keeps the drive entered until it ends.
 * -ENODEV: the drive is powering off. Sleeps for as long as the user's memory likes, but not in the
 * drive.
 */
int kcsd_cmd_issue(struct kcsd_cmd *cmd, const struct kcsd_user_data *d, bool nonblock);
/* Carry out what kcsd_cmd_issue() left to be submitted, here and now if that is quick. */
bool kcsd_cmd_run_quick(struct kcsd_cmd *cmd, int *ret);
/*
 * Submit what kcsd_cmd_issue() left to be submitted, and wait until it has ended; result or status
 * as a command's. The submitter's death or, in a thread of io_uring's, a cancellation cancels it.
 */
int kcsd_cmd_wait(struct kcsd_cmd *cmd);

/* uring.c, ioctl.c: file operations of every node */
int kcsd_uring_cmd(struct io_uring_cmd *ioucmd, unsigned int issue_flags);
int kcsd_uring_iopoll(struct io_uring_cmd *ioucmd, struct io_comp_batch *iob,
		      unsigned int poll_flags);
long kcsd_ioctl(struct file *file, unsigned int op, unsigned long uarg);
/*
 * Carry out an NVME_IOCTL_*; -ENOTTY: it is none. The origin's drive must not be freed meanwhile,
 * but may be powered off: then -ENODEV.
 */
long kcsd_ioctl_from(const struct kcsd_origin *from, unsigned int op, void __user *arg);

#endif
