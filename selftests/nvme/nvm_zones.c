// SPDX-License-Identifier: GPL-2.0
/* NVM commands that change LBAs, in zones. */
#include "harness.h"
#include "nvm.h"
#include "zns.h"

#define FILE_BYTES	(96u << 20)

FIXTURE(nvm_zones) {
	struct drive d;
	char file[64];
	__u8 *buf;
	__u8 *zeroes;
};

FIXTURE_VARIANT(nvm_zones) { bool file; };
FIXTURE_VARIANT_ADD(nvm_zones, memory) { .file = false };
FIXTURE_VARIANT_ADD(nvm_zones, file) { .file = true };

FIXTURE_SETUP(nvm_zones)
{
	const struct drive_attr memory[] = { ZNS_DRIVE, {} };
	const struct drive_attr file[] = { ZNS_DRIVE, { "backing_file", self->file }, {} };

	drive_sweep();
	self->d = (struct drive)DRIVE_INIT;
	strcpy(self->file, "/tmp/kst-nvm-XXXXXX");
	if (variant->file)
		ASSERT_EQ(0, file_make(self->file, FILE_BYTES));
	self->buf = aligned_alloc(4096, KST_MIB);
	self->zeroes = calloc(1, KST_MIB);
	ASSERT_TRUE(self->buf && self->zeroes);
	ASSERT_EQ(0, drive_create(&self->d, "nvm", variant->file ? file : memory));
}

FIXTURE_TEARDOWN(nvm_zones)
{
	EXPECT_EQ(0, drive_remove(&self->d));
	if (variant->file)
		file_remove(self->file);
	free(self->buf);
	free(self->zeroes);
}

static __u64 pointer(int fd, __u32 zone)
{
	__u64 wp = 0;

	return zns_cond(fd, zone, &wp) < 0 ? ~0ULL : wp - zns_start(zone);
}

/* All three commands follow the rules of Write: at the write pointer, within the capacity. */
TEST_F(nvm_zones, write_rules_of_zones)
{
	struct kcsd_nvm_copy_lba d = nvm_source(0, 5);
	struct nvme_uring_cmd tries[] = {
		nvm_lbas(NVM_WRITE_ZEROES, 0, 5), nvm_lbas(NVM_WRITE_UNCOR, 0, 5),
		nvm_copy(0, &d, 1),
	};
	int fd = self->d.nvm;

	nvm_pattern(self->buf, 0, 16, ZNS_LBA, 7);
	ASSERT_EQ(0, zns_write(fd, 0, 16, self->buf));
	for (size_t i = 0; i < ARRAY_SIZE(tries); i++) {
		struct nvme_uring_cmd c = tries[i];
		__u32 zone = 2 + i;

		c.cdw10 = zns_start(zone) + 1;
		EXPECT_EQ(KCSD_SC_ZONE_INVALID_WRITE, cmd_io(fd, &c)) TH_LOG("%zu", i);
		c.cdw10 = zns_start(zone);
		EXPECT_EQ(0, cmd_io(fd, &c));
		EXPECT_EQ(5, pointer(fd, zone));
		EXPECT_EQ(KCSD_ZONE_COND_IMP_OPEN, zns_cond(fd, zone, NULL));
		EXPECT_EQ(KCSD_SC_ZONE_INVALID_WRITE, cmd_io(fd, &c));
		/* Write up to the capacity, then beyond it. */
		EXPECT_EQ(0, nvm_on(fd, NVM_WRITE_ZEROES, zns_start(zone) + 5, ZNS_CAP - 5 - 4));
		c.cdw10 = zns_start(zone) + ZNS_CAP - 4;
		EXPECT_EQ(KCSD_SC_ZONE_BOUNDARY, cmd_io(fd, &c));
		EXPECT_EQ(ZNS_CAP - 4, pointer(fd, zone));
		EXPECT_EQ(0, nvm_on(fd, NVM_WRITE_ZEROES, zns_start(zone) + ZNS_CAP - 4, 4));
		EXPECT_EQ(KCSD_ZONE_COND_FULL, zns_cond(fd, zone, NULL));
		EXPECT_EQ(KCSD_SC_ZONE_FULL, cmd_io(fd, &c));
		c.cdw10 = zns_start(1) - 2;	/* across the end of a conventional zone */
		EXPECT_EQ(KCSD_SC_ZONE_BOUNDARY, cmd_io(fd, &c));
	}
	EXPECT_EQ(0, zns_read(fd, zns_start(2), 5, self->zeroes + ZNS_LBA));
	EXPECT_EQ(KCSD_SC_READ_ERROR, zns_read(fd, zns_start(3) + 4, 1, self->zeroes));
	EXPECT_EQ(0, zns_read(fd, zns_start(4), 5, self->zeroes));
	EXPECT_EQ(0, memcmp(self->zeroes, self->buf, 5 * ZNS_LBA));
	ASSERT_EQ(0, zns_wear_out(&self->d, "zone_readonly", 9));
	EXPECT_EQ(KCSD_SC_ZONE_READ_ONLY, nvm_on(fd, NVM_WRITE_ZEROES, zns_start(9), 1));
	EXPECT_EQ(KCSD_SC_ZONE_READ_ONLY, nvm_on(fd, NVM_WRITE_UNCOR, zns_start(9), 1));
}

TEST_F(nvm_zones, reset_clears_uncorrectable_lbas)
{
	int fd = self->d.nvm;

	ASSERT_EQ(0, nvm_on(fd, NVM_WRITE_UNCOR, zns_start(5), 3));
	ASSERT_EQ(0, nvm_on(fd, NVM_WRITE_UNCOR, zns_start(6), 3));
	ASSERT_EQ(0, nvm_on(fd, NVM_WRITE_UNCOR, 3, 1));
	ASSERT_EQ(0, zns_send(fd, ZNS_RESET, 5));
	EXPECT_EQ(0, zns_read(fd, zns_start(5), 3, self->buf));
	EXPECT_EQ(KCSD_SC_READ_ERROR, zns_read(fd, zns_start(6), 1, self->buf));
	ASSERT_EQ(0, nvm_on(fd, NVM_WRITE_UNCOR, zns_start(7), 3));
	ASSERT_EQ(0, zns_wear_out(&self->d, "zone_readonly", 7));
	ASSERT_EQ(0, zns_send_all(fd, ZNS_RESET));
	EXPECT_EQ(KCSD_SC_READ_ERROR, zns_read(fd, zns_start(7), 1, self->buf));
	EXPECT_EQ(0, zns_read(fd, zns_start(6), 3, self->buf));
	EXPECT_EQ(KCSD_SC_READ_ERROR, zns_read(fd, 3, 1, self->buf));
}

/* A power cut may move the write pointer back; above it, no LBA may be uncorrectable. */
TEST_F(nvm_zones, power_cut_after_write_uncorrectable)
{
	char seed[16];
	__u64 wp;

	if (!variant->file)
		return;
	for (int i = 1; i <= 5; i++) {
		ASSERT_EQ(0, zns_send(self->d.nvm, ZNS_RESET, 5));
		ASSERT_EQ(0, nvm_on(self->d.nvm, NVM_WRITE_UNCOR, zns_start(5), ZNS_CAP - 1));
		sprintf(seed, "%d", i);
		ASSERT_EQ(0, drive_set(self->d.name, "power_cut", seed));
		drive_close(&self->d);
		ASSERT_EQ(0, drive_power(&self->d, true));
		ASSERT_EQ(0, drive_open(&self->d, O_RDWR));
		wp = pointer(self->d.nvm, 5);
		ASSERT_GT(ZNS_CAP, wp);
		if (wp)
			EXPECT_EQ(KCSD_SC_READ_ERROR,
				  zns_read(self->d.nvm, zns_start(5) + wp - 1, 1, self->buf));
		EXPECT_EQ(0, zns_read(self->d.nvm, zns_start(5) + wp, ZNS_CAP - wp, self->buf));
	}
}

/* Deallocate is only a hint, and has no effect in a sequential zone. */
TEST_F(nvm_zones, deallocate)
{
	struct dsm_range r = { .nlb = htole32(ZNS_NSZE) };
	struct nvme_uring_cmd c = nvm_dsm(&r, 1, DSM_AD);
	int fd = self->d.nvm;

	nvm_pattern(self->buf, 0, 16, ZNS_LBA, 7);
	ASSERT_EQ(0, zns_write(fd, zns_start(1) - 16, 16, self->buf));
	ASSERT_EQ(0, zns_write(fd, zns_start(1), 16, self->buf));
	EXPECT_EQ(0, cmd_io(fd, &c));
	EXPECT_EQ(16, pointer(fd, 1));
	memset(self->zeroes, 0xa5, 32 * ZNS_LBA);
	ASSERT_EQ(0, zns_read(fd, zns_start(1) - 16, 32, self->zeroes));
	EXPECT_EQ(0, memcmp(self->zeroes + 16 * ZNS_LBA, self->buf, 16 * ZNS_LBA));
	memset(self->buf, 0, 16 * ZNS_LBA);
	EXPECT_EQ(0, memcmp(self->zeroes, self->buf, 16 * ZNS_LBA));
}

DRIVE_TEST_MAIN
