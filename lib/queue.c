// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * A queue: runs, or commands on objects, in flight on an io_uring, each in a slot that owns the
 * memory of a run.
 *
 * The kernel tears a ring down some time after it was closed, and until then the drive may still
 * write the output of a run. Therefore the only registered file of the ring is the writing end of a
 * pipe: the kernel releases it last, and then the reading end hangs up.
 */
#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <fcntl.h>

#include "private.h"

#define GONE_TIMEOUT_MS	60000

struct slot {
	struct kcsd_run run;
	uint64_t user_data;
	unsigned int next_free;		/* index; depth: none */
};

struct kcsd_queue {
	struct kcsd_drive *drv;
	struct io_uring ring;
	int gone_fd;			/* hangs up when the kernel has freed the ring */
	uint32_t nsid;			/* of all its commands */
	int ns_fd;			/* of that namespace; the drive owns it */
	unsigned int depth;
	unsigned int inflight;
	unsigned int first_free;
	struct slot slots[];
};

/* ---- create and destroy ---- */

static int open_ring(struct kcsd_queue *q)
{
	/* The completion queue has twice as many entries, so it cannot overflow. */
	int ret = io_uring_queue_init(q->depth, &q->ring, IORING_SETUP_SQE128 | IORING_SETUP_CQE32);
	int fds[2];

	if (ret)
		return ret;
	if (pipe2(fds, O_CLOEXEC)) {
		ret = -errno;
		goto out_ring;
	}
	ret = io_uring_register_files(&q->ring, &fds[1], 1);
	close(fds[1]);
	if (ret) {
		close(fds[0]);
		goto out_ring;
	}
	q->gone_fd = fds[0];
	return 0;

out_ring:
	io_uring_queue_exit(&q->ring);
	return ret;
}

int kcsd_queue_create(struct kcsd_drive *drv, unsigned int depth, struct kcsd_queue **queue)
{
	return kcsd_queue_open(drv, KCSD_NSID_COMPUTE, depth, queue);
}

int kcsd_queue_open(struct kcsd_drive *drv, uint32_t nsid, unsigned int depth,
		    struct kcsd_queue **queue)
{
	struct kcsd_queue *q;
	unsigned int i;
	int fd, ret;

	*queue = NULL;
	if (!depth || depth > KCSD_MAX_QUEUE_DEPTH)
		return -EINVAL;
	fd = kcsd_drive_fd(drv, nsid);
	if (fd < 0)
		return fd;
	q = calloc(1, sizeof(*q) + depth * sizeof(*q->slots));
	if (!q)
		return -ENOMEM;
	q->drv = drv;
	q->nsid = nsid;
	q->ns_fd = fd;
	q->depth = depth;
	for (i = 0; i < depth; i++)
		q->slots[i].next_free = i + 1;
	ret = open_ring(q);
	if (ret) {
		free(q);
		return ret;
	}
	*queue = q;
	return 0;
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ll + ts.tv_nsec / 1000000;
}

/* Wait until the kernel has freed the ring. Returns false after GONE_TIMEOUT_MS. */
static bool wait_gone(int fd)
{
	struct pollfd p = { .fd = fd };
	int64_t end = now_ms() + GONE_TIMEOUT_MS;
	int64_t left;

	while ((left = end - now_ms()) > 0)
		if (poll(&p, 1, left) > 0)
			return true;
	return false;
}

void kcsd_queue_destroy(struct kcsd_queue *q)
{
	unsigned int i;
	bool gone;

	if (!q)
		return;
	/* Closing the ring cancels the runs in flight. */
	io_uring_queue_exit(&q->ring);
	gone = !q->inflight || wait_gone(q->gone_fd);
	close(q->gone_fd);
	for (i = 0; gone && i < q->depth; i++)
		kcsd_run_destroy(&q->slots[i].run);
	free(q);
}

/* ---- submit ---- */

static void prepare(struct kcsd_queue *q, struct io_uring_sqe *sqe, const struct slot *slot)
{
	struct nvme_uring_cmd *cmd = (struct nvme_uring_cmd *)sqe->cmd;

	/* The two structs are identical up to timeout_ms. */
	_Static_assert(offsetof(struct nvme_uring_cmd, rsvd2) ==
		       offsetof(struct nvme_passthru_cmd64, rsvd2), "layout");
	memset(sqe, 0, 2 * sizeof(*sqe));
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = q->ns_fd;
	sqe->cmd_op = NVME_URING_CMD_IO;
	sqe->user_data = slot - q->slots;
	memcpy(cmd, &slot->run.cmd, offsetof(struct nvme_uring_cmd, rsvd2));
}

int kcsd_queue_submit(struct kcsd_queue *q, const struct kcsd_run_opts *opts, uint64_t user_data,
		      struct kcsd_error *err)
{
	struct kcsd_run run;
	int ret;

	if (q->nsid != KCSD_NSID_COMPUTE)
		return kcsd_error_set(err, -EINVAL, "the queue is for objects, not for runs");
	if (q->inflight == q->depth)
		return kcsd_error_set(err, -EAGAIN, "%u runs are in flight: reap one first",
				      q->depth);
	ret = kcsd_run_init(&run, q->drv, opts, err);
	if (ret)
		return ret;
	if (run.streams)
		ret = kcsd_error_set(err, -EINVAL, "output as it is emitted: use "
				     "kcsd_program_run()");
	else if (kcsd_queue_send(q, &run, user_data))
		ret = kcsd_error_set(err, -EAGAIN, "the ring is full: reap a run first");
	if (ret)
		kcsd_run_destroy(&run);
	return ret;
}

int kcsd_queue_send(struct kcsd_queue *q, struct kcsd_run *run, uint64_t user_data)
{
	struct io_uring_sqe *sqe = NULL;
	struct slot *slot;

	if (q->inflight < q->depth)
		sqe = io_uring_get_sqe(&q->ring);
	if (!sqe)
		return -EAGAIN;
	slot = &q->slots[q->first_free];
	slot->run = *run;
	slot->user_data = user_data;
	prepare(q, sqe, slot);
	q->first_free = slot->next_free;
	q->inflight++;
	/*
	 * If the kernel cannot accept it now (memory, a signal), the entry stays in the ring, and
	 * the next call submits it again. The run is in flight in either case.
	 */
	io_uring_submit(&q->ring);
	return 0;
}

/* ---- reap ---- */

static int wait_cqe(struct kcsd_queue *q, struct io_uring_cqe **cqe, int timeout_ms)
{
	struct __kernel_timespec ts = {
		.tv_sec = timeout_ms / 1000,
		.tv_nsec = timeout_ms % 1000 * 1000000ll,
	};
	int ret;

	ret = io_uring_submit(&q->ring);
	if (ret < 0 && ret != -EAGAIN && ret != -EBUSY && ret != -EINTR)
		return ret;
	/* This also delivers completions that wait for this task. */
	if (!timeout_ms) {
		io_uring_get_events(&q->ring);
		return io_uring_peek_cqe(&q->ring, cqe);
	}
	if (timeout_ms < 0)
		return io_uring_wait_cqe(&q->ring, cqe);
	return io_uring_wait_cqe_timeout(&q->ring, cqe, &ts);
}

int kcsd_queue_reap(struct kcsd_queue *q, struct kcsd_run_result *result, size_t size,
		    int timeout_ms)
{
	struct kcsd_run_result r;
	uint64_t user_data, r0;
	struct kcsd_run run;
	int ret, status;

	if (q->nsid != KCSD_NSID_COMPUTE)
		return -EINVAL;
	ret = kcsd_queue_take(q, &run, &user_data, &status, &r0, timeout_ms);
	if (ret)
		return ret;
	kcsd_run_complete(&run, status, r0, &r);
	r.user_data = user_data;
	kcsd_info_copy(result, size, &r, sizeof(r));
	return 0;
}

int kcsd_queue_take(struct kcsd_queue *q, struct kcsd_run *run, uint64_t *user_data, int *status,
		    uint64_t *result, int timeout_ms)
{
	struct io_uring_cqe *cqe;
	struct slot *slot;
	int ret;

	if (!q->inflight)
		return -ENOENT;
	ret = wait_cqe(q, &cqe, timeout_ms);
	if (ret)
		return ret;
	slot = &q->slots[cqe->user_data];
	*status = cqe->res < 0 ? cqe->res : cqe->res & KCSD_SC_MASK;
	*result = cqe->big_cqe[0];
	*user_data = slot->user_data;
	*run = slot->run;
	slot->run = (struct kcsd_run){};
	io_uring_cqe_seen(&q->ring, cqe);
	slot->next_free = q->first_free;
	q->first_free = slot - q->slots;
	q->inflight--;
	return 0;
}

struct kcsd_drive *kcsd_queue_drive(const struct kcsd_queue *q, uint32_t nsid)
{
	return q->nsid == nsid ? q->drv : NULL;
}

unsigned int kcsd_queue_inflight(const struct kcsd_queue *q)
{
	return q->inflight;
}

int kcsd_queue_fd(const struct kcsd_queue *q)
{
	return q->ring.ring_fd;
}
