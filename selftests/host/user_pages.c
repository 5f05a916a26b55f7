// SPDX-License-Identifier: GPL-2.0
/*
 * Power off must not wait for user memory: send every command that has a buffer, by every way, with
 * a buffer whose page is missing, and power the drive off meanwhile.
 */
#include "harness.h"
#include "admin.h"
#include "nvm.h"
#include "range_set.h"
#include "run.h"
#include "slm.h"
#include "uffd.h"
#include "zns.h"

#include <pthread.h>
#include <sys/uio.h>

#define BACKING_FILE	"/tmp/kst-user-pages"
#define PIND		0

enum way { BY_IOCTL, BY_URING, BY_ASYNC, BY_VECTOR, WAYS };

static const char * const way_names[] = { "ioctl", "io_uring", "IOSQE_ASYNC", "vector" };

/* A thread that touches one page and blocks there. */
struct victim {
	const char *name;
	enum way way;
	int fd;
	bool admin;
	struct nvme_uring_cmd c;
	struct iovec iov;
	pthread_t thread;
	bool started;
	int want;	/* wanted result, once the page is present and the drive is gone */
	int res;
};

#define MAX_VICTIMS	16

FIXTURE(user_pages) {
	struct drive d;
	struct uffd u;
	size_t page;
	struct victim victim[MAX_VICTIMS];
	int nr;
};

FIXTURE_VARIANT(user_pages) {
	bool zoned;
	const char *file;
};

FIXTURE_VARIANT_ADD(user_pages, memory) { };
FIXTURE_VARIANT_ADD(user_pages, zoned) { .zoned = true };
FIXTURE_VARIANT_ADD(user_pages, file) { .file = BACKING_FILE };

FIXTURE_SETUP(user_pages)
{
	static const struct drive_attr flat[] = {
		DRIVE_SMALL, { "slm_size", "1M" }, { "max_programs", "4" }, {}
	};
	static const struct drive_attr zones[] = {
		ZNS_DRIVE, { "slm_size", "1M" }, { "max_programs", "4" }, {}
	};

	drive_sweep();
	self->page = sysconf(_SC_PAGESIZE);
	self->u = (struct uffd)UFFD_INIT;
	ASSERT_EQ(0, drive_prepare(&self->d, "user-pages", variant->zoned ? zones : flat));
	if (variant->file) {
		int fd = open(variant->file, O_CREAT | O_RDWR | O_TRUNC, 0600);

		ASSERT_LE(0, fd);
		close(fd);
		ASSERT_EQ(0, drive_set(self->d.name, "backing_file", variant->file));
	}
}

FIXTURE_TEARDOWN(user_pages)
{
	uffd_close(&self->u);
	drive_remove(&self->d);
	unlink(BACKING_FILE);
	unlink(BACKING_FILE ".kcsd");
}

static int send_ioctl(struct victim *v)
{
	return v->admin ? cmd_ioctl64(v->fd, NVME_IOCTL_ADMIN64_CMD, &v->c, NULL) :
			  cmd_ioctl64(v->fd, NVME_IOCTL_IO64_CMD, &v->c, NULL);
}

static int send_vector(struct victim *v)
{
	v->iov = (struct iovec){ (void *)(uintptr_t)v->c.addr, v->c.data_len };
	v->c.addr = (uintptr_t)&v->iov;
	v->c.data_len = 1;
	return cmd_ioctl64(v->fd, NVME_IOCTL_IO64_CMD_VEC, &v->c, NULL);
}

/* Send by a ring of the victim itself. */
static int send_uring(struct victim *v)
{
	struct io_uring ring;
	__u64 tag;
	int res, ret = ring_open(&ring, 2, true);

	if (ret)
		return ret;
	ret = ring_put(&ring, v->fd, v->admin ? NVME_URING_CMD_ADMIN : NVME_URING_CMD_IO, &v->c, 1);
	if (v->way == BY_ASYNC)
		ring.sq.sqes[0].flags |= IOSQE_ASYNC;
	if (!ret && io_uring_submit(&ring) != 1)
		ret = -EIO;
	if (!ret)
		ret = ring_get(&ring, UFFD_WAIT_MS, &tag, &res, NULL);
	io_uring_queue_exit(&ring);
	return ret ? ret : cmd_status(res);
}

static void *victim_main(void *arg)
{
	struct victim *v = arg;

	switch (v->way) {
	case BY_IOCTL:
		v->res = send_ioctl(v);
		break;
	case BY_VECTOR:
		v->res = send_vector(v);
		break;
	default:
		v->res = send_uring(v);
	}
	return NULL;
}

static char *page_of(FIXTURE_DATA(user_pages) *self, int i)
{
	return self->u.mem + i * self->page;
}

/* Add a victim; the next page is its buffer, or its output. */
static struct victim *add(FIXTURE_DATA(user_pages) *self, const char *name, int fd,
			  struct nvme_uring_cmd c)
{
	struct victim *v = &self->victim[self->nr];

	*v = (struct victim){ .name = name, .fd = fd, .c = c, .want = -ENODEV };
	v->c.addr = (uintptr_t)page_of(self, self->nr++);
	return v;
}

static void add_nvm(FIXTURE_DATA(user_pages) *self)
{
	int fd = self->d.nvm;

	add(self, "Read", fd, cmd_rw(NVM_READ, 0, 1, NULL, 4096));
	add(self, "Write", fd, cmd_rw(NVM_WRITE, 0, 1, NULL, 4096));
}

static void add_zoned(FIXTURE_DATA(user_pages) *self)
{
	int fd = self->d.nvm;

	add(self, "Write to a zone", fd, cmd_rw(NVM_WRITE, zns_start(2), 1, NULL, 4096));
	add(self, "Zone Append", fd, zns_append_cmd(zns_start(3), 1, NULL));
	add(self, "Zone Management Receive", fd, zns_receive_cmd(0, ZNS_ALL << 8, NULL, 4096));
}

static void add_slm(FIXTURE_DATA(user_pages) *self)
{
	int fd = self->d.slm;
	struct nvme_uring_cmd c = slm_cmd(KCSD_SLM_READ, 0, 4096, self);

	add(self, "Memory Read", fd, c);
	c = slm_cmd(KCSD_SLM_WRITE, 0, 4096, self);
	add(self, "Memory Write", fd, c);
	c = slm_copy_cmd(0, 4096, KCSD_COPY_SLM, 1, NULL, sizeof(struct kcsd_copy_slm));
	add(self, "Memory Copy", fd, c);
}

static void add_compute(FIXTURE_DATA(user_pages) *self, struct run *output)
{
	struct run grants = { .pind = PIND, .nr_grants = 1 };
	struct run ranges = { .pind = PIND, .nr_ranges = 1 };
	int fd = self->d.compute;
	struct nvme_uring_cmd c;
	struct victim *v;

	add(self, "Execute on LBAs", fd, run_cmd(&grants))->c.metadata_len = 0;
	self->victim[self->nr - 1].c.metadata = 0;
	add(self, "Execute", fd, run_cmd(&ranges))->c.metadata_len = 0;
	self->victim[self->nr - 1].c.metadata = 0;
	/* This run completes before the page of its output is touched. */
	output->pind = PIND;
	c = run_cmd(output);
	v = add(self, "output", fd, c);
	v->c.metadata = v->c.addr;
	v->c.metadata_len = 4096;
	v->c.addr = c.addr;
	v->want = 0;
}

static void add_admin(FIXTURE_DATA(user_pages) *self)
{
	int first = self->nr, fd = self->d.ctrl;

	add(self, "Identify", fd, cmd_identify(1, 0, 0, NULL));
	add(self, "Get Log Page", fd, cmd_log(LOG_EFFECTS, NULL, 4096, 0))->c.nsid = 0;
	add(self, "Load Program", fd, prog_load_cmd(1, NULL, 4096, 0, 8192));
	add(self, "range set", fd, range_set_create_cmd(NULL, 1));
	while (first < self->nr)
		self->victim[first++].admin = true;
}

/* Start all victims. Each one blocks until uffd_let_go(). */
static bool start_all(FIXTURE_DATA(user_pages) *self, enum way way)
{
	for (int i = 0; i < self->nr; i++) {
		struct victim *v = &self->victim[i];
		long at;

		v->way = way;
		/* Vectors exist neither for admin commands nor for output. */
		if (way == BY_VECTOR && (v->admin || v->c.metadata))
			continue;
		v->started = !pthread_create(&v->thread, NULL, victim_main, v);
		at = v->started ? uffd_wait(&self->u) : -ENOMEM;
		if (at / (long)self->page == i && at >= 0)
			continue;
		ksft_print_msg("%s by %s: waits at %ld\n", v->name, way_names[way], at);
		return false;
	}
	return true;
}

static bool end_all(FIXTURE_DATA(user_pages) *self)
{
	bool ok = true;

	uffd_let_go(&self->u);
	for (int i = 0; i < self->nr; i++) {
		struct victim *v = &self->victim[i];

		if (!v->started)
			continue;
		pthread_join(v->thread, NULL);
		if (v->res == v->want)
			continue;
		ksft_print_msg("%s by %s: got %d, expected %d\n", v->name, way_names[v->way],
			       v->res, v->want);
		ok = false;
	}
	return ok;
}

static void *power_off(void *arg)
{
	struct drive *d = arg;

	return (void *)(intptr_t)drive_power(d, false);
}

/* True if power off completes while all victims wait. */
static bool powers_off(struct drive *d, pthread_t *thread)
{
	struct timespec until;

	if (pthread_create(thread, NULL, power_off, d))
		return false;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += UFFD_WAIT_MS / 1000;
	return !pthread_timedjoin_np(*thread, NULL, &until);
}

TEST_F_TIMEOUT(user_pages, power_off_during_page_fault, 600)
{
	struct run *output = calloc(1, sizeof(*output));
	bool off = true;

	for (enum way way = 0; off && way < WAYS; way++) {
		struct drive *d = &self->d;
		bool met;
		pthread_t thread;

		self->nr = 0;
		ASSERT_EQ(0, uffd_open(&self->u, MAX_VICTIMS * self->page));
		ASSERT_EQ(0, drive_power(d, true));
		d->index = drive_get_number(d->name, "index");
		ASSERT_EQ(0, drive_open(d, O_RDWR));
		ASSERT_EQ(0, prog_install(d->ctrl, PIND, prog_seven));
		add_nvm(self);
		if (variant->zoned)
			add_zoned(self);
		add_slm(self);
		add_compute(self, output);
		add_admin(self);

		met = start_all(self, way);
		EXPECT_TRUE(met);
		off = powers_off(d, &thread);
		EXPECT_TRUE(off)
			TH_LOG("power off hangs, %s", way_names[way]);
		EXPECT_TRUE(end_all(self) || !off);
		if (!off)
			pthread_join(thread, NULL);
		drive_close(d);
		uffd_close(&self->u);
	}
	free(output);
}

/*
 * io_uring hands a command that may block to a worker at once: the worker waits for the buffer, not
 * the submitter (for which io_uring_submit() would not return here).
 */
TEST_F(user_pages, submit_does_not_wait)
{
	struct nvme_uring_cmd c = cmd_identify(1, 0, 0, NULL);
	struct drive *d = &self->d;
	struct io_uring ring;
	bool admin = true;
	int fd, res = -1;
	__u64 tag;

	ASSERT_EQ(0, drive_power(d, true));
	d->index = drive_get_number(d->name, "index");
	ASSERT_EQ(0, drive_open(d, O_RDWR));
	ASSERT_EQ(0, uffd_open(&self->u, self->page));
	fd = d->ctrl;
	if (variant->file) {
		c = cmd_rw(NVM_READ, 0, 1, NULL, 4096);
		fd = d->nvm;
		admin = false;
	}
	c.addr = (uintptr_t)self->u.mem;
	ASSERT_EQ(0, ring_open(&ring, 2, true));
	ASSERT_EQ(0, ring_put(&ring, fd, admin ? NVME_URING_CMD_ADMIN : NVME_URING_CMD_IO, &c, 1));
	EXPECT_EQ(1, io_uring_submit(&ring));
	EXPECT_EQ(0, uffd_wait(&self->u));
	uffd_let_go(&self->u);
	EXPECT_EQ(0, ring_get(&ring, UFFD_WAIT_MS, &tag, &res, NULL));
	EXPECT_EQ(0, res);
	io_uring_queue_exit(&ring);
}

DRIVE_TEST_MAIN
