// SPDX-License-Identifier: GPL-2.0
/* Long copies and fills: the submitter continues meanwhile, and may exit. */
#include "harness.h"
#include "slm.h"

#include <pthread.h>
#include <signal.h>

#define SLM	(64u << 20)
#define HALF	(SLM / 2)
#define COPIES	48
#define SOON_NS	(time_slow() * 5000000000ULL)

static const struct drive_attr large[] = { DRIVE_SMALL, { "slm_size", "64M" }, {} };

FIXTURE(slm_long) {
	struct drive d;
	struct io_uring ring;
	struct kcsd_copy_slm desc;	/* describes the lower half */
	struct nvme_uring_cmd copy;	/* copies it to the upper half */
	__u8 *buf;
};

FIXTURE_SETUP(slm_long)
{
	drive_sweep();
	self->buf = malloc(SLM_MDTS);
	ASSERT_NE(NULL, self->buf);
	self->desc = slm_from_slm(0, HALF);
	self->copy = slm_copy_cmd(HALF, HALF, KCSD_COPY_SLM, 1, &self->desc, sizeof(self->desc));
	ASSERT_EQ(0, drive_create(&self->d, "slm-long", large));
	ASSERT_EQ(0, ring_open(&self->ring, 64, true));
}

FIXTURE_TEARDOWN(slm_long)
{
	__u64 start = time_ns();

	EXPECT_EQ(0, drive_remove(&self->d));
	EXPECT_GT(SOON_NS, time_ns() - start);
	if (self->ring.ring_fd > 0)
		io_uring_queue_exit(&self->ring);
	free(self->buf);
}

static int submit_copies(struct io_uring *ring, int fd, const struct nvme_uring_cmd *c, int nr)
{
	for (int i = 0; i < nr; i++) {
		if (ring_put(ring, fd, NVME_URING_CMD_IO, c, i))
			return -EBUSY;
	}
	return io_uring_submit(ring) == nr ? 0 : -EIO;
}

static bool all_are(const __u8 *buf, __u32 len, __u8 byte)
{
	while (len && *buf == byte) {
		buf++;
		len--;
	}
	return !len;
}

/*
 * After submission the submitter owns its descriptors again, while most copies are not yet
 * completed.
 */
TEST_F(slm_long, submitter_does_not_wait)
{
	unsigned int ready;
	__u64 tag;
	int res;

	ASSERT_EQ(0, slm_fill(self->d.slm, 0, HALF, 0x77));
	ASSERT_EQ(0, submit_copies(&self->ring, self->d.slm, &self->copy, COPIES));
	ready = io_uring_cq_ready(&self->ring);
	memset(&self->desc, 0xff, sizeof(self->desc));
	EXPECT_GT(COPIES / 2, ready);
	for (int i = 0; i < COPIES; i++) {
		ASSERT_EQ(0, ring_get(&self->ring, 20000, &tag, &res, NULL));
		EXPECT_EQ(0, res);
	}
	ASSERT_EQ(0, slm_rw(self->d.slm, KCSD_SLM_READ, SLM - SLM_MDTS, SLM_MDTS, self->buf));
	EXPECT_TRUE(all_are(self->buf, SLM_MDTS, 0x77));
	EXPECT_EQ(COPIES, drive_number(&self->d, "ns2/copy_commands"));
	EXPECT_EQ((__u64)COPIES * HALF, drive_number(&self->d, "ns2/copy_bytes"));
}

TEST_F(slm_long, fill_does_not_wait)
{
	struct nvme_uring_cmd fill = slm_cmd(KCSD_SLM_FILL, 0, SLM, NULL);
	unsigned int ready;
	__u64 tag;
	int res;

	fill.cdw13 = 0x31;
	ASSERT_EQ(0, submit_copies(&self->ring, self->d.slm, &fill, COPIES));
	ready = io_uring_cq_ready(&self->ring);
	EXPECT_GT(COPIES / 2, ready);
	for (int i = 0; i < COPIES; i++) {
		ASSERT_EQ(0, ring_get(&self->ring, 20000, &tag, &res, NULL));
		EXPECT_EQ(0, res);
	}
	ASSERT_EQ(0, slm_rw(self->d.slm, KCSD_SLM_READ, SLM - SLM_MDTS, SLM_MDTS, self->buf));
	EXPECT_TRUE(all_are(self->buf, SLM_MDTS, 0x31));
}

struct reader {
	int fd;
	bool stop;
	bool wrong;
	__u64 reads;
	__u8 buf[65536];
};

/* Thread: read meanwhile; each byte must be an old or a new one. */
static void *read_on(void *arg)
{
	struct reader *r = arg;
	unsigned int seed = 1;

	while (!__atomic_load_n(&r->stop, __ATOMIC_RELAXED)) {
		__u64 start = HALF + rand_r(&seed) % (HALF - sizeof(r->buf));
		struct nvme_uring_cmd c = slm_cmd(KCSD_SLM_READ, start, sizeof(r->buf), r->buf);

		r->wrong |= cmd_io_way(CMD_IOCTL, r->fd, &c, NULL) != 0;
		for (size_t i = 0; i < sizeof(r->buf); i++)
			r->wrong |= r->buf[i] && r->buf[i] != 0x77 && r->buf[i] != 0x78;
		r->reads++;
	}
	return NULL;
}

TEST_F(slm_long, reads_during_a_long_copy)
{
	static struct reader r;
	pthread_t thread;

	memset(&r, 0, sizeof(r));
	r.fd = self->d.slm;
	ASSERT_EQ(0, pthread_create(&thread, NULL, read_on, &r));
	for (int i = 0; i < 8; i++) {
		EXPECT_EQ(0, slm_fill(self->d.slm, 0, HALF, 0x77 + i % 2));
		EXPECT_EQ(0, cmd_io_way(i % CMD_WAYS, self->d.slm, &self->copy, NULL));
	}
	__atomic_store_n(&r.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	EXPECT_FALSE(r.wrong);
	EXPECT_LT(0, r.reads);
}

static bool is_cancelled(int res)
{
	int status = cmd_status(res);

	return status == KCSD_SC_ABORT_REQUESTED || status == -ENODEV;
}

/* The submitter powers the drive off itself: no other task can then reap its completions. */
TEST_F(slm_long, power_off)
{
	int res, cancelled = 0;
	__u64 start, tag;

	ASSERT_EQ(0, submit_copies(&self->ring, self->d.slm, &self->copy, COPIES));
	start = time_ns();
	EXPECT_EQ(0, drive_power(&self->d, false));
	EXPECT_GT(SOON_NS, time_ns() - start);
	for (int i = 0; i < COPIES; i++) {
		ASSERT_EQ(0, ring_get(&self->ring, 5000, &tag, &res, NULL));
		EXPECT_TRUE(!res || is_cancelled(res)) TH_LOG("copy %llu: %d", tag, res);
		cancelled += is_cancelled(res);
	}
	EXPECT_LT(0, cancelled);
	EXPECT_EQ(-ENODEV, slm_fill(self->d.slm, 0, 1, 0));
	drive_close(&self->d);
	ASSERT_EQ(0, drive_power(&self->d, true));
	ASSERT_EQ(0, drive_open(&self->d, O_RDWR));
	EXPECT_EQ(0, cmd_io(self->d.slm, &self->copy));
}

/* Wait until the number of completed copies stands still. Returns it. Gives up after about 10 s. */
static __u64 copies_at_rest(const struct drive *d)
{
	__u64 last = ~0ULL, now = drive_number(d, "ns2/copy_commands");

	for (int i = 0; i < 50 && now != last; i++) {
		last = now;
		sleep_ms(200);
		now = drive_number(d, "ns2/copy_commands");
	}
	return now;
}

TEST_F(slm_long, closing_the_ring)
{
	__u64 start = time_ns();

	ASSERT_EQ(0, submit_copies(&self->ring, self->d.slm, &self->copy, COPIES));
	io_uring_queue_exit(&self->ring);
	self->ring.ring_fd = 0;
	EXPECT_GT(COPIES, copies_at_rest(&self->d));
	EXPECT_EQ(0, cmd_io(self->d.slm, &self->copy));
	EXPECT_GT(SOON_NS, time_ns() - start);
}

static void copy_forever(int fd, const struct nvme_uring_cmd *c, bool uring)
{
	struct io_uring ring;
	__u64 tag;
	int res;

	if (uring && (ring_open(&ring, 64, true) || submit_copies(&ring, fd, c, COPIES)))
		_exit(1);
	for (;;) {
		if (!uring)
			cmd_io_way(CMD_IOCTL64, fd, c, NULL);
		else if (!ring_get(&ring, 20000, &tag, &res, NULL))
			submit_copies(&ring, fd, c, 1);
	}
}

TEST_F(slm_long, killing_the_submitter)
{
	__u64 start;
	int status;

	for (int uring = 0; uring < 2; uring++) {
		pid_t pid = fork();

		if (!pid)
			copy_forever(self->d.slm, &self->copy, uring);
		sleep_ms(300);
		start = time_ns();
		ASSERT_EQ(0, kill(pid, SIGKILL));
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_GT(SOON_NS, time_ns() - start);
		EXPECT_TRUE(WIFSIGNALED(status));
		copies_at_rest(&self->d);
		EXPECT_EQ(0, cmd_io(self->d.slm, &self->copy));
	}
}

DRIVE_TEST_MAIN
