// SPDX-License-Identifier: GPL-2.0
/* The limits on open and on active zones, by the block node. */
#include "harness.h"
#include "block_zones.h"
#include "zone_checks.h"

#include <pthread.h>

#define MAX_LIMIT	4

FIXTURE(zone_limits) {
	struct drive d;
	struct zone_dev dev;
};

FIXTURE_VARIANT(zone_limits) {
	const char *backing_file;
};

FIXTURE_VARIANT_ADD(zone_limits, memory) { .backing_file = "" };
FIXTURE_VARIANT_ADD(zone_limits, file) { .backing_file = ZONES_FILE };

FIXTURE_SETUP(zone_limits)
{
	drive_sweep();
	zones_file_remove();
	ASSERT_EQ(0, zones_file_make());
	self->d = (struct drive)DRIVE_INIT;
	self->dev = (struct zone_dev){ .fd = -1 };
}

FIXTURE_TEARDOWN(zone_limits)
{
	zone_dev_close(&self->dev);
	EXPECT_EQ(0, drive_remove(&self->d));
	zones_file_remove();
}

/* Replace the drive by a new one with these limits. */
static int limited(struct zone_dev *dev, struct drive *d, const char *backing_file, int max_open,
		   int max_active)
{
	char open_text[16], active_text[16];
	const struct drive_attr attr[] = {
		ZONED, { "backing_file", backing_file }, { "max_open_zones", open_text },
		{ "max_active_zones", active_text }, {}
	};

	snprintf(open_text, sizeof(open_text), "%d", max_open);
	snprintf(active_text, sizeof(active_text), "%d", max_active);
	zone_dev_close(dev);
	drive_remove(d);
	zones_file_remove();
	zones_file_make();
	return zone_dev_create(dev, d, attr);
}

TEST_F(zone_limits, open_zones)
{
	for (int n = 1; n <= MAX_LIMIT; n++) {
		ASSERT_EQ(0, limited(&self->dev, &self->d, variant->backing_file, n, 0));
		EXPECT_EQ(n, queue_limit(&self->d, "max_open_zones"));
		EXPECT_TRUE(zone_closes_the_oldest(&self->dev, n)) TH_LOG("%d", n);
		EXPECT_EQ(0, zone_run(&self->dev, ZONE_RESET_ALL, 0, 0));
		EXPECT_TRUE(zone_keeps_explicit(&self->dev, n)) TH_LOG("%d", n);
	}
}

TEST_F(zone_limits, active_zones)
{
	for (int n = 1; n <= MAX_LIMIT; n++) {
		ASSERT_EQ(0, limited(&self->dev, &self->d, variant->backing_file, 0, n));
		EXPECT_EQ(n, queue_limit(&self->d, "max_active_zones"));
		EXPECT_TRUE(zone_counts_active(&self->dev, n)) TH_LOG("%d", n);
	}
}

/* A zone that the drive closes to open another one is still active. */
TEST_F(zone_limits, open_and_active_zones)
{
	struct zone_dev *dev = &self->dev;
	__u32 z = CONVENTIONAL;

	ASSERT_EQ(0, limited(dev, &self->d, variant->backing_file, 1, 2));
	EXPECT_TRUE(zone_gives(dev, ZONE_WRITE, z, 0, 0));
	EXPECT_TRUE(zone_gives(dev, ZONE_WRITE, z + 1, 0, 0));
	EXPECT_TRUE(zone_gives(dev, ZONE_WRITE, z + 2, 0, KCSD_SC_TOO_MANY_ACTIVE_ZONES));
	EXPECT_TRUE(zone_looks(dev, z, 'C', 1) && zone_looks(dev, z + 1, 'I', 1));
	EXPECT_TRUE(zone_gives(dev, ZONE_RESET_ALL, 0, 0, 0));
	EXPECT_TRUE(zone_gives(dev, ZONE_WRITE, z + 2, 0, 0));
	EXPECT_TRUE(zone_gives(dev, ZONE_WRITE, z + 3, 0, 0));
}

struct writer {
	const struct zone_dev *dev;
	__u32 zone;
	int ret;
};

/* Thread: write a zone LBA by LBA up to the capacity; each LBA holds its own position. */
static void *write_zone(void *arg)
{
	struct writer *w = arg;
	__u32 lba = w->dev->lba;
	__u64 *buf = aligned_alloc(4096, lba);

	for (__u64 i = 0; buf && i < w->dev->capacity && !w->ret; i++) {
		off_t pos = (w->zone * w->dev->zone_lbas + i) * lba;

		for (__u32 j = 0; j < lba / 8; j++)
			buf[j] = pos + j;
		if (pwrite(w->dev->fd, buf, lba, pos) != (ssize_t)lba)
			w->ret = -errno;
	}
	if (!buf)
		w->ret = -ENOMEM;
	free(buf);
	return NULL;
}

static bool zone_is_written(const struct zone_dev *dev, __u32 zone, void *buf)
{
	__u64 first = zone * dev->zone_lbas * dev->lba;
	__u64 *p = buf;

	if (block_read(dev, zone, 0, buf, dev->capacity))
		return false;
	for (__u64 i = 0; i < dev->capacity; i++)
		for (__u32 j = 0; j < dev->lba / 8; j++)
			if (*p++ != first + i * dev->lba + j)
				return false;
	return true;
}

#define WRITERS	8

/* Several writers, one open zone: each write closes the zone of another writer while data moves. */
TEST_F(zone_limits, many_writers_one_open_zone)
{
	struct zone_dev *dev = &self->dev;
	struct writer w[WRITERS];
	pthread_t t[WRITERS];

	ASSERT_EQ(0, limited(dev, &self->d, variant->backing_file, 1, 0));
	for (int round = 0; round < 4; round++) {
		for (int i = 0; i < WRITERS; i++) {
			w[i] = (struct writer){ dev, CONVENTIONAL + i, 0 };
			ASSERT_EQ(0, pthread_create(&t[i], NULL, write_zone, &w[i]));
		}
		for (int i = 0; i < WRITERS; i++) {
			pthread_join(t[i], NULL);
			EXPECT_EQ(0, w[i].ret);
			EXPECT_TRUE(zone_looks(dev, w[i].zone, 'F', 0));
			EXPECT_TRUE(zone_is_written(dev, w[i].zone, dev->buf));
		}
		EXPECT_EQ(0, zone_run(dev, ZONE_RESET_ALL, 0, 0));
	}
}

DRIVE_TEST_MAIN
