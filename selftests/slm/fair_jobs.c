// SPDX-License-Identifier: GPL-2.0
/*
 * Test the shares of workers that jobs (long commands) get, and the limit of jobs for one open
 * file. A share is counted in completions: all arrive on one ring, in the order in which the jobs
 * complete.
 */
#include "harness.h"
#include "block_zones.h"
#include "nvm.h"
#include "slm.h"
#include "tenant.h"

#include <pthread.h>
#include <sys/fsuid.h>

#define SLM		"16M"
#define WORKERS		4
#define MANY		400
#define FILL_LEN	(2u << 20)	/* more than a submitter executes itself */
#define GATE_LBA	1000
#define GATE_RULE	"read lba=1000+1 delay=600000"

FIXTURE(fair_jobs) {
	struct drive d;
	struct io_uring gate_ring, ring;
	int gate, a, b;		/* open files of namespace 2 */
};

static int open_slm(const struct drive *d)
{
	char path[64];

	drive_generic_node(path, sizeof(path), d->index, KCSD_NSID_SLM);
	return open(path, O_RDWR | O_CLOEXEC);
}

FIXTURE_SETUP(fair_jobs)
{
	static const struct drive_attr attrs[] = {
		DRIVE_SMALL, { "slm_size", SLM }, { "queue_limit", "400" }, {}
	};

	drive_sweep();
	ASSERT_EQ(0, drive_create(&self->d, "fair-jobs", attrs));
	self->gate = open_slm(&self->d);
	self->a = open_slm(&self->d);
	self->b = open_slm(&self->d);
	ASSERT_TRUE(self->gate >= 0 && self->a >= 0 && self->b >= 0);
	ASSERT_EQ(0, ring_open(&self->gate_ring, 2 * WORKERS, true));
	ASSERT_EQ(0, ring_open(&self->ring, 1024, true));
}

FIXTURE_TEARDOWN(fair_jobs)
{
	io_uring_queue_exit(&self->ring);
	io_uring_queue_exit(&self->gate_ring);
	fd_close(&self->gate);
	fd_close(&self->a);
	fd_close(&self->b);
	EXPECT_EQ(0, drive_remove(&self->d));
}

/* Wait until the only rule of the drive has hit nr commands. */
static bool rule_hits(const struct drive *d, int nr)
{
	char text[256], *hits;

	for (int i = 0; i < 20000; i++) {
		if (drive_get(d->name, "inject", text, sizeof(text)) <= 0)
			return false;
		hits = strstr(text, "hits=");
		if (hits && atoi(hits + 5) >= nr)
			return true;
		usleep(500);
	}
	return false;
}

/* Keep all workers busy until gate_open(): jobs sent meanwhile must wait. */
static bool gate_close(const struct drive *d, struct io_uring *ring, int fd)
{
	static struct kcsd_copy_lba desc;
	struct nvme_uring_cmd c = slm_copy_cmd(0, 4096, KCSD_COPY_LBA, 1, &desc, sizeof(desc));

	desc = slm_from_lbas(GATE_LBA, 1);
	if (drive_set(d->name, "inject", GATE_RULE))
		return false;
	for (int i = 0; i < WORKERS; i++) {
		if (ring_put(ring, fd, NVME_URING_CMD_IO, &c, i))
			return false;
	}
	return io_uring_submit(ring) == WORKERS && rule_hits(d, WORKERS);
}

static bool gate_open(const struct drive *d)
{
	return !drive_set(d->name, "inject", "clear");
}

/* Send nr fills, with tags first, first + 1, ... */
static int send_fills(struct io_uring *ring, int fd, int nr, __u64 first)
{
	struct nvme_uring_cmd c = slm_cmd(KCSD_SLM_FILL, 0, FILL_LEN, NULL);

	for (int i = 0; i < nr; i++) {
		int ret = ring_put(ring, fd, NVME_URING_CMD_IO, &c, first + i);

		if (ret)
			return ret;
	}
	return io_uring_submit(ring) == nr ? 0 : -EIO;
}

/* Reap nr fills, in the order of their completion. True if all succeed. */
static bool reap_fills(struct io_uring *ring, int nr, __u64 *tags)
{
	int res, failed = 0;

	for (int i = 0; i < nr; i++) {
		if (ring_get(ring, 30000, &tags[i], &res, NULL))
			return false;
		failed += !!res;
	}
	return !failed;
}

/* Jobs that one file has sent before must not delay the job of another file. */
TEST_F(fair_jobs, flood_does_not_delay_others)
{
	int many = repeats(MANY, 100), at = 0;
	__u64 tags[MANY + 1];

	ASSERT_TRUE(gate_close(&self->d, &self->gate_ring, self->gate));
	ASSERT_EQ(0, send_fills(&self->ring, self->a, many, 0));
	ASSERT_EQ(0, send_fills(&self->ring, self->b, 1, many));
	ASSERT_TRUE(gate_open(&self->d));
	ASSERT_TRUE(reap_fills(&self->ring, many + 1, tags));
	while (tags[at] != many)
		at++;
	ksft_print_msg("%d of %d completed before\n", at, many);
	/*
	 * Normally a few complete before it; more if a worker with such a job is preempted. With
	 * first come, first served, all would.
	 */
	EXPECT_GT(many / 2, at);
}

/*
 * Shares are of time, so a job that was preempted counts for more, and a job of a may be under way
 * when the times are read. With first come, first served, a would have had four times the time of b
 * when a quarter of the jobs of b were completed.
 */
TEST_F(fair_jobs, equal_floods_get_equal_shares)
{
	int half = repeats(MANY / 2, 100), of_b = 0, i;
	__u64 tags[MANY], ns_a, ns_b;

	ASSERT_TRUE(gate_close(&self->d, &self->gate_ring, self->gate));
	ASSERT_EQ(0, send_fills(&self->ring, self->a, half, 0));
	ASSERT_EQ(0, send_fills(&self->ring, self->b, half, half));
	EXPECT_EQ(1024, tenant_number(self->b, "kcsd-weight:"));
	EXPECT_EQ(half, tenant_number(self->b, "kcsd-slots:"));
	EXPECT_EQ(half, tenant_number(self->b, "kcsd-queued:"));
	EXPECT_EQ(WORKERS, tenant_number(self->gate, "kcsd-running:"));
	ASSERT_TRUE(gate_open(&self->d));
	for (i = 0; of_b < half / 4; i++) {
		ASSERT_TRUE(reap_fills(&self->ring, 1, &tags[i]));
		of_b += tags[i] >= half;
	}
	ns_a = tenant_number(self->a, "kcsd-run-ns:");
	ns_b = tenant_number(self->b, "kcsd-run-ns:");
	EXPECT_GT(ns_b * 5 / 2, ns_a) TH_LOG("completed: %d of a, %d of b", i - of_b, of_b);
	ASSERT_TRUE(reap_fills(&self->ring, 2 * half - i, tags + i));
	EXPECT_LT(0, tenant_number(self->a, "kcsd-run-ns:"));
	EXPECT_EQ(0, tenant_number(self->a, "kcsd-slots:"));
}

/* A job above the limit is refused at once, may be retried (no DNR), and takes no slot. */
TEST_F(fair_jobs, queue_limit)
{
	struct nvme_uring_cmd fill = slm_cmd(KCSD_SLM_FILL, 0, FILL_LEN, NULL);
	int copy = dup(self->a), res, ended = 0;
	__u64 tag;

	ASSERT_LE(0, copy);
	ASSERT_TRUE(gate_close(&self->d, &self->gate_ring, self->gate));
	ASSERT_EQ(0, send_fills(&self->ring, self->a, MANY, 0));
	ASSERT_EQ(0, send_fills(&self->ring, self->a, 1, 1000));
	ASSERT_EQ(0, ring_get(&self->ring, 2000, &tag, &res, NULL));
	EXPECT_EQ(1000, tag);
	EXPECT_EQ(KCSD_SC_INSUFFICIENT_RESOURCES, res);
	EXPECT_EQ(KCSD_SC_INSUFFICIENT_RESOURCES, cmd_io_way(CMD_IOCTL, copy, &fill, NULL));
	/*
	 * A command that the submitter executes itself needs no slot; other open files have their
	 * own slots.
	 */
	EXPECT_EQ(0, slm_fill(self->a, 0, 4096, 1));
	ASSERT_EQ(0, send_fills(&self->ring, self->b, 1, 2000));
	ASSERT_TRUE(gate_open(&self->d));
	for (; ended < MANY + 1; ended++) {
		ASSERT_EQ(0, ring_get(&self->ring, 30000, &tag, &res, NULL));
		EXPECT_EQ(0, res);
	}
	EXPECT_EQ(0, cmd_io_way(CMD_IOCTL, copy, &fill, NULL));
	fd_close(&copy);
}

#define LARGE_SLM	"256M"
#define LARGE		(256u << 20)
#define LARGE_FILLS	(WORKERS + 1)

FIXTURE(large_jobs) {
	struct drive d;
	struct io_uring ring;
	__u8 *buf;		/* SLM_MDTS bytes */
};

FIXTURE_SETUP(large_jobs)
{
	static const struct drive_attr attrs[] = {
		DRIVE_SMALL, { "slm_size", LARGE_SLM }, {}
	};

	drive_sweep();
	self->buf = malloc(SLM_MDTS);
	ASSERT_NE(NULL, self->buf);
	ASSERT_EQ(0, drive_create(&self->d, "large-jobs", attrs));
	ASSERT_EQ(0, ring_open(&self->ring, 64, true));
}

FIXTURE_TEARDOWN(large_jobs)
{
	io_uring_queue_exit(&self->ring);
	EXPECT_EQ(0, drive_remove(&self->d));
	free(self->buf);
}

/* True if SLM_MDTS bytes from start have this value. */
static bool slm_is(int fd, __u64 start, __u8 byte, __u8 *buf)
{
	if (slm_rw(fd, KCSD_SLM_READ, start, SLM_MDTS, buf))
		return false;
	for (size_t i = 0; i < SLM_MDTS; i++)
		if (buf[i] != byte)
			return false;
	return true;
}

/*
 * All workers execute jobs of the largest size. A small job of another file must complete before
 * any of them.
 */
TEST_F(large_jobs, small_command_goes_between)
{
	struct nvme_uring_cmd c = slm_cmd(KCSD_SLM_FILL, 0, LARGE, NULL);
	__u64 tags[LARGE_FILLS + 1];
	int other = open_slm(&self->d);

	ASSERT_LE(0, other);
	c.cdw13 = 0x5a;
	for (int i = 0; i < LARGE_FILLS; i++)
		ASSERT_EQ(0, ring_put(&self->ring, self->d.slm, NVME_URING_CMD_IO, &c, i));
	ASSERT_EQ(LARGE_FILLS, io_uring_submit(&self->ring));
	while (tenant_number(self->d.slm, "kcsd-running:") != WORKERS)
		sched_yield();
	ASSERT_EQ(0, send_fills(&self->ring, other, 1, LARGE_FILLS));
	ASSERT_TRUE(reap_fills(&self->ring, LARGE_FILLS + 1, tags));
	EXPECT_EQ(LARGE_FILLS, tags[0]);
	EXPECT_TRUE(slm_is(self->d.slm, LARGE / 2, 0x5a, self->buf));
	EXPECT_TRUE(slm_is(self->d.slm, LARGE - SLM_MDTS, 0x5a, self->buf));
	fd_close(&other);
}

/* The turn of a job can end anywhere in a source. */
TEST_F(large_jobs, copies_from_several_sources)
{
	struct kcsd_copy_slm descs[] = {
		slm_from_slm(0, LARGE / 4), slm_from_slm(LARGE / 4, LARGE / 8),
		slm_from_slm(LARGE / 4 + LARGE / 8, LARGE / 8),
	};
	struct nvme_uring_cmd c = slm_copy_cmd(LARGE / 2, LARGE / 2, KCSD_COPY_SLM, 3, descs,
					       sizeof(descs));
	__u64 tags[WORKERS];

	ASSERT_EQ(0, slm_fill(self->d.slm, 0, LARGE / 4, 1));
	ASSERT_EQ(0, slm_fill(self->d.slm, LARGE / 4, LARGE / 8, 2));
	ASSERT_EQ(0, slm_fill(self->d.slm, LARGE / 4 + LARGE / 8, LARGE / 8, 3));
	/* All workers execute the same copy. */
	for (int i = 0; i < WORKERS; i++)
		ASSERT_EQ(0, ring_put(&self->ring, self->d.slm, NVME_URING_CMD_IO, &c, i));
	ASSERT_EQ(WORKERS, io_uring_submit(&self->ring));
	ASSERT_TRUE(reap_fills(&self->ring, WORKERS, tags));
	for (__u32 at = 0; at < LARGE / 2; at += SLM_MDTS) {
		__u8 source = at < LARGE / 4 ? 1 : at < LARGE / 4 + LARGE / 8 ? 2 : 3;

		ASSERT_TRUE(slm_is(self->d.slm, LARGE / 2 + at, source, self->buf))
			TH_LOG("MiB %u", at >> 20);
	}
}

#define USER	1000	/* first of two users; the second is USER + 1 */

FIXTURE(block_users) {
	struct drive d;
	int fd;
};

FIXTURE_SETUP(block_users)
{
	static const struct drive_attr attrs[] = { DRIVE_SMALL, { "queue_limit", "1" }, {} };

	drive_sweep();
	ASSERT_EQ(0, drive_create(&self->d, "block-users", attrs));
	self->fd = drive_open_block(&self->d, O_RDONLY);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(block_users)
{
	fd_close(&self->fd);
	EXPECT_EQ(0, drive_remove(&self->d));
}

static int verify_as(int fd, int user, __u64 slba)
{
	struct nvme_uring_cmd c = nvm_lbas(NVM_VERIFY, slba, 1);
	int ret;

	setfsuid(user);
	ret = cmd_io_way(CMD_IOCTL, fd, &c, NULL);
	setfsuid(0);
	return ret;
}

static void *verify_gate(void *fd)
{
	return (void *)(long)verify_as(*(int *)fd, USER, GATE_LBA);
}

/* Jobs of a user take no slots of other users. */
TEST_F(block_users, each_user_has_own_slots)
{
	pthread_t thread;
	void *ret;

	ASSERT_EQ(0, drive_set(self->d.name, "inject", GATE_RULE));
	ASSERT_EQ(0, pthread_create(&thread, NULL, verify_gate, &self->fd));
	ASSERT_TRUE(rule_hits(&self->d, 1));
	EXPECT_EQ(KCSD_SC_INSUFFICIENT_RESOURCES, verify_as(self->fd, USER, 0));
	EXPECT_EQ(0, verify_as(self->fd, USER + 1, 0));
	ASSERT_TRUE(gate_open(&self->d));
	ASSERT_EQ(0, pthread_join(thread, &ret));
	EXPECT_EQ(NULL, ret);
	EXPECT_EQ(0, verify_as(self->fd, USER, 0));
}

DRIVE_TEST_MAIN
