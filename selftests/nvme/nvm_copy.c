// SPDX-License-Identifier: GPL-2.0
/* Copy of LBAs: effects, limits, refusals. */
#include "nvm_drive.h"
#include "change.h"

TEST_F(nvm_commands, copy)
{
	for (int way = 0; way < CMD_WAYS; way++) {
		struct kcsd_nvm_copy_lba d[] = {
			nvm_source(3 + way, 2), nvm_source(31, 1), nvm_source(0, 3),
		};
		__u32 to = 33 + 7 * way;
		struct nvme_uring_cmd c = nvm_copy(to, d, 3);

		ASSERT_EQ(0, cmd_io_way(way, self->d.nvm, &c, NULL))
			TH_LOG("%s", cmd_way_name(way));
		memcpy(self->model + to * self->lba, self->model + (3 + way) * self->lba,
		       2 * self->lba);
		memcpy(self->model + (to + 2) * self->lba, self->model + 31 * self->lba, self->lba);
		memcpy(self->model + (to + 3) * self->lba, self->model, 3 * self->lba);
		EXPECT_MODEL();
	}
	EXPECT_EQ(CMD_WAYS, drive_number(&self->d, "ns1/copy_commands"));
	EXPECT_EQ(6 * CMD_WAYS * self->lba, drive_number(&self->d, "ns1/copy_bytes"));
}

TEST_F(nvm_commands, copy_limits)
{
	static struct kcsd_nvm_copy_lba d[129];
	__u32 longest = (4u << 20) / self->lba, most = 4 * longest;
	struct nvme_uring_cmd c;

	for (int i = 0; i < 129; i++)
		d[i] = nvm_source(i % 32, 1);
	c = nvm_copy(SHOWN, d, 128);
	EXPECT_EQ(0, cmd_io(self->d.nvm, &c));
	ASSERT_EQ(0, nvm_read(self->d.nvm, SHOWN + 96, 32, self->lba, self->buf));
	EXPECT_EQ(0, memcmp(self->buf, self->model, 32 * self->lba));
	c = nvm_copy(SHOWN, d, 129);
	EXPECT_EQ(KCSD_SC_COMMAND_SIZE, cmd_io(self->d.nvm, &c));
	for (int i = 0; i < 4; i++)
		d[i] = nvm_source(i * longest, longest);
	c = nvm_copy(most, d, 4);
	EXPECT_EQ(0, cmd_io(self->d.nvm, &c));
	ASSERT_EQ(0, nvm_read(self->d.nvm, most, SHOWN, self->lba, self->buf));
	EXPECT_EQ(0, memcmp(self->buf, self->model, SHOWN * self->lba));
	d[4] = nvm_source(0, 1);
	c = nvm_copy(most, d, 5);
	EXPECT_EQ(KCSD_SC_COMMAND_SIZE, cmd_io(self->d.nvm, &c));
	d[0] = nvm_source(0, longest + 1);
	c = nvm_copy(most, d, 1);
	EXPECT_EQ(KCSD_SC_COMMAND_SIZE, cmd_io(self->d.nvm, &c));
}

/* The result is the index of the source at fault. */
TEST_F(nvm_commands, copy_with_wrong_sources)
{
	struct { struct kcsd_nvm_copy_lba d; int want; __u64 result; } cases[] = {
		{ nvm_source(self->nsze, 1), KCSD_SC_LBA_RANGE, 1 },
		{ nvm_source(self->nsze - 1, 2), KCSD_SC_LBA_RANGE, 1 },
		{ nvm_source(~0ULL, 1), KCSD_SC_LBA_RANGE, 1 },
		{ nvm_source(39, 1), 0, 0 },
		{ nvm_source(39, 2), KCSD_SC_OVERLAPPING_IO_RANGE, 1 },
		{ nvm_source(41, 1), KCSD_SC_OVERLAPPING_IO_RANGE, 1 },
		{ nvm_source(42, 1), 0, 0 },
		{ { .rsvd0[0] = 1, .rsvd18[5] = 1 }, 0, 0 },	/* as sent by nvme-cli */
		{ { .eilbrt = 1 }, KCSD_SC_INVALID_FIELD, KCSD_FIELD_DPTR },
		{ { .elbat = 1 }, KCSD_SC_INVALID_FIELD, KCSD_FIELD_DPTR },
		{ { .elbatm = 1 }, KCSD_SC_INVALID_FIELD, KCSD_FIELD_DPTR },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct kcsd_nvm_copy_lba d[] = { nvm_source(1, 1), cases[i].d };
		struct nvme_uring_cmd c = nvm_copy(40, d, 2);
		__u64 result = 0;

		EXPECT_EQ(cases[i].want, cmd_io_way(CMD_URING, self->d.nvm, &c, &result))
			TH_LOG("case %zu", i);
		EXPECT_EQ(cases[i].result, result) TH_LOG("case %zu", i);
	}
}

TEST_F(nvm_commands, copy_refusals)
{
	static const struct cmd_change changes[] = {
		CMD_CHANGE(cdw2, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw12, 0x100, KCSD_SC_INVALID_FIELD),	/* formats */
		CMD_CHANGE(cdw12, 0xf00, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw12, 0x1000, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw12, 1u << 26, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE_MISFIT(cdw12, 1, addr),
		CMD_CHANGE(cdw13, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw14, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw10, 0xffffffff, KCSD_SC_LBA_RANGE),
		CMD_CHANGE(data_len, 31, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(addr, 0x1000, -EFAULT),
	};
	struct kcsd_nvm_copy_lba d = nvm_source(1, 1);
	struct nvme_uring_cmd c = nvm_copy(40, &d, 1);

	EXPECT_TRUE(cmd_each_refused(false, self->d.nvm, &c, changes, ARRAY_SIZE(changes)));
	EXPECT_MODEL();
}

DRIVE_TEST_MAIN
