// SPDX-License-Identifier: GPL-2.0
/*
 * Test injected delays and timeouts: how long a command waits, and the events that stop the wait.
 */
#include "harness.h"
#include "admin.h"
#include "errors.h"
#include "nvm.h"

#include <pthread.h>
#include <signal.h>

#define LONG_MS		60000

FIXTURE(inject_wait) { struct errors e; };

FIXTURE_VARIANT(inject_wait) { bool file; };
FIXTURE_VARIANT_ADD(inject_wait, memory) { .file = false };
FIXTURE_VARIANT_ADD(inject_wait, file) { .file = true };

FIXTURE_SETUP(inject_wait)
{
	drive_sweep();
	ASSERT_EQ(0, errors_up(&self->e, variant->file));
}

FIXTURE_TEARDOWN(inject_wait)
{
	EXPECT_EQ(0, errors_down(&self->e));
}

/* ---- delays ---- */

TEST_F(inject_wait, delays)
{
	__u64 start;

	ASSERT_EQ(0, set_rule(&self->e.d, "read lba=0+10 delay=" SHORT));
	start = time_ns();
	EXPECT_EQ(0, nvm_io(&self->e.d, NVM_READ, 0, 1, self->e.buf));
	EXPECT_LE(SHORT_MS, ms_since(start));
	start = time_ns();
	EXPECT_EQ(0, block_io(self->e.block, NVM_READ, 9, 1, self->e.buf));
	EXPECT_LE(SHORT_MS, ms_since(start));
	start = time_ns();
	EXPECT_EQ(0, run_io(&self->e.d, READ, 5));
	EXPECT_LE(SHORT_MS, ms_since(start));
	/* Delays of several rules add up, and an error comes after them. */
	ASSERT_EQ(0, set_rule(&self->e.d, "read delay=" SHORT));
	ASSERT_EQ(0, set_rule(&self->e.d, "read media_error"));
	start = time_ns();
	EXPECT_EQ(KCSD_SC_READ_ERROR, nvm_io(&self->e.d, NVM_READ, 0, 1, self->e.buf));
	EXPECT_LE(2 * SHORT_MS, ms_since(start));
}

/* Test that delayed commands wait in parallel, and other commands pass them. */
TEST_F(inject_wait, delays_run_in_parallel)
{
	struct io_uring ring;
	struct nvme_uring_cmd c = cmd_rw(NVM_READ, 0, 1, self->e.buf, LBA);
	struct nvme_uring_cmd quick = cmd_rw(NVM_READ, 1, 1, self->e.buf + LBA, LBA);
	__u64 start = time_ns(), tag;
	int res;

	ASSERT_EQ(0, ring_open(&ring, 32, false));
	ASSERT_EQ(0, set_rule(&self->e.d, "read lba=0+1 delay=1000"));
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, ring_put(&ring, self->e.d.nvm, NVME_URING_CMD_IO, &c, 1));
	}
	ASSERT_EQ(0, ring_put(&ring, self->e.d.nvm, NVME_URING_CMD_IO, &quick, 2));
	ASSERT_EQ(4, io_uring_submit(&ring));
	for (int i = 0; i < 4; i++) {
		ASSERT_EQ(0, ring_get(&ring, PROMPT_MS, &tag, &res, NULL));
		EXPECT_EQ(0, res);
		if (!i) {
			EXPECT_EQ(2, tag);
		}
	}
	EXPECT_LE(1000, ms_since(start));
	EXPECT_GT(3000, ms_since(start));
	io_uring_queue_exit(&ring);
}

/* ---- timeouts ---- */

TEST_F(inject_wait, timeouts)
{
	struct nvme_uring_cmd c = cmd_rw(NVM_READ, 0, 1, self->e.buf, LBA);
	char path[128];
	__u64 start;

	c.timeout_ms = SHORT_MS;
	ASSERT_EQ(0, set_rule(&self->e.d, "read timeout"));
	for (int way = 0; way < CMD_WAYS; way++) {
		start = time_ns();
		EXPECT_EQ(KCSD_SC_ABORT_REQUESTED, cmd_io_way(way, self->e.d.nvm, &c, NULL));
		EXPECT_LE(SHORT_MS, ms_since(start));
		EXPECT_GT(PROMPT_MS, ms_since(start));
	}
	snprintf(path, sizeof(path), "/sys/block/kcsd%dn1/queue/io_timeout", self->e.d.index);
	ASSERT_EQ(0, file_write(path, SHORT));
	start = time_ns();
	EXPECT_EQ(-ETIMEDOUT, block_io(self->e.block, NVM_READ, 0, 1, self->e.buf));
	EXPECT_LE(SHORT_MS - 10, ms_since(start));	/* the block layer counts in ticks */
	EXPECT_GT(PROMPT_MS, ms_since(start));
	/* A timeout is no media error. */
	EXPECT_EQ(0, drive_stat(&self->e.d, "media_errors"));
}

/* Test timeouts in programs: an access can wait as long as the run has time left. */
TEST_F(inject_wait, timeouts_of_programs)
{
	struct run r = { .pind = READ, .timeout_ms = SHORT_MS };
	__u64 start = time_ns();

	run_grant(&r, 0, 1, KCSD_GRANT_READ);
	ASSERT_EQ(0, set_rule(&self->e.d, "read timeout"));
	run_exec(self->e.d.compute, &r);
	EXPECT_LE(SHORT_MS, ms_since(start));
	EXPECT_GT(PROMPT_MS, ms_since(start));
	EXPECT_EQ(0, le64toh(r.out.rec.read_bytes));
}

struct held {
	const struct drive *d;
	int block;
	__u8 *buf;
	int ret;
};

static void *wait_in_ioctl(void *arg)
{
	struct held *h = arg;
	struct nvme_uring_cmd c = cmd_rw(NVM_READ, 0, 1, h->buf, LBA);

	c.timeout_ms = LONG_MS;
	h->ret = cmd_io_way(CMD_IOCTL, h->d->nvm, &c, NULL);
	return NULL;
}

static void *wait_in_block(void *arg)
{
	struct held *h = arg;

	h->ret = block_io(h->block, NVM_READ, 0, 1, h->buf);
	return NULL;
}

static void *wait_in_run(void *arg)
{
	struct held *h = arg;
	struct run r = { .pind = READ, .timeout_ms = LONG_MS };
	struct nvme_uring_cmd c;

	run_grant(&r, 0, 1, KCSD_GRANT_READ);
	c = run_cmd(&r);
	h->ret = cmd_io_way(CMD_IOCTL, h->d->compute, &c, NULL);
	return NULL;
}

static void *wait_for_execute(void *arg)
{
	struct held *h = arg;
	struct run r = { .pind = SEVEN, .timeout_ms = LONG_MS };
	struct nvme_uring_cmd c = run_cmd(&r);

	h->ret = cmd_io_way(CMD_IOCTL, h->d->compute, &c, NULL);
	return NULL;
}

enum end { BY_CLEAR, BY_POWER, BY_RMDIR };

/* Test that each of these events ends a delay of one minute at once. */
TEST_F(inject_wait, clear_and_power_off_end_waits)
{
	static const struct {
		const char *rule;
		void *(*wait)(void *arg);
		enum end end;
		int want;
	} cases[] = {
		{ "read timeout", wait_in_ioctl, BY_CLEAR, KCSD_SC_ABORT_REQUESTED },
		{ "read timeout", wait_in_block, BY_CLEAR, -ETIMEDOUT },
		{ "read delay=60000", wait_in_ioctl, BY_CLEAR, 0 },
		{ "read delay=60000", wait_in_block, BY_CLEAR, 0 },
		{ "read delay=60000", wait_in_run, BY_CLEAR, 0 },
		{ "execute delay=60000", wait_for_execute, BY_CLEAR, 0 },
		{ "execute timeout", wait_for_execute, BY_CLEAR, KCSD_SC_PROGRAM_TIME },
		{ "read timeout", wait_in_ioctl, BY_POWER, KCSD_SC_ABORT_REQUESTED },
		{ "read timeout", wait_in_run, BY_POWER, KCSD_SC_PROGRAM_CANCELLED },
		{ "execute timeout", wait_for_execute, BY_POWER, KCSD_SC_PROGRAM_CANCELLED },
		{ "read timeout", wait_in_block, BY_RMDIR, -ETIMEDOUT },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct held h = { .d = &self->e.d, .block = self->e.block, .buf = self->e.buf };
		pthread_t thread;
		__u64 start;

		ASSERT_EQ(0, set_rule(&self->e.d, cases[i].rule));
		ASSERT_EQ(0, pthread_create(&thread, NULL, cases[i].wait, &h));
		sleep_ms(SHORT_MS);
		start = time_ns();
		switch (cases[i].end) {
		case BY_CLEAR:
			ASSERT_EQ(0, set_rule(&self->e.d, "clear"));
			break;
		case BY_POWER:
			fd_close(&self->e.block);
			ASSERT_EQ(0, drive_power(&self->e.d, false));
			break;
		case BY_RMDIR:
			ASSERT_EQ(0, drive_rmdir(self->e.d.name));
			break;
		}
		ASSERT_EQ(0, pthread_join(thread, NULL));
		EXPECT_GT(PROMPT_MS, ms_since(start)) TH_LOG("%s, case %zu", cases[i].rule, i);
		EXPECT_EQ(cases[i].want, h.ret) TH_LOG("%s, case %zu", cases[i].rule, i);
		if (cases[i].end == BY_CLEAR)
			continue;
		ASSERT_EQ(0, errors_down(&self->e));
		ASSERT_EQ(0, errors_up(&self->e, variant->file));
	}
}

/* ---- cancels by the submitter ---- */

static struct nvme_uring_cmd held_read(struct errors *e)
{
	struct nvme_uring_cmd c = cmd_rw(NVM_READ, 0, 1, e->buf, LBA);

	c.timeout_ms = LONG_MS;
	return c;
}

/* Send a read, a read of a program, or a run, in a ring, where it is delayed. */
static int send_held(struct errors *e, struct io_uring *ring, int which, struct run *r)
{
	struct nvme_uring_cmd c = held_read(e);
	int fd = e->d.nvm, ret;

	if (which) {
		*r = (struct run){ .pind = which == 1 ? READ : SEVEN, .timeout_ms = LONG_MS };
		run_grant(r, 0, 1, KCSD_GRANT_READ);
		c = run_cmd(r);
		fd = e->d.compute;
	}
	ret = set_rule(&e->d, which == 2 ? "execute timeout" : "read timeout");
	if (!ret)
		ret = ring_open(ring, 8, true);
	if (!ret)
		ret = ring_put(ring, fd, NVME_URING_CMD_IO, &c, 1);
	/* Send from a thread of io_uring, where a cancel can reach it. */
	if (!ret)
		ring->sq.sqes[0].flags |= IOSQE_ASYNC;
	if (!ret)
		ret = io_uring_submit(ring) == 1 ? 0 : -EIO;
	sleep_ms(SHORT_MS);
	return ret;
}

TEST_F(inject_wait, async_cancel_ends_waits)
{
	for (int which = 0; which < 3; which++) {
		struct io_uring ring;
		struct io_uring_sqe *sqe;
		__u64 tag = 0, start;
		struct run r;
		int res = 0;

		ASSERT_EQ(0, send_held(&self->e, &ring, which, &r));
		start = time_ns();
		sqe = io_uring_get_sqe(&ring);
		ASSERT_NE(NULL, sqe);
		memset(sqe, 0, 128);
		io_uring_prep_cancel64(sqe, 1, 0);
		sqe->user_data = 100;
		ASSERT_EQ(1, io_uring_submit(&ring));
		while (tag != 1) {
			ASSERT_EQ(0, ring_get(&ring, LONG_MS / 2, &tag, &res, NULL));
		}
		EXPECT_GT(PROMPT_MS, ms_since(start)) TH_LOG("%d", which);
		EXPECT_TRUE(res == -ECANCELED || res == -EINTR ||
			    cmd_status(res) == KCSD_SC_PROGRAM_CANCELLED ||
			    cmd_status(res) == KCSD_SC_ABORT_REQUESTED) TH_LOG("%d", res);
		io_uring_queue_exit(&ring);
		ASSERT_EQ(0, set_rule(&self->e.d, "clear"));
	}
}

/*
 * Returns the number of errors logged. After a cancel no task sees the result, but the error log
 * does.
 */
static __u64 nr_errors(const struct drive *d)
{
	__le64 page[64];
	struct nvme_uring_cmd c = cmd_log(2, page, sizeof(page), 0);

	c.nsid = 0;
	return cmd_admin(d->ctrl, &c) ? ~0ULL : le64toh(page[176 / 8]);
}

TEST_F(inject_wait, closing_the_ring_ends_waits)
{
	for (int which = 0; which < 3; which++) {
		struct io_uring ring;
		struct run r;
		__u64 start;

		ASSERT_EQ(0, send_held(&self->e, &ring, which, &r));
		ASSERT_EQ(which, nr_errors(&self->e.d));
		start = time_ns();
		io_uring_queue_exit(&ring);
		EXPECT_GT(PROMPT_MS, ms_since(start));
		while (nr_errors(&self->e.d) == which) {
			ASSERT_GT(PROMPT_MS, ms_since(start)) TH_LOG("%d", which);
		}
		ASSERT_EQ(0, set_rule(&self->e.d, "clear"));
	}
}

TEST_F(inject_wait, process_exit_ends_waits)
{
	for (int which = 0; which < 2; which++) {
		struct nvme_uring_cmd c = held_read(&self->e);
		pid_t child;
		__u64 start;

		ASSERT_EQ(0, set_rule(&self->e.d, "read timeout"));
		child = fork();
		if (!child) {
			cmd_io_way(which ? CMD_IOCTL : CMD_URING, self->e.d.nvm, &c, NULL);
			_exit(0);
		}
		sleep_ms(SHORT_MS);
		start = time_ns();
		ASSERT_EQ(0, kill(child, SIGKILL));
		ASSERT_EQ(child, waitpid(child, NULL, 0));
		while (nr_errors(&self->e.d) == which) {
			ASSERT_GT(PROMPT_MS, ms_since(start)) TH_LOG("%d", which);
		}
		ASSERT_EQ(0, set_rule(&self->e.d, "clear"));
	}
}

DRIVE_TEST_MAIN
