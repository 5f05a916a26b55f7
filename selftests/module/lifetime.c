// SPDX-License-Identifier: GPL-2.0
/* Test commands whose drive, ring or submitter goes away. */
#include "harness.h"
#include "admin.h"
#include "nvm.h"
#include "run.h"

#include <pthread.h>
#include <signal.h>

#define LBA		4096
#define SOON_NS		(time_slow() * 2000000000ULL)	/* a unit is free, a process has exited */
#define DRAINED_NS	(time_slow() * 5000000000ULL)	/* a drive is powered off */
#define ENDLESS_MS	600000

/* Configure one compute unit, so that one endless run keeps all others waiting. */
static const struct drive_attr one_unit[] = {
	DRIVE_SMALL, { "cus", "1" }, { "timeout_ms", "600000" }, {}
};

enum { SEVEN, ENDLESS };

FIXTURE(lifetime) {
	struct drive d;
	struct io_uring ring;
	struct run *r;		/* RUNS endless runs */
};

#define RUNS	16

static int install(struct drive *d)
{
	int ret = prog_install(d->ctrl, SEVEN, prog_seven);

	return ret ? ret : prog_install(d->ctrl, ENDLESS, prog_endless);
}

FIXTURE_SETUP(lifetime)
{
	drive_sweep();
	self->r = calloc(RUNS, sizeof(*self->r));
	ASSERT_NE(NULL, self->r);
	for (int i = 0; i < RUNS; i++) {
		self->r[i].pind = ENDLESS;
		self->r[i].budget = ~0ULL;
		self->r[i].timeout_ms = ENDLESS_MS;
	}
	ASSERT_EQ(0, drive_create(&self->d, "lifetime", one_unit));
	ASSERT_EQ(0, install(&self->d));
	ASSERT_EQ(0, ring_open(&self->ring, 64, true));
}

FIXTURE_TEARDOWN(lifetime)
{
	__u64 start = time_ns();

	drive_remove(&self->d);
	EXPECT_GT(DRAINED_NS, time_ns() - start);
	if (self->ring.ring_fd > 0)
		io_uring_queue_exit(&self->ring);
	free(self->r);
}

/* Send the first nr endless runs. Their tags are their numbers. */
static int submit_runs(struct io_uring *ring, int fd, struct run *r, int nr)
{
	for (int i = 0; i < nr; i++) {
		struct nvme_uring_cmd c = run_cmd(&r[i]);

		if (ring_put(ring, fd, NVME_URING_CMD_IO, &c, i))
			return -EBUSY;
	}
	return io_uring_submit(ring) == nr ? 0 : -EIO;
}

/* True if the drive takes commands and its unit is free, within SOON_NS. */
static bool usable_soon(struct drive *d)
{
	__u64 start = time_ns();
	bool ok = run_works(d->compute, SEVEN);
	__u64 took = time_ns() - start;

	if (!ok || took >= SOON_NS)
		ksft_print_msg("a run %s after %llu ms\n", ok ? "worked" : "failed",
			       (unsigned long long)took / 1000000);
	return ok && took < SOON_NS;
}

/* Wait until a unit of the drive is running something. */
static bool wait_busy(const struct drive *d)
{
	__u64 before = drive_stat(d, "cu_busy_ns");

	for (int i = 0; i < 500; i++) {
		if (drive_stat(d, "cu_busy_ns") > before)
			return true;
		sleep_ms(10);
	}
	return false;
}

static bool is_cancelled(int res)
{
	int status = cmd_status(res);

	return status == KCSD_SC_PROGRAM_CANCELLED || status == -ECANCELED || status == -ENODEV;
}

/*
 * Test that the submitter itself turns the drive off, when no other task can reap its completions.
 */
TEST_F(lifetime, power_off_during_own_runs)
{
	__u64 start, tag;
	int res;

	ASSERT_EQ(0, submit_runs(&self->ring, self->d.compute, self->r, RUNS));
	ASSERT_TRUE(wait_busy(&self->d));
	start = time_ns();
	EXPECT_EQ(0, drive_power(&self->d, false));
	EXPECT_GT(DRAINED_NS, time_ns() - start);
	for (int i = 0; i < RUNS; i++) {
		ASSERT_EQ(0, ring_get(&self->ring, 5000, &tag, &res, NULL));
		EXPECT_TRUE(is_cancelled(res)) TH_LOG("run %llu: %d", tag, res);
	}
	drive_close(&self->d);
	EXPECT_EQ(0, drive_power(&self->d, true));
	ASSERT_EQ(0, drive_open(&self->d, O_RDWR));
	ASSERT_EQ(0, install(&self->d));
	EXPECT_TRUE(usable_soon(&self->d));
}

TEST_F(lifetime, rmdir_during_own_runs)
{
	__u64 start = time_ns(), tag;
	int res;

	ASSERT_EQ(0, submit_runs(&self->ring, self->d.compute, self->r, RUNS));
	EXPECT_EQ(0, drive_rmdir(self->d.name));
	EXPECT_GT(DRAINED_NS, time_ns() - start);
	for (int i = 0; i < RUNS; i++) {
		ASSERT_EQ(0, ring_get(&self->ring, 5000, &tag, &res, NULL));
		EXPECT_TRUE(is_cancelled(res)) TH_LOG("run %llu: %d", tag, res);
	}
	EXPECT_EQ(0, drive_nodes_present(self->d.index));
}

/* True if each command, sent in each way to the nodes of a drive without power, returns -ENODEV. */
static bool all_enodev(const struct drive *d)
{
	static __u8 buf[LBA] __attribute__((aligned(LBA)));
	struct nvme_uring_cmd rd = cmd_rw(NVM_READ, 0, 1, buf, LBA);
	struct nvme_uring_cmd id = cmd_identify(1, 0, 0, buf);
	struct run r = { .pind = SEVEN };
	bool ok = true;

	for (int way = 0; way < CMD_WAYS; way++) {
		int res[] = {
			cmd_io_way(way, d->nvm, &rd, NULL), cmd_admin_way(way, d->ctrl, &id, NULL),
			run_way(way, d->compute, &r),
		};

		for (int i = 0; i < 3; i++) {
			if (res[i] == -ENODEV)
				continue;
			ksft_print_msg("node %d by %s: %d\n", i, cmd_way_name(way), res[i]);
			ok = false;
		}
	}
	return ok;
}

TEST_F(lifetime, open_files_outlive_the_power)
{
	struct drive old = self->d;

	EXPECT_EQ(0, drive_power(&self->d, false));
	EXPECT_EQ(0, drive_nodes_present(self->d.index));
	EXPECT_TRUE(all_enodev(&old));
	ASSERT_EQ(0, drive_power(&self->d, true));
	/* The open files belong to the drive before power off. */
	EXPECT_TRUE(all_enodev(&old));
	ASSERT_EQ(0, drive_open(&self->d, O_RDWR));
	ASSERT_EQ(0, install(&self->d));
	EXPECT_TRUE(usable_soon(&self->d));
	drive_close(&old);
	EXPECT_TRUE(usable_soon(&self->d));
}

TEST_F(lifetime, open_files_outlive_the_drive)
{
	EXPECT_EQ(0, drive_rmdir(self->d.name));
	EXPECT_EQ(0, drive_nodes_present(self->d.index));
	EXPECT_TRUE(all_enodev(&self->d));
	drive_close(&self->d);
	ASSERT_EQ(0, drive_create(&self->d, "lifetime", one_unit));
	ASSERT_EQ(0, install(&self->d));
	EXPECT_TRUE(usable_soon(&self->d));
}

TEST_F(lifetime, open_block_device_prevents_power_off)
{
	int fd = drive_open_block(&self->d, O_RDONLY);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-EBUSY, drive_power(&self->d, false));
	EXPECT_EQ(DRIVE_NODES, drive_nodes_present(self->d.index));
	EXPECT_TRUE(usable_soon(&self->d));
	close(fd);
	EXPECT_EQ(0, drive_power(&self->d, false));
	EXPECT_EQ(0, drive_nodes_present(self->d.index));
}

/* Fork a child that submits nr endless runs by io_uring and waits to be killed. Returns its pid. */
static pid_t fork_submitter(struct drive *d, struct run *r, int nr)
{
	int pipefd[2];
	struct io_uring ring;
	pid_t pid;
	char ok = 0;

	if (pipe(pipefd))
		return -1;
	pid = fork();
	if (!pid) {
		ok = !ring_open(&ring, 64, true) && !submit_runs(&ring, d->compute, r, nr);
		if (write(pipefd[1], &ok, 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(pipefd[1]);
	if (read(pipefd[0], &ok, 1) != 1 || !ok)
		pid = -1;
	close(pipefd[0]);
	return pid;
}

/* Send SIGKILL to the child. Returns the time until it has exited, or ~0. */
static __u64 kill_child(pid_t pid)
{
	__u64 start = time_ns();
	int status;

	if (kill(pid, SIGKILL) || waitpid(pid, &status, 0) != pid)
		return ~0ULL;
	return time_ns() - start;
}

TEST_F(lifetime, submitter_killed)
{
	static const int nr[] = { 1, RUNS };

	for (size_t i = 0; i < ARRAY_SIZE(nr); i++) {
		pid_t pid = fork_submitter(&self->d, self->r, nr[i]);

		ASSERT_LT(0, pid);
		EXPECT_TRUE(wait_busy(&self->d));
		EXPECT_GT(SOON_NS, kill_child(pid));
		EXPECT_TRUE(usable_soon(&self->d));
	}
	EXPECT_EQ(0, prog_deactivate(self->d.ctrl, ENDLESS));
}

TEST_F(lifetime, ioctl_submitter_killed)
{
	for (int way = CMD_IOCTL; way <= CMD_IOCTL64; way++) {
		pid_t pid = fork();

		if (!pid) {
			run_way(way, self->d.compute, &self->r[0]);
			_exit(0);
		}
		ASSERT_LT(0, pid);
		EXPECT_TRUE(wait_busy(&self->d));
		EXPECT_GT(SOON_NS, kill_child(pid));
		EXPECT_TRUE(usable_soon(&self->d));
	}
}

/*
 * Test a stopped process, which cannot reap its completions: the drive is powered off nevertheless.
 */
TEST_F(lifetime, power_off_with_a_stopped_submitter)
{
	pid_t pid = fork_submitter(&self->d, self->r, 2);
	__u64 start;

	ASSERT_LT(0, pid);
	ASSERT_EQ(0, kill(pid, SIGSTOP));
	ASSERT_EQ(pid, waitpid(pid, NULL, WUNTRACED));
	start = time_ns();
	EXPECT_EQ(0, drive_power(&self->d, false));
	EXPECT_GT(DRAINED_NS, time_ns() - start);
	EXPECT_EQ(0, drive_power(&self->d, true));
	EXPECT_GT(SOON_NS, kill_child(pid));
}

/* Test a submitter that is killed while its run waits for the unit. */
TEST_F(lifetime, queued_submitter_killed)
{
	pid_t first = fork_submitter(&self->d, self->r, 1), second;

	ASSERT_LT(0, first);
	second = fork();
	if (!second) {
		run_way(CMD_IOCTL, self->d.compute, &self->r[1]);
		_exit(0);
	}
	ASSERT_LT(0, second);
	ASSERT_TRUE(drive_becomes(&self->d, "units/queued", 1));
	EXPECT_GT(SOON_NS, kill_child(second));
	EXPECT_GT(SOON_NS, kill_child(first));
	EXPECT_TRUE(usable_soon(&self->d));
}

TEST_F(lifetime, ring_closed)
{
	__u64 start;

	ASSERT_EQ(0, submit_runs(&self->ring, self->d.compute, self->r, RUNS));
	ASSERT_TRUE(wait_busy(&self->d));
	start = time_ns();
	io_uring_queue_exit(&self->ring);
	self->ring.ring_fd = -1;
	EXPECT_GT(SOON_NS, time_ns() - start);
	EXPECT_TRUE(usable_soon(&self->d));
}

/*
 * Test that a run continues when the file that it was submitted on is closed: the ring holds a
 * reference.
 */
TEST_F(lifetime, node_closed)
{
	__u64 tag;
	int res;

	self->r[0].timeout_ms = 200;
	ASSERT_EQ(0, submit_runs(&self->ring, self->d.compute, self->r, 1));
	drive_close(&self->d);
	ASSERT_EQ(0, ring_get(&self->ring, 5000, &tag, &res, NULL));
	EXPECT_EQ(KCSD_SC_PROGRAM_TIME, cmd_status(res));
	ASSERT_EQ(0, drive_open(&self->d, O_RDWR));
	EXPECT_TRUE(usable_soon(&self->d));
}

static int cancel(struct io_uring *ring, __u64 victim, __u64 tag)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	if (!sqe)
		return -EBUSY;
	memset(sqe, 0, 128);
	io_uring_prep_cancel64(sqe, victim, 0);
	sqe->user_data = tag;
	return io_uring_submit(ring) == 1 ? 0 : -EIO;
}

/* Send a run from a thread of io_uring, which IORING_OP_ASYNC_CANCEL can interrupt. */
static int submit_async(struct io_uring *ring, int fd, struct run *r, __u64 tag)
{
	struct nvme_uring_cmd c = run_cmd(r);
	unsigned int slot = ring->sq.sqe_tail & ring->sq.ring_mask;
	int ret = ring_put(ring, fd, NVME_URING_CMD_IO, &c, tag);

	if (ret)
		return ret;
	ring->sq.sqes[slot * 2].flags |= IOSQE_ASYNC;
	return io_uring_submit(ring) == 1 ? 0 : -EIO;
}

TEST_F(lifetime, cancel_through_the_ring)
{
	struct run first = self->r[0];
	__u64 tag, start;
	int res, done = 0;

	/* Compile the program first: a run that is cancelled during that has no engine yet. */
	first.timeout_ms = 1;
	ASSERT_EQ(KCSD_SC_PROGRAM_TIME, run_exec(self->d.compute, &first));
	start = time_ns();
	/* The first run has the unit, the second waits for it. Cancel the second first. */
	ASSERT_EQ(0, submit_async(&self->ring, self->d.compute, &self->r[0], 0));
	ASSERT_TRUE(wait_busy(&self->d));
	ASSERT_EQ(0, submit_async(&self->ring, self->d.compute, &self->r[1], 1));
	ASSERT_TRUE(drive_becomes(&self->d, "units/queued", 1));
	for (int victim = 1; victim >= 0; victim--) {
		ASSERT_EQ(0, cancel(&self->ring, victim, 100 + victim));
		for (int i = 0; i < 2; i++) {
			ASSERT_EQ(0, ring_get(&self->ring, 5000, &tag, &res, NULL));
			if (tag >= 100) {
				/*
				 * io_uring searches twice: the run may have completed in between.
				 */
				EXPECT_TRUE(res == 0 || res == -EALREADY || res == -ENOENT)
					TH_LOG("res %d", res);
				continue;
			}
			EXPECT_EQ(victim, tag);
			EXPECT_EQ(KCSD_SC_PROGRAM_CANCELLED, cmd_status(res));
			EXPECT_EQ(KCSD_FAULT_CANCELLED, self->r[tag].out.rec.reason);
			/* The first may be cancelled before its first instruction. */
			if (tag == 1)
				EXPECT_EQ(KCSD_ENGINE_NONE, self->r[tag].out.rec.engine);
			done++;
		}
	}
	EXPECT_EQ(2, done);
	EXPECT_GT(SOON_NS, time_ns() - start);
	EXPECT_TRUE(usable_soon(&self->d));
}

/* Test that waiting for a unit does not count for the time limit of a run. */
TEST_F(lifetime, waiting_time_is_not_run_time)
{
	struct run seven = { .pind = SEVEN, .timeout_ms = 100 };

	self->r[0].timeout_ms = 400;
	ASSERT_EQ(0, submit_runs(&self->ring, self->d.compute, self->r, 1));
	EXPECT_EQ(0, run_exec(self->d.compute, &seven));
	EXPECT_EQ(7, seven.result);
	EXPECT_LT(200000000, seven.out.rec.wait_ns);
}

TEST_F(lifetime, output_unmapped_during_the_run)
{
	__u8 *p = mmap(NULL, LBA, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct nvme_uring_cmd c;
	__u64 tag;
	int res;

	ASSERT_NE(MAP_FAILED, p);
	self->r[0].timeout_ms = 100;
	c = run_cmd(&self->r[0]);
	c.metadata = (uintptr_t)p;
	c.metadata_len = LBA;
	ASSERT_EQ(0, ring_put(&self->ring, self->d.compute, NVME_URING_CMD_IO, &c, 1));
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	ASSERT_EQ(0, munmap(p, LBA));
	ASSERT_EQ(0, ring_get(&self->ring, 5000, &tag, &res, NULL));
	EXPECT_EQ(-EFAULT, res);
	EXPECT_TRUE(usable_soon(&self->d));
}

struct submitter {
	struct io_uring *ring;
	struct drive *d;
	struct run *r;
	int ret;
};

static void *submit_and_exit(void *arg)
{
	struct submitter *s = arg;

	s->ret = submit_runs(s->ring, s->d->compute, s->r, 2);
	return NULL;
}

/*
 * Test that the thread that used the ring exits, but the ring stays: its runs complete and are
 * reported.
 */
TEST_F(lifetime, submitting_thread_exits)
{
	struct submitter s = { &self->ring, &self->d, self->r, -1 };
	pthread_t thread;
	__u64 tag;
	int res;

	self->r[0].timeout_ms = self->r[1].timeout_ms = 300;
	ASSERT_EQ(0, pthread_create(&thread, NULL, submit_and_exit, &s));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	ASSERT_EQ(0, s.ret);
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, ring_get(&self->ring, 5000, &tag, &res, NULL));
		EXPECT_TRUE(is_cancelled(res) || cmd_status(res) == KCSD_SC_PROGRAM_TIME)
			TH_LOG("res %d", res);
	}
	EXPECT_TRUE(usable_soon(&self->d));
}

/*
 * Test that an inherited descriptor works in the child, also after the parent has closed its own.
 */
TEST_F(lifetime, descriptors_in_a_child)
{
	int before[2], off[2], status;
	char ok = 0;
	pid_t pid;

	ASSERT_EQ(0, pipe(before));
	ASSERT_EQ(0, pipe(off));
	pid = fork();
	if (!pid) {
		ok = run_works(self->d.compute, SEVEN);
		if (write(before[1], &ok, 1) != 1 || read(off[0], &ok, 1) != 1)
			_exit(1);
		_exit(all_enodev(&self->d) ? 0 : 2);
	}
	ASSERT_LT(0, pid);
	drive_close(&self->d);
	EXPECT_EQ(1, read(before[0], &ok, 1));
	EXPECT_TRUE(ok);
	EXPECT_EQ(0, drive_power(&self->d, false));
	EXPECT_EQ(1, write(off[1], &ok, 1));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(0, drive_power(&self->d, true));
}

static bool file_is(const char *path, const __u8 *want, size_t off, size_t len)
{
	__u8 *buf = malloc(len);
	int fd = open(path, O_RDONLY);
	bool ok = buf && fd >= 0 && pread(fd, buf, len, off) == (ssize_t)len &&
		  !memcmp(buf, want, len);

	close(fd);
	free(buf);
	return ok;
}

/* Test that data that was written and flushed is in the file, however soon the power goes off. */
TEST_F(lifetime, acknowledged_writes_are_in_the_file)
{
	static __u8 buf[64 * LBA] __attribute__((aligned(LBA)));
	const struct drive_attr on_file[] = { DRIVE_SMALL, {} };
	char path[] = "/tmp/kst-lifetime-XXXXXX";
	struct nvme_uring_cmd flush = cmd_flush(), c;
	struct drive d;

	ASSERT_EQ(0, file_make(path, 16 * KST_MIB));
	ASSERT_EQ(0, drive_prepare(&d, "file", on_file));
	ASSERT_EQ(0, drive_set(d.name, "backing_file", path));
	for (int round = 0; round < 3; round++) {
		memset(buf, 0x11 * (round + 1), sizeof(buf));
		ASSERT_EQ(0, drive_power(&d, true));
		d.index = drive_get_number(d.name, "index");
		ASSERT_EQ(0, drive_open(&d, O_RDWR));
		c = cmd_rw(NVM_WRITE, 100 * round, 64, buf, sizeof(buf));
		EXPECT_EQ(0, cmd_io(d.nvm, &c));
		if (round == 1)
			c.cdw12 |= NVM_CDW12_FUA;
		EXPECT_EQ(0, cmd_io(d.nvm, round == 1 ? &c : &flush));
		EXPECT_EQ(0, drive_power(&d, false));
		EXPECT_TRUE(file_is(path, buf, 100 * LBA * round, sizeof(buf)));
		drive_close(&d);
	}
	EXPECT_EQ(0, drive_remove(&d));
	EXPECT_EQ(0, unlink(path));
}

DRIVE_TEST_MAIN
