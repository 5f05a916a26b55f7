// SPDX-License-Identifier: GPL-2.0
/*
 * A report of zones (BLKREPORTZONE) waits for a page of its caller while the drive is removed:
 * afterwards it must not access the drive. Also tests other ioctls of a block node that was open
 * when its drive was removed.
 */
#include "harness.h"

#include <linux/blkzoned.h>
#include <linux/fs.h>
#include <linux/hdreg.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

/* Enough zones that the memory for their state is unmapped when freed, on any kernel. */
#define MANY_ZONES \
	DRIVE_SMALL, { "size", "67108864" }, { "block_size", "512" }, { "zone_size", "512" }

/* ---- a buffer whose second half faults, and waits for stopper_go_on() ---- */

struct stopper {
	int fd;
	size_t half;
	char *buf;
};

static int stopper_open(struct stopper *s)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	s->half = sysconf(_SC_PAGESIZE);
	s->fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (s->fd < 0)
		return -errno;
	s->buf = mmap(NULL, 2 * s->half, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		      -1, 0);
	if (s->buf == MAP_FAILED)
		return -errno;
	memset(s->buf, 0, s->half);
	range.range.start = (unsigned long)s->buf + s->half;
	range.range.len = s->half;
	if (ioctl(s->fd, UFFDIO_API, &api) || ioctl(s->fd, UFFDIO_REGISTER, &range))
		return -errno;
	return 0;
}

/* Wait until a task accesses the second half, and is blocked there. */
static int stopper_wait(const struct stopper *s)
{
	struct uffd_msg msg;

	if (read(s->fd, &msg, sizeof(msg)) != sizeof(msg))
		return -errno;
	return msg.event == UFFD_EVENT_PAGEFAULT ? 0 : -EPROTO;
}

static int stopper_go_on(const struct stopper *s)
{
	struct uffdio_zeropage zero = {
		.range = { .start = (unsigned long)s->buf + s->half, .len = s->half },
	};

	return ioctl(s->fd, UFFDIO_ZEROPAGE, &zero) ? -errno : 0;
}

static void stopper_close(struct stopper *s)
{
	close(s->fd);
	munmap(s->buf, 2 * s->half);
}

/* ---- the report ---- */

FIXTURE(zone_report) {
	struct drive d;
	struct stopper stopper;
	int block;
};

FIXTURE_VARIANT(zone_report) {
	bool cut;	/* power cut; otherwise the drive is removed */
};

FIXTURE_VARIANT_ADD(zone_report, power_cut) { .cut = true };
FIXTURE_VARIANT_ADD(zone_report, rmdir) { .cut = false };

FIXTURE_SETUP(zone_report)
{
	const struct drive_attr attr[] = { MANY_ZONES, {} };

	ASSERT_EQ(0, stopper_open(&self->stopper));
	ASSERT_EQ(0, drive_create(&self->d, "report", attr));
	self->block = drive_open_block(&self->d, O_RDWR);
	ASSERT_LE(0, self->block);
	drive_close(&self->d);
}

FIXTURE_TEARDOWN(zone_report)
{
	close(self->block);
	if (variant->cut)
		EXPECT_EQ(0, drive_remove(&self->d));
	stopper_close(&self->stopper);
}

static int go(const struct drive *d, bool cut)
{
	return cut ? drive_set(d->name, "power_cut", "1") : drive_rmdir(d->name);
}

static int report_zones(int fd, void *buf, size_t len)
{
	struct blk_zone_report *report = buf;

	report->sector = 0;
	report->nr_zones = (len - sizeof(*report)) / sizeof(report->zones[0]);
	return ioctl(fd, BLKREPORTZONE, report) ? -errno : 0;
}

struct reporter {
	int fd;
	struct stopper *stopper;
	int ret;
};

static void *report_fn(void *arg)
{
	struct reporter *r = arg;

	r->ret = report_zones(r->fd, r->stopper->buf, 2 * r->stopper->half);
	return NULL;
}

TEST_F(zone_report, report_waits_for_a_page)
{
	struct reporter r = { .fd = self->block, .stopper = &self->stopper };
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, report_fn, &r));
	ASSERT_EQ(0, stopper_wait(&self->stopper));
	EXPECT_EQ(0, go(&self->d, variant->cut));
	EXPECT_EQ(0, stopper_go_on(&self->stopper));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(-ENODEV, r.ret);
}

/*
 * Each ioctl must find that the drive is gone, or return a value that the block layer itself has.
 */
TEST_F(zone_report, other_ioctls_meanwhile)
{
	struct blk_zone_range range = { .sector = 0, .nr_sectors = 1 };
	char buf[4096] __attribute__((aligned(4096)));
	struct hd_geometry geo;
	__u64 discard[2] = { 0, 512 };
	int value;

	ASSERT_EQ(0, go(&self->d, variant->cut));
	EXPECT_GE(0, report_zones(self->block, buf, sizeof(buf)));
	EXPECT_NE(0, ioctl(self->block, BLKRESETZONE, &range));
	EXPECT_NE(0, ioctl(self->block, BLKFINISHZONE, &range));
	EXPECT_NE(0, ioctl(self->block, BLKOPENZONE, &range));
	EXPECT_NE(0, ioctl(self->block, BLKDISCARD, discard));
	EXPECT_NE(0, ioctl(self->block, BLKZEROOUT, discard));
	EXPECT_NE(0, ioctl(self->block, HDIO_GETGEO, &geo));
	EXPECT_NE(0, ioctl(self->block, BLKRRPART));
	EXPECT_EQ(0, ioctl(self->block, BLKGETNRZONES, &value));
	EXPECT_GE(0, pread(self->block, buf, sizeof(buf), 0));
	EXPECT_GE(0, pwrite(self->block, buf, sizeof(buf), 0));
}

DRIVE_TEST_MAIN
