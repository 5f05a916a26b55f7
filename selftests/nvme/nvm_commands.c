// SPDX-License-Identifier: GPL-2.0
/* Write Zeroes, Compare and Verify; what all NVM commands share: effects, rights, power off. */
#include "nvm_drive.h"
#include "admin.h"
#include "change.h"
#include "error_log.h"

#define DSM_MOST	(64u << 20)	/* limit for the sum of all ranges, bytes */

static int identify(int fd, __u8 cns, __u32 nsid, void *buf)
{
	struct nvme_uring_cmd c = cmd_identify(cns, nsid, KCSD_CSI_NVM, buf);

	return cmd_admin(fd, &c);
}

TEST_F(nvm_commands, identify)
{
	ASSERT_EQ(0, identify(self->d.ctrl, 1, 0, self->buf));
	EXPECT_EQ(0x19b, nvm_get(self->buf, 520, 2)) TH_LOG("ONCS");
	EXPECT_EQ(1, nvm_get(self->buf, 534, 2)) TH_LOG("OCFS");
	EXPECT_EQ(2, nvm_get(self->buf, 256, 2)) TH_LOG("OACS");
	EXPECT_EQ(8, self->buf[524]) TH_LOG("FNA");
	EXPECT_EQ(0x40000006, nvm_get(self->buf, 328, 4)) TH_LOG("SANICAP");
	ASSERT_EQ(0, identify(self->d.ctrl, 0, KCSD_NSID_NVM, self->buf));
	EXPECT_EQ(9, self->buf[33]) TH_LOG("DLFEAT");
	EXPECT_EQ((4u << 20) / self->lba, nvm_get(self->buf, 74, 2)) TH_LOG("MSSRL");
	EXPECT_EQ((16u << 20) / self->lba, nvm_get(self->buf, 76, 4)) TH_LOG("MCL");
	EXPECT_EQ(127, self->buf[80]) TH_LOG("MSRC");
	ASSERT_EQ(0, identify(self->d.ctrl, 6, 0, self->buf));
	EXPECT_EQ(14, self->buf[0]) TH_LOG("VSL");
	EXPECT_EQ(14, self->buf[1]) TH_LOG("WZSL");
	EXPECT_EQ(12, self->buf[2]) TH_LOG("WUSL");
	EXPECT_EQ(255, self->buf[3]) TH_LOG("DMRL");
	EXPECT_EQ(DSM_MOST / self->lba, nvm_get(self->buf, 4, 4)) TH_LOG("DMRSL");
	EXPECT_EQ(DSM_MOST / self->lba, nvm_get(self->buf, 8, 4)) TH_LOG("DMSL");
	EXPECT_EQ(0, nvm_get(self->buf, 12, 4)) TH_LOG("DMSL");
}

TEST_F(nvm_commands, effects)
{
	static const struct { __u8 opcode; __u32 effects; } want[] = {
		{ NVM_WRITE_ZEROES, 0x100003 }, { NVM_DSM, 0x100003 }, { NVM_COMPARE, 0x100001 },
		{ NVM_VERIFY, 0x100001 }, { KCSD_NVM_COPY, 0x100003 },
		{ NVM_WRITE_UNCOR, 0x100003 },
	};
	struct nvme_uring_cmd c = cmd_log(LOG_EFFECTS, self->buf, 4096, 0);

	c.nsid = 0;
	ASSERT_EQ(0, cmd_admin(self->d.ctrl, &c));
	EXPECT_EQ(0x110003, nvm_get(self->buf, ADMIN_FORMAT * 4, 4));
	EXPECT_EQ(0x2020003, nvm_get(self->buf, ADMIN_SANITIZE * 4, 4));
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		EXPECT_EQ(want[i].effects, nvm_get(self->buf, 1024 + want[i].opcode * 4, 4))
			TH_LOG("opcode %02x", want[i].opcode);
	}
}

TEST_F(nvm_commands, write_zeroes_in_all_ways)
{
	static const __u32 flags[CMD_WAYS] = { 0, NVM_CDW12_DEAC, NVM_CDW12_FUA,
					       NVM_CDW12_FUA | NVM_CDW12_DEAC };

	for (int way = 0; way < CMD_WAYS; way++) {
		struct nvme_uring_cmd c = nvm_lbas(NVM_WRITE_ZEROES, 3 + 9 * way, 1 + way);

		c.cdw12 |= flags[way];
		ASSERT_EQ(0, cmd_io_way(way, self->d.nvm, &c, NULL))
			TH_LOG("%s", cmd_way_name(way));
		memset(self->model + (3 + 9 * way) * self->lba, 0, (1 + way) * self->lba);
		EXPECT_MODEL();
	}
	EXPECT_EQ(CMD_WAYS, drive_number(&self->d, "ns1/write_zeroes_commands"));
	EXPECT_EQ(10 * self->lba, drive_number(&self->d, "ns1/write_zeroes_bytes"));
}

/* The longest Write Zeroes; the LBA behind it keeps its data. */
TEST_F(nvm_commands, write_zeroes_limits)
{
	__u32 most = (64u << 20) / self->lba;
	struct nvme_uring_cmd c;
	__u64 field;

	if (most > 65536)
		most = 65536;
	ASSERT_EQ(0, nvm_write(self->d.nvm, most, 1, self->lba, self->model));
	EXPECT_EQ(0, nvm_on(self->d.nvm, NVM_WRITE_ZEROES, 0, most));
	memset(self->buf, 0xa5, self->lba);
	EXPECT_EQ(0, nvm_read(self->d.nvm, most, 1, self->lba, self->buf));
	EXPECT_EQ(0, memcmp(self->buf, self->model, self->lba));
	memset(self->model, 0, SHOWN * self->lba);
	EXPECT_MODEL();
	if (most < 65536) {
		c = nvm_lbas(NVM_WRITE_ZEROES, 0, most + 1);
		EXPECT_EQ(KCSD_SC_INVALID_FIELD, cmd_io_way(CMD_URING, self->d.nvm, &c, &field));
		EXPECT_EQ(KCSD_FIELD_CDW12, field);
	}
	EXPECT_EQ(0, nvm_on(self->d.nvm, NVM_WRITE_ZEROES, self->nsze - 1, 1));
	EXPECT_EQ(KCSD_SC_LBA_RANGE, nvm_on(self->d.nvm, NVM_WRITE_ZEROES, self->nsze, 1));
	EXPECT_EQ(KCSD_SC_LBA_RANGE, nvm_on(self->d.nvm, NVM_WRITE_ZEROES, self->nsze - 1, 2));
	EXPECT_EQ(KCSD_SC_LBA_RANGE, nvm_on(self->d.nvm, NVM_WRITE_ZEROES, ~0ULL, 1));
}

/* Commands without data refuse the same fields. */
TEST_F(nvm_commands, refusals_without_data)
{
	static const struct cmd_change changes[] = {
		CMD_CHANGE(cdw2, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw3, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw12, 1u << 16, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw12, 1u << 24, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw12, 1u << 26, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw13, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw14, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw15, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE_BLAMING(data_len, 4096, KCSD_SC_INVALID_FIELD, addr),
		CMD_CHANGE(metadata_len, 8, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(nsid, 2, -EINVAL),
	};
	static const __u8 opcodes[] = { NVM_WRITE_ZEROES, NVM_VERIFY, NVM_WRITE_UNCOR };

	for (size_t i = 0; i < ARRAY_SIZE(opcodes); i++) {
		struct nvme_uring_cmd base = nvm_lbas(opcodes[i], 9, 2);

		base.addr = (uintptr_t)self->buf;
		EXPECT_TRUE(cmd_each_refused(false, self->d.nvm, &base, changes,
					     ARRAY_SIZE(changes)))
			TH_LOG("opcode %02x", opcodes[i]);
	}
	EXPECT_MODEL();
}

TEST_F(nvm_commands, compare)
{
	struct nvme_uring_cmd c = cmd_rw(NVM_COMPARE, 2, 33, self->buf, 33 * self->lba);
	struct error_entry e;

	for (int way = 0; way < CMD_WAYS; way++) {
		memcpy(self->buf, self->model + 2 * self->lba, 33 * self->lba);
		EXPECT_EQ(0, cmd_io_way(way, self->d.nvm, &c, NULL))
			TH_LOG("%s", cmd_way_name(way));
		self->buf[33 * self->lba - 1] ^= 1;
		EXPECT_EQ(KCSD_SC_COMPARE_FAILED, cmd_io_way(way, self->d.nvm, &c, NULL));
		self->buf[33 * self->lba - 1] ^= 1;
		self->buf[0] ^= 0x80;
		EXPECT_EQ(KCSD_SC_COMPARE_FAILED, cmd_io_way(way, self->d.nvm, &c, NULL));
	}
	EXPECT_EQ(CMD_WAYS, drive_number(&self->d, "ns1/compare_commands"));
	EXPECT_EQ(CMD_WAYS * 33 * self->lba, drive_number(&self->d, "ns1/compare_bytes"));
	ASSERT_EQ(0, error_log(self->d.ctrl, &e, 1));
	EXPECT_EQ(2, le64toh(e.lba));
	EXPECT_EQ(KCSD_NSID_NVM, le32toh(e.nsid));
	EXPECT_MODEL();
}

TEST_F(nvm_commands, compare_limits_and_refusals)
{
	static const struct cmd_change changes[] = {
		CMD_CHANGE_MISFIT(cdw12, 0, addr),
		CMD_CHANGE(cdw12, 1u << 26 | 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw14, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(data_len, 0, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(addr, 0x1000, -EFAULT),
	};
	__u32 most = KST_MIB / self->lba;
	struct nvme_uring_cmd c = cmd_rw(NVM_COMPARE, 0, 2, self->model, 2 * self->lba);

	EXPECT_TRUE(cmd_each_refused(false, self->d.nvm, &c, changes, ARRAY_SIZE(changes)));
	memset(self->buf, 0, KST_MIB);
	c = cmd_rw(NVM_COMPARE, self->nsze - most, most, self->buf, KST_MIB);
	EXPECT_EQ(0, cmd_io(self->d.nvm, &c));
	c.cdw12 = most;
	c.data_len = KST_MIB + self->lba;
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, cmd_io(self->d.nvm, &c));
	c = cmd_rw(NVM_COMPARE, self->nsze, 1, self->buf, self->lba);
	EXPECT_EQ(KCSD_SC_LBA_RANGE, cmd_io(self->d.nvm, &c));
}

TEST_F(nvm_commands, verify)
{
	__u32 most = (64u << 20) / self->lba;

	if (most > 65536)
		most = 65536;
	EXPECT_EQ(0, nvm_on(self->d.nvm, NVM_VERIFY, 0, 1));
	EXPECT_EQ(0, nvm_on(self->d.nvm, NVM_VERIFY, self->nsze - most, most));
	if (most < 65536)
		EXPECT_EQ(KCSD_SC_INVALID_FIELD, nvm_on(self->d.nvm, NVM_VERIFY, 0, most + 1));
	EXPECT_EQ(KCSD_SC_LBA_RANGE, nvm_on(self->d.nvm, NVM_VERIFY, self->nsze - 1, 2));
	EXPECT_EQ(2, drive_number(&self->d, "ns1/verify_commands"));
	EXPECT_EQ((most + 1ULL) * self->lba, drive_number(&self->d, "ns1/verify_bytes"));
	ASSERT_EQ(0, drive_set(self->d.name, "badblocks", "+800-800"));
	EXPECT_EQ(KCSD_SC_READ_ERROR, nvm_on(self->d.nvm, NVM_VERIFY, 0, 1000));
	EXPECT_EQ(KCSD_SC_READ_ERROR, nvm_on(self->d.nvm, NVM_VERIFY, 800 * 512 / self->lba, 1));
	EXPECT_EQ(0, nvm_on(self->d.nvm, NVM_VERIFY, 0, 800 * 512 / self->lba));
}

struct try { const char *name; struct nvme_uring_cmd c; bool writes; };

TEST_F(nvm_commands, rights_and_injected_errors)
{
	struct dsm_range r = { .nlb = htole32(1), .slba = htole64(1) };
	struct kcsd_nvm_copy_lba d = nvm_source(1, 1);
	struct try tries[] = {
		{ "write zeroes", nvm_lbas(NVM_WRITE_ZEROES, 1, 1), true },
		{ "dsm", nvm_dsm(&r, 1, DSM_AD), true },
		{ "copy", nvm_copy(2, &d, 1), true },
		{ "write uncorrectable", nvm_lbas(NVM_WRITE_UNCOR, 1, 1), true },
		{ "compare", cmd_rw(NVM_COMPARE, 1, 1, self->model + self->lba, self->lba), false },
		{ "verify", nvm_lbas(NVM_VERIFY, 1, 1), false },
	};
	struct error_entry e;
	char path[64];
	int ro, status;
	pid_t pid;

	drive_generic_node(path, sizeof(path), self->d.index, KCSD_NSID_NVM);
	ro = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, ro);
	pid = fork();
	if (!pid) {
		if (setgid(65534) || setuid(65534))
			_exit(100);
		for (size_t i = 0; i < ARRAY_SIZE(tries); i++)
			for (int way = CMD_IOCTL; way < CMD_WAYS; way++)
				if (cmd_io_way(way, ro, &tries[i].c, NULL) !=
				    (tries[i].writes ? -EACCES : 0))
					_exit(1 + i);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	close(ro);

	for (size_t i = 0; i < ARRAY_SIZE(tries); i++) {
		int want = tries[i].writes ? KCSD_SC_WRITE_FAULT : KCSD_SC_READ_ERROR;

		ASSERT_EQ(0, drive_set(self->d.name, "inject", tries[i].writes ?
				       "write media_error next=1" : "read media_error next=1"));
		EXPECT_EQ(want, cmd_io(self->d.nvm, &tries[i].c)) TH_LOG("%s", tries[i].name);
		ASSERT_EQ(0, error_log(self->d.ctrl, &e, 1));
		EXPECT_EQ(KCSD_NSID_NVM, le32toh(e.nsid));
		ASSERT_EQ(0, drive_set(self->d.name, "inject", "clear"));
	}
	EXPECT_MODEL();
}

/* Power off cancels a command that waits, and does not wait until all of it is done. */
TEST_F(nvm_commands, power_off)
{
	struct nvme_uring_cmd c = nvm_lbas(NVM_WRITE_ZEROES, 0, 8);
	struct io_uring ring;
	__u64 tag;
	int res;

	ASSERT_EQ(0, ring_open(&ring, 4, true));
	ASSERT_EQ(0, drive_set(self->d.name, "inject", "write delay=3600000ms"));
	ASSERT_EQ(0, ring_put(&ring, self->d.nvm, NVME_URING_CMD_IO, &c, 1));
	ASSERT_EQ(1, io_uring_submit(&ring));
	ASSERT_EQ(0, drive_power(&self->d, false));
	ASSERT_EQ(0, ring_get(&ring, CMD_TIMEOUT_S * 1000, &tag, &res, NULL));
	EXPECT_TRUE(cmd_status(res) == KCSD_SC_ABORT_REQUESTED || !res || res == -ENODEV)
		TH_LOG("%#x", res);
	io_uring_queue_exit(&ring);
	ASSERT_EQ(0, drive_set(self->d.name, "inject", "clear"));
}

DRIVE_TEST_MAIN
