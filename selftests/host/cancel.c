// SPDX-License-Identifier: GPL-2.0
/* Cancel a run in every way, at every stage; then compare the counters. */
#include "harness.h"
#include "tenant.h"

#include <signal.h>

#define PROMPT_NS	(time_slow() * 50000000ULL)	/* limit from cancelling to completion */
#define TRIES		5		/* measurements; the shortest counts */

enum { SEVEN, ENDLESS };

enum path {
	ASYNC_CANCEL,	/* IORING_OP_ASYNC_CANCEL */
	RING_CLOSED,
	KILLED,		/* the process, after it sent the run by io_uring */
	IOCTL_KILLED,	/* the process, while it waits in an ioctl */
	POWER_OFF,
	REMOVED,	/* rmdir */
	TIME_LIMIT,	/* timeout_ms */
	FILE_CLOSED,	/* the descriptor only: cancels nothing, as the ring still holds the file */
};

enum stage {
	QUEUED,		/* a run of another tenant occupies the only unit */
	RUNNING,
	COMPLETING,	/* completed, but its submitter has not reaped it */
};

static const char * const path_names[] = {
	"async cancel", "ring closed", "killed", "ioctl killed", "power off", "rmdir",
	"time limit", "file closed",
};

static const char * const stage_names[] = { "queued", "running", "completing" };

/*
 * Expected reason for each way and stage, in the record of the run if its submitter still exists.
 */
static const struct {
	enum path path;
	enum stage stage;
	__u32 reason;
} cases[] = {
	{ ASYNC_CANCEL,	QUEUED,		KCSD_FAULT_CANCELLED },
	{ ASYNC_CANCEL,	RUNNING,	KCSD_FAULT_CANCELLED },
	{ ASYNC_CANCEL,	COMPLETING,	KCSD_FAULT_NONE },
	{ RING_CLOSED,	QUEUED,		KCSD_FAULT_CANCELLED },
	{ RING_CLOSED,	RUNNING,	KCSD_FAULT_CANCELLED },
	{ RING_CLOSED,	COMPLETING,	KCSD_FAULT_NONE },
	{ KILLED,	QUEUED,		KCSD_FAULT_CANCELLED },
	{ KILLED,	RUNNING,	KCSD_FAULT_CANCELLED },
	{ KILLED,	COMPLETING,	KCSD_FAULT_NONE },
	{ IOCTL_KILLED,	QUEUED,		KCSD_FAULT_CANCELLED },
	{ IOCTL_KILLED,	RUNNING,	KCSD_FAULT_CANCELLED },
	{ POWER_OFF,	QUEUED,		KCSD_FAULT_CANCELLED },
	{ POWER_OFF,	RUNNING,	KCSD_FAULT_CANCELLED },
	{ POWER_OFF,	COMPLETING,	KCSD_FAULT_NONE },
	{ REMOVED,	QUEUED,		KCSD_FAULT_CANCELLED },
	{ REMOVED,	RUNNING,	KCSD_FAULT_CANCELLED },
	{ REMOVED,	COMPLETING,	KCSD_FAULT_NONE },
	{ TIME_LIMIT,	RUNNING,	KCSD_FAULT_TIME },
	{ FILE_CLOSED,	QUEUED,		KCSD_FAULT_NONE },
	{ FILE_CLOSED,	COMPLETING,	KCSD_FAULT_NONE },
};

FIXTURE(cancel) {
	struct drive d;
	struct tenant blocker;
	struct io_uring ring;	/* ring of the victim, if the victim is not in a child */
	bool ring_open;
	pid_t child;
	struct run r;
	__u64 sent_ns;		/* time of the cancelling */
};

FIXTURE_VARIANT(cancel) {
	const char *engine;
	__u32 record;
};

FIXTURE_VARIANT_ADD(cancel, jit) { .engine = "jit", .record = KCSD_ENGINE_JIT };
FIXTURE_VARIANT_ADD(cancel, interp) { .engine = "interp", .record = KCSD_ENGINE_INTERP };

/* Runs that setup() itself submits. */
#define SETUP_RUNS	1

/*
 * Create a drive. Runs the endless program once, until its time limit: a first run may be cancelled
 * while its JIT code is being generated, and its record then names no engine.
 */
static int setup(struct drive *d, struct tenant *blocker, const char *engine)
{
	struct run first = { .pind = ENDLESS, .timeout_ms = 1 };
	const struct drive_attr attrs[] = {
		DRIVE_SMALL, { "cus", "1" }, { "engine", engine }, { "timeout_ms", "600000" }, {}
	};
	int ret = drive_create(d, "cancel", attrs);

	if (!ret)
		ret = prog_install(d->ctrl, SEVEN, prog_seven);
	if (!ret)
		ret = prog_install(d->ctrl, ENDLESS, prog_endless);
	if (!ret && run_exec(d->compute, &first) != KCSD_SC_PROGRAM_TIME)
		ret = -EPROTO;
	return ret ? ret : tenant_open(blocker, d);
}

FIXTURE_SETUP(cancel)
{
	drive_sweep();
	self->d = (struct drive)DRIVE_INIT;
	self->blocker.fd = -1;
}

FIXTURE_TEARDOWN(cancel)
{
	drive_remove(&self->d);
}

/* Open a ring that delivers completions only when the task waits for them (DEFER_TASKRUN). */
static int victim_ring(struct io_uring *ring)
{
	return io_uring_queue_init(8, ring, IORING_SETUP_SQE128 | IORING_SETUP_CQE32 |
				   IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
}

static int victim_send(struct io_uring *ring, int fd, struct run *r, bool async)
{
	struct nvme_uring_cmd c = run_cmd(r);
	unsigned int slot = ring->sq.sqe_tail & ring->sq.ring_mask;
	int ret = ring_put(ring, fd, NVME_URING_CMD_IO, &c, 1);

	if (ret)
		return ret;
	/* A thread of io_uring then submits it and can be interrupted. */
	if (async)
		ring->sq.sqes[slot * 2].flags |= IOSQE_ASYNC;
	return io_uring_submit(ring) == 1 ? 0 : -EIO;
}

static bool in_child(enum path path)
{
	return path == KILLED || path == IOCTL_KILLED;
}

static void child_main(enum path path, int fd, struct run *r)
{
	struct io_uring ring;

	if (path == IOCTL_KILLED)
		run_way(CMD_IOCTL64, fd, r);
	else if (victim_ring(&ring) || victim_send(&ring, fd, r, false))
		_exit(1);
	for (;;)
		pause();
}

static int cancel_send(struct io_uring *ring)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	if (!sqe)
		return -EBUSY;
	memset(sqe, 0, 128);
	io_uring_prep_cancel64(sqe, 1, 0);
	sqe->user_data = 100;
	return io_uring_submit(ring) == 1 ? 0 : -EIO;
}

static int kill_child(pid_t pid)
{
	return kill(pid, SIGKILL) || waitpid(pid, NULL, 0) != pid ? -ECHILD : 0;
}

/* True if the way removes the drive, and with it the counters of the cancelled run. */
static bool drive_gone(enum path path)
{
	return path == POWER_OFF || path == REMOVED;
}

static int act(FIXTURE_DATA(cancel) *self, enum path path)
{
	self->sent_ns = time_ns();
	switch (path) {
	case ASYNC_CANCEL:
		return cancel_send(&self->ring);
	case RING_CLOSED:
		io_uring_queue_exit(&self->ring);
		self->ring_open = false;
		return 0;
	case KILLED:
	case IOCTL_KILLED:
		return kill_child(self->child);
	case POWER_OFF:
		return drive_power(&self->d, false);
	case REMOVED:
		return drive_rmdir(self->d.name);
	case FILE_CLOSED:
		fd_close(&self->d.compute);
		return 0;
	default:
		return 0;
	}
}

/* Send the victim and wait until it is at the stage. */
static bool bring_to(FIXTURE_DATA(cancel) *self, enum path path, enum stage stage)
{
	struct nvme_uring_cmd endless = tenant_cmd(ENDLESS, 0, 0);
	const struct drive *d = &self->d;

	if (stage == QUEUED && (tenant_send(&self->blocker, &endless, 1, 0) ||
				!drive_becomes(d, "units/running", 1)))
		return false;
	self->r.pind = stage == COMPLETING || path == FILE_CLOSED ? SEVEN : ENDLESS;
	self->r.timeout_ms = path == TIME_LIMIT ? 100 : 0;
	if (in_child(path)) {
		self->child = fork();
		if (!self->child)
			child_main(path, d->compute, &self->r);
	} else {
		self->ring_open = !victim_ring(&self->ring);
		if (!self->ring_open || victim_send(&self->ring, d->compute, &self->r,
						    path == ASYNC_CANCEL && stage != COMPLETING))
			return false;
	}
	/* The time limit may expire before this task sees the run. */
	if (path == TIME_LIMIT)
		return true;
	if (stage == COMPLETING)
		return drive_becomes(d, "stats/runs", SETUP_RUNS + 1);
	return drive_becomes(d, stage == QUEUED ? "units/queued" : "units/running", 1);
}

/* True if the completion and the record of the victim are as expected. The ring must be open. */
static bool record_is(FIXTURE_DATA(cancel) *self, enum path path, enum stage stage, __u32 reason,
		      __u32 engine)
{
	static const int status[] = {
		[KCSD_FAULT_TIME] = KCSD_SC_PROGRAM_TIME,
		[KCSD_FAULT_CANCELLED] = KCSD_SC_PROGRAM_CANCELLED,
	};
	const struct kcsd_run_record *rec = &self->r.out.rec;
	/* A run that has a unit may be cancelled before its first instruction. */
	bool may_be_early = stage == RUNNING && reason == KCSD_FAULT_CANCELLED;
	__u64 tag = 0;
	int res = -1;

	while (tag != 1)
		if (ring_get(&self->ring, 10000, &tag, &res, NULL))
			return false;
	if (stage == QUEUED && reason)
		engine = KCSD_ENGINE_NONE;
	if (cmd_status(res) == status[reason] && rec->reason == reason &&
	    (rec->engine == engine || (may_be_early && rec->engine == KCSD_ENGINE_NONE)))
		return true;
	ksft_print_msg("%s, %s: got status %#x, reason %u, engine %u\n", path_names[path],
		       stage_names[stage], res, rec->reason, rec->engine);
	return false;
}

/*
 * Wait until nothing is left and every counter is right. Returns the time at which the victim
 * completed, or 0 if a counter is wrong.
 */
static __u64 counts_are(const struct drive *d, enum stage stage, __u32 reason)
{
	bool ok = drive_becomes(d, "units/queued", 0) &&
		  drive_becomes(d, "stats/faults_cancelled", reason == KCSD_FAULT_CANCELLED) &&
		  drive_becomes(d, "stats/faults_time",
				SETUP_RUNS + (reason == KCSD_FAULT_TIME));
	__u64 end = time_ns();

	ok = ok && drive_becomes(d, "units/running", stage == QUEUED) &&
	     drive_becomes(d, "stats/runs", SETUP_RUNS + 1) &&
	     drive_becomes(d, "stats/runs_failed", SETUP_RUNS + !!reason) &&
	     drive_becomes(d, "units/0/runs", SETUP_RUNS + (stage != QUEUED));
	return ok ? end : 0;
}

static void clean_up(FIXTURE_DATA(cancel) *self)
{
	if (self->ring_open)
		io_uring_queue_exit(&self->ring);
	self->ring_open = false;
	tenant_close(&self->blocker);
	drive_close(&self->d);
	drive_sweep();
}

TEST_F(cancel, every_path_in_every_state)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		enum path path = cases[i].path;
		enum stage stage = cases[i].stage;
		__u32 reason = cases[i].reason;

		memset(&self->r, 0, sizeof(self->r));
		ASSERT_EQ(0, setup(&self->d, &self->blocker, variant->engine));
		ASSERT_TRUE(bring_to(self, path, stage))
			TH_LOG("%s, %s", path_names[path], stage_names[stage]);
		ASSERT_EQ(0, act(self, path));
		if (path == FILE_CLOSED && stage == QUEUED) {
			EXPECT_EQ(1, drive_number(&self->d, "units/queued"));
			tenant_close(&self->blocker);
		} else if (!drive_gone(path)) {
			EXPECT_NE(0, counts_are(&self->d, stage, reason))
				TH_LOG("%s, %s", path_names[path], stage_names[stage]);
		}
		if (self->ring_open)
			EXPECT_TRUE(record_is(self, path, stage, reason, variant->record));
		clean_up(self);
	}
}

/* Returns the shortest of several times from cancelling to completion, in ns. */
static __u64 quickest(FIXTURE_DATA(cancel) *self, const char *engine, enum path path,
		      enum stage stage)
{
	__u64 best = ~0ULL, end;

	for (int i = 0; i < TRIES && best > PROMPT_NS; i++) {
		memset(&self->r, 0, sizeof(self->r));
		if (setup(&self->d, &self->blocker, engine) || !bring_to(self, path, stage) ||
		    act(self, path))
			return ~0ULL;
		end = drive_gone(path) ? time_ns() :
		      counts_are(&self->d, stage, KCSD_FAULT_CANCELLED);
		if (end && end - self->sent_ns < best)
			best = end - self->sent_ns;
		clean_up(self);
	}
	return best;
}

TEST_F(cancel, cancel_is_prompt)
{
	/* Power off is not here: it takes longer than the cancelling alone. */
	static const enum path paths[] = { ASYNC_CANCEL, RING_CLOSED, KILLED, IOCTL_KILLED };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		for (enum stage stage = QUEUED; stage <= RUNNING; stage++) {
			__u64 ns = quickest(self, variant->engine, paths[i], stage);

			EXPECT_GT(PROMPT_NS, ns)
				TH_LOG("%s, %s: %llu us", path_names[paths[i]],
				       stage_names[stage], (unsigned long long)ns / 1000);
		}
	}
}

/* A time limit must cancel a run when it expires, and not earlier. */
TEST_F(cancel, time_limit_is_kept)
{
	__u64 best = ~0ULL, over;

	ASSERT_EQ(0, setup(&self->d, &self->blocker, variant->engine));
	for (int i = 0; i < TRIES && best > PROMPT_NS; i++) {
		struct run r = { .pind = ENDLESS, .timeout_ms = 100 };

		EXPECT_EQ(KCSD_SC_PROGRAM_TIME, run_exec(self->d.compute, &r));
		EXPECT_EQ(variant->record, r.out.rec.engine);
		EXPECT_LE(100000000, r.out.rec.run_ns);
		over = r.out.rec.run_ns - 100000000;
		best = over < best ? over : best;
	}
	EXPECT_GT(PROMPT_NS, best) TH_LOG("%llu us", (unsigned long long)best / 1000);
	clean_up(self);
}

/* Cancel thousands of runs at once, while another tenant has as many: only those of the ring go. */
TEST_F(cancel, only_commands_of_the_ring)
{
	struct nvme_uring_cmd endless = tenant_cmd(ENDLESS, 0, 0), c = tenant_cmd(SEVEN, 0, 0);
	struct tenant a = { .fd = -1 }, b = { .fd = -1 };

	ASSERT_EQ(0, setup(&self->d, &self->blocker, variant->engine));
	ASSERT_EQ(0, tenant_open(&a, &self->d));
	/* The second tenant has the same open file and another ring. */
	ASSERT_EQ(0, tenant_open_fd(&b, dup(a.fd)));
	ASSERT_EQ(0, tenant_send(&self->blocker, &endless, 1, 0));
	ASSERT_TRUE(drive_becomes(&self->d, "units/running", 1));
	for (int i = 0; i < 10; i++) {
		ASSERT_EQ(0, tenant_send(&a, &c, 200, 0));
		ASSERT_EQ(0, tenant_send(&b, &c, 200, 0));
	}
	EXPECT_EQ(4000, tenant_number(b.fd, "kcsd-queued:"));
	tenant_close(&a);
	EXPECT_TRUE(drive_becomes(&self->d, "stats/faults_cancelled", 2000));
	EXPECT_EQ(2000, drive_number(&self->d, "units/queued"));
	tenant_close(&self->blocker);
	ASSERT_EQ(0, tenant_reap(&b, NULL, 2000));
	EXPECT_TRUE(drive_becomes(&self->d, "units/queued", 0));
	EXPECT_EQ(2001, drive_number(&self->d, "stats/faults_cancelled"));
	EXPECT_EQ(SETUP_RUNS + 4001, drive_number(&self->d, "stats/runs"));
	tenant_close(&b);
	clean_up(self);
}

DRIVE_TEST_MAIN
