// SPDX-License-Identifier: GPL-2.0
/*
 * Buffers in pieces: valid and invalid lists, in the layout of 64-bit and of 32-bit programs; the
 * task itself or a thread of io_uring reads the list.
 */
#include "harness.h"
#include "call32.h"
#include "nvm.h"
#include "stamp.h"

#include <sys/mman.h>
#include <sys/uio.h>

#define NR_LBAS	16u
#define LEN	(NR_LBAS * STAMP_LBA)
#define MANY	1024u	/* most pieces of a list (UIO_MAXIOV) */

static const struct drive_attr attr[] = { DRIVE_SMALL, {} };

enum way { URING, URING_ASYNC, IOCTL, WAYS };

struct compat_iovec {
	__u32 base;
	__u32 len;
};

FIXTURE(iovec) {
	struct drive d;
	struct io_uring ring;
	bool has_ring;
	__u8 *out, *in;	/* LEN bytes each, at addresses of 32 bits */
	struct compat_iovec *compat;	/* MANY entries, also at an address of 32 bits */
	struct iovec vec[MANY];
};

FIXTURE_VARIANT(iovec) {
	bool compat;
};

FIXTURE_VARIANT_ADD(iovec, of_64_bits) { .compat = false };
FIXTURE_VARIANT_ADD(iovec, of_32_bits) { .compat = true };

/* ---- ring of a 32-bit program ---- */

static int ring_open32(struct io_uring *ring)
{
	struct io_uring_params *p = map_low(sizeof(*p));
	int fd, ret = -ENOMEM;

	if (!p)
		return ret;
	p->flags = IORING_SETUP_SQE128;
	fd = call32(I386_IO_URING_SETUP, 8, low(p), 0);
	ret = fd < 0 ? fd : io_uring_queue_mmap(fd, p, ring);
	/* io_uring_queue_init() sets this too. */
	ring->features = p->features;
	for (__u32 i = 0; !ret && i < p->sq_entries; i++)
		ring->sq.array[i] = i;
	munmap(p, sizeof(*p));
	return ret;
}

FIXTURE_SETUP(iovec)
{
	drive_sweep();
	self->d = (struct drive)DRIVE_INIT;
	if (variant->compat && !can_call32())
		SKIP(return, "the kernel runs no 32-bit programs");
	self->out = map_low(LEN);
	self->in = map_low(LEN);
	self->compat = map_low(MANY * sizeof(*self->compat));
	ASSERT_TRUE(self->out && self->in && self->compat);
	for (__u32 i = 0; i < NR_LBAS; i++)
		stamp_fill((__u64 *)(self->out + i * STAMP_LBA), 1 + i);
	ASSERT_EQ(0, drive_create(&self->d, "iovec", attr));
	ASSERT_EQ(0, variant->compat ? ring_open32(&self->ring) : ring_open(&self->ring, 8, false));
	self->has_ring = true;
}

FIXTURE_TEARDOWN(iovec)
{
	if (self->has_ring)
		io_uring_queue_exit(&self->ring);
	EXPECT_EQ(0, drive_remove(&self->d));
}

/* ---- the commands ---- */

static int by_uring(FIXTURE_DATA(iovec) *self, const struct nvme_uring_cmd *c, bool async)
{
	unsigned int slot = self->ring.sq.sqe_tail & *self->ring.sq.kring_mask;
	__u64 tag;
	int res, ret = ring_put(&self->ring, self->d.nvm, NVME_URING_CMD_IO_VEC, c, 1);

	if (ret)
		return ret;
	if (async)
		self->ring.sq.sqes[slot * 2].flags |= IOSQE_ASYNC;
	ret = io_uring_submit(&self->ring);
	if (ret != 1)
		return ret < 0 ? ret : -EIO;
	return ring_get(&self->ring, CMD_TIMEOUT_S * 1000, &tag, &res, NULL) ?: cmd_status(res);
}

static int by_ioctl32(FIXTURE_DATA(iovec) *self, const struct nvme_uring_cmd *c)
{
	struct nvme_passthru_cmd64 *u = map_low(sizeof(*u));
	int ret;

	if (!u)
		return -ENOMEM;
	memcpy(u, c, sizeof(*c));
	ret = call32(I386_IOCTL, self->d.nvm, NVME_IOCTL_IO64_CMD_VEC, low(u));
	munmap(u, sizeof(*u));
	return cmd_status(ret);
}

/* Send a command for nlb LBAs, starting at the first, with the list at addr. */
static int send_list(FIXTURE_DATA(iovec) *self, bool compat, int way, __u8 opcode, __u32 nlb,
		     void *addr, __u32 nr)
{
	struct nvme_uring_cmd c = cmd_rw(opcode, 0, nlb, addr, nr);

	if (way != IOCTL)
		return by_uring(self, &c, way == URING_ASYNC);
	return compat ? by_ioctl32(self, &c) :
			cmd_ioctl64(self->d.nvm, NVME_IOCTL_IO64_CMD_VEC, &c, NULL);
}

/*
 * Send a command with the first nr entries of self->vec. In a compat list, a length that needs more
 * than 32 bits becomes its upper half, which is still too long.
 */
static int send_vec(FIXTURE_DATA(iovec) *self, bool compat, int way, __u8 opcode, __u32 nlb,
		    __u32 nr)
{
	for (__u32 i = 0; i < nr && i < MANY; i++) {
		const struct iovec *v = &self->vec[i];

		self->compat[i].base = low(v->iov_base);
		self->compat[i].len = v->iov_len > UINT32_MAX ? v->iov_len >> 32 : v->iov_len;
	}
	return send_list(self, compat, way, opcode, nlb,
			 compat ? (void *)self->compat : self->vec, nr);
}

/* Cut a buffer of LEN bytes into nr pieces; the first piece has `first` bytes. */
static void cut(FIXTURE_DATA(iovec) *self, __u8 *buf, __u32 nr, __u32 first)
{
	__u32 each = nr > 1 ? (LEN - first) / (nr - 1) : 0;
	__u32 at = 0;

	for (__u32 i = 0; i < nr; i++) {
		__u32 len = i == nr - 1 ? LEN - at : i ? each : first;

		self->vec[i] = (struct iovec){ buf + at, len };
		at += len;
	}
}

TEST_F(iovec, io_in_pieces)
{
	/* One piece, the most without an allocation, one more than that, and the maximum. */
	static const __u32 counts[] = { 1, 2, 8, 9, MANY };

	for (int way = 0; way < WAYS; way++) {
		for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
			cut(self, self->out, counts[i], 3);
			ASSERT_EQ(0, send_vec(self, variant->compat, way, NVM_WRITE, NR_LBAS,
					      counts[i]));
			memset(self->in, 0xa5, LEN);
			cut(self, self->in, counts[i], STAMP_LBA);
			ASSERT_EQ(0, send_vec(self, variant->compat, way, NVM_READ, NR_LBAS,
					      counts[i]));
			EXPECT_EQ(0, memcmp(self->in, self->out, LEN))
				TH_LOG("way %d, %u pieces", way, counts[i]);
		}
	}
}

TEST_F(iovec, refusals)
{
	void *nowhere = (void *)0x1000;

	for (int way = 0; way < WAYS; way++) {
#define SEND(nlb, nr) send_vec(self, variant->compat, way, NVM_WRITE, nlb, nr)
		cut(self, self->out, MANY, 3);
		EXPECT_EQ(-EINVAL, SEND(NR_LBAS, MANY + 1));
		EXPECT_EQ(-EINVAL, SEND(NR_LBAS, UINT32_MAX));
		EXPECT_EQ(KCSD_SC_INVALID_FIELD, SEND(NR_LBAS, 0));
		EXPECT_EQ(KCSD_SC_INVALID_FIELD, SEND(NR_LBAS, MANY - 1));
		EXPECT_EQ(KCSD_SC_INVALID_FIELD, SEND(NR_LBAS - 1, MANY));
		self->vec[MANY - 1].iov_base = nowhere;
		EXPECT_EQ(-EFAULT, SEND(NR_LBAS, MANY));
		/* One length that is negative as a signed number. */
		cut(self, self->out, 9, 3);
		self->vec[8].iov_len = 1ULL << 63;
		EXPECT_EQ(-EINVAL, SEND(NR_LBAS, 9));
		/* A sum of lengths that a command cannot take, and that 32 bits cannot hold. */
		for (int i = 0; i < 9; i++)
			self->vec[i].iov_len = INT32_MAX - 4095;
		EXPECT_EQ(KCSD_SC_INVALID_FIELD, SEND(NR_LBAS, 9));
		EXPECT_EQ(KCSD_SC_INVALID_FIELD, SEND(NR_LBAS, 1));
		/* The address of the list itself is invalid. */
		EXPECT_EQ(-EFAULT, send_list(self, variant->compat, way, NVM_WRITE, NR_LBAS,
					     nowhere, 1));
		EXPECT_EQ(-EFAULT, send_list(self, variant->compat, way, NVM_WRITE, NR_LBAS,
					     nowhere, 9));
#undef SEND
	}
}

/* ---- threads that an interrupt makes ---- */

#define NR_DELAYED	8u	/* threads that a ring may have */
#define DELAY_MS	"100"

FIXTURE(iovec_thread) {
	struct drive d;
	struct io_uring ring;
	bool has_ring;
	__u64 *data;
	struct iovec vec[NR_DELAYED];
};

FIXTURE_SETUP(iovec_thread)
{
	drive_sweep();
	self->data = aligned_alloc(STAMP_LBA, NR_DELAYED * STAMP_LBA);
	ASSERT_NE(NULL, self->data);
	for (__u32 i = 0; i < NR_DELAYED; i++)
		stamp_fill(self->data + i * STAMP_WORDS, 1 + i);
	ASSERT_EQ(0, drive_create(&self->d, "iovec", attr));
	ASSERT_EQ(0, ring_open(&self->ring, NR_DELAYED, false));
	self->has_ring = true;
}

FIXTURE_TEARDOWN(iovec_thread)
{
	if (self->has_ring)
		io_uring_queue_exit(&self->ring);
	EXPECT_EQ(0, drive_remove(&self->d));
	free(self->data);
}

/* Wait without system calls: only an interrupt brings the task into the kernel. */
static bool spin_until_ended(struct io_uring *ring)
{
	for (__u64 end = time_ns() + CMD_TIMEOUT_S * time_slow() * 1000000000ULL; time_ns() < end;)
		for (__u32 i = 0; i < 1u << 20; i++)
			if (__atomic_load_n(ring->cq.ktail, __ATOMIC_ACQUIRE) ==
			    *ring->cq.khead + NR_DELAYED)
				return true;
	return false;
}

/*
 * Each command waits in the worker that executes it. io_uring then creates another worker for the
 * next command, on top of whatever the task does at that moment.
 */
TEST_F(iovec_thread, worker_created_in_an_interrupt)
{
	__u64 *in = calloc(NR_DELAYED, STAMP_LBA), tag;
	int res;

	ASSERT_NE(NULL, in);
	for (__u32 i = 0; i < NR_DELAYED; i++) {
		struct nvme_uring_cmd c = cmd_rw(NVM_WRITE, i, 1, self->data + i * STAMP_WORDS,
						 STAMP_LBA);

		ASSERT_EQ(0, cmd_uring(self->d.nvm, NVME_URING_CMD_IO, &c, false, NULL));
	}
	ASSERT_EQ(0, drive_set(self->d.name, "inject", "read lba=0+8 delay=" DELAY_MS));
	for (__u32 i = 0; i < NR_DELAYED; i++) {
		struct nvme_uring_cmd c = cmd_rw(NVM_READ, i, 1, &self->vec[i], 1);

		self->vec[i] = (struct iovec){ in + i * STAMP_WORDS, STAMP_LBA };
		ASSERT_EQ(0, ring_put(&self->ring, self->d.nvm, NVME_URING_CMD_IO_VEC, &c, i));
	}
	ASSERT_EQ(NR_DELAYED, io_uring_submit(&self->ring));
	EXPECT_TRUE(spin_until_ended(&self->ring));
	for (__u32 i = 0; i < NR_DELAYED; i++) {
		ASSERT_EQ(0, ring_get(&self->ring, CMD_TIMEOUT_S * 1000, &tag, &res, NULL));
		EXPECT_EQ(0, res) TH_LOG("command %llu", (unsigned long long)tag);
	}
	EXPECT_EQ(0, memcmp(in, self->data, NR_DELAYED * STAMP_LBA));
	free(in);
}

DRIVE_TEST_MAIN
