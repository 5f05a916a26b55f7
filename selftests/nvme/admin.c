// SPDX-License-Identifier: GPL-2.0
/* Identify and Get Log Page. */
#include "harness.h"
#include "admin.h"
#include "change.h"
#include "prog.h"

#include <endian.h>

/* The test creates a second drive, to compare the values that must differ between drives. */
static const struct drive_attr small[] = {
	DRIVE_SMALL, { "cus", "3" }, { "max_programs", "6" }, { "max_active", "4" },
	{ "max_program_bytes", "2097152" }, { "timeout_ms", "1234" },
	{ "insn_budget", "5678901234" }, {}
};
enum { ID_NS_NGUID = 104, ID_NS_EUI64 = 120 };

static const struct drive_attr small_512[] = { DRIVE_SMALL, { "block_size", "512" }, {} };

FIXTURE(admin) {
	struct drive d;
	struct drive other;
	__u8 *buf;
};

FIXTURE_SETUP(admin)
{
	drive_sweep();
	self->buf = aligned_alloc(4096, 65536);
	ASSERT_NE(NULL, self->buf);
	memset(self->buf, 0xa5, 65536);
	ASSERT_EQ(0, drive_create(&self->d, "admin", small));
	self->other = (struct drive)DRIVE_INIT;
}

FIXTURE_TEARDOWN(admin)
{
	drive_remove(&self->other);
	EXPECT_EQ(0, drive_remove(&self->d));
	free(self->buf);
}

static __u16 get16(const __u8 *p)
{
	return p[0] | p[1] << 8;
}

static __u32 get32(const __u8 *p)
{
	return get16(p) | (__u32)get16(p + 2) << 16;
}

static __u64 get64(const __u8 *p)
{
	return get32(p) | (__u64)get32(p + 4) << 32;
}

static int identify(int fd, __u8 cns, __u32 nsid, __u8 csi, void *buf)
{
	struct nvme_uring_cmd c = cmd_identify(cns, nsid, csi, buf);

	return cmd_admin(fd, &c);
}

static bool all_zero(const __u8 *p, size_t len)
{
	while (len && !*p) {
		p++;
		len--;
	}
	return !len;
}

/* True if the field is printable ASCII, padded with blanks on the right, and not all blank. */
static bool is_text(const __u8 *p, int len)
{
	for (int i = 0; i < len; i++) {
		if (p[i] < 0x20 || p[i] > 0x7e)
			return false;
	}
	return p[0] != ' ';
}

TEST_F(admin, identify_controller)
{
	__u8 *id = self->buf;

	ASSERT_EQ(0, identify(self->d.ctrl, 1, 0, 0, id));
	EXPECT_TRUE(is_text(id + 4, 20)) TH_LOG("SN");
	EXPECT_TRUE(is_text(id + 24, 40)) TH_LOG("MN");
	EXPECT_TRUE(is_text(id + 64, 8)) TH_LOG("FR");
	EXPECT_LE(0x10300, get32(id + 80)) TH_LOG("VER: descriptors came with 1.3");
	EXPECT_EQ(2, get16(id + 256) & 0xf) TH_LOG("OACS: no security, firmware, NS mgmt; Format");
	EXPECT_EQ(0x66, id[512]) TH_LOG("SQES");
	EXPECT_EQ(0x44, id[513]) TH_LOG("CQES");
	EXPECT_LE(KCSD_NSID_COMPUTE, get32(id + 516)) TH_LOG("NN");
	EXPECT_GE(1024, get32(id + 516)) TH_LOG("NN");
	EXPECT_EQ(0, strncmp((char *)id + 768, "nqn.", 4)) TH_LOG("SUBNQN");
}

TEST_F(admin, serial_numbers_differ)
{
	__u8 *id = self->buf, *other = self->buf + 4096;

	ASSERT_EQ(0, drive_create(&self->other, "admin2", small));
	ASSERT_EQ(0, identify(self->d.ctrl, 1, 0, 0, id));
	ASSERT_EQ(0, identify(self->other.ctrl, 1, 0, 0, other));
	EXPECT_NE(0, memcmp(id + 4, other + 4, 20));
	EXPECT_EQ(0, memcmp(id + 24, other + 24, 40));
}

TEST_F(admin, same_in_all_ways_and_nodes)
{
	struct nvme_uring_cmd c = cmd_identify(1, 0, 0, self->buf);
	__u8 want[4096];

	ASSERT_EQ(0, cmd_admin(self->d.ctrl, &c));
	memcpy(want, self->buf, sizeof(want));
	for (int way = 0; way < CMD_WAYS; way++) {
		memset(self->buf, 0xa5, 4096);
		EXPECT_EQ(0, cmd_admin_way(way, self->d.ctrl, &c, NULL));
		EXPECT_EQ(0, memcmp(want, self->buf, 4096)) TH_LOG("%s", cmd_way_name(way));
		if (way != CMD_IOCTL && way != CMD_IOCTL64)
			continue;
		memset(self->buf, 0xa5, 4096);
		EXPECT_EQ(0, cmd_admin_way(way, self->d.nvm, &c, NULL));
		EXPECT_EQ(0, memcmp(want, self->buf, 4096));
		memset(self->buf, 0xa5, 4096);
		EXPECT_EQ(0, cmd_admin_way(way, self->d.compute, &c, NULL));
		EXPECT_EQ(0, memcmp(want, self->buf, 4096));
	}
}

TEST_F(admin, active_namespaces)
{
	static const struct {
		__u32 from;
		int status;
		__u32 list[4];
	} cases[] = {
		{ 0, 0, { 1, 2, 3, 4 } }, { 1, 0, { 2, 3, 4 } }, { 2, 0, { 3, 4 } },
		{ 3, 0, { 4 } },
		{ 4, 0, {} }, { 1000, 0, {} },
		{ 0xfffffffe, KCSD_SC_INVALID_NS, {} }, { 0xffffffff, KCSD_SC_INVALID_NS, {} },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		memset(self->buf, 0xa5, 4096);
		EXPECT_EQ(cases[i].status, identify(self->d.ctrl, 2, cases[i].from, 0, self->buf))
			TH_LOG("from %#x", cases[i].from);
		if (cases[i].status)
			continue;
		EXPECT_EQ(cases[i].list[0], get32(self->buf)) TH_LOG("from %#x", cases[i].from);
		EXPECT_EQ(cases[i].list[1], get32(self->buf + 4));
		EXPECT_EQ(cases[i].list[2], get32(self->buf + 8));
		EXPECT_EQ(cases[i].list[3], get32(self->buf + 12));
		EXPECT_TRUE(all_zero(self->buf + 16, 4080));
	}
}

/* True if NSZE, NCAP, NUSE and the LBA format in use have these values. */
static bool namespace_is(const __u8 *id, __u64 nsze, int lbads)
{
	int format = id[26] & 0xf;

	return get64(id) == nsze && get64(id + 8) == nsze && get64(id + 16) <= nsze &&
	       format <= id[25] && get16(id + 128 + format * 4) == 0 &&
	       id[128 + format * 4 + 2] == lbads;
}

TEST_F(admin, nvm_namespace)
{
	ASSERT_EQ(0, identify(self->d.ctrl, 0, 1, 0, self->buf));
	EXPECT_TRUE(namespace_is(self->buf, 4096, 12));
	EXPECT_EQ(0, self->buf[29]) TH_LOG("DPS");
	ASSERT_EQ(0, drive_create(&self->other, "admin2", small_512));
	ASSERT_EQ(0, identify(self->other.ctrl, 0, 1, 0, self->buf));
	EXPECT_TRUE(namespace_is(self->buf, 32768, 9));
}

TEST_F(admin, missing_namespaces)
{
	EXPECT_EQ(KCSD_SC_INVALID_NS, identify(self->d.ctrl, 0, 0, 0, self->buf));
	EXPECT_EQ(KCSD_SC_INVALID_NS, identify(self->d.ctrl, 0, 100000, 0, self->buf));
	EXPECT_EQ(KCSD_SC_INVALID_NS, identify(self->d.ctrl, 0, ~0U, 0, self->buf));
	EXPECT_EQ(KCSD_SC_INVALID_NS, identify(self->d.ctrl, 3, 0, 0, self->buf));
	EXPECT_EQ(KCSD_SC_INVALID_NS, identify(self->d.ctrl, 3, 100000, 0, self->buf));
	EXPECT_EQ(KCSD_SC_INVALID_NS, identify(self->d.ctrl, 5, 0, 0, self->buf));
	EXPECT_EQ(KCSD_SC_INVALID_NS, identify(self->d.ctrl, 5, 100000, 4, self->buf));
}

/*
 * Identify of the controller ignores NSID: fio and others send the NSID of the node that they use.
 */
TEST_F(admin, identify_of_the_controller_takes_any_nsid)
{
	static const __u32 nsid[] = { 0, KCSD_NSID_NVM, KCSD_NSID_COMPUTE, 77, ~0U };

	for (size_t i = 0; i < ARRAY_SIZE(nsid); i++) {
		EXPECT_EQ(0, identify(self->d.ctrl, 0x01, nsid[i], 0, self->buf));
		EXPECT_EQ(0, identify(self->d.ctrl, 0x06, nsid[i], KCSD_CSI_NVM, self->buf));
		EXPECT_EQ(0, identify(self->d.ctrl, 0x1c, nsid[i], 0, self->buf));
	}
}

/*
 * Returns the first descriptor of a type in a list of CNS 03h, or NULL; stores its length in *len.
 */
static const __u8 *descriptor(const __u8 *list, __u8 type, int *len)
{
	for (int off = 0; off + 4 < 4096 && list[off + 1]; off += 4 + list[off + 1]) {
		if (list[off] == type) {
			*len = list[off + 1];
			return list + off + 4;
		}
	}
	return NULL;
}

/* types of descriptors */
enum { NAME_EUI64 = 1, NAME_NGUID, NAME_UUID, NAME_CSI };

static int name_len(__u8 type)
{
	return type == NAME_EUI64 ? 8 : 16;
}

static const __u8 *descriptor_name(const __u8 *list, __u8 type)
{
	int len = 0;
	const __u8 *id = descriptor(list, type, &len);

	return id && len == name_len(type) && !all_zero(id, len) ? id : NULL;
}

TEST_F(admin, descriptors)
{
	__u8 *list[] = { self->buf, self->buf + 4096, self->buf + 8192 };
	static const __u8 csi[] = { KCSD_CSI_NVM, KCSD_CSI_COMPUTE, KCSD_CSI_NVM };
	const __u8 *id[3], *p;
	int len;

	ASSERT_EQ(0, drive_create(&self->other, "admin2", small));
	ASSERT_EQ(0, identify(self->d.ctrl, 3, KCSD_NSID_NVM, 0, list[0]));
	ASSERT_EQ(0, identify(self->d.ctrl, 3, KCSD_NSID_COMPUTE, 0, list[1]));
	ASSERT_EQ(0, identify(self->other.ctrl, 3, KCSD_NSID_NVM, 0, list[2]));
	for (int i = 0; i < 3; i++) {
		p = descriptor(list[i], NAME_CSI, &len);
		ASSERT_NE(NULL, p) TH_LOG("no CSI in list %d", i);
		EXPECT_EQ(1, len);
		EXPECT_EQ(csi[i], *p);
	}
	for (__u8 type = NAME_EUI64; type < NAME_CSI; type++) {
		for (int i = 0; i < 3; i++) {
			id[i] = descriptor_name(list[i], type);
			ASSERT_NE(NULL, id[i]) TH_LOG("no name of type %u in list %d", type, i);
		}
		EXPECT_NE(0, memcmp(id[0], id[1], name_len(type)));
		EXPECT_NE(0, memcmp(id[0], id[2], name_len(type)));
		EXPECT_NE(0, memcmp(id[1], id[2], name_len(type)));
	}
}

/*
 * Identify Namespace has the same names. They are locally administered (bit in the OUI), as no
 * manufacturer assigned them.
 */
TEST_F(admin, names)
{
	__u8 *ns = self->buf, *list = self->buf + 4096;

	ASSERT_EQ(0, identify(self->d.ctrl, 0, KCSD_NSID_NVM, 0, ns));
	ASSERT_EQ(0, identify(self->d.ctrl, 3, KCSD_NSID_NVM, 0, list));
	EXPECT_EQ(0, memcmp(ns + ID_NS_NGUID, descriptor_name(list, NAME_NGUID), 16));
	EXPECT_EQ(0, memcmp(ns + ID_NS_EUI64, descriptor_name(list, NAME_EUI64), 8));
	EXPECT_EQ(2, ns[ID_NS_NGUID + 8] & 3);
	EXPECT_EQ(2, ns[ID_NS_EUI64] & 3);
}

TEST_F(admin, compute_namespace)
{
	struct kcsd_id_ns_compute *id = (void *)self->buf;

	ASSERT_EQ(4096, sizeof(*id));
	ASSERT_EQ(0, identify(self->d.ctrl, 5, KCSD_NSID_COMPUTE, KCSD_CSI_COMPUTE, id));
	EXPECT_EQ(4, le16toh(id->maxact));
	EXPECT_EQ(64, le16toh(id->maxmemrs));
	EXPECT_EQ(16, id->maxmemr);
	EXPECT_EQ(KCSD_RANGE_GRANULARITY, le16toh(id->mrsg));
	EXPECT_EQ(2, le64toh(id->maxpb));
	EXPECT_EQ(6, le16toh(id->maxprog));
	EXPECT_EQ(3, le16toh(id->cus));
	EXPECT_EQ(1U << 20, le32toh(id->max_program_len));
	EXPECT_EQ(1U << 20, le64toh(id->arena_len));
	EXPECT_EQ(5678901234ULL, le64toh(id->insn_budget));
	EXPECT_EQ(1234, le32toh(id->timeout_ms));
	EXPECT_TRUE(all_zero(id->rsvd, sizeof(id->rsvd)));
}

TEST_F(admin, command_set_specific)
{
	static const struct {
		__u8 cns;
		__u8 csi;
		__u32 nsid;
		int status;
	} cases[] = {
		{ 5, KCSD_CSI_NVM, KCSD_NSID_NVM, 0 },
		{ 5, KCSD_CSI_COMPUTE, KCSD_NSID_COMPUTE, 0 },
		{ 5, KCSD_CSI_COMPUTE, KCSD_NSID_NVM, KCSD_SC_INVALID_FIELD },
		{ 5, KCSD_CSI_NVM, KCSD_NSID_COMPUTE, KCSD_SC_INVALID_FIELD },
		{ 5, KCSD_CSI_SLM, KCSD_NSID_SLM, 0 },
		{ 5, KCSD_CSI_SLM, KCSD_NSID_NVM, KCSD_SC_INVALID_FIELD },
		{ 5, 2, KCSD_NSID_NVM, KCSD_SC_INVALID_FIELD },
		{ 5, 0x77, KCSD_NSID_NVM, KCSD_SC_INVALID_FIELD },
		{ 6, KCSD_CSI_NVM, 0, 0 },
		{ 6, 0x77, 0, KCSD_SC_INVALID_FIELD },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		EXPECT_EQ(cases[i].status, identify(self->d.ctrl, cases[i].cns, cases[i].nsid,
						    cases[i].csi, self->buf))
			TH_LOG("CNS %02x CSI %02x NSID %u", cases[i].cns, cases[i].csi,
			       cases[i].nsid);
	}
}

TEST_F(admin, identify_refusals)
{
	static const struct cmd_change changes[] = {
		CMD_CHANGE(cdw10, 0x44, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw10, 0xff, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw10, 0x101, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw11, 0x00800000, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw12, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw13, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw14, 0x80, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw15, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw2, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw3, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(data_len, 0, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(data_len, 4092, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(data_len, 8192, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(flags, 1, -EINVAL),
		CMD_CHANGE(addr, 0x1000, -EFAULT),
		CMD_CHANGE(addr, 0xffff800000000000, -EFAULT),
	};
	struct nvme_uring_cmd base = cmd_identify(1, 0, 0, self->buf);

	ASSERT_EQ(0, cmd_admin(self->d.ctrl, &base));
	EXPECT_TRUE(cmd_each_refused(true, self->d.ctrl, &base, changes, ARRAY_SIZE(changes)));
}

TEST_F(admin, unknown_opcodes)
{
	static const __u8 opcodes[] = {
		0x03, 0x08, 0x0d, 0x11, 0x7f, 0x81, 0x82, 0xc0, 0xff,
	};

	for (size_t i = 0; i < ARRAY_SIZE(opcodes); i++) {
		struct nvme_uring_cmd c = { .opcode = opcodes[i] };

		EXPECT_EQ(KCSD_SC_INVALID_OPCODE, cmd_admin(self->d.ctrl, &c))
			TH_LOG("opcode %02x", opcodes[i]);
	}
}

TEST_F(admin, unknown_ioctls)
{
	int fds[] = { self->d.ctrl, self->d.nvm, self->d.compute };

	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(-1, ioctl(fds[i], _IO('N', 0x7f), self->buf));
		EXPECT_EQ(ENOTTY, errno);
		EXPECT_EQ(-1, ioctl(fds[i], _IO('K', 0), self->buf));
		EXPECT_EQ(ENOTTY, errno);
	}
}

TEST_F(admin, uring_commands_of_wrong_kind)
{
	struct nvme_uring_cmd c = cmd_identify(1, 0, 0, self->buf);

	EXPECT_EQ(-ENOTTY, cmd_uring(self->d.ctrl, NVME_URING_CMD_IO, &c, true, NULL));
	EXPECT_EQ(-ENOTTY, cmd_uring(self->d.nvm, NVME_URING_CMD_ADMIN, &c, true, NULL));
	EXPECT_EQ(-ENOTTY, cmd_uring(self->d.ctrl, 0x1234, &c, true, NULL));
}

static int get_log(int fd, __u8 lid, void *buf, __u32 len, __u64 offset)
{
	struct nvme_uring_cmd c = cmd_log(lid, buf, len, offset);

	return cmd_admin(fd, &c);
}

TEST_F(admin, program_list_in_pieces)
{
	struct kcsd_program_list *list = (void *)self->buf;
	const __u32 len = sizeof(*list) + 6 * sizeof(struct kcsd_program_desc);
	__u8 piece[1024];

	ASSERT_EQ(0, prog_install(self->d.ctrl, 5, prog_seven));
	ASSERT_EQ(0, get_log(self->d.ctrl, KCSD_LOG_PROGRAM_LIST, list, len, 0));
	EXPECT_EQ(6, le16toh(list->nr));
	EXPECT_TRUE(all_zero(list->rsvd, sizeof(list->rsvd)));
	for (__u32 off = 0; off < len; off += 20) {
		__u32 n = len - off < 20 ? len - off : 20;

		ASSERT_EQ(0, get_log(self->d.ctrl, KCSD_LOG_PROGRAM_LIST, piece, n, off));
		EXPECT_EQ(0, memcmp(piece, self->buf + off, n)) TH_LOG("at %u", off);
	}
}

/*
 * A log page is shorter than the buffer: the rest must be zeroes, not other memory of the kernel.
 */
TEST_F(admin, log_pages_end_in_zeroes)
{
	const __u32 len = sizeof(struct kcsd_program_list) + 6 * sizeof(struct kcsd_program_desc);

	ASSERT_EQ(0, get_log(self->d.ctrl, KCSD_LOG_PROGRAM_LIST, self->buf, 4096, 0));
	EXPECT_TRUE(all_zero(self->buf + len, 4096 - len));
	ASSERT_EQ(0, get_log(self->d.ctrl, KCSD_LOG_PROGRAM_OUTPUT, self->buf, 4096, 0));
	EXPECT_EQ(0, get32(self->buf));
	EXPECT_EQ(sizeof(struct kcsd_log_entry), get32(self->buf + 4));
	EXPECT_TRUE(all_zero(self->buf + 8, 4088));
}

TEST_F(admin, log_page_refusals)
{
	static const __u32 numd = 16 / 4 - 1;
	static const struct cmd_change changes[] = {
		CMD_CHANGE(cdw10, 0x7f | numd << 16, KCSD_SC_INVALID_LOG_PAGE),
		CMD_CHANGE(cdw10, 0xc6 | numd << 16, KCSD_SC_INVALID_LOG_PAGE),
		CMD_CHANGE(nsid, 7, KCSD_SC_INVALID_NS),
		CMD_CHANGE(data_len, 12, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(data_len, 0, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE_MISFIT(cdw11, 1, addr),		/* NUMDU: 256 KiB */
		CMD_CHANGE(cdw12, 2, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw12, 0x100000, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE_MISFIT(cdw13, 1, cdw12),		/* LPO, upper half */
		CMD_CHANGE(cdw14, 0x100, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw15, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw2, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(flags, 0x40, -EINVAL),
		CMD_CHANGE(addr, 0x1000, -EFAULT),
	};
	struct nvme_uring_cmd base = cmd_log(KCSD_LOG_PROGRAM_LIST, self->buf, 16, 0);

	ASSERT_EQ(0, cmd_admin(self->d.ctrl, &base));
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		EXPECT_TRUE(cmd_refused(CMD_URING, true, self->d.ctrl, &base, &changes[i]));
	}
}

DRIVE_TEST_MAIN
