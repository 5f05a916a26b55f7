/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Send commands in four ways: by io_uring with and without CQE32, and by the ioctls with a 32-bit
 * and a 64-bit result.
 *
 * Functions return 0, a negative errno, or a positive NVMe status without its DNR bit.
 */
#ifndef KST_CMD_H
#define KST_CMD_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/kcsd.h>

#include "ring.h"

#define CMD_TIMEOUT_S	20	/* limit for every command of a test */

enum cmd_way {
	CMD_URING,		/* SQE128, CQE32 */
	CMD_URING_CQE16,	/* SQE128 only: no result */
	CMD_IOCTL,		/* 32-bit result */
	CMD_IOCTL64,
	CMD_WAYS
};

const char *cmd_way_name(int way);

/* Returns the status without DNR; -EPROTO if a bit is set that no status has. */
int cmd_status(int res);

int cmd_uring(int fd, __u32 op, const struct nvme_uring_cmd *c, bool cqe32, __u64 *result);
int cmd_ioctl(int fd, unsigned long op, const struct nvme_uring_cmd *c, __u64 *result);
int cmd_ioctl64(int fd, unsigned long op, const struct nvme_uring_cmd *c, __u64 *result);
int cmd_io_way(int way, int fd, const struct nvme_uring_cmd *c, __u64 *result);
int cmd_admin_way(int way, int fd, const struct nvme_uring_cmd *c, __u64 *result);
int cmd_io(int fd, const struct nvme_uring_cmd *c);
int cmd_admin(int fd, const struct nvme_uring_cmd *c);

#endif
