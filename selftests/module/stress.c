// SPDX-License-Identifier: GPL-2.0
/* Test many threads at once: commands, power, changes of programs. */
#include "harness.h"
#include "nvm.h"
#include "run.h"

#include <pthread.h>

#define LBA		4096
#define THREADS		8
#define DRAINED_NS	(time_slow() * 5000000000ULL)	/* to power a drive off */

static const struct drive_attr small[] = { DRIVE_SMALL, {} };

enum { SEVEN };

FIXTURE(stress) {
	struct drive d;
};

FIXTURE_SETUP(stress)
{
	drive_sweep();
	ASSERT_EQ(0, drive_create(&self->d, "stress", small));
	ASSERT_EQ(0, prog_install(self->d.ctrl, SEVEN, prog_seven));
}

FIXTURE_TEARDOWN(stress)
{
	EXPECT_EQ(0, drive_remove(&self->d));
}

struct hammer {
	pthread_t thread;
	int way;
	int fd;
	bool runs;	/* true: runs; false: reads and writes */
	_Atomic int done;
	int last;	/* result that stopped the thread */
};

/* Wait until each hammer has done something. */
static bool wait_hammers(const struct hammer *h, int nr)
{
	for (int i = 0; i < 1000; i++) {
		int started = 0;

		for (int j = 0; j < nr; j++)
			started += h[j].done > 0;
		if (started == nr)
			return true;
		sleep_ms(10);
	}
	return false;
}

static int hammer_once(struct hammer *h, __u8 *buf)
{
	struct run r = { .pind = SEVEN };
	struct nvme_uring_cmd c = cmd_rw(h->done & 1 ? NVM_READ : NVM_WRITE, h->done % 4000, 16,
					 buf, 16 * LBA);

	return h->runs ? run_way(h->way, h->fd, &r) : cmd_io_way(h->way, h->fd, &c, NULL);
}

/* Send through the ring of this thread: cmd_io_way() shares one ring in the process. */
static int hammer_ring(struct hammer *h, struct io_uring *ring, __u8 *buf)
{
	struct run r = { .pind = SEVEN };
	struct nvme_uring_cmd c = h->runs ? run_cmd(&r) :
				  cmd_rw(h->done & 1 ? NVM_READ : NVM_WRITE, h->done % 4000, 16,
					 buf, 16 * LBA);
	__u64 tag;
	int res;

	if (ring_put(ring, h->fd, NVME_URING_CMD_IO, &c, 1) || io_uring_submit(ring) != 1)
		return -EIO;
	return ring_get(ring, 10000, &tag, &res, NULL) ? -ETIME : cmd_status(res);
}

static void *hammer_thread(void *arg)
{
	struct hammer *h = arg;
	__u8 *buf = aligned_alloc(LBA, 16 * LBA);
	struct io_uring ring;
	bool uring = h->way == CMD_URING;

	h->last = -ENOMEM;
	if (!buf || (uring && ring_open(&ring, 4, true)))
		return NULL;
	do {
		h->last = uring ? hammer_ring(h, &ring, buf) : hammer_once(h, buf);
	} while (!h->last && ++h->done);
	if (uring)
		io_uring_queue_exit(&ring);
	free(buf);
	return NULL;
}

/* Start the threads: half run programs, half read and write; half of each by io_uring. */
static int hammers_start(struct hammer *h, const struct drive *d)
{
	for (int i = 0; i < THREADS; i++) {
		h[i].way = i & 1 ? CMD_URING : CMD_IOCTL64;
		h[i].runs = i & 2;
		h[i].fd = h[i].runs ? d->compute : d->nvm;
		h[i].done = 0;
		if (pthread_create(&h[i].thread, NULL, hammer_thread, &h[i]))
			return -1;
	}
	return wait_hammers(h, THREADS) ? 0 : -1;
}

static bool went_off(int res)
{
	return res == -ENODEV || res == KCSD_SC_PROGRAM_CANCELLED;
}

TEST_F(stress, power_off_under_load)
{
	struct hammer h[THREADS] = {};
	__u64 start;

	for (int round = 0; round < 3; round++) {
		ASSERT_EQ(0, hammers_start(h, &self->d));
		start = time_ns();
		EXPECT_EQ(0, drive_power(&self->d, false));
		EXPECT_GT(DRAINED_NS, time_ns() - start);
		for (int i = 0; i < THREADS; i++) {
			ASSERT_EQ(0, pthread_join(h[i].thread, NULL));
			EXPECT_TRUE(went_off(h[i].last))
				TH_LOG("thread %d: %d after %d", i, h[i].last, h[i].done);
		}
		EXPECT_GT(DRAINED_NS, time_ns() - start);
		drive_close(&self->d);
		ASSERT_EQ(0, drive_power(&self->d, true));
		ASSERT_EQ(0, drive_open(&self->d, O_RDWR));
		ASSERT_EQ(0, prog_install(self->d.ctrl, SEVEN, prog_seven));
	}
}

TEST_F(stress, rmdir_under_load)
{
	struct hammer h[THREADS] = {};
	__u64 start;

	ASSERT_EQ(0, hammers_start(h, &self->d));
	start = time_ns();
	EXPECT_EQ(0, drive_rmdir(self->d.name));
	for (int i = 0; i < THREADS; i++) {
		ASSERT_EQ(0, pthread_join(h[i].thread, NULL));
		EXPECT_TRUE(went_off(h[i].last));
	}
	EXPECT_GT(DRAINED_NS, time_ns() - start);
	drive_close(&self->d);
	self->d.name[0] = 0;
}

struct changer {
	pthread_t thread;
	const struct drive *d;
	int base;
	int bad;	/* status that is not allowed */
	_Atomic bool stop;
	_Atomic int done;
};

/* Load, activate, deactivate and unload the same few programs as the other threads. */
static void *changer_thread(void *arg)
{
	struct changer *c = arg;

	while (!c->stop && !c->bad) {
		__u16 pind = (c->base + c->done) % 3;
		struct nvme_uring_cmd load = prog_load_cmd(pind, prog_seven, sizeof(prog_seven), 0,
							   sizeof(prog_seven));
		struct nvme_uring_cmd cmds[] = {
			load, prog_activation_cmd(pind, KCSD_ACTIVATION_ACTIVATE),
			prog_activation_cmd(pind, KCSD_ACTIVATION_DEACTIVATE),
			prog_unload_cmd(pind),
		};

		for (int i = 0; i < 4; i++) {
			int ret = cmd_admin_way(CMD_IOCTL, c->d->ctrl, &cmds[i], NULL);

			if (ret && ret != KCSD_SC_PROGRAM_IN_USE && ret != KCSD_SC_NO_PROGRAM)
				c->bad = ret;
		}
		c->done++;
	}
	return NULL;
}

/* Test that a run gets a whole program, or the status of a program that is not there. */
TEST_F(stress, programs_change_under_runs)
{
	struct changer c[3] = {};
	int ok = 0;

	ASSERT_EQ(0, prog_deactivate(self->d.ctrl, SEVEN));
	for (int i = 0; i < 3; i++) {
		c[i].d = &self->d;
		c[i].base = i;
		ASSERT_EQ(0, pthread_create(&c[i].thread, NULL, changer_thread, &c[i]));
	}
	for (__u64 start = time_ns(); time_ns() - start < 2000000000ULL;) {
		struct run r = { .pind = ok % 3 };
		int ret = run_exec(self->d.compute, &r);

		EXPECT_TRUE(ret == 0 || ret == KCSD_SC_NO_PROGRAM || ret == KCSD_SC_NOT_ACTIVATED)
			TH_LOG("%#x", ret);
		if (!ret)
			EXPECT_EQ(7, r.result);
		ok++;
	}
	for (int i = 0; i < 3; i++) {
		c[i].stop = true;
		ASSERT_EQ(0, pthread_join(c[i].thread, NULL));
		EXPECT_EQ(0, c[i].bad);
		EXPECT_LT(0, (int)c[i].done);
	}
}

static void *power_thread(void *arg)
{
	struct changer *c = arg;

	while (!c->stop && !c->bad) {
		int ret = drive_set(c->d->name, "power", (c->base + c->done) & 1 ? "1" : "0");
		char path[64];
		int fd;

		if (ret && ret != -EBUSY)
			c->bad = ret;
		/* A node that is opened at this moment is there or not. */
		drive_generic_node(path, sizeof(path), c->d->index, KCSD_NSID_COMPUTE);
		fd = open(path, O_RDWR);
		if (fd >= 0) {
			struct run r = { .pind = SEVEN };

			/* The program is there until the power goes off for the first time. */
			ret = run_way(CMD_IOCTL64, fd, &r);
			if (ret && ret != -ENODEV && ret != KCSD_SC_NO_PROGRAM &&
			    ret != KCSD_SC_PROGRAM_CANCELLED)
				c->bad = ret;
			close(fd);
		}
		c->done++;
	}
	return NULL;
}

TEST_F(stress, power_on_and_off_in_parallel)
{
	struct changer c[4] = {};

	for (int i = 0; i < 4; i++) {
		c[i].d = &self->d;
		c[i].base = i;
		ASSERT_EQ(0, pthread_create(&c[i].thread, NULL, power_thread, &c[i]));
	}
	sleep_ms(2000);
	for (int i = 0; i < 4; i++)
		c[i].stop = true;
	for (int i = 0; i < 4; i++) {
		ASSERT_EQ(0, pthread_join(c[i].thread, NULL));
		EXPECT_EQ(0, c[i].bad) TH_LOG("%d: %d", i, c[i].bad);
		EXPECT_LT(0, (int)c[i].done);
	}
	drive_close(&self->d);
	EXPECT_EQ(0, drive_power(&self->d, true));
	EXPECT_EQ(DRIVE_NODES, drive_nodes_present(self->d.index));
}

/* Write the same LBAs from all threads: each LBA must hold the whole data of one thread. */
struct writer {
	pthread_t thread;
	int fd;
	__u8 byte;
	int bad;
};

static void *writer_thread(void *arg)
{
	struct writer *w = arg;
	__u8 *buf = aligned_alloc(LBA, LBA);

	memset(buf, w->byte, LBA);
	for (int i = 0; i < 400 && !w->bad; i++) {
		struct nvme_uring_cmd c = cmd_rw(NVM_WRITE, i % 4, 1, buf, LBA);

		w->bad = cmd_io_way(CMD_IOCTL64, w->fd, &c, NULL);
	}
	free(buf);
	return NULL;
}

TEST_F(stress, writers_of_the_same_lbas)
{
	struct writer w[4] = {};
	__u8 buf[LBA];

	for (int i = 0; i < 4; i++) {
		w[i].fd = self->d.nvm;
		w[i].byte = 0x11 * (i + 1);
		ASSERT_EQ(0, pthread_create(&w[i].thread, NULL, writer_thread, &w[i]));
	}
	for (int i = 0; i < 4; i++) {
		ASSERT_EQ(0, pthread_join(w[i].thread, NULL));
		EXPECT_EQ(0, w[i].bad);
	}
	for (int i = 0; i < 4; i++) {
		struct nvme_uring_cmd c = cmd_rw(NVM_READ, i, 1, buf, LBA);

		ASSERT_EQ(0, cmd_io(self->d.nvm, &c));
		EXPECT_TRUE(buf[0] && buf[0] % 0x11 == 0);
		EXPECT_EQ(0, memcmp(buf, buf + 1, LBA - 1));
	}
}

DRIVE_TEST_MAIN
