// SPDX-License-Identifier: GPL-2.0
/* Fast ways of passthrough: registered buffers, vectors, IOPOLL and SQPOLL rings. */
#include "harness.h"
#include "admin.h"
#include "nvm.h"
#include "run.h"
#include "timing.h"

#include <sys/mman.h>
#include <sys/uio.h>

#define LBA		4096
#define LEN		(16 * LBA)
#define SOON_NS		(time_slow() * 2000000000ULL)

enum { SEVEN, ENDLESS };

FIXTURE(passthru) {
	struct drive d;
	struct io_uring ring;
	__u8 *out;		/* LEN bytes, registered as buffer 0 */
	__u8 *in;		/* LEN bytes, registered as buffer 1 */
};

FIXTURE_VARIANT(passthru) {
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(passthru, plain) { 0 };
FIXTURE_VARIANT_ADD(passthru, iopoll) { IORING_SETUP_IOPOLL };
FIXTURE_VARIANT_ADD(passthru, sqpoll) { IORING_SETUP_SQPOLL };
FIXTURE_VARIANT_ADD(passthru, sqpoll_iopoll) { IORING_SETUP_SQPOLL | IORING_SETUP_IOPOLL };
FIXTURE_VARIANT_ADD(passthru, defer_taskrun) {
	IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN
};

static __u8 *map(size_t len)
{
	__u8 *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

FIXTURE_SETUP(passthru)
{
	static const struct drive_attr attrs[] = {
		DRIVE_SMALL, { "cus", "1" }, { "quick_us", "10000" }, { "timeout_ms", "600000" }, {}
	};
	struct iovec iov[2];

	drive_sweep();
	ASSERT_EQ(0, drive_create(&self->d, "passthru", attrs));
	ASSERT_EQ(0, prog_install(self->d.ctrl, SEVEN, prog_seven));
	ASSERT_EQ(0, prog_install(self->d.ctrl, ENDLESS, prog_endless));
	self->out = map(LEN);
	self->in = map(LEN);
	ASSERT_TRUE(self->out && self->in);
	for (int i = 0; i < LEN; i++)
		self->out[i] = i * 7 + i / LBA;
	ASSERT_EQ(0, io_uring_queue_init(32, &self->ring, IORING_SETUP_SQE128 |
					 IORING_SETUP_CQE32 | variant->flags));
	iov[0] = (struct iovec){ self->out, LEN };
	iov[1] = (struct iovec){ self->in, LEN };
	ASSERT_EQ(0, io_uring_register_buffers(&self->ring, iov, 2));
}

FIXTURE_TEARDOWN(passthru)
{
	drive_remove(&self->d);
	if (self->ring.ring_fd > 0)
		io_uring_queue_exit(&self->ring);
	munmap(self->out, LEN);
	munmap(self->in, LEN);
}

#define NOT_FIXED	-1

/* Send one command by the ring. Its data is in registered buffer `buf`, or in none if NOT_FIXED. */
static int issue(struct io_uring *ring, int fd, __u32 op, const struct nvme_uring_cmd *c, int buf,
		 __u64 *result)
{
	struct io_uring_sqe *sqe = &ring->sq.sqes[(ring->sq.sqe_tail & ring->sq.ring_mask) * 2];
	__u64 tag, start = time_ns();
	int ret, res;

	ret = ring_put(ring, fd, op, c, 1);
	if (ret)
		return ret;
	if (buf != NOT_FIXED) {
		sqe->uring_cmd_flags = IORING_URING_CMD_FIXED;
		sqe->buf_index = buf;
	}
	ret = io_uring_submit(ring);
	if (ret < 0)
		return ret;
	/* On an IOPOLL ring, waiting returns early whenever another task needs the CPU. */
	do {
		ret = ring_get(ring, CMD_TIMEOUT_S * 1000, &tag, &res, result);
	} while (ret == -ETIME && time_ns() - start < CMD_TIMEOUT_S * 1000000000ULL);
	return ret ? ret : cmd_status(res);
}

static int rw(struct io_uring *ring, int fd, __u8 op, __u64 slba, void *p, __u32 len, int buf)
{
	struct nvme_uring_cmd c = cmd_rw(op, slba, len / LBA, p, len);

	return issue(ring, fd, NVME_URING_CMD_IO, &c, buf, NULL);
}

TEST_F(passthru, plain_buffers)
{
	EXPECT_EQ(0, rw(&self->ring, self->d.nvm, NVM_WRITE, 3, self->out, LEN, NOT_FIXED));
	EXPECT_EQ(0, rw(&self->ring, self->d.nvm, NVM_READ, 3, self->in, LEN, NOT_FIXED));
	EXPECT_EQ(0, memcmp(self->in, self->out, LEN));
}

/* The submitter executes what waits for nothing, itself: it is complete when it was submitted. */
TEST_F(passthru, no_other_thread)
{
	const struct nvme_uring_cmd cmds[] = {
		cmd_rw(NVM_READ, 0, 1, self->in, LBA), cmd_rw(NVM_READ, 0, 16, self->in, LEN),
		cmd_rw(NVM_WRITE, 0, 1, self->out, LBA), cmd_rw(NVM_WRITE, 0, 16, self->out, LEN),
		cmd_flush(),
	};
	struct io_uring_cqe *cqe;

	for (size_t i = 0; i < ARRAY_SIZE(cmds); i++) {
		ASSERT_EQ(0, ring_put(&self->ring, self->d.nvm, NVME_URING_CMD_IO, &cmds[i], i));
		ASSERT_LT(0, io_uring_submit(&self->ring));
		/* With SQPOLL a thread of the kernel submits: wait for that. */
		if (variant->flags & IORING_SETUP_SQPOLL)
			ASSERT_EQ(0, io_uring_wait_cqe(&self->ring, &cqe));
		ASSERT_EQ(0, io_uring_peek_cqe(&self->ring, &cqe)) TH_LOG("command %zu", i);
		EXPECT_EQ(0, cqe->res);
		io_uring_cqe_seen(&self->ring, cqe);
	}
}

TEST_F(passthru, registered_buffers)
{
	/* The whole buffer, and parts at odd offsets. */
	EXPECT_EQ(0, rw(&self->ring, self->d.nvm, NVM_WRITE, 3, self->out, LEN, 0));
	EXPECT_EQ(0, rw(&self->ring, self->d.nvm, NVM_READ, 3, self->in, LEN, 1));
	EXPECT_EQ(0, memcmp(self->in, self->out, LEN));
	EXPECT_EQ(0, rw(&self->ring, self->d.nvm, NVM_WRITE, 40, self->out + 515, 3 * LBA, 0));
	EXPECT_EQ(0, rw(&self->ring, self->d.nvm, NVM_READ, 40, self->in + 4093, 3 * LBA, 1));
	EXPECT_EQ(0, memcmp(self->in + 4093, self->out + 515, 3 * LBA));
	EXPECT_EQ(0, memcmp(self->in, self->out, 4093));
}

TEST_F(passthru, registered_buffers_have_bounds)
{
	__u8 *stray = map(LBA);

	ASSERT_NE(NULL, stray);
	EXPECT_EQ(-EFAULT, rw(&self->ring, self->d.nvm, NVM_READ, 0, self->in + LEN - LBA + 1,
			      LBA, 1));
	EXPECT_EQ(-EFAULT, rw(&self->ring, self->d.nvm, NVM_READ, 0, self->in - 1, LBA, 1));
	EXPECT_EQ(-EFAULT, rw(&self->ring, self->d.nvm, NVM_READ, 0, stray, LBA, 1));
	EXPECT_EQ(-EFAULT, rw(&self->ring, self->d.nvm, NVM_READ, 0, self->in, LBA, 2));
	EXPECT_EQ(0, rw(&self->ring, self->d.nvm, NVM_READ, 0, self->in + LEN - LBA, LBA, 1));
	munmap(stray, LBA);
}

/*
 * Other commands take registered buffers too: a flush (uses none), a run (arguments), Identify (its
 * page).
 */
TEST_F(passthru, registered_buffers_with_other_commands)
{
	struct run r = { .pind = SEVEN };
	struct nvme_uring_cmd c = cmd_flush();
	__u64 result = 0;

	EXPECT_EQ(0, issue(&self->ring, self->d.nvm, NVME_URING_CMD_IO, &c, 0, NULL));
	c = run_cmd(&r);
	c.addr = (uintptr_t)self->out;
	c.data_len = 100;
	EXPECT_EQ(0, issue(&self->ring, self->d.compute, NVME_URING_CMD_IO, &c, 0, &result));
	EXPECT_EQ(7, result);
	EXPECT_EQ(KCSD_FAULT_NONE, r.out.rec.reason);
	c = cmd_identify(1, 0, 0, self->in);
	EXPECT_EQ(0, issue(&self->ring, self->d.ctrl, NVME_URING_CMD_ADMIN, &c, 1, NULL));
	EXPECT_EQ(0, memcmp(self->in + 24, "kcsd computational", 18));
}

/* A result of 64 bits arrives whichever way the command completes. */
TEST_F(passthru, results)
{
	struct nvme_uring_cmd c = cmd_flush();
	struct run r = { .pind = SEVEN };
	__u64 result = 0;

	c.cdw12 = 1;
	EXPECT_EQ(KCSD_SC_INVALID_FIELD,
		  issue(&self->ring, self->d.nvm, NVME_URING_CMD_IO, &c, NOT_FIXED, &result));
	EXPECT_EQ(KCSD_FIELD_CDW12, result);
	/*
	 * The first runs are by the thread of the unit, later ones are quick runs of the submitter,
	 * on a loaded machine much later.
	 */
	for (int i = 0; i < 50 || (i < 5000 * (int)time_slow() &&
				   !drive_stat(&self->d, "runs_quick")); i++) {
		c = run_cmd(&r);
		result = 0;
		EXPECT_EQ(0, issue(&self->ring, self->d.compute, NVME_URING_CMD_IO, &c, NOT_FIXED,
				   &result));
		EXPECT_EQ(7, result);
		EXPECT_EQ(KCSD_FAULT_NONE, r.out.rec.reason);
		EXPECT_EQ(7, le64toh(r.out.rec.result));
		if (!i)
			EXPECT_EQ(0, drive_stat(&self->d, "runs_quick"));
	}
	EXPECT_LT(0, drive_stat(&self->d, "runs_quick"));
}

static int rw_vec(struct io_uring *ring, int fd, __u8 op, __u64 slba, __u32 nlb,
		  const struct iovec *iov, int nr, int buf)
{
	struct nvme_uring_cmd c = cmd_rw(op, slba, nlb, (void *)iov, nr);

	return issue(ring, fd, NVME_URING_CMD_IO_VEC, &c, buf, NULL);
}

/* Each piece is a whole LBA at any address; more pieces than fit on a stack. */
TEST_F(passthru, vectors_of_whole_lbas)
{
	struct iovec iov[15];

	for (int i = 0; i < 15; i++)
		iov[i] = (struct iovec){ self->out + (14 - i) * LBA + 100, LBA };
	EXPECT_EQ(0, rw_vec(&self->ring, self->d.nvm, NVM_WRITE, 8, 15, iov, 15, NOT_FIXED));
	iov[0] = (struct iovec){ self->in, 9 * LBA };
	iov[1] = (struct iovec){ self->in + 10 * LBA + 7, 5 * LBA };
	iov[2] = (struct iovec){ self->in + 9 * LBA + 3, LBA };
	EXPECT_EQ(0, rw_vec(&self->ring, self->d.nvm, NVM_READ, 8, 15, iov, 3, NOT_FIXED));
	for (int i = 0; i < 15; i++) {
		const __u8 *from = i < 9 ? self->in + i * LBA : i < 14 ?
			self->in + (i + 1) * LBA + 7 : self->in + 9 * LBA + 3;

		EXPECT_EQ(0, memcmp(from, self->out + (14 - i) * LBA + 100, LBA)) TH_LOG("%d", i);
	}
}

TEST_F(passthru, vectors_of_odd_pieces)
{
	struct iovec iov[] = {
		{ self->out, 1 }, { self->out + 1, 0 }, { self->out + 1, 5000 },
		{ self->out + 5001, 3 * LBA - 5001 },
	};

	EXPECT_EQ(0, rw_vec(&self->ring, self->d.nvm, NVM_WRITE, 8, 3, iov, 4, NOT_FIXED));
	for (size_t i = 0; i < ARRAY_SIZE(iov); i++)
		iov[i].iov_base = self->in + ((__u8 *)iov[i].iov_base - self->out);
	EXPECT_EQ(0, rw_vec(&self->ring, self->d.nvm, NVM_READ, 8, 3, iov, 4, NOT_FIXED));
	EXPECT_EQ(0, memcmp(self->in, self->out, 3 * LBA));
	iov[3].iov_len++;
	EXPECT_EQ(KCSD_SC_INVALID_FIELD,
		  rw_vec(&self->ring, self->d.nvm, NVM_READ, 8, 3, iov, 4, NOT_FIXED));
	iov[3].iov_len--;
	EXPECT_EQ(-EINVAL, rw_vec(&self->ring, self->d.nvm, NVM_READ, 8, 3, iov, 4, 1));
}

static int put_runs(struct io_uring *ring, int fd, struct run *r, int nr)
{
	for (int i = 0; i < nr; i++) {
		struct nvme_uring_cmd c = run_cmd(&r[i]);
		int ret = ring_put(ring, fd, NVME_URING_CMD_IO, &c, i);

		if (ret)
			return ret;
	}
	return io_uring_submit(ring) < 0 ? -EIO : 0;
}

/* One run occupies the only unit and others wait: closing a ring of any kind cancels them all. */
TEST_F(passthru, closing_the_ring)
{
	struct run r[3] = {}, seven = { .pind = SEVEN };
	__u64 start;

	for (int i = 0; i < 3; i++)
		r[i] = (struct run){ .pind = ENDLESS, .timeout_ms = 600000 };
	ASSERT_EQ(0, put_runs(&self->ring, self->d.compute, r, 3));
	start = time_ns();
	io_uring_queue_exit(&self->ring);
	self->ring.ring_fd = -1;
	EXPECT_EQ(0, run_exec(self->d.compute, &seven));
	EXPECT_EQ(7, seven.result);
	EXPECT_GT(SOON_NS, time_ns() - start);
}

TEST_F(passthru, killing_the_submitter)
{
	struct run seven = { .pind = SEVEN };
	int ready[2], status;
	__u64 start;
	pid_t pid;
	char c;

	ASSERT_EQ(0, pipe(ready));
	pid = fork();
	if (!pid) {
		struct run r = { .pind = ENDLESS, .timeout_ms = 600000 };
		struct io_uring ring;

		if (io_uring_queue_init(4, &ring, IORING_SETUP_SQE128 | variant->flags) ||
		    put_runs(&ring, self->d.compute, &r, 1) || write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			io_uring_enter(ring.ring_fd, 0, 1, IORING_ENTER_GETEVENTS, NULL);
	}
	ASSERT_LT(0, pid);
	ASSERT_EQ(1, read(ready[0], &c, 1));
	sleep_ms(50);
	start = time_ns();
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(0, run_exec(self->d.compute, &seven));
	EXPECT_GT(SOON_NS, time_ns() - start);
}

DRIVE_TEST_MAIN
