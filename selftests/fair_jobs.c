// SPDX-License-Identifier: GPL-2.0
/*
 * Who gets the workers that carry out jobs, and how many one open file may have. Shares are counted
 * in completions: all of them come to one ring, in the order in which the jobs end.
 */
#include "slm.h"
#include "tenant.h"

#define SLM		"16M"
#define WORKERS		4
#define MANY		400
#define FILL_LEN	(2u << 20)	/* more than a submitter carries out itself */
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

/* Wait until the drive's only rule has hit so many commands. */
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

/* Keep all workers busy until gate_open(): jobs that are sent meanwhile have to wait. */
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

/* Send nr fills, tagged from first on. */
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

/* Reap nr fills, all of which succeed; the tags in the order of their completion. */
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

/* What one file has sent before does not stand in the way of another's. */
TEST_F(fair_jobs, a_storm_does_not_delay_another)
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
	ksft_print_msg("%d of %d went before\n", at, many);
	/* A handful, unless a worker is preempted with it. First come, first served: all. */
	EXPECT_GT(many / 2, at);
}

/*
 * Of time, which is what shares are of: a job that was preempted counts for more. When half of b's
 * are done, first come, first served would have given a twice as much.
 */
TEST_F(fair_jobs, equal_storms_have_equal_shares)
{
	int half = repeats(MANY / 2, 50), of_b = 0, i;
	__u64 tags[MANY], ns_a, ns_b;

	ASSERT_TRUE(gate_close(&self->d, &self->gate_ring, self->gate));
	ASSERT_EQ(0, send_fills(&self->ring, self->a, half, 0));
	ASSERT_EQ(0, send_fills(&self->ring, self->b, half, half));
	EXPECT_EQ(1024, tenant_number(self->b, "kcsd-weight:"));
	EXPECT_EQ(half, tenant_number(self->b, "kcsd-slots:"));
	EXPECT_EQ(half, tenant_number(self->b, "kcsd-queued:"));
	EXPECT_EQ(WORKERS, tenant_number(self->gate, "kcsd-running:"));
	ASSERT_TRUE(gate_open(&self->d));
	for (i = 0; of_b < half / 2; i++) {
		ASSERT_TRUE(reap_fills(&self->ring, 1, &tags[i]));
		of_b += tags[i] >= half;
	}
	ns_a = tenant_number(self->a, "kcsd-run-ns:");
	ns_b = tenant_number(self->b, "kcsd-run-ns:");
	EXPECT_GT(ns_b * 3 / 2, ns_a) TH_LOG("%d of a while %d of b", i - of_b, of_b);
	ASSERT_TRUE(reap_fills(&self->ring, 2 * half - i, tags + i));
	EXPECT_LT(0, tenant_number(self->a, "kcsd-run-ns:"));
	EXPECT_EQ(0, tenant_number(self->a, "kcsd-slots:"));
}

/* One more is refused at once, may be tried again (no DNR), and takes nothing. */
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
	/* What its submitter carries out itself takes no slot; another's are its own. */
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

DRIVE_TEST_MAIN
