// SPDX-License-Identifier: GPL-2.0
#include "cmd.h"

const char *cmd_way_name(int way)
{
	static const char * const names[] = { "uring", "uring-cqe16", "ioctl", "ioctl64" };

	return names[way];
}

int cmd_status(int res)
{
	if (res <= 0)
		return res;
	if (res & ~(KCSD_SC_MASK | KCSD_SC_DNR))
		return -EPROTO;
	return res & KCSD_SC_MASK;
}

/* Returns a ring of this process: a forked child must not share the ring of its parent. */
static struct io_uring *cmd_ring(bool cqe32)
{
	static struct io_uring rings[2];
	static pid_t owner[2];

	if (owner[cqe32] != getpid()) {
		if (ring_open(&rings[cqe32], 8, cqe32))
			return NULL;
		owner[cqe32] = getpid();
	}
	return &rings[cqe32];
}

int cmd_uring(int fd, __u32 op, const struct nvme_uring_cmd *c, bool cqe32, __u64 *result)
{
	static __u64 last_tag;
	struct io_uring *ring = cmd_ring(cqe32);
	__u64 tag;
	int ret, res;

	if (!ring)
		return -ENOMEM;
	ret = ring_put(ring, fd, op, c, ++last_tag);
	if (ret)
		return ret;
	ret = io_uring_submit(ring);
	if (ret != 1)
		return ret < 0 ? ret : -EIO;
	do {
		ret = ring_get(ring, CMD_TIMEOUT_S * 1000, &tag, &res, result);
		if (ret)
			return ret;
	} while (tag != last_tag);
	return cmd_status(res);
}

_Static_assert(sizeof(struct nvme_passthru_cmd) == sizeof(struct nvme_uring_cmd),
	       "result stands where rsvd2 is");

int cmd_ioctl(int fd, unsigned long op, const struct nvme_uring_cmd *c, __u64 *result)
{
	struct nvme_passthru_cmd p;
	int ret;

	memcpy(&p, c, sizeof(p));
	ret = ioctl(fd, op, &p);
	if (ret < 0)
		return -errno;
	if (result)
		*result = p.result;
	return cmd_status(ret);
}

int cmd_ioctl64(int fd, unsigned long op, const struct nvme_uring_cmd *c, __u64 *result)
{
	struct nvme_passthru_cmd64 p = {};
	int ret;

	memcpy(&p, c, sizeof(*c));
	ret = ioctl(fd, op, &p);
	if (ret < 0)
		return -errno;
	if (result)
		*result = p.result;
	return cmd_status(ret);
}

int cmd_io_way(int way, int fd, const struct nvme_uring_cmd *c, __u64 *result)
{
	switch (way) {
	case CMD_IOCTL:
		return cmd_ioctl(fd, NVME_IOCTL_IO_CMD, c, result);
	case CMD_IOCTL64:
		return cmd_ioctl64(fd, NVME_IOCTL_IO64_CMD, c, result);
	default:
		return cmd_uring(fd, NVME_URING_CMD_IO, c, way == CMD_URING, result);
	}
}

int cmd_admin_way(int way, int fd, const struct nvme_uring_cmd *c, __u64 *result)
{
	switch (way) {
	case CMD_IOCTL:
		return cmd_ioctl(fd, NVME_IOCTL_ADMIN_CMD, c, result);
	case CMD_IOCTL64:
		return cmd_ioctl64(fd, NVME_IOCTL_ADMIN64_CMD, c, result);
	default:
		return cmd_uring(fd, NVME_URING_CMD_ADMIN, c, way == CMD_URING, result);
	}
}

int cmd_io(int fd, const struct nvme_uring_cmd *c)
{
	return cmd_io_way(CMD_URING, fd, c, NULL);
}

int cmd_admin(int fd, const struct nvme_uring_cmd *c)
{
	return cmd_admin_way(CMD_URING, fd, c, NULL);
}
