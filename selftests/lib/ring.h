/* SPDX-License-Identifier: GPL-2.0 */
/* Send commands by io_uring. */
#ifndef KST_RING_H
#define KST_RING_H

#include <liburing.h>
#include <linux/nvme_ioctl.h>
#include <stdbool.h>

int ring_open(struct io_uring *ring, unsigned int depth, bool cqe32);

/* Put a command into the ring; io_uring_submit() sends it. 0 or -EBUSY. */
int ring_put(struct io_uring *ring, int fd, __u32 op, const struct nvme_uring_cmd *c, __u64 tag);

/* Wait for any completion: ms, times time_slow(). Returns 0 or -ETIME; res is not converted. */
int ring_get(struct io_uring *ring, unsigned int ms, __u64 *tag, int *res, __u64 *result);

#endif
