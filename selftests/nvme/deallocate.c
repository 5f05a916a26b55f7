// SPDX-License-Identifier: GPL-2.0
/* Dataset Management: Deallocate, its limits and refusals. */
#include "nvm_drive.h"
#include "change.h"

#define DSM_MOST	(64u << 20)	/* limit for the sum of all ranges, bytes */

TEST_F(nvm_commands, deallocate)
{
	struct dsm_range r[3] = {
		{ .nlb = htole32(2), .slba = htole64(5) },
		{ .nlb = 0, .slba = htole64(11) },
		{ .nlb = htole32(1), .slba = htole64(20), .cattr = htole32(0x3fff) },
	};
	struct nvme_uring_cmd c;

	c = nvm_dsm(r, 3, 3);	/* hints alone have no effect */
	EXPECT_EQ(0, cmd_io(self->d.nvm, &c));
	EXPECT_MODEL();
	EXPECT_EQ(0, drive_number(&self->d, "ns1/discard_commands"));
	for (int way = 0; way < CMD_WAYS; way++) {
		r[0].slba = htole64(5 + 2 * way);
		c = nvm_dsm(r, 3, DSM_AD);
		ASSERT_EQ(0, cmd_io_way(way, self->d.nvm, &c, NULL));
		memset(self->model + (5 + 2 * way) * self->lba, 0, 2 * self->lba);
		memset(self->model + 20 * self->lba, 0, self->lba);
		EXPECT_MODEL();
	}
	EXPECT_EQ(CMD_WAYS, drive_number(&self->d, "ns1/discard_commands"));
	EXPECT_EQ(3 * CMD_WAYS * self->lba, drive_number(&self->d, "ns1/discard_bytes"));
}

TEST_F(nvm_commands, deallocate_maximum_of_ranges)
{
	static struct dsm_range r[255];
	struct nvme_uring_cmd c = nvm_dsm(r, 255, DSM_AD);

	for (int i = 0; i < 255; i++)
		r[i] = (struct dsm_range){ .nlb = htole32(1), .slba = htole64(2 * i) };
	ASSERT_EQ(0, cmd_io(self->d.nvm, &c));
	for (__u32 i = 0; i < SHOWN; i += 2)
		memset(self->model + i * self->lba, 0, self->lba);
	EXPECT_MODEL();
	r[0] = (struct dsm_range){ .nlb = htole32(DSM_MOST / self->lba) };
	c = nvm_dsm(r, 1, DSM_AD);
	ASSERT_EQ(0, cmd_io(self->d.nvm, &c));
	memset(self->model, 0, SHOWN * self->lba);
	EXPECT_MODEL();
}

/* Limits are the same with and without Deallocate; a range given twice counts twice. */
TEST_F(nvm_commands, deallocate_limits)
{
	static struct dsm_range r[256];
	__u32 most = DSM_MOST / self->lba;

	for (__u32 attributes = 0; attributes <= DSM_AD; attributes += DSM_AD) {
		struct nvme_uring_cmd c = nvm_dsm(r, 256, attributes);

		memset(r, 0, sizeof(r));
		EXPECT_EQ(KCSD_SC_COMMAND_SIZE, cmd_io(self->d.nvm, &c));
		c = nvm_dsm(r, 2, attributes);
		r[0].nlb = htole32(most + 1);
		EXPECT_EQ(KCSD_SC_COMMAND_SIZE, cmd_io(self->d.nvm, &c));
		r[0].nlb = htole32(most);
		r[1].nlb = htole32(1);
		EXPECT_EQ(KCSD_SC_COMMAND_SIZE, cmd_io(self->d.nvm, &c));
	}
	EXPECT_MODEL();
}

TEST_F(nvm_commands, deallocate_refusals)
{
	static const struct cmd_change changes[] = {
		CMD_CHANGE(cdw10, 0x100, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE_MISFIT(cdw10, 2, addr),
		CMD_CHANGE_MISFIT(cdw10, 0, addr),
		CMD_CHANGE(cdw11, 8, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw12, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw13, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(data_len, 31, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(data_len, 33, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(data_len, 0, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(addr, 0x1000, -EFAULT),
		CMD_CHANGE(addr, 0xffff800000000000, -EFAULT),
	};
	struct dsm_range r[2] = { { .nlb = htole32(1) }, { .nlb = htole32(1) } };
	struct nvme_uring_cmd c = nvm_dsm(r, 2, DSM_AD);
	__u64 bad[][2] = {
		{ self->nsze, 1 }, { self->nsze - 1, 2 }, { ~0ULL, 1 }, { 1, 0xffffffff },
	};

	EXPECT_TRUE(cmd_each_refused(false, self->d.nvm, &c, changes, ARRAY_SIZE(changes)));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		r[1].slba = htole64(bad[i][0]);
		r[1].nlb = htole32(bad[i][1]);
		EXPECT_EQ(KCSD_SC_LBA_RANGE, cmd_io(self->d.nvm, &c)) TH_LOG("range %zu", i);
	}
	EXPECT_MODEL();
}

DRIVE_TEST_MAIN
