// SPDX-License-Identifier: GPL-2.0
/* Send commands by rings of several kinds and by ioctls, and check their results. */
#include "fuzz.h"

#include <sys/uio.h>

#include "../../lib/texts.h"

#define DEPTH	64

bool fuzz_result_known(int res)
{
	static const int errnos[] = {
		EINVAL, EFAULT, ENODEV, EACCES, ENOTTY, ENOMEM, ECANCELED, EINTR, EOPNOTSUPP,
	};

	if (res < 0) {
		for (size_t i = 0; i < ARRAY_SIZE(errnos); i++)
			if (res == -errnos[i])
				return true;
		return false;
	}
	if (res & ~(KCSD_SC_MASK | KCSD_SC_DNR))
		return false;
	switch (res & KCSD_SC_MASK) {
#define KNOWN(name, text) case KCSD_SC_##name:
	KCSD_STATUSES(KNOWN)
#undef KNOWN
		return true;
	default:
		return false;
	}
}

/* ---- ioctls ---- */

/* Fill the fields of struct nvme_user_io, which the oldest ioctl has. */
static void as_user_io(const struct nvme_uring_cmd *c, struct nvme_user_io *io)
{
	*io = (struct nvme_user_io) {
		.opcode = c->opcode, .flags = c->flags, .control = c->cdw12 >> 16,
		.nblocks = c->cdw12, .rsvd = c->rsvd1, .metadata = c->metadata, .addr = c->addr,
		.slba = c->cdw10 | (__u64)c->cdw11 << 32, .dsmgmt = c->cdw13, .reftag = c->cdw14,
		.apptag = c->cdw15, .appmask = c->cdw15 >> 16,
	};
}

static unsigned long pick_ioctl(struct fuzz_random *r, const struct fuzz_shot *s)
{
	static const unsigned long all[] = {
		NVME_IOCTL_ADMIN_CMD, NVME_IOCTL_ADMIN64_CMD, NVME_IOCTL_IO_CMD,
		NVME_IOCTL_IO64_CMD, NVME_IOCTL_IO64_CMD_VEC, NVME_IOCTL_SUBMIT_IO, NVME_IOCTL_ID,
		NVME_IOCTL_RESET, NVME_IOCTL_RESCAN,
	};

	if (fuzz_one_in(r, 40))
		return all[fuzz_below(r, ARRAY_SIZE(all))];
	if (s->admin)
		return fuzz_one_in(r, 2) ? NVME_IOCTL_ADMIN_CMD : NVME_IOCTL_ADMIN64_CMD;
	if (s->vec)
		return NVME_IOCTL_IO64_CMD_VEC;
	if (s->node == FUZZ_NVM && fuzz_one_in(r, 8))
		return NVME_IOCTL_SUBMIT_IO;
	return fuzz_one_in(r, 2) ? NVME_IOCTL_IO_CMD : NVME_IOCTL_IO64_CMD;
}

static void *put_argument(struct fuzz_shot *s, unsigned long op)
{
	__u32 len = op == NVME_IOCTL_SUBMIT_IO ? sizeof(struct nvme_user_io) :
		    op == NVME_IOCTL_ADMIN_CMD || op == NVME_IOCTL_IO_CMD ?
		    sizeof(struct nvme_passthru_cmd) : sizeof(struct nvme_passthru_cmd64);
	__u8 *arg = s->arg.base + s->arg.len - len;

	memset(arg, 0, len);
	if (op == NVME_IOCTL_SUBMIT_IO)
		as_user_io(&s->cmd, (struct nvme_user_io *)arg);
	else
		memcpy(arg, &s->cmd, sizeof(s->cmd));
	return arg;
}

int fuzz_ioctl(struct fuzz_random *r, struct fuzz_shot *s, int fd)
{
	unsigned long op = pick_ioctl(r, s);
	void *arg = put_argument(s, op);
	int ret;

	if (op == NVME_IOCTL_SUBMIT_IO)
		s->cmd.data_len = s->data.len;	/* the ioctl sets the length from the LBAs */
	if (fuzz_one_in(r, 100))
		arg = s->arg.base + s->arg.len - 8;	/* the rest of it is not mapped */
	ret = ioctl(fd, op, arg);
	if (ret > 0 && op == NVME_IOCTL_ID)
		return 0;	/* id of the namespace */
	return ret < 0 ? -errno : ret;
}

/* ---- io_uring ---- */

static const unsigned int ring_flags[] = {
	0, 0, IORING_SETUP_IOPOLL, IORING_SETUP_SQPOLL,
	IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN, IORING_SETUP_COOP_TASKRUN,
};

bool fuzz_ring_open(struct fuzz_random *r, struct fuzz_ring *ring, struct fuzz_shot *s, int nr)
{
	struct iovec iov[DEPTH];

	ring->flags = ring_flags[fuzz_below(r, ARRAY_SIZE(ring_flags))] | IORING_SETUP_SQE128 |
		      IORING_SETUP_SUBMIT_ALL;
	if (!fuzz_one_in(r, 4))
		ring->flags |= IORING_SETUP_CQE32;
	if (io_uring_queue_init(DEPTH, &ring->ring, ring->flags))
		return false;
	for (int i = 0; i < nr; i++)
		iov[i] = (struct iovec){ s[i].data.base, s[i].data.len };
	ring->fixed = fuzz_one_in(r, 2) && !io_uring_register_buffers(&ring->ring, iov, nr);
	return true;
}

void fuzz_ring_close(struct fuzz_ring *ring)
{
	io_uring_queue_exit(&ring->ring);
}

static __u32 pick_op(struct fuzz_random *r, const struct fuzz_shot *s)
{
	if (fuzz_one_in(r, 60))
		return fuzz_next(r);
	if (s->admin)
		return s->vec ? NVME_URING_CMD_ADMIN_VEC : NVME_URING_CMD_ADMIN;
	return s->vec ? NVME_URING_CMD_IO_VEC : NVME_URING_CMD_IO;
}

bool fuzz_ring_put(struct fuzz_random *r, struct fuzz_ring *ring, struct fuzz_shot *s, int fd,
		   __u64 tag)
{
	unsigned int at = (ring->ring.sq.sqe_tail & ring->ring.sq.ring_mask) * 2;
	struct io_uring_sqe *sqe = &ring->ring.sq.sqes[at];

	if (ring_put(&ring->ring, fd, pick_op(r, s), &s->cmd, tag))
		return false;
	if (ring->fixed && !fuzz_one_in(r, 3)) {
		sqe->uring_cmd_flags = IORING_URING_CMD_FIXED;
		sqe->buf_index = fuzz_one_in(r, 20) ? fuzz_below(r, 100) : tag;
	}
	if (fuzz_one_in(r, 8))
		sqe->flags |= IOSQE_ASYNC;
	return true;
}

int fuzz_ring_send(struct fuzz_ring *ring, int nr)
{
	int sent = 0;

	while (sent < nr) {
		int ret = io_uring_submit(&ring->ring);

		if (ret < 0 && ret != -EINTR && ret != -EAGAIN && ret != -EBUSY)
			return ret;
		/* The thread of an SQPOLL ring may have taken some before they are counted. */
		if (ret >= 0 && ring->ring.flags & IORING_SETUP_SQPOLL)
			return 0;
		if (!ret)
			return -EIO;
		sent += ret > 0 ? ret : 0;
	}
	return 0;
}
