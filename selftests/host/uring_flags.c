// SPDX-License-Identifier: GPL-2.0
/*
 * Flags of io_uring commands that the driver does not know: it must refuse and complete the
 * command.
 */
#include "harness.h"
#include "nvm.h"

#ifndef IORING_URING_CMD_MULTISHOT
#define IORING_URING_CMD_MULTISHOT	(1u << 1)	/* Linux 6.18 */
#endif

#define LBA	4096

static const struct drive_attr attr[] = { DRIVE_SMALL, {} };

FIXTURE(uring_flags) {
	struct drive d;
	struct io_uring ring;
};

FIXTURE_VARIANT(uring_flags) {
	unsigned int setup;
};

FIXTURE_VARIANT_ADD(uring_flags, plain) { 0 };
FIXTURE_VARIANT_ADD(uring_flags, iopoll) { IORING_SETUP_IOPOLL };
FIXTURE_VARIANT_ADD(uring_flags, defer_taskrun) {
	IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN
};

FIXTURE_SETUP(uring_flags)
{
	drive_sweep();
	ASSERT_EQ(0, drive_create(&self->d, "flags", attr));
	ASSERT_EQ(0, io_uring_queue_init(8, &self->ring, IORING_SETUP_SQE128 |
					 IORING_SETUP_CQE32 | variant->setup));
}

FIXTURE_TEARDOWN(uring_flags)
{
	io_uring_queue_exit(&self->ring);
	drive_remove(&self->d);
}

/* Returns the result of a read with these flags. */
static int read_flagged(struct io_uring *ring, int fd, __u32 uring_cmd_flags, __u8 sqe_flags)
{
	static __u8 buf[LBA] __attribute__((aligned(LBA)));
	struct io_uring_sqe *sqe = &ring->sq.sqes[(ring->sq.sqe_tail & ring->sq.ring_mask) * 2];
	struct nvme_uring_cmd c = cmd_rw(NVM_READ, 0, 1, buf, LBA);
	__u64 tag, start = time_ns();
	int ret, res = 0;

	ret = ring_put(ring, fd, NVME_URING_CMD_IO, &c, 1);
	sqe->uring_cmd_flags = uring_cmd_flags;
	sqe->flags = sqe_flags;
	if (ret || io_uring_submit(ring) < 0)
		return -EIO;
	/* On an IOPOLL ring, waiting returns early whenever another task needs the CPU. */
	do {
		ret = ring_get(ring, CMD_TIMEOUT_S * 1000, &tag, &res, NULL);
	} while (ret == -ETIME && time_ns() - start < CMD_TIMEOUT_S * 1000000000ULL);
	return ret ? ret : res;
}

/* A kernel may refuse some itself: flags that it does not know, buffers that it does not select. */
TEST_F(uring_flags, unknown_flags_are_refused)
{
	static const struct {
		__u32 uring_cmd_flags;
		__u8 sqe_flags;
	} unknown[] = {
		{ IORING_URING_CMD_MULTISHOT, 0 },
		{ IORING_URING_CMD_MULTISHOT, IOSQE_BUFFER_SELECT },
		{ IORING_URING_CMD_MULTISHOT | IORING_URING_CMD_FIXED, IOSQE_BUFFER_SELECT },
		{ 1u << 2, 0 },
		{ 1u << 23, 0 },
	};
	int res;

	EXPECT_EQ(0, read_flagged(&self->ring, self->d.nvm, 0, 0));
	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++) {
		res = read_flagged(&self->ring, self->d.nvm, unknown[i].uring_cmd_flags,
				   unknown[i].sqe_flags);
		ASSERT_NE(-ETIME, res) TH_LOG("flags %#x: lost", unknown[i].uring_cmd_flags);
		EXPECT_TRUE(res == -EINVAL || res == -EOPNOTSUPP)
			TH_LOG("flags %#x: %d", unknown[i].uring_cmd_flags, res);
	}
}

DRIVE_TEST_MAIN
