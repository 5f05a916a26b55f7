// SPDX-License-Identifier: GPL-2.0
#include "ring.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "timing.h"

int ring_open(struct io_uring *ring, unsigned int depth, bool cqe32)
{
	unsigned int flags = IORING_SETUP_SQE128;

	if (cqe32)
		flags |= IORING_SETUP_CQE32;
	return io_uring_queue_init(depth, ring, flags);
}

int ring_put(struct io_uring *ring, int fd, __u32 op, const struct nvme_uring_cmd *c, __u64 tag)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	if (!sqe)
		return -EBUSY;
	memset(sqe, 0, 128);
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = fd;
	sqe->cmd_op = op;
	sqe->user_data = tag;
	memcpy((char *)sqe + offsetof(struct io_uring_sqe, addr3), c, sizeof(*c));
	return 0;
}

int ring_get(struct io_uring *ring, unsigned int ms, __u64 *tag, int *res, __u64 *result)
{
	struct __kernel_timespec ts = {
		ms / 1000 * time_slow(), ms % 1000 * 1000000LL,
	};
	struct io_uring_cqe *cqe;
	int ret;

	do {
		ret = io_uring_wait_cqe_timeout(ring, &cqe, &ts);
	} while (ret == -EINTR);
	if (ret)
		return ret;
	*tag = cqe->user_data;
	*res = cqe->res;
	if (result)
		*result = ring->flags & IORING_SETUP_CQE32 ? cqe->big_cqe[0] : 0;
	io_uring_cqe_seen(ring, cqe);
	return 0;
}
