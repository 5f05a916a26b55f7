// SPDX-License-Identifier: GPL-2.0
/* A host-managed zoned drive by its block node: geometry, states, data, and refused requests. */
#include "harness.h"
#include "block_zones.h"
#include "nvm.h"
#include "zone_checks.h"

static const struct drive_attr lba_4096[] = { ZONED, {} };
static const struct drive_attr lba_512[] = { ZONED, { "block_size", "512" }, {} };
/* Like lba_4096, but I/O to a file can block: the driver then takes other locks, and batches. */
static const struct drive_attr on_file[] = { ZONED, { "backing_file", ZONES_FILE }, {} };

FIXTURE(block_zones) {
	struct drive d;
	struct zone_dev dev;
	__u8 *in;	/* two zones long */
};

FIXTURE_VARIANT(block_zones) {
	const struct drive_attr *attr;
};

FIXTURE_VARIANT_ADD(block_zones, lba_4096) { .attr = lba_4096 };
FIXTURE_VARIANT_ADD(block_zones, lba_512) { .attr = lba_512 };
FIXTURE_VARIANT_ADD(block_zones, on_file) { .attr = on_file };

FIXTURE_SETUP(block_zones)
{
	drive_sweep();
	self->in = aligned_alloc(4096, 2 * ZONE_BYTES);
	ASSERT_NE(NULL, self->in);
	zones_file_remove();
	ASSERT_EQ(0, zones_file_make());
	ASSERT_EQ(0, zone_dev_create(&self->dev, &self->d, variant->attr));
}

FIXTURE_TEARDOWN(block_zones)
{
	zone_dev_close(&self->dev);
	EXPECT_EQ(0, drive_remove(&self->d));
	zones_file_remove();
	free(self->in);
}

static bool is_zero(const void *buf, size_t len)
{
	const __u8 *p = buf;

	return !len || (!*p && !memcmp(p, p + 1, len - 1));
}

TEST_F(block_zones, geometry)
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
	/*
	 * A report starts with the zone that holds the sector, and has no zones behind the last
	 * one.
	 */
	ASSERT_EQ(3, block_report(dev, z[5].start + 8, z, 3));
	EXPECT_EQ(5 * ZONE_BYTES / 512, z[0].start);
	EXPECT_EQ(1, block_report(dev, (ZONES - 1) * ZONE_BYTES / 512, z, 3));
	EXPECT_EQ(0, block_report(dev, ZONES * ZONE_BYTES / 512, z, 3));
}

TEST_F(block_zones, every_transition)
{
	EXPECT_EQ(0, zone_try_all(&self->dev));
}

TEST_F(block_zones, conventional_zones_have_no_states)
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

TEST_F(block_zones, write_conventional_zones_anywhere)
{
	__u64 discarded[2] = { 0, CONVENTIONAL * ZONE_BYTES };
	__u64 beyond[2] = { 0, (CONVENTIONAL + 1) * ZONE_BYTES };
	struct zone_dev *dev = &self->dev;

	EXPECT_EQ(0, block_write(dev, 1, 3, dev->lba));
	EXPECT_EQ(0, block_write(dev, 0, 7, dev->lba));
	EXPECT_EQ(0, block_write(dev, 0, dev->zone_lbas - 1, 2 * dev->lba));
	EXPECT_EQ(0, block_write(dev, 1, 3, dev->lba));
	ASSERT_EQ(0, block_read(dev, 0, 0, self->in, 2 * dev->zone_lbas));
	EXPECT_TRUE(is_zero(self->in, 7 * dev->lba));
	EXPECT_EQ(0, memcmp(self->in + 7 * dev->lba, dev->buf, dev->lba));
	EXPECT_EQ(0, memcmp(self->in + ZONE_BYTES - dev->lba, dev->buf, 2 * dev->lba));
	EXPECT_EQ(0, memcmp(self->in + ZONE_BYTES + 3 * dev->lba, dev->buf, dev->lba));

	EXPECT_EQ(0, ioctl(dev->fd, BLKDISCARD, discarded));
	ASSERT_EQ(0, block_read(dev, 0, 0, self->in, 2 * dev->zone_lbas));
	EXPECT_TRUE(is_zero(self->in, 2 * ZONE_BYTES));
	/*
	 * A discard has no effect in a sequential zone, which can only be reset. The driver refuses
	 * it, but the kernel does not report that.
	 */
	EXPECT_EQ(0, block_write(dev, CONVENTIONAL, 0, dev->lba));
	EXPECT_EQ(0, ioctl(dev->fd, BLKDISCARD, beyond));
	ASSERT_EQ(0, block_read(dev, CONVENTIONAL, 0, self->in, 1));
	EXPECT_EQ(0, memcmp(self->in, dev->buf, dev->lba));
}

/*
 * Reads return data below the write pointer and zeroes above it, also where data was before a
 * reset.
 */
TEST_F(block_zones, reads_past_the_pointer)
{
	struct zone_dev *dev = &self->dev;
	__u32 z = CONVENTIONAL;

	EXPECT_EQ(0, block_write(dev, z, 0, CAPACITY_BYTES));
	EXPECT_EQ(0, block_write(dev, z + 1, 0, 3 * dev->lba));
	ASSERT_EQ(0, block_read(dev, z, 0, self->in, 2 * dev->zone_lbas));
	EXPECT_EQ(0, memcmp(self->in, dev->buf, CAPACITY_BYTES));
	EXPECT_TRUE(is_zero(self->in + CAPACITY_BYTES, ZONE_BYTES - CAPACITY_BYTES));
	EXPECT_EQ(0, memcmp(self->in + ZONE_BYTES, dev->buf, 3 * dev->lba));
	EXPECT_TRUE(is_zero(self->in + ZONE_BYTES + 3 * dev->lba, ZONE_BYTES - 3 * dev->lba));

	EXPECT_EQ(0, zone_run(dev, ZONE_RESET, z, 0));
	EXPECT_EQ(0, block_write(dev, z, 0, 2 * dev->lba));
	EXPECT_EQ(0, zone_run(dev, ZONE_FINISH, z, 0));
	EXPECT_EQ(0, zone_run(dev, ZONE_RESET, z + 1, 0));
	ASSERT_EQ(0, block_read(dev, z, 0, self->in, 2 * dev->zone_lbas));
	EXPECT_EQ(0, memcmp(self->in, dev->buf, 2 * dev->lba));
	EXPECT_TRUE(is_zero(self->in + 2 * dev->lba, 2 * ZONE_BYTES - 2 * dev->lba));
}

/* Write by the generic node: the block layer would refuse these writes itself. */
static int raw_write(const struct zone_dev *dev, __u32 zone, __u64 offset, __u32 nlb)
{
	struct nvme_uring_cmd c = cmd_rw(NVM_WRITE, zone * dev->zone_lbas + offset, nlb, dev->buf,
					 nlb * dev->lba);

	return cmd_io(dev->d->nvm, &c);
}

TEST_F(block_zones, writes_off_the_pointer_are_refused)
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

/* The driver resets in batches: zones at the ends of a batch must be reset too. */
TEST_F(block_zones, reset_all)
{
	struct zone_dev *dev = &self->dev;

	for (__u32 z = CONVENTIONAL; z < ZONES; z++)
		ASSERT_EQ(0, block_write(dev, z, 0, dev->lba));
	ASSERT_EQ(0, zone_run(dev, ZONE_RESET_ALL, 0, 0));
	for (__u32 z = CONVENTIONAL; z < ZONES; z++)
		EXPECT_TRUE(zone_looks(dev, z, 'E', 0));
}

TEST_F(block_zones, worn_out_zones)
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

	/* Data of a read-only zone can be read, data of an offline zone cannot. */
	ASSERT_EQ(0, block_read(dev, 5, 0, self->in, dev->zone_lbas));
	EXPECT_EQ(0, memcmp(self->in, dev->buf, 2 * dev->lba));
	EXPECT_TRUE(is_zero(self->in + 2 * dev->lba, ZONE_BYTES - 2 * dev->lba));
	EXPECT_EQ(-EIO, block_read(dev, 6, 0, self->in, 1));
	EXPECT_EQ(-EIO, block_read(dev, 6, 4, self->in, 1));
	EXPECT_EQ(-EIO, block_read(dev, 5, dev->zone_lbas - 1, self->in, 2));
	EXPECT_EQ(KCSD_SC_ZONE_READ_ONLY, raw_write(dev, 5, 2, 1));
	EXPECT_EQ(KCSD_SC_ZONE_OFFLINE, raw_write(dev, 6, 2, 1));
	EXPECT_EQ(KCSD_SC_ZONE_READ_ONLY, raw_write(dev, 5, dev->capacity, 1));
}

/* A reset removes data from the file; the file holds all other data at its offset in the image. */
TEST_F(block_zones, file_is_a_plain_image)
{
	struct zone_dev *dev = &self->dev;
	struct stat before, after;
	int fd;

	if (variant->attr != on_file)
		SKIP(return, "the drive has no file");
	fd = open(ZONES_FILE, O_RDONLY);
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

TEST_F(block_zones, zone_commands_are_counted)
{
	__u64 before = drive_number(&self->d, "ns1/zone_commands");

	EXPECT_EQ(0, zone_run(&self->dev, ZONE_OPEN, 9, 0));
	EXPECT_EQ(0, zone_run(&self->dev, ZONE_RESET, 9, 0));
	EXPECT_EQ(-EIO, zone_run(&self->dev, ZONE_CLOSE, 9, 0));
	EXPECT_EQ(before + 2, drive_number(&self->d, "ns1/zone_commands"));
}

DRIVE_TEST_MAIN
