// SPDX-License-Identifier: GPL-2.0
/* A host-managed zoned drive by its block node: states, limits, data, and what is refused. */
#include "zones.h"
#include "cmd.h"

#include <linux/fs.h>
#include <pthread.h>
#include <stdlib.h>

#define ZONE_BYTES	65536u
#define CAPACITY_BYTES	49152u
#define CONVENTIONAL	2
#define ZONES		260
#define MAX_ACTIVE	8

/* ---- the block node as a front end ---- */

static int block_write(const struct zone_dev *dev, __u32 zone, __u64 offset, __u32 len)
{
	off_t pos = (zone * dev->zone_lbas + offset) * dev->lba;
	ssize_t n = pwrite(dev->fd, dev->buf, len, pos);

	return n < 0 ? -errno : n == len ? 0 : -EIO;
}

static int block_manage(const struct zone_dev *dev, unsigned long request, __u32 zone, __u32 nr)
{
	struct blk_zone_range range = {
		.sector = zone * dev->zone_lbas * dev->lba / 512,
		.nr_sectors = nr * dev->zone_lbas * dev->lba / 512,
	};

	return ioctl(dev->fd, request, &range) ? -errno : 0;
}

static int block_run(const struct zone_dev *dev, enum zone_op op, __u32 zone, __u64 offset,
		     __u32 len)
{
	switch (op) {
	case ZONE_WRITE:
		return block_write(dev, zone, offset, len);
	case ZONE_OPEN:
		return block_manage(dev, BLKOPENZONE, zone, 1);
	case ZONE_CLOSE:
		return block_manage(dev, BLKCLOSEZONE, zone, 1);
	case ZONE_FINISH:
		return block_manage(dev, BLKFINISHZONE, zone, 1);
	case ZONE_RESET:
		return block_manage(dev, BLKRESETZONE, zone, 1);
	case ZONE_RESET_ALL:
		return block_manage(dev, BLKRESETZONE, 0, dev->nr);
	default:
		return -EOPNOTSUPP;
	}
}

static int block_report(const struct zone_dev *dev, __u64 sector, struct blk_zone *zones, __u32 nr)
{
	size_t len = nr * sizeof(*zones);
	struct blk_zone_report *report = calloc(1, sizeof(*report) + len);
	int ret;

	if (!report)
		return -ENOMEM;
	report->sector = sector;
	report->nr_zones = nr;
	ret = ioctl(dev->fd, BLKREPORTZONE, report) ? -errno : (int)report->nr_zones;
	if (ret >= 0 && !(report->flags & BLK_ZONE_REP_CAPACITY))
		ret = -EPROTO;
	memcpy(zones, report->zones, len);
	free(report);
	return ret;
}

static int block_look(const struct zone_dev *dev, __u32 zone, struct zone_seen *seen)
{
	struct blk_zone z;
	int ret = block_report(dev, zone * dev->zone_lbas * dev->lba / 512, &z, 1);

	if (ret != 1)
		return ret < 0 ? ret : -EPROTO;
	seen->is = zone_of_cond(z.cond);
	seen->wp = (z.wp - z.start) * 512 / dev->lba;
	return 0;
}

static int block_result(int status)
{
	switch (status) {
	case KCSD_SC_TOO_MANY_OPEN_ZONES:
		return -ETOOMANYREFS;
	case KCSD_SC_TOO_MANY_ACTIVE_ZONES:
		return -EOVERFLOW;
	default:
		return -EIO;
	}
}

static const struct zone_front block_front = {
	.name	= "block",
	.ops	= 1 << ZONE_WRITE | 1 << ZONE_OPEN | 1 << ZONE_CLOSE | 1 << ZONE_FINISH |
		  1 << ZONE_RESET | 1 << ZONE_RESET_ALL,
	.run	= block_run,
	.look	= block_look,
	.result	= block_result,
};

/* ---- drives ---- */

static int read_at(const struct zone_dev *dev, __u32 zone, __u64 offset, void *buf, __u64 nlb)
{
	off_t pos = (zone * dev->zone_lbas + offset) * dev->lba;
	ssize_t n = pread(dev->fd, buf, nlb * dev->lba, pos);

	return n < 0 ? -errno : n == (ssize_t)(nlb * dev->lba) ? 0 : -EIO;
}

static int zone_dev_create(struct zone_dev *dev, struct drive *d, const struct drive_attr *attr)
{
	int ret = drive_create(d, "zones", attr);

	if (ret)
		return ret;
	*dev = (struct zone_dev) {
		.front = &block_front,
		.d = d,
		.fd = drive_open_block(d, O_RDWR | O_DIRECT),
		.lba = drive_get_number(d->name, "block_size"),
		.first = drive_get_number(d->name, "conventional_zones"),
		.nr = drive_get_number(d->name, "size") / ZONE_BYTES,
		.buf = aligned_alloc(4096, ZONE_BYTES),
	};
	if (dev->fd < 0 || !dev->buf)
		return -ENODEV;
	dev->zone_lbas = ZONE_BYTES / dev->lba;
	dev->capacity = drive_get_number(d->name, "zone_capacity") / dev->lba ?: dev->zone_lbas;
	for (__u32 i = 0; i < ZONE_BYTES; i++)
		((__u8 *)dev->buf)[i] = i * 31 + (i >> 8) * 7 + 1;
	return 0;
}

static void zone_dev_close(struct zone_dev *dev)
{
	fd_close(&dev->fd);
	free(dev->buf);
}

#define ZONED \
	DRIVE_SMALL, { "size", "17039360" }, { "zone_size", "65536" }, { "zone_capacity", "49152" }, \
	{ "conventional_zones", "2" }

static const struct drive_attr lba_4096[] = { ZONED, {} };
static const struct drive_attr lba_512[] = { ZONED, { "block_size", "512" }, {} };
/* As lba_4096, but a medium that blocks has other locks, and batches. */
static const struct drive_attr on_file[] = { ZONED, { "backing_file", "/tmp/kst-zones" }, {} };

FIXTURE(zones) {
	struct drive d;
	struct zone_dev dev;
	__u8 *in;	/* two zones */
};

FIXTURE_VARIANT(zones) {
	const struct drive_attr *attr;
};

FIXTURE_VARIANT_ADD(zones, lba_4096) { .attr = lba_4096 };
FIXTURE_VARIANT_ADD(zones, lba_512) { .attr = lba_512 };
FIXTURE_VARIANT_ADD(zones, on_file) { .attr = on_file };

static void remove_files(void)
{
	unlink("/tmp/kst-zones");
	unlink("/tmp/kst-zones.kcsd");
}

static int make_file(void)
{
	int fd = open("/tmp/kst-zones", O_RDWR | O_CREAT, 0600);

	if (fd < 0)
		return -errno;
	return close(fd);
}

FIXTURE_SETUP(zones)
{
	drive_sweep();
	self->in = aligned_alloc(4096, 2 * ZONE_BYTES);
	ASSERT_NE(NULL, self->in);
	remove_files();
	ASSERT_EQ(0, make_file());
	ASSERT_EQ(0, zone_dev_create(&self->dev, &self->d, variant->attr));
}

FIXTURE_TEARDOWN(zones)
{
	zone_dev_close(&self->dev);
	EXPECT_EQ(0, drive_remove(&self->d));
	remove_files();
	free(self->in);
}

static __u64 queue_limit(const struct drive *d, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/block/kcsd%dn1/queue/%s", d->index, name);
	return file_number(path);
}

static bool is_zero(const void *buf, size_t len)
{
	const __u8 *p = buf;

	return !len || (!*p && !memcmp(p, p + 1, len - 1));
}

TEST_F(zones, geometry)
{
	struct zone_dev *dev = &self->dev;
	struct blk_zone z[ZONES + 1];
	char model[32], path[128];

	snprintf(path, sizeof(path), "/sys/block/kcsd%dn1/queue/zoned", self->d.index);
	ASSERT_LT(0, file_read(path, model, sizeof(model)));
	EXPECT_STREQ("host-managed", model);
	EXPECT_EQ(ZONES, queue_limit(&self->d, "nr_zones"));
	EXPECT_EQ(ZONE_BYTES / 512, queue_limit(&self->d, "chunk_sectors"));
	EXPECT_EQ(ZONE_BYTES, queue_limit(&self->d, "zone_append_max_bytes"));
	EXPECT_EQ(dev->lba, queue_limit(&self->d, "zone_write_granularity"));
	EXPECT_EQ(0, queue_limit(&self->d, "write_zeroes_max_bytes"));

	ASSERT_EQ(ZONES, block_report(dev, 0, z, ZONES + 1));
	for (__u32 i = 0; i < ZONES; i++) {
		bool conventional = i < CONVENTIONAL;

		EXPECT_EQ((__u64)i * ZONE_BYTES / 512, z[i].start);
		EXPECT_EQ(ZONE_BYTES / 512, z[i].len);
		EXPECT_EQ((conventional ? ZONE_BYTES : CAPACITY_BYTES) / 512, z[i].capacity);
		EXPECT_EQ(conventional ? BLK_ZONE_TYPE_CONVENTIONAL : BLK_ZONE_TYPE_SEQWRITE_REQ,
			  z[i].type);
		EXPECT_EQ(conventional ? BLK_ZONE_COND_NOT_WP : BLK_ZONE_COND_EMPTY, z[i].cond);
	}
	/* From within a zone on; none behind the last. */
	ASSERT_EQ(3, block_report(dev, z[5].start + 8, z, 3));
	EXPECT_EQ(5 * ZONE_BYTES / 512, z[0].start);
	EXPECT_EQ(1, block_report(dev, (ZONES - 1) * ZONE_BYTES / 512, z, 3));
	EXPECT_EQ(0, block_report(dev, ZONES * ZONE_BYTES / 512, z, 3));
}

TEST_F(zones, every_transition)
{
	EXPECT_EQ(0, zone_try_all(&self->dev));
}

TEST_F(zones, conventional_zones_have_no_states)
{
	struct zone_dev *dev = &self->dev;
	struct blk_zone z;

	for (int op = ZONE_OPEN; op <= ZONE_RESET; op++) {
		EXPECT_EQ(-EIO, zone_run(dev, op, 0, 0)) TH_LOG("%s", zone_op_names[op]);
	}
	EXPECT_EQ(-EINVAL, zone_wear_out(dev, "zone_readonly", 0));
	EXPECT_EQ(-EINVAL, zone_wear_out(dev, "zone_offline", 1));
	ASSERT_EQ(1, block_report(dev, 0, &z, 1));
	EXPECT_EQ(BLK_ZONE_COND_NOT_WP, z.cond);
}

TEST_F(zones, conventional_zones_are_written_anywhere)
{
	__u64 discarded[2] = { 0, CONVENTIONAL * ZONE_BYTES };
	__u64 beyond[2] = { 0, (CONVENTIONAL + 1) * ZONE_BYTES };
	struct zone_dev *dev = &self->dev;

	EXPECT_EQ(0, block_write(dev, 1, 3, dev->lba));
	EXPECT_EQ(0, block_write(dev, 0, 7, dev->lba));
	EXPECT_EQ(0, block_write(dev, 0, dev->zone_lbas - 1, 2 * dev->lba));
	EXPECT_EQ(0, block_write(dev, 1, 3, dev->lba));
	ASSERT_EQ(0, read_at(dev, 0, 0, self->in, 2 * dev->zone_lbas));
	EXPECT_TRUE(is_zero(self->in, 7 * dev->lba));
	EXPECT_EQ(0, memcmp(self->in + 7 * dev->lba, dev->buf, dev->lba));
	EXPECT_EQ(0, memcmp(self->in + ZONE_BYTES - dev->lba, dev->buf, 2 * dev->lba));
	EXPECT_EQ(0, memcmp(self->in + ZONE_BYTES + 3 * dev->lba, dev->buf, dev->lba));

	EXPECT_EQ(0, ioctl(dev->fd, BLKDISCARD, discarded));
	ASSERT_EQ(0, read_at(dev, 0, 0, self->in, 2 * dev->zone_lbas));
	EXPECT_TRUE(is_zero(self->in, 2 * ZONE_BYTES));
	/* Sequential ones are only reset; the kernel keeps to itself that it was refused. */
	EXPECT_EQ(0, block_write(dev, CONVENTIONAL, 0, dev->lba));
	EXPECT_EQ(0, ioctl(dev->fd, BLKDISCARD, beyond));
	ASSERT_EQ(0, read_at(dev, CONVENTIONAL, 0, self->in, 1));
	EXPECT_EQ(0, memcmp(self->in, dev->buf, dev->lba));
}

/* Below the pointer data, above it zeroes: also what was there before a reset. */
TEST_F(zones, reads_past_the_pointer)
{
	struct zone_dev *dev = &self->dev;
	__u32 z = CONVENTIONAL;

	EXPECT_EQ(0, block_write(dev, z, 0, CAPACITY_BYTES));
	EXPECT_EQ(0, block_write(dev, z + 1, 0, 3 * dev->lba));
	ASSERT_EQ(0, read_at(dev, z, 0, self->in, 2 * dev->zone_lbas));
	EXPECT_EQ(0, memcmp(self->in, dev->buf, CAPACITY_BYTES));
	EXPECT_TRUE(is_zero(self->in + CAPACITY_BYTES, ZONE_BYTES - CAPACITY_BYTES));
	EXPECT_EQ(0, memcmp(self->in + ZONE_BYTES, dev->buf, 3 * dev->lba));
	EXPECT_TRUE(is_zero(self->in + ZONE_BYTES + 3 * dev->lba, ZONE_BYTES - 3 * dev->lba));

	EXPECT_EQ(0, zone_run(dev, ZONE_RESET, z, 0));
	EXPECT_EQ(0, block_write(dev, z, 0, 2 * dev->lba));
	EXPECT_EQ(0, zone_run(dev, ZONE_FINISH, z, 0));
	EXPECT_EQ(0, zone_run(dev, ZONE_RESET, z + 1, 0));
	ASSERT_EQ(0, read_at(dev, z, 0, self->in, 2 * dev->zone_lbas));
	EXPECT_EQ(0, memcmp(self->in, dev->buf, 2 * dev->lba));
	EXPECT_TRUE(is_zero(self->in + 2 * dev->lba, 2 * ZONE_BYTES - 2 * dev->lba));
}

/* By the generic node, as the block layer would not let these pass. */
static int raw_write(const struct zone_dev *dev, __u32 zone, __u64 offset, __u32 nlb)
{
	struct nvme_uring_cmd c = cmd_rw(NVM_WRITE, zone * dev->zone_lbas + offset, nlb, dev->buf,
					 nlb * dev->lba);

	return cmd_io(dev->d->nvm, &c);
}

TEST_F(zones, writes_elsewhere_are_refused)
{
	struct zone_dev *dev = &self->dev;
	__u64 cap = dev->capacity;
	__u32 z = CONVENTIONAL;

	EXPECT_EQ(KCSD_SC_ZONE_INVALID_WRITE, raw_write(dev, z, 1, 1));
	EXPECT_TRUE(zone_looks(dev, z, 'E', 0));
	EXPECT_EQ(0, raw_write(dev, z, 0, 2));
	EXPECT_EQ(KCSD_SC_ZONE_INVALID_WRITE, raw_write(dev, z, 1, 1));
	EXPECT_EQ(KCSD_SC_ZONE_INVALID_WRITE, raw_write(dev, z, 3, 1));
	EXPECT_EQ(KCSD_SC_ZONE_BOUNDARY, raw_write(dev, z, cap, 1));
	EXPECT_EQ(KCSD_SC_ZONE_BOUNDARY, raw_write(dev, z, cap - 1, 2));
	EXPECT_EQ(KCSD_SC_ZONE_BOUNDARY, raw_write(dev, z, dev->zone_lbas - 1, 1));
	EXPECT_EQ(KCSD_SC_ZONE_BOUNDARY, raw_write(dev, CONVENTIONAL - 1, dev->zone_lbas - 1, 2));
	EXPECT_TRUE(zone_looks(dev, z, 'I', 2));
	EXPECT_EQ(0, raw_write(dev, z, 2, cap - 2));
	EXPECT_TRUE(zone_looks(dev, z, 'F', 0));
	EXPECT_EQ(KCSD_SC_ZONE_FULL, raw_write(dev, z, 0, 1));
	EXPECT_EQ(KCSD_SC_ZONE_FULL, raw_write(dev, z, cap, 1));

	EXPECT_EQ(-EIO, block_write(dev, z, 0, dev->lba));
	EXPECT_EQ(-EIO, block_write(dev, z + 1, 1, dev->lba));
	EXPECT_TRUE(zone_looks(dev, z + 1, 'E', 0));
}

/* Also those at the ends of what is done at once. */
TEST_F(zones, all_are_reset)
{
	struct zone_dev *dev = &self->dev;

	for (__u32 z = CONVENTIONAL; z < ZONES; z++)
		ASSERT_EQ(0, block_write(dev, z, 0, dev->lba));
	ASSERT_EQ(0, zone_run(dev, ZONE_RESET_ALL, 0, 0));
	for (__u32 z = CONVENTIONAL; z < ZONES; z++)
		EXPECT_TRUE(zone_looks(dev, z, 'E', 0));
}

TEST_F(zones, worn_out)
{
	struct zone_dev *dev = &self->dev;
	char list[64];

	EXPECT_EQ(0, drive_get(self->d.name, "zone_readonly", list, sizeof(list)));
	for (__u32 z = 3; z <= 8; z++)
		EXPECT_EQ(0, block_write(dev, z, 0, 2 * dev->lba));
	EXPECT_EQ(0, zone_wear_out(dev, "zone_readonly", 6));
	EXPECT_EQ(0, zone_wear_out(dev, "zone_readonly", 3));
	EXPECT_EQ(0, zone_wear_out(dev, "zone_readonly", 5));
	EXPECT_LT(0, drive_get(self->d.name, "zone_readonly", list, sizeof(list)));
	EXPECT_STREQ("3,5-6", list);
	EXPECT_EQ(0, zone_wear_out(dev, "zone_readonly", 7));
	EXPECT_EQ(0, zone_wear_out(dev, "zone_readonly", 3));
	EXPECT_LT(0, drive_get(self->d.name, "zone_readonly", list, sizeof(list)));
	EXPECT_STREQ("3,5-7", list);
	EXPECT_EQ(0, zone_wear_out(dev, "zone_offline", 6));
	EXPECT_EQ(0, zone_wear_out(dev, "zone_offline", ZONES - 1));
	EXPECT_LT(0, drive_get(self->d.name, "zone_readonly", list, sizeof(list)));
	EXPECT_STREQ("3,5,7", list);
	EXPECT_LT(0, drive_get(self->d.name, "zone_offline", list, sizeof(list)));
	EXPECT_STREQ("6,259", list);
	EXPECT_EQ(-EINVAL, zone_wear_out(dev, "zone_readonly", 6));
	EXPECT_EQ(-EINVAL, zone_wear_out(dev, "zone_readonly", ZONES));
	EXPECT_EQ(-EINVAL, drive_set(self->d.name, "zone_offline", "-1"));
	EXPECT_EQ(-EINVAL, drive_set(self->d.name, "zone_offline", "4x"));
	EXPECT_EQ(-EINVAL, drive_set(self->d.name, "zone_offline", ""));

	/* What a read-only zone has can be read, what an offline one has cannot. */
	ASSERT_EQ(0, read_at(dev, 5, 0, self->in, dev->zone_lbas));
	EXPECT_EQ(0, memcmp(self->in, dev->buf, 2 * dev->lba));
	EXPECT_TRUE(is_zero(self->in + 2 * dev->lba, ZONE_BYTES - 2 * dev->lba));
	EXPECT_EQ(-EIO, read_at(dev, 6, 0, self->in, 1));
	EXPECT_EQ(-EIO, read_at(dev, 6, 4, self->in, 1));
	EXPECT_EQ(-EIO, read_at(dev, 5, dev->zone_lbas - 1, self->in, 2));
	EXPECT_EQ(KCSD_SC_ZONE_READ_ONLY, raw_write(dev, 5, 2, 1));
	EXPECT_EQ(KCSD_SC_ZONE_OFFLINE, raw_write(dev, 6, 2, 1));
	EXPECT_EQ(KCSD_SC_ZONE_READ_ONLY, raw_write(dev, 5, dev->capacity, 1));
}

/* What reset drops, the file no longer holds; what it keeps is the image's, byte for byte. */
TEST_F(zones, a_file_is_a_plain_image)
{
	struct zone_dev *dev = &self->dev;
	struct stat before, after;
	int fd;

	if (variant->attr != on_file)
		SKIP(return, "not a file");
	fd = open("/tmp/kst-zones", O_RDONLY);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, block_write(dev, 4, 0, CAPACITY_BYTES));
	EXPECT_EQ(0, block_write(dev, 5, 0, 2 * dev->lba));
	EXPECT_EQ(0, fsync(dev->fd));
	EXPECT_EQ(2 * dev->lba, pread(fd, self->in, 2 * dev->lba, 5 * ZONE_BYTES));
	EXPECT_EQ(0, memcmp(self->in, dev->buf, 2 * dev->lba));
	EXPECT_EQ(0, fstat(fd, &before));
	EXPECT_EQ(0, zone_run(dev, ZONE_RESET, 4, 0));
	EXPECT_EQ(0, fstat(fd, &after));
	EXPECT_EQ(before.st_blocks - CAPACITY_BYTES / 512, after.st_blocks);
	EXPECT_EQ(CAPACITY_BYTES, pread(fd, self->in, CAPACITY_BYTES, 4 * ZONE_BYTES));
	EXPECT_TRUE(is_zero(self->in, CAPACITY_BYTES));
	EXPECT_EQ(2 * dev->lba, pread(fd, self->in, 2 * dev->lba, 5 * ZONE_BYTES));
	EXPECT_EQ(0, memcmp(self->in, dev->buf, 2 * dev->lba));
	close(fd);
}

TEST_F(zones, zone_commands_are_counted)
{
	char path[128];
	__u64 before;

	snprintf(path, sizeof(path), KST_CLASS "/kcsd%d/ns1/zone_commands", self->d.index);
	before = file_number(path);
	EXPECT_EQ(0, zone_run(&self->dev, ZONE_OPEN, 9, 0));
	EXPECT_EQ(0, zone_run(&self->dev, ZONE_RESET, 9, 0));
	EXPECT_EQ(-EIO, zone_run(&self->dev, ZONE_CLOSE, 9, 0));
	EXPECT_EQ(before + 2, file_number(path));
}

/* ---- limits ---- */

#define MAX_LIMIT	4

FIXTURE(limits) {
	struct drive d;
	struct zone_dev dev;
};

FIXTURE_VARIANT(limits) {
	const char *backing_file;
};

FIXTURE_VARIANT_ADD(limits, memory) { .backing_file = "" };
FIXTURE_VARIANT_ADD(limits, file) { .backing_file = "/tmp/kst-zones" };

FIXTURE_SETUP(limits)
{
	drive_sweep();
	remove_files();
	ASSERT_EQ(0, make_file());
	self->d = (struct drive)DRIVE_INIT;
	self->dev = (struct zone_dev){ .fd = -1 };
}

FIXTURE_TEARDOWN(limits)
{
	zone_dev_close(&self->dev);
	EXPECT_EQ(0, drive_remove(&self->d));
	remove_files();
}

/* A new drive with these limits instead of the one there was. */
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
	remove_files();
	make_file();
	return zone_dev_create(dev, d, attr);
}

TEST_F(limits, open_zones)
{
	for (int n = 1; n <= MAX_LIMIT; n++) {
		ASSERT_EQ(0, limited(&self->dev, &self->d, variant->backing_file, n, 0));
		EXPECT_EQ(n, queue_limit(&self->d, "max_open_zones"));
		EXPECT_TRUE(zone_closes_the_oldest(&self->dev, n)) TH_LOG("%d", n);
		EXPECT_EQ(0, zone_run(&self->dev, ZONE_RESET_ALL, 0, 0));
		EXPECT_TRUE(zone_keeps_explicit(&self->dev, n)) TH_LOG("%d", n);
	}
}

TEST_F(limits, active_zones)
{
	for (int n = 1; n <= MAX_LIMIT; n++) {
		ASSERT_EQ(0, limited(&self->dev, &self->d, variant->backing_file, 0, n));
		EXPECT_EQ(n, queue_limit(&self->d, "max_active_zones"));
		EXPECT_TRUE(zone_counts_active(&self->dev, n)) TH_LOG("%d", n);
	}
}

/* Closing for another's sake leaves a zone active. */
TEST_F(limits, open_and_active_zones)
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

/* LBA by LBA to the capacity, each with its own number in it. */
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

	if (read_at(dev, zone, 0, buf, dev->capacity))
		return false;
	for (__u64 i = 0; i < dev->capacity; i++)
		for (__u32 j = 0; j < dev->lba / 8; j++)
			if (*p++ != first + i * dev->lba + j)
				return false;
	return true;
}

#define WRITERS	8

/* All zones want to be the one that is open, and steal that from each other while data moves. */
TEST_F(limits, many_writers_one_open_zone)
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

/* ---- configuration ---- */

FIXTURE(config) {
	struct drive d;
};

FIXTURE_SETUP(config)
{
	drive_sweep();
	self->d = (struct drive)DRIVE_INIT;
}

FIXTURE_TEARDOWN(config)
{
	EXPECT_EQ(0, drive_remove(&self->d));
}

/* The one line that power on fails with, into line. */
static int power_fails(struct drive *d, char *line, size_t len)
{
	int kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK), ret;
	ssize_t n;

	if (kmsg < 0 || lseek(kmsg, 0, SEEK_END) < 0)
		return 1;
	ret = drive_power(d, true);
	*line = 0;
	while ((n = read(kmsg, line, len - 1)) > 0) {
		line[n] = 0;
		if (strstr(line, ";kcsd"))
			break;
	}
	close(kmsg);
	return ret;
}

TEST_F(config, options_that_do_not_fit)
{
	static const struct {
		struct drive_attr attr[4];
		const char *says;
	} bad[] = {
		{ { { "zone_size", "2048" }, { "zone_capacity", "0" } },
		  "zone_size is less than block_size" },
		{ { { "zone_size", "32M" } }, "size is less than zone_size" },
		{ { { "zone_size", "1M" }, { "zone_capacity", "1028K" } },
		  "zone_capacity is more than zone_size" },
		{ { { "zone_size", "1M" }, { "zone_capacity", "513K" } },
		  "zone_capacity is not a multiple of block_size" },
		{ { { "zone_size", "1M" }, { "conventional_zones", "16" } },
		  "conventional_zones leaves no sequential zone" },
		{ { { "zone_size", "1M" }, { "max_open_zones", "3" }, { "max_active_zones", "2" } },
		  "max_open_zones is more than max_active_zones" },
		{ { { "zone_capacity", "1M" } }, "options for zones, but no zone_size" },
		{ { { "conventional_zones", "1" } }, "options for zones, but no zone_size" },
		{ { { "max_open_zones", "1" } }, "options for zones, but no zone_size" },
		{ { { "max_active_zones", "1" } }, "options for zones, but no zone_size" },
	};
	static const struct drive_attr small[] = { DRIVE_SMALL, {} };
	char line[1024];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		ASSERT_EQ(0, drive_prepare(&self->d, "zones", small));
		for (const struct drive_attr *a = bad[i].attr; a->name; a++)
			ASSERT_EQ(0, drive_set(self->d.name, a->name, a->value));
		EXPECT_EQ(-EINVAL, power_fails(&self->d, line, sizeof(line)));
		EXPECT_NE(NULL, strstr(line, bad[i].says)) TH_LOG("%s, not: %s", line, bad[i].says);
		ASSERT_EQ(0, drive_remove(&self->d));
		self->d = (struct drive)DRIVE_INIT;
	}
}

TEST_F(config, size_is_whole_zones)
{
	static const struct drive_attr odd[] = {
		DRIVE_SMALL, { "size", "3211264" }, { "zone_size", "1M" },
		{ "conventional_zones", "2" }, {}
	};
	struct zone_dev dev;

	ASSERT_EQ(0, zone_dev_create(&dev, &self->d, odd));
	EXPECT_EQ(3 << 20, drive_get_number(self->d.name, "size"));
	EXPECT_EQ(3, queue_limit(&self->d, "nr_zones"));
	zone_dev_close(&dev);
}

/* Limits that cannot be met say nothing. */
TEST_F(config, limits_above_the_number_of_zones)
{
	static const struct drive_attr wide[] = {
		ZONED, { "max_open_zones", "1000" }, { "max_active_zones", "1000" }, {}
	};
	struct zone_dev dev;

	ASSERT_EQ(0, zone_dev_create(&dev, &self->d, wide));
	for (__u32 z = CONVENTIONAL; z < ZONES; z++) {
		ASSERT_EQ(0, zone_run(&dev, ZONE_OPEN, z, 0)) TH_LOG("zone %u", z);
	}
	zone_dev_close(&dev);
}

TEST_F(config, worn_out_zones_need_a_drive_with_zones)
{
	static const struct drive_attr small[] = { DRIVE_SMALL, {} };

	ASSERT_EQ(0, drive_prepare(&self->d, "zones", small));
	EXPECT_EQ(-ENODEV, drive_set(self->d.name, "zone_readonly", "0"));
	ASSERT_EQ(0, drive_power(&self->d, true));
	EXPECT_EQ(-EINVAL, drive_set(self->d.name, "zone_readonly", "0"));
	EXPECT_EQ(-EINVAL, drive_set(self->d.name, "zone_offline", "0"));
}

DRIVE_TEST_MAIN
