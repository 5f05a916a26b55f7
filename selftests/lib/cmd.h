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
#include <liburing.h>
#include <linux/nvme_ioctl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/kcsd.h>

#include "slow.h"

#define CMD_TIMEOUT_S	20	/* limit for every command of a test */

#define NVM_FLUSH	0x00
#define NVM_WRITE	0x01
#define NVM_READ	0x02
#define NVM_WRITE_UNCOR	0x04
#define NVM_COMPARE	0x05
#define NVM_WRITE_ZEROES 0x08
#define NVM_DSM		0x09
#define NVM_VERIFY	0x0c
#define NVM_CDW12_FUA	(1u << 30)

#define ADMIN_GET_LOG	0x02
#define ADMIN_IDENTIFY	0x06
#define ADMIN_FORMAT	0x80
#define ADMIN_SANITIZE	0x84

enum cmd_way {
	CMD_URING,		/* SQE128, CQE32 */
	CMD_URING_CQE16,	/* SQE128 only: no result */
	CMD_IOCTL,		/* 32-bit result */
	CMD_IOCTL64,
	CMD_WAYS
};

static inline const char *cmd_way_name(int way)
{
	static const char * const names[] = { "uring", "uring-cqe16", "ioctl", "ioctl64" };

	return names[way];
}

/* One field to change in an otherwise valid command, and the result that the drive must return. */
struct cmd_change {
	const char *what;
	__u8 off;
	__u8 len;
	__u64 value;
	int want;
	__u8 blamed;	/* the field that Invalid Field must name */
};

/* Offset of a field in a queue entry: the same as in the command, except for the two lengths. */
#define CMD_FIELD(field) \
	(offsetof(struct nvme_uring_cmd, field) == offsetof(struct nvme_uring_cmd, data_len) ? \
	 offsetof(struct nvme_uring_cmd, addr) : \
	 offsetof(struct nvme_uring_cmd, field) == offsetof(struct nvme_uring_cmd, metadata_len) ? \
	 offsetof(struct nvme_uring_cmd, metadata) : offsetof(struct nvme_uring_cmd, field))

#define CMD_CHANGE_BLAMING(field, val, res, blame) \
	{ #field " = " #val, offsetof(struct nvme_uring_cmd, field), \
	  sizeof(((struct nvme_uring_cmd *)0)->field), (val), (res), CMD_FIELD(blame) }
#define CMD_CHANGE(field, val, res)	CMD_CHANGE_BLAMING(field, val, res, field)
/*
 * The changed field is valid, but another field no longer fits it; the drive must name the other.
 */
#define CMD_CHANGE_MISFIT(field, val, other) \
	CMD_CHANGE_BLAMING(field, val, KCSD_SC_INVALID_FIELD, other)

static inline struct nvme_uring_cmd cmd_changed(const struct nvme_uring_cmd *c,
						const struct cmd_change *ch)
{
	struct nvme_uring_cmd changed = *c;

	memcpy((char *)&changed + ch->off, &ch->value, ch->len);
	return changed;
}

/* Returns the status without DNR; -EPROTO if a bit is set that no status has. */
static inline int cmd_status(int res)
{
	if (res <= 0)
		return res;
	if (res & ~(KCSD_SC_MASK | KCSD_SC_DNR))
		return -EPROTO;
	return res & KCSD_SC_MASK;
}

static inline int ring_open(struct io_uring *ring, unsigned int depth, bool cqe32)
{
	unsigned int flags = IORING_SETUP_SQE128;

	if (cqe32)
		flags |= IORING_SETUP_CQE32;
	return io_uring_queue_init(depth, ring, flags);
}

/* Put a command into the ring; io_uring_submit() sends it. 0 or -EBUSY. */
static inline int ring_put(struct io_uring *ring, int fd, __u32 op,
			   const struct nvme_uring_cmd *c, __u64 tag)
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

/* Wait for any completion: ms, times time_slow(). Returns 0 or -ETIME; res is not converted. */
static inline int ring_get(struct io_uring *ring, unsigned int ms, __u64 *tag, int *res,
			   __u64 *result)
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

/* Returns a ring of this process: a forked child must not share the ring of its parent. */
static inline struct io_uring *cmd_ring(bool cqe32)
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

static inline int cmd_uring(int fd, __u32 op, const struct nvme_uring_cmd *c, bool cqe32,
			    __u64 *result)
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

static inline int cmd_ioctl(int fd, unsigned long op, const struct nvme_uring_cmd *c,
			    __u64 *result)
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

static inline int cmd_ioctl64(int fd, unsigned long op, const struct nvme_uring_cmd *c,
			      __u64 *result)
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

static inline int cmd_io_way(int way, int fd, const struct nvme_uring_cmd *c, __u64 *result)
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

static inline int cmd_admin_way(int way, int fd, const struct nvme_uring_cmd *c, __u64 *result)
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

/* True if the changed command gets the wanted result; Invalid Field must also name the field. */
static inline bool cmd_refused(int way, bool admin, int fd, const struct nvme_uring_cmd *base,
			       const struct cmd_change *ch)
{
	struct nvme_uring_cmd c = cmd_changed(base, ch);
	__u64 field = ~0ULL;
	int res = admin ? cmd_admin_way(way, fd, &c, &field) : cmd_io_way(way, fd, &c, &field);

	if (res == ch->want && (res != KCSD_SC_INVALID_FIELD || way == CMD_URING_CQE16 ||
				field == ch->blamed))
		return true;
	printf("# %s by %s: %#x (%d), not %#x; field %llu\n", ch->what, cmd_way_name(way), res,
	       res, ch->want, (unsigned long long)field);
	return false;
}

/* True if cmd_refused() is true for all changes, in each way. */
static inline bool cmd_each_refused(bool admin, int fd, const struct nvme_uring_cmd *base,
				    const struct cmd_change *changes, size_t nr)
{
	bool ok = true;

	for (size_t i = 0; i < nr; i++)
		for (int way = 0; way < CMD_WAYS; way++)
			ok &= cmd_refused(way, admin, fd, base, &changes[i]);
	return ok;
}

static inline int cmd_io(int fd, const struct nvme_uring_cmd *c)
{
	return cmd_io_way(CMD_URING, fd, c, NULL);
}

static inline int cmd_admin(int fd, const struct nvme_uring_cmd *c)
{
	return cmd_admin_way(CMD_URING, fd, c, NULL);
}

/* NVM read or write of nlb LBAs (not 0's based). */
static inline struct nvme_uring_cmd cmd_rw(__u8 opcode, __u64 slba, __u32 nlb, void *buf,
					   __u32 len)
{
	return (struct nvme_uring_cmd) {
		.opcode = opcode, .nsid = KCSD_NSID_NVM,
		.addr = (uintptr_t)buf, .data_len = len,
		.cdw10 = (__u32)slba, .cdw11 = slba >> 32, .cdw12 = nlb - 1,
	};
}

static inline struct nvme_uring_cmd cmd_flush(void)
{
	return (struct nvme_uring_cmd) { .opcode = NVM_FLUSH, .nsid = KCSD_NSID_NVM };
}

static inline struct nvme_uring_cmd cmd_identify(__u8 cns, __u32 nsid, __u8 csi, void *buf)
{
	return (struct nvme_uring_cmd) {
		.opcode = ADMIN_IDENTIFY, .nsid = nsid,
		.addr = (uintptr_t)buf, .data_len = 4096,
		.cdw10 = cns, .cdw11 = (__u32)csi << 24,
	};
}

/* Log pages of NVMe; error_log.h has the Error Information log. */
#define LOG_SUPPORTED	0x00
#define LOG_HEALTH	0x02
#define LOG_FIRMWARE	0x03
#define LOG_EFFECTS	0x05
#define LOG_FEATURES	0x12
#define LOG_MI		0x13
#define LOG_SANITIZE	0x81

/* Get Log Page: len bytes (a multiple of 4) from offset. */
static inline struct nvme_uring_cmd cmd_log(__u8 lid, void *buf, __u32 len, __u64 offset)
{
	__u32 numd = len / 4 - 1;

	return (struct nvme_uring_cmd) {
		.opcode = ADMIN_GET_LOG, .nsid = KCSD_NSID_COMPUTE,
		.addr = (uintptr_t)buf, .data_len = len,
		.cdw10 = lid | numd << 16, .cdw11 = numd >> 16,
		.cdw12 = (__u32)offset, .cdw13 = offset >> 32,
	};
}

#endif
