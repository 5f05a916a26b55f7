// SPDX-License-Identifier: GPL-2.0
/* Write Uncorrectable: which commands fail then, and until when. */
#include "nvm_drive.h"

/* True if all kinds of read fail at this LBA. */
static bool is_uncorrectable(const struct drive *d, __u64 slba, __u32 lba, __u8 *buf)
{
	struct nvme_uring_cmd compare = cmd_rw(NVM_COMPARE, slba, 1, buf, lba);
	struct kcsd_nvm_copy_lba from = nvm_source(slba, 1);
	struct nvme_uring_cmd copy = nvm_copy(slba + 1000, &from, 1);
	int block = drive_open_block(d, O_RDONLY | O_DIRECT), error;

	error = pread(block, buf, lba, slba * lba) < 0 ? errno : 0;
	close(block);
	return error == ENODATA && nvm_read(d->nvm, slba, 1, lba, buf) == KCSD_SC_READ_ERROR &&
	       cmd_io(d->nvm, &compare) == KCSD_SC_READ_ERROR &&
	       cmd_io(d->nvm, &copy) == KCSD_SC_READ_ERROR &&
	       nvm_on(d->nvm, NVM_VERIFY, slba, 1) == KCSD_SC_READ_ERROR;
}

TEST_F(nvm_commands, write_uncorrectable)
{
	struct dsm_range r = { .nlb = htole32(1), .slba = htole64(14) };
	struct nvme_uring_cmd dsm = nvm_dsm(&r, 1, DSM_AD);
	struct kcsd_nvm_copy_lba from = nvm_source(0, 1);
	struct nvme_uring_cmd copy = nvm_copy(15, &from, 1);
	char text[4096];

	ASSERT_EQ(0, nvm_on(self->d.nvm, NVM_WRITE_UNCOR, 12, 6));
	EXPECT_EQ(1, drive_number(&self->d, "ns1/write_uncor_commands"));
	for (int i = 12; i < 18; i++) {
		EXPECT_TRUE(is_uncorrectable(&self->d, i, self->lba, self->buf)) TH_LOG("%d", i);
	}
	EXPECT_EQ(0, nvm_read(self->d.nvm, 0, 12, self->lba, self->buf));
	EXPECT_EQ(0, nvm_read(self->d.nvm, 18, 10, self->lba, self->buf));
	EXPECT_LT(0, drive_get(self->d.name, "badblocks", text, sizeof(text)));
	/* Each kind of write makes its LBAs readable again. */
	EXPECT_EQ(0, nvm_write(self->d.nvm, 12, 1, self->lba, self->model + 12 * self->lba));
	EXPECT_EQ(0, nvm_on(self->d.nvm, NVM_WRITE_ZEROES, 13, 1));
	EXPECT_EQ(0, cmd_io(self->d.nvm, &dsm));
	EXPECT_EQ(0, cmd_io(self->d.nvm, &copy));
	memset(self->model + 13 * self->lba, 0, 2 * self->lba);
	memcpy(self->model + 15 * self->lba, self->model, self->lba);
	EXPECT_EQ(0, nvm_read(self->d.nvm, 0, 16, self->lba, self->buf));
	EXPECT_EQ(0, memcmp(self->buf, self->model, 16 * self->lba));
	EXPECT_TRUE(is_uncorrectable(&self->d, 16, self->lba, self->buf));
	EXPECT_EQ(0, nvm_write(self->d.nvm, 16, 2, self->lba, self->model + 16 * self->lba));
	EXPECT_MODEL();
	EXPECT_EQ(0, drive_get(self->d.name, "badblocks", text, sizeof(text)));
}

TEST_F(nvm_commands, uncorrectable_after_power_off_and_by_configfs)
{
	ASSERT_EQ(0, nvm_on(self->d.nvm, NVM_WRITE_UNCOR, 8, 1));
	drive_close(&self->d);
	ASSERT_EQ(0, drive_power(&self->d, false));
	ASSERT_EQ(0, drive_power(&self->d, true));
	ASSERT_EQ(0, drive_open(&self->d, O_RDWR));
	EXPECT_TRUE(is_uncorrectable(&self->d, 8, self->lba, self->buf));
	EXPECT_EQ(0, drive_set(self->d.name, "badblocks", "-0-1000"));
	EXPECT_EQ(0, nvm_read(self->d.nvm, 8, 1, self->lba, self->buf));
	/* A bad block fails writes, whether it is uncorrectable too or not. */
	ASSERT_EQ(0, drive_set(self->d.name, "badblocks", "+0-7"));
	EXPECT_EQ(0, nvm_on(self->d.nvm, NVM_WRITE_UNCOR, 0, 1));
	EXPECT_EQ(KCSD_SC_WRITE_FAULT, nvm_write(self->d.nvm, 0, 1, self->lba, self->model));
	EXPECT_EQ(KCSD_SC_WRITE_FAULT, nvm_on(self->d.nvm, NVM_WRITE_ZEROES, 0, 1));
}

TEST_F(nvm_commands, write_uncorrectable_limits)
{
	__u32 most = (16u << 20) / self->lba;

	EXPECT_EQ(0, nvm_on(self->d.nvm, NVM_WRITE_UNCOR, 0, most));
	EXPECT_EQ(KCSD_SC_READ_ERROR, nvm_read(self->d.nvm, most - 1, 1, self->lba, self->buf));
	EXPECT_EQ(0, nvm_read(self->d.nvm, most, 1, self->lba, self->buf));
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, nvm_on(self->d.nvm, NVM_WRITE_UNCOR, 0, most + 1));
	EXPECT_EQ(KCSD_SC_LBA_RANGE, nvm_on(self->d.nvm, NVM_WRITE_UNCOR, self->nsze - 1, 2));
}

/*
 * Fill the list of uncorrectable ranges: a refused command must have no effect, and a write to a
 * range still removes what it writes, piece by piece, unless it would need one more entry.
 */
TEST_F(nvm_commands, full_list_of_bad_lbas)
{
	__u32 pieces = 0, slba = 0;
	int ret;

	while (!(ret = nvm_on(self->d.nvm, NVM_WRITE_UNCOR, slba, 3)) && pieces < 1000) {
		pieces++;
		slba += 6;
	}
	EXPECT_EQ(KCSD_SC_CAPACITY_EXCEEDED, ret);
	EXPECT_EQ(0, nvm_on(self->d.nvm, NVM_VERIFY, slba, 3));
	for (slba = 0; slba < 6 * pieces; slba += 6) {
		ret = nvm_on(self->d.nvm, NVM_WRITE_ZEROES, slba + 1, 1);
		if (ret)
			break;
		EXPECT_EQ(0, nvm_on(self->d.nvm, NVM_VERIFY, slba + 1, 1));
	}
	EXPECT_LT(0, slba);
	EXPECT_EQ(KCSD_SC_CAPACITY_EXCEEDED, ret);
	EXPECT_EQ(0, nvm_on(self->d.nvm, NVM_WRITE_ZEROES, slba, 3));
	EXPECT_EQ(0, nvm_on(self->d.nvm, NVM_WRITE_ZEROES, slba + 7, 1));
}

/*
 * Old data must not return after Write Uncorrectable and a write, whatever part of the cache
 * survives the power cut.
 */
TEST_F(nvm_commands, power_cut_after_write_uncorrectable)
{
	struct nvme_uring_cmd flush = cmd_flush();
	char seed[16];

	if (!variant->cache)
		return;
	for (int i = 1; i <= 5; i++) {
		memset(self->buf, 'a', self->lba);
		ASSERT_EQ(0, nvm_write(self->d.nvm, 0, 1, self->lba, self->buf));
		ASSERT_EQ(0, cmd_io(self->d.nvm, &flush));
		ASSERT_EQ(0, nvm_on(self->d.nvm, NVM_WRITE_UNCOR, 0, 1));
		memset(self->buf, 'b', self->lba);
		ASSERT_EQ(0, nvm_write(self->d.nvm, 0, 1, self->lba, self->buf));
		sprintf(seed, "%d", i);
		ASSERT_EQ(0, drive_set(self->d.name, "power_cut", seed));
		drive_close(&self->d);
		ASSERT_EQ(0, drive_power(&self->d, true));
		ASSERT_EQ(0, drive_open(&self->d, O_RDWR));
		memset(self->buf, 0, self->lba);
		EXPECT_EQ(0, nvm_read(self->d.nvm, 0, 1, self->lba, self->buf));
		EXPECT_EQ('b', self->buf[0]) TH_LOG("seed %d", i);
	}
}

DRIVE_TEST_MAIN
