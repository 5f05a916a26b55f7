// SPDX-License-Identifier: GPL-2.0
/* Log pages of the controller, and Get and Set Features. */
#include "harness.h"
#include "admin.h"
#include "capability.h"
#include "change.h"
#include "error_log.h"
#include "feature.h"
#include "nvm.h"
#include "tenant.h"

#include <endian.h>

#define ERROR_ENTRIES	64
#define EFFECTS_CSUPP	1u
#define EFFECTS_LBCC	2u

#define NO_PLACE	0xffff

static const struct drive_attr small[] = {
	DRIVE_SMALL, { "slm_size", "1048576" }, { "queues", "3" }, { "timeout_ms", "1234" }, {}
};
static const struct drive_attr no_slm[] = { DRIVE_SMALL, { "slm_size", "0" }, {} };

FIXTURE(logs) {
	struct drive d;
	__u8 *buf;
};

FIXTURE_SETUP(logs)
{
	drive_sweep();
	self->buf = aligned_alloc(4096, 65536);
	ASSERT_NE(NULL, self->buf);
	ASSERT_EQ(0, drive_create(&self->d, "logs", small));
}

FIXTURE_TEARDOWN(logs)
{
	EXPECT_EQ(0, drive_remove(&self->d));
	free(self->buf);
}

static int get_log(int fd, __u8 lid, void *buf, __u32 len, __u64 offset)
{
	struct nvme_uring_cmd c = cmd_log(lid, buf, len, offset);

	c.nsid = 0;
	return cmd_admin(fd, &c);
}

static int get_effects(int fd, __u8 csi, void *buf)
{
	struct nvme_uring_cmd c = cmd_log(LOG_EFFECTS, buf, 4096, 0);

	c.nsid = 0xffffffff;
	c.cdw14 = (__u32)csi << 24;
	return cmd_admin(fd, &c);
}

static __u64 get64(const void *p)
{
	__le64 v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

TEST_F(logs, supported_pages_match_answers)
{
	__le32 pages[256];

	ASSERT_EQ(0, get_log(self->d.ctrl, LOG_SUPPORTED, pages, sizeof(pages), 0));
	for (int lid = 0; lid < 256; lid++) {
		int want = le32toh(pages[lid]) & 1 ? 0 : KCSD_SC_INVALID_LOG_PAGE;

		EXPECT_EQ(want, get_log(self->d.ctrl, lid, self->buf, 64, 0))
			TH_LOG("page %02x", lid);
	}
	EXPECT_EQ(1, le32toh(pages[LOG_ERROR]));
	EXPECT_EQ(1, le32toh(pages[LOG_MI]));
	EXPECT_EQ(1, le32toh(pages[KCSD_LOG_PROGRAM_TYPES]));
	EXPECT_EQ(0, le32toh(pages[0x85]));
}

/* Read log pages in pieces, at once, and beyond the end: the bytes must be the same. */
TEST_F(logs, offsets_and_lengths)
{
	static const struct {
		__u8 lid;
		__u32 len;
	} pages[] = {
		{ LOG_SUPPORTED, 1024 }, { LOG_ERROR, ERROR_ENTRIES * 64 }, { LOG_FIRMWARE, 512 },
		{ LOG_EFFECTS, 4096 }, { LOG_SANITIZE, 512 }, { LOG_FEATURES, 1024 },
		{ LOG_MI, 4096 }, { KCSD_LOG_PROGRAM_TYPES, 32 },
	};
	__u8 *piece = self->buf + 32768;

	for (size_t i = 0; i < ARRAY_SIZE(pages); i++) {
		__u32 len = pages[i].len;

		memset(self->buf, 0xa5, len + 8);
		ASSERT_EQ(0, get_log(self->d.ctrl, pages[i].lid, self->buf, len + 8, 0));
		EXPECT_EQ(0, get64(self->buf + len)) TH_LOG("page %02x", pages[i].lid);
		for (__u32 off = 0; off < len; off += len / 2 - 4) {
			__u32 n = len - off < len / 2 - 4 ? len - off : len / 2 - 4;

			ASSERT_EQ(0, get_log(self->d.ctrl, pages[i].lid, piece, n, off));
			EXPECT_EQ(0, memcmp(piece, self->buf + off, n))
				TH_LOG("page %02x at %u", pages[i].lid, off);
		}
		EXPECT_EQ(0, get_log(self->d.ctrl, pages[i].lid, piece, 4, len));
		EXPECT_EQ(KCSD_SC_INVALID_FIELD,
			  get_log(self->d.ctrl, pages[i].lid, piece, 4, len + 4));
	}
}

TEST_F(logs, refusals)
{
	static const struct cmd_change changes[] = {
		CMD_CHANGE(cdw10, LOG_EFFECTS | 1 << 8 | 1023 << 16, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw10, LOG_EFFECTS | 1 << 14 | 1023 << 16, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw11, 1 << 16, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw12, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw14, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw14, 1 << 23, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw14, KCSD_CSI_ZNS << 24, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw14, 0xffu << 24, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw15, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(nsid, KCSD_NSID_NVM, KCSD_SC_INVALID_NS),
		CMD_CHANGE(nsid, KCSD_NSID_COMPUTE, KCSD_SC_INVALID_NS),
		CMD_CHANGE(data_len, 4092, KCSD_SC_INVALID_FIELD),
	};
	struct nvme_uring_cmd base = cmd_log(LOG_EFFECTS, self->buf, 4096, 0);
	struct nvme_uring_cmd health = cmd_log(LOG_HEALTH, self->buf, 512, 0);

	base.nsid = 0;
	ASSERT_EQ(0, cmd_admin(self->d.ctrl, &base));
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		EXPECT_TRUE(cmd_refused(CMD_URING, true, self->d.ctrl, &base, &changes[i]));
	}
	/* Only page 05h takes a CSI. All pages take RAE, which has no effect. */
	health.nsid = 0;
	health.cdw10 |= 1 << 15;
	EXPECT_EQ(0, cmd_admin(self->d.ctrl, &health));
	health.cdw14 = KCSD_CSI_COMPUTE << 24;
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, cmd_admin(self->d.ctrl, &health));
}

/* Returns how many opcodes the drive knows but the page does not list, or the reverse. */
static int opcodes_that_differ(int fd, bool admin, __u32 nsid, const __le32 *effects)
{
	int differ = 0;

	for (int opcode = 0; opcode < 256; opcode++) {
		struct nvme_uring_cmd c = { .opcode = opcode, .nsid = nsid };
		int ret = admin ? cmd_admin(fd, &c) : cmd_io(fd, &c);
		bool known = ret != KCSD_SC_INVALID_OPCODE;

		if (known == !!(le32toh(effects[opcode]) & EFFECTS_CSUPP))
			continue;
		printf("# opcode %02x of namespace %u: got status %#x, effects %#x\n", opcode,
		       nsid, ret, le32toh(effects[opcode]));
		differ++;
	}
	return differ;
}

TEST_F(logs, effects_match_accepted_opcodes)
{
	static const __u8 csi[] = { KCSD_CSI_NVM, KCSD_CSI_SLM, KCSD_CSI_COMPUTE, KCSD_CSI_KV };
	static const __u32 nsid[] = {
		KCSD_NSID_NVM, KCSD_NSID_SLM, KCSD_NSID_COMPUTE, KCSD_NSID_KV,
	};
	int fds[] = { self->d.nvm, self->d.slm, self->d.compute, self->d.kv };
	__le32 *effects = (void *)self->buf;

	for (size_t i = 0; i < ARRAY_SIZE(csi); i++) {
		ASSERT_EQ(0, get_effects(self->d.ctrl, csi[i], effects));
		EXPECT_EQ(0, opcodes_that_differ(self->d.ctrl, true, 0, effects));
		EXPECT_EQ(0, opcodes_that_differ(fds[i], false, nsid[i], effects + 256));
	}
}

/* NVMe Base, "Opcode": bits 1:0 are the direction of the data. Tools cannot send 11b (both). */
TEST_F(logs, no_opcode_moves_data_both_ways)
{
	static const __u8 csi[] = { KCSD_CSI_NVM, KCSD_CSI_SLM, KCSD_CSI_COMPUTE, KCSD_CSI_KV };
	__le32 *effects = (void *)self->buf;

	for (size_t i = 0; i < ARRAY_SIZE(csi); i++) {
		ASSERT_EQ(0, get_effects(self->d.ctrl, csi[i], self->buf));
		for (int opcode = 3; opcode < 512; opcode += 4) {
			EXPECT_EQ(0, le32toh(effects[opcode]))
				TH_LOG("CSI %u, %#x", csi[i], opcode);
		}
	}
}

TEST_F(logs, effects_on_data)
{
	__le32 *iocs = (void *)(self->buf + 1024);

	ASSERT_EQ(0, get_effects(self->d.ctrl, KCSD_CSI_NVM, self->buf));
	EXPECT_TRUE(le32toh(iocs[NVM_WRITE]) & EFFECTS_LBCC);
	EXPECT_FALSE(le32toh(iocs[NVM_READ]) & EFFECTS_LBCC);
	ASSERT_EQ(0, get_effects(self->d.ctrl, KCSD_CSI_SLM, self->buf));
	EXPECT_TRUE(le32toh(iocs[KCSD_SLM_FILL]) & EFFECTS_LBCC);
	EXPECT_FALSE(le32toh(iocs[KCSD_SLM_READ]) & EFFECTS_LBCC);
	ASSERT_EQ(0, get_effects(self->d.ctrl, KCSD_CSI_COMPUTE, self->buf));
	EXPECT_TRUE(le32toh(iocs[KCSD_CMD_EXECUTE_LBA]) & EFFECTS_LBCC);
	EXPECT_TRUE(le32toh(iocs[KCSD_CMD_EXECUTE_SOURCES]) & EFFECTS_LBCC);
	EXPECT_TRUE(le32toh(iocs[KCSD_CMD_SOURCES]) & EFFECTS_LBCC);
	EXPECT_FALSE(le32toh(iocs[KCSD_CMD_RUN_RECEIVE]) & EFFECTS_LBCC);
	ASSERT_EQ(0, get_effects(self->d.ctrl, KCSD_CSI_KV, self->buf));
	EXPECT_TRUE(le32toh(iocs[KCSD_KV_STORE]) & EFFECTS_LBCC);
	EXPECT_TRUE(le32toh(iocs[KCSD_KV_DELETE]) & EFFECTS_LBCC);
	EXPECT_FALSE(le32toh(iocs[KCSD_KV_RETRIEVE]) & EFFECTS_LBCC);
	EXPECT_FALSE(le32toh(iocs[KCSD_KV_LIST]) & EFFECTS_LBCC);
}

TEST_F(logs, without_slm_no_slm_effects)
{
	ASSERT_EQ(0, drive_remove(&self->d));
	ASSERT_EQ(0, drive_create(&self->d, "logs", no_slm));
	EXPECT_EQ(0, get_effects(self->d.ctrl, KCSD_CSI_COMPUTE, self->buf));
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, get_effects(self->d.ctrl, KCSD_CSI_SLM, self->buf));
}

/* ---- errors ---- */

static int get_errors(int fd, struct error_entry *e)
{
	return error_log(fd, e, ERROR_ENTRIES);
}

static bool error_is(const struct error_entry *e, __u64 count, int sqid, int status, int place,
		     __u64 lba, __u32 nsid)
{
	int dnr = status == KCSD_SC_INSUFFICIENT_RESOURCES ? 0 : KCSD_SC_DNR;

	if (le64toh(e->count) == count && le16toh(e->sqid) == sqid && le16toh(e->cid) == 0xffff &&
	    le16toh(e->status) == (status | dnr) << 1 && le16toh(e->place) == place &&
	    le64toh(e->lba) == lba && le32toh(e->nsid) == nsid)
		return true;
	printf("# got entry: count %llu sqid %u cid %#x status %#x place %u lba %llu nsid %u\n",
	       (unsigned long long)le64toh(e->count), le16toh(e->sqid), le16toh(e->cid),
	       le16toh(e->status), le16toh(e->place), (unsigned long long)le64toh(e->lba),
	       le32toh(e->nsid));
	return false;
}

TEST_F(logs, failed_commands_newest_first)
{
	struct error_entry *e = (void *)self->buf;
	struct nvme_uring_cmd rd = cmd_rw(NVM_READ, 1ULL << 40, 1, self->buf + 32768, 4096);
	struct nvme_uring_cmd flush = cmd_flush();
	struct nvme_uring_cmd id = cmd_identify(1, 0, 0, self->buf);
	struct nvme_uring_cmd fill = { .opcode = KCSD_SLM_FILL, .nsid = KCSD_NSID_SLM,
				       .cdw10 = 1 << 20, .cdw12 = 1 };

	ASSERT_EQ(0, get_errors(self->d.ctrl, e));
	EXPECT_EQ(0, get64(e)) TH_LOG("log before the first failure");

	id.cdw13 = 1;
	for (int way = 0; way < CMD_WAYS; way++)
		EXPECT_EQ(KCSD_SC_INVALID_FIELD, cmd_admin_way(way, self->d.ctrl, &id, NULL));
	EXPECT_EQ(KCSD_SC_LBA_RANGE, cmd_io(self->d.nvm, &rd));
	EXPECT_EQ(KCSD_SC_LBA_RANGE, cmd_io(self->d.slm, &fill));
	EXPECT_EQ(0, cmd_io(self->d.nvm, &flush));
	flush.opcode = 0x7f;
	EXPECT_EQ(KCSD_SC_INVALID_OPCODE, cmd_io(self->d.nvm, &flush));

	ASSERT_EQ(0, get_errors(self->d.ctrl, e));
	EXPECT_TRUE(error_is(&e[0], 7, 1, KCSD_SC_INVALID_OPCODE, NO_PLACE, 0, KCSD_NSID_NVM));
	EXPECT_TRUE(error_is(&e[1], 6, 1, KCSD_SC_LBA_RANGE, NO_PLACE, 0, KCSD_NSID_SLM));
	EXPECT_TRUE(error_is(&e[2], 5, 1, KCSD_SC_LBA_RANGE, NO_PLACE, 1ULL << 40, KCSD_NSID_NVM));
	for (int i = 3; i < 7; i++) {
		EXPECT_TRUE(error_is(&e[i], 7 - i, 0, KCSD_SC_INVALID_FIELD, KCSD_FIELD_CDW13,
				     0, 0));
	}
	EXPECT_EQ(0, get64(&e[7]));
}

TEST_F(logs, errno_is_not_logged)
{
	struct error_entry *e = (void *)self->buf;
	struct nvme_uring_cmd id = cmd_identify(1, 0, 0, (void *)0x1000);

	EXPECT_EQ(-EFAULT, cmd_admin(self->d.ctrl, &id));
	id.flags = 1;
	EXPECT_EQ(-EINVAL, cmd_admin(self->d.ctrl, &id));
	ASSERT_EQ(0, get_errors(self->d.ctrl, e));
	EXPECT_EQ(0, get64(e));
}

/* A run completes long after its submission, and on another thread. */
TEST_F(logs, failed_runs)
{
	static const struct bpf_insn reads_lba_9[] = {
		I_MOV(R1, 9), I_MOV(R2, KCSD_GUEST_DATA), I_MOV(R3, 4096), I_HELPER(read),
		I_MOV(R0, 0), I_EXIT,
	};
	struct image im = { .insns = reads_lba_9, .insn_cnt = ARRAY_SIZE(reads_lba_9),
			    .bss_len = 4096 };
	struct error_entry *e = (void *)self->buf;
	struct run r = { .timeout_ms = 50 };

	ASSERT_EQ(0, prog_install(self->d.ctrl, 0, prog_endless));
	ASSERT_EQ(0, prog_install_image(self->d.ctrl, 1, &im));
	for (int way = 0; way < CMD_WAYS; way++)
		EXPECT_EQ(KCSD_SC_PROGRAM_TIME, run_way(way, self->d.compute, &r));
	r = (struct run){ .pind = 1 };
	run_grant(&r, 0, 1, KCSD_GRANT_READ);
	EXPECT_EQ(KCSD_SC_PROGRAM_FAULT, run_exec(self->d.compute, &r));
	ASSERT_EQ(0, get_errors(self->d.ctrl, e));
	EXPECT_TRUE(error_is(&e[0], 5, 1, KCSD_SC_PROGRAM_FAULT, NO_PLACE, 9, KCSD_NSID_COMPUTE));
	for (int i = 1; i < 5; i++) {
		EXPECT_TRUE(error_is(&e[i], 5 - i, 1, KCSD_SC_PROGRAM_TIME, NO_PLACE, 0,
				     KCSD_NSID_COMPUTE));
	}
}

/* The log has the bit Do Not Retry as in the completion. */
TEST_F(logs, dnr_as_in_the_completion)
{
	static const struct drive_attr one_run[] = { DRIVE_SMALL, { "queue_limit", "1" }, {} };
	struct nvme_uring_cmd c = tenant_cmd(0, 0, 0);
	struct error_entry *e = (void *)self->buf;
	struct tenant t;

	ASSERT_EQ(0, drive_remove(&self->d));
	ASSERT_EQ(0, drive_create(&self->d, "logs", one_run));
	ASSERT_EQ(0, prog_install(self->d.ctrl, 0, prog_endless));
	ASSERT_EQ(0, tenant_open(&t, &self->d));
	ASSERT_EQ(0, tenant_send(&t, &c, 1, 0));
	EXPECT_EQ(KCSD_SC_INSUFFICIENT_RESOURCES, cmd_io_way(CMD_IOCTL, t.fd, &c, NULL));
	ASSERT_EQ(0, get_errors(self->d.ctrl, e));
	EXPECT_TRUE(error_is(&e[0], 1, 1, KCSD_SC_INSUFFICIENT_RESOURCES, NO_PLACE, 0,
			     KCSD_NSID_COMPUTE));
	tenant_close(&t);
}

TEST_F(logs, full_log_and_power_cycle)
{
	struct error_entry *e = (void *)self->buf;
	struct nvme_uring_cmd flush = cmd_flush();

	flush.cdw15 = 1;
	for (int i = 0; i < ERROR_ENTRIES + 10; i++)
		ASSERT_EQ(KCSD_SC_INVALID_FIELD, cmd_io(self->d.nvm, &flush));
	drive_close(&self->d);
	ASSERT_EQ(0, drive_power(&self->d, false));
	ASSERT_EQ(0, drive_power(&self->d, true));
	ASSERT_EQ(0, drive_open(&self->d, O_RDWR));
	ASSERT_EQ(0, get_errors(self->d.ctrl, e));
	for (int i = 0; i < ERROR_ENTRIES; i++) {
		EXPECT_TRUE(error_is(&e[i], ERROR_ENTRIES + 10 - i, 1, KCSD_SC_INVALID_FIELD,
				     KCSD_FIELD_CDW15, 0, KCSD_NSID_NVM));
	}
}

/* ---- health ---- */

enum { SPARE = 3, UNITS_READ = 32, UNITS_WRITTEN = 48, READS = 64, WRITES = 80, BUSY = 96,
       CYCLES = 112, UNSAFE = 144, MEDIA_ERRORS = 160, ERRORS = 176 };

TEST_F(logs, health_counts)
{
	struct nvme_uring_cmd wr = cmd_rw(NVM_WRITE, 0, 16, self->buf, 65536);
	struct nvme_uring_cmd rd = cmd_rw(NVM_READ, 0, 16, self->buf, 65536);
	__u8 h[512], was[512];

	ASSERT_EQ(0, get_log(self->d.ctrl, LOG_HEALTH, was, sizeof(was), 0));
	EXPECT_EQ(0, was[0]) TH_LOG("critical warning");
	EXPECT_EQ(100, was[SPARE]);
	EXPECT_EQ(1, get64(was + CYCLES));
	EXPECT_EQ(0, get64(was + WRITES));
	EXPECT_EQ(0, get64(was + UNITS_WRITTEN));
	/*
	 * A unit is 1000 * 512 bytes, and a started unit counts: 7.8 become 8, and 8.06 become 9.
	 */
	for (int i = 0; i < 61; i++) {
		ASSERT_EQ(0, cmd_io(self->d.nvm, &wr));
	}
	for (int i = 0; i < 63; i++) {
		ASSERT_EQ(0, cmd_io(self->d.nvm, &rd));
	}
	ASSERT_EQ(0, get_log(self->d.ctrl, LOG_HEALTH, h, sizeof(h), 0));
	EXPECT_EQ(61, get64(h + WRITES));
	EXPECT_EQ(8, get64(h + UNITS_WRITTEN));
	/* udev also reads new block devices. */
	EXPECT_LE(63 + get64(was + READS), get64(h + READS));
	EXPECT_LE(9, get64(h + UNITS_READ));
	EXPECT_EQ(0, get64(h + MEDIA_ERRORS));
	EXPECT_EQ(0, get64(h + ERRORS));

	wr.cdw15 = 1;
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, cmd_io(self->d.nvm, &wr));
	drive_close(&self->d);
	ASSERT_EQ(0, drive_power(&self->d, false));
	ASSERT_EQ(0, drive_power(&self->d, true));
	ASSERT_EQ(0, drive_open(&self->d, O_RDWR));
	ASSERT_EQ(0, get_log(self->d.ctrl, LOG_HEALTH, h, sizeof(h), 0));
	EXPECT_EQ(61, get64(h + WRITES));
	EXPECT_EQ(8, get64(h + UNITS_WRITTEN));
	EXPECT_EQ(2, get64(h + CYCLES));
	EXPECT_EQ(0, get64(h + UNSAFE));
	EXPECT_EQ(1, get64(h + ERRORS));
}

TEST_F(logs, name_survives_power_cycle)
{
	struct nvme_uring_cmd id = cmd_identify(1, 0, 0, self->buf);
	__u8 serial[20];

	ASSERT_EQ(0, cmd_admin(self->d.ctrl, &id));
	memcpy(serial, self->buf + 4, sizeof(serial));
	drive_close(&self->d);
	ASSERT_EQ(0, drive_power(&self->d, false));
	ASSERT_EQ(0, drive_power(&self->d, true));
	ASSERT_EQ(0, drive_open(&self->d, O_RDWR));
	ASSERT_EQ(0, cmd_admin(self->d.ctrl, &id));
	EXPECT_EQ(0, memcmp(serial, self->buf + 4, sizeof(serial)));
}

TEST_F(logs, firmware_slot)
{
	struct nvme_uring_cmd id = cmd_identify(1, 0, 0, self->buf + 4096);

	ASSERT_EQ(0, get_log(self->d.ctrl, LOG_FIRMWARE, self->buf, 512, 0));
	ASSERT_EQ(0, cmd_admin(self->d.ctrl, &id));
	EXPECT_EQ(1, self->buf[0]) TH_LOG("AFI");
	EXPECT_EQ(0, memcmp(self->buf + 8, self->buf + 4096 + 64, 8)) TH_LOG("FRS1 is FR");
	EXPECT_EQ(ERROR_ENTRIES - 1, self->buf[4096 + 262]) TH_LOG("ELPE");
	EXPECT_EQ(1 << 1 | 1, self->buf[4096 + 260]) TH_LOG("FRMW");
	EXPECT_EQ(1 << 1 | 1 << 2 | 1 << 5, self->buf[4096 + 261]) TH_LOG("LPA");
}

TEST_F(logs, program_types)
{
	struct kcsd_program_type_list *list = (void *)self->buf;

	ASSERT_EQ(0, get_log(self->d.ctrl, KCSD_LOG_PROGRAM_TYPES, list, 32, 0));
	EXPECT_EQ(1, le16toh(list->nr));
	EXPECT_EQ(KCSD_PTYPE_EBPF, list->type[0].ptype);
}

/* ---- features ---- */

TEST_F(logs, read_only_features)
{
	static const struct {
		__u8 fid;
		__u64 value;
	} cases[] = {
		{ 0x01, 7 }, { 0x02, 0 }, { 0x07, 2 << 16 | 2 }, { 0x0b, 0 }, { 0x19, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (__u32 sel = 0; sel < 3; sel++) {
			EXPECT_EQ(cases[i].value, feature(self->d.ctrl, cases[i].fid, sel))
				TH_LOG("feature %02x, select %u", cases[i].fid, sel);
		}
		EXPECT_EQ(0, feature(self->d.ctrl, cases[i].fid, 3));
		EXPECT_EQ(KCSD_SC_FEATURE_NOT_CHANGEABLE,
			  set_feature(self->d.ctrl, cases[i].fid, cases[i].value));
	}
}

TEST_F(logs, supported_features_match_answers)
{
	__le32 effects[256];

	ASSERT_EQ(0, get_log(self->d.ctrl, LOG_FEATURES, effects, sizeof(effects), 0));
	for (int fid = 0; fid < 256; fid++) {
		struct nvme_uring_cmd c = cmd_get_feature(fid, 0);
		int want = le32toh(effects[fid]) & 1 ? 0 : KCSD_SC_INVALID_FIELD;

		EXPECT_EQ(want, cmd_admin(self->d.ctrl, &c)) TH_LOG("feature %02x", fid);
		if (want)
			EXPECT_EQ(want, set_feature(self->d.ctrl, fid, 0));
	}
}

TEST_F(logs, default_time_limit)
{
	struct kcsd_id_ns_compute *id = (void *)self->buf;
	struct nvme_uring_cmd c = cmd_identify(5, KCSD_NSID_COMPUTE, KCSD_CSI_COMPUTE, id);
	struct run r = {};

	ASSERT_EQ(0, prog_install(self->d.ctrl, 0, prog_endless));
	EXPECT_EQ(1234, feature(self->d.ctrl, KCSD_FEATURE_TIMEOUT, 0));
	EXPECT_EQ(0, set_feature(self->d.ctrl, KCSD_FEATURE_TIMEOUT, 40));
	EXPECT_EQ(40, feature(self->d.ctrl, KCSD_FEATURE_TIMEOUT, 0));
	EXPECT_EQ(1234, feature(self->d.ctrl, KCSD_FEATURE_TIMEOUT, 1));
	EXPECT_EQ(1234, feature(self->d.ctrl, KCSD_FEATURE_TIMEOUT, 2));
	EXPECT_EQ(4, feature(self->d.ctrl, KCSD_FEATURE_TIMEOUT, 3));
	ASSERT_EQ(0, cmd_admin(self->d.ctrl, &c));
	EXPECT_EQ(40, le32toh(id->timeout_ms));
	EXPECT_EQ(KCSD_SC_PROGRAM_TIME, run_exec(self->d.compute, &r));
	EXPECT_GT(1000000000, le64toh(r.out.rec.run_ns));

	EXPECT_EQ(KCSD_SC_INVALID_FIELD, set_feature(self->d.ctrl, KCSD_FEATURE_TIMEOUT, 0));
	EXPECT_EQ(KCSD_SC_INVALID_FIELD,
		  set_feature(self->d.ctrl, KCSD_FEATURE_TIMEOUT, KCSD_MAX_TIMEOUT_MS + 1));
	EXPECT_EQ(KCSD_SC_INVALID_FIELD,
		  set_feature(self->d.ctrl, KCSD_FEATURE_TIMEOUT, 1ULL << 32 | 40));
	EXPECT_EQ(40, feature(self->d.ctrl, KCSD_FEATURE_TIMEOUT, 0));
	EXPECT_EQ(0, set_feature(self->d.ctrl, KCSD_FEATURE_TIMEOUT, KCSD_MAX_TIMEOUT_MS));
}

TEST_F(logs, default_budget)
{
	struct run r = {};

	ASSERT_EQ(0, prog_install(self->d.ctrl, 0, prog_endless));
	EXPECT_EQ(0, feature(self->d.ctrl, KCSD_FEATURE_BUDGET, 0));
	EXPECT_EQ(0, set_feature(self->d.ctrl, KCSD_FEATURE_BUDGET, 5ULL << 32 | 7));
	EXPECT_EQ(5ULL << 32 | 7, feature(self->d.ctrl, KCSD_FEATURE_BUDGET, 0));
	EXPECT_EQ(0, set_feature(self->d.ctrl, KCSD_FEATURE_BUDGET, 1000));
	EXPECT_EQ(KCSD_SC_PROGRAM_BUDGET, run_exec(self->d.compute, &r));
	EXPECT_EQ(0, feature(self->d.ctrl, KCSD_FEATURE_BUDGET, 1));
}

TEST_F(logs, set_feature_refusals)
{
	static const struct cmd_change changes[] = {
		CMD_CHANGE(cdw10, 0x1d, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw10, KCSD_FEATURE_BUDGET | 1 << 8, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw10, KCSD_FEATURE_BUDGET | 1u << 31, KCSD_SC_FEATURE_NOT_SAVEABLE),
		CMD_CHANGE(cdw13, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw14, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw15, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw2, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(data_len, 4, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(nsid, KCSD_NSID_NVM, KCSD_SC_FEATURE_NOT_PER_NS),
		CMD_CHANGE(nsid, KCSD_NSID_COMPUTE, KCSD_SC_FEATURE_NOT_PER_NS),
		CMD_CHANGE(nsid, 77, KCSD_SC_INVALID_NS),
	};
	struct nvme_uring_cmd base = cmd_set_feature(KCSD_FEATURE_BUDGET, 0);

	base.addr = (uintptr_t)self->buf;
	ASSERT_EQ(0, cmd_admin(self->d.ctrl, &base));
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		EXPECT_TRUE(cmd_refused(CMD_URING, true, self->d.ctrl, &base, &changes[i]));
	}
}

TEST_F(logs, get_feature_refusals)
{
	static const struct cmd_change changes[] = {
		CMD_CHANGE(cdw10, KCSD_FEATURE_BUDGET | 4 << 8, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw10, KCSD_FEATURE_BUDGET | 1 << 11, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw11, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw14, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(data_len, 4096, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(nsid, 77, KCSD_SC_INVALID_NS),
		CMD_CHANGE(nsid, KCSD_NSID_NVM, 0),
		CMD_CHANGE(nsid, 0xffffffff, 0),
	};
	struct nvme_uring_cmd base = cmd_get_feature(KCSD_FEATURE_BUDGET, 0);

	base.addr = (uintptr_t)self->buf;
	ASSERT_EQ(0, cmd_admin(self->d.ctrl, &base));
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		EXPECT_TRUE(cmd_refused(CMD_URING, true, self->d.ctrl, &base, &changes[i]));
	}
}

TEST_F(logs, read_only_file_sets_nothing)
{
	struct drive d = DRIVE_INIT;

	d.index = self->d.index;
	ASSERT_EQ(0, drive_open(&d, O_RDONLY));
	ASSERT_EQ(0, admin_set(false));
	EXPECT_EQ(-EACCES, set_feature(d.ctrl, KCSD_FEATURE_BUDGET, 1));
	EXPECT_EQ(0, feature(d.ctrl, KCSD_FEATURE_BUDGET, 0));
	drive_close(&d);
}

DRIVE_TEST_MAIN
