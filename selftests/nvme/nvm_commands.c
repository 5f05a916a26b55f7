// SPDX-License-Identifier: GPL-2.0
/*
 * Write Zeroes, Dataset Management, Compare, Verify, Copy and Write Uncorrectable: effects, limits,
 * refusals. On memory, on a file, with a cache, in zones.
 */
#include "harness.h"
#include "admin.h"
#include "change.h"
#include "error_log.h"
#include "nvm.h"
#include "zns.h"

#define NSZE_BYTES	(96u << 20)	/* more than the longest Write Zeroes */
#define DSM_MOST	(64u << 20)	/* limit for the sum of all ranges, bytes */
#define SHOWN		64u		/* LBAs that the tests compare */

FIXTURE(nvm_commands) {
	struct drive d;
	char file[64];
	__u32 lba;
	__u64 nsze;
	__u8 *model;		/* wanted content of the first SHOWN LBAs */
	__u8 *buf;
};

FIXTURE_VARIANT(nvm_commands) {
	__u32 lba;
	bool file;
	const char *cache;
};

FIXTURE_VARIANT_ADD(nvm_commands, memory) { .lba = 4096 };
FIXTURE_VARIANT_ADD(nvm_commands, memory_512) { .lba = 512 };
FIXTURE_VARIANT_ADD(nvm_commands, file) { .lba = 4096, .file = true };
FIXTURE_VARIANT_ADD(nvm_commands, cache) { .lba = 4096, .file = true, .cache = "65536" };

static void remove_file(char *path)
{
	unlink(path);
	strcat(path, ".kcsd");
	unlink(path);
}

FIXTURE_SETUP(nvm_commands)
{
	struct drive_attr attrs[12] = {
		DRIVE_SMALL, { "size", "100663296" },
		{ "block_size", variant->lba == 512 ? "512" : "4096" },
	};
	int n = 9;

	drive_sweep();
	self->d = (struct drive)DRIVE_INIT;
	strcpy(self->file, "/tmp/kst-nvm-XXXXXX");
	if (variant->file) {
		ASSERT_EQ(0, file_make(self->file, NSZE_BYTES));
		attrs[n++] = (struct drive_attr){ "backing_file", self->file };
	}
	if (variant->cache)
		attrs[n++] = (struct drive_attr){ "cache_size", variant->cache };
	self->lba = variant->lba;
	self->nsze = NSZE_BYTES / self->lba;
	self->model = malloc(SHOWN * self->lba);
	self->buf = aligned_alloc(4096, KST_MIB);
	ASSERT_TRUE(self->model && self->buf);
	ASSERT_EQ(0, drive_create(&self->d, "nvm", attrs));
	nvm_pattern(self->model, 0, SHOWN, self->lba, 0);
	ASSERT_EQ(0, nvm_write(self->d.nvm, 0, SHOWN, self->lba, self->model));
}

FIXTURE_TEARDOWN(nvm_commands)
{
	EXPECT_EQ(0, drive_remove(&self->d));
	if (variant->file)
		remove_file(self->file);
	free(self->model);
	free(self->buf);
}

/* True if the drive holds the content of the model, read by command and by the block node. */
static bool drive_is(const struct drive *d, const __u8 *model, __u32 len, __u32 lba, __u8 *buf)
{
	int block = drive_open_block(d, O_RDONLY | O_DIRECT);
	bool same;

	memset(buf, 0xa5, len);
	same = block >= 0 && pread(block, buf, len, 0) == (ssize_t)len && !memcmp(buf, model, len);
	if (block >= 0)
		close(block);
	memset(buf, 0xa5, len);
	return same && !nvm_read(d->nvm, 0, len / lba, lba, buf) && !memcmp(buf, model, len);
}

#define EXPECT_MODEL() \
	EXPECT_TRUE(drive_is(&self->d, self->model, SHOWN * self->lba, self->lba, self->buf))

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

/* ---- Write Zeroes ---- */

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

/* ---- Dataset Management ---- */

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

/* ---- Compare, Verify ---- */

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

/* ---- Copy ---- */

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

/* ---- Write Uncorrectable ---- */

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

/* ---- everyone ---- */

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

/* ---- zones ---- */

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
		ASSERT_EQ(0, file_make(self->file, NSZE_BYTES));
	self->buf = aligned_alloc(4096, KST_MIB);
	self->zeroes = calloc(1, KST_MIB);
	ASSERT_TRUE(self->buf && self->zeroes);
	ASSERT_EQ(0, drive_create(&self->d, "nvm", variant->file ? file : memory));
}

FIXTURE_TEARDOWN(nvm_zones)
{
	EXPECT_EQ(0, drive_remove(&self->d));
	if (variant->file)
		remove_file(self->file);
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
