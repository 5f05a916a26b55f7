// SPDX-License-Identifier: GPL-2.0
/* The Zoned Namespace command set on the generic node of namespace 1. */
#include "harness.h"
#include "admin.h"
#include "change.h"
#include "nvm.h"
#include "zns.h"

#include <sys/uio.h>

#define BUF	(64 * ZNS_LBA)
#define NONE	~0ULL

static const struct drive_attr limited[] = {
	ZNS_DRIVE, { "max_open_zones", "3" }, { "max_active_zones", "5" }, {}
};

FIXTURE(zns) {
	struct drive d;
	int fd;
	__u8 *out;
	__u8 *in;
};

FIXTURE_SETUP(zns)
{
	drive_sweep();
	self->out = aligned_alloc(4096, BUF);
	self->in = aligned_alloc(4096, BUF);
	ASSERT_TRUE(self->out && self->in);
	for (__u32 i = 0; i < BUF; i++)
		self->out[i] = 1 + (i * 31 + (i >> 12) * 7) % 255;
	memset(self->in, 0xa5, BUF);
	ASSERT_EQ(0, drive_create(&self->d, "zns", limited));
	self->fd = self->d.nvm;
}

FIXTURE_TEARDOWN(zns)
{
	EXPECT_EQ(0, drive_remove(&self->d));
	free(self->out);
	free(self->in);
}

static __u32 get32(const void *p)
{
	__u32 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static __u64 get64(const void *p)
{
	__u64 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static bool is_zero(const __u8 *p, size_t len)
{
	while (len && !*p) {
		p++;
		len--;
	}
	return !len;
}

static int identify(int fd, __u8 cns, __u8 csi, __u32 nsid, void *buf)
{
	struct nvme_uring_cmd c = cmd_identify(cns, nsid, csi, buf);

	return cmd_admin(fd, &c);
}

/* ---- what there is ---- */

TEST_F(zns, identify_namespace)
{
	__u8 *id = self->in;

	ASSERT_EQ(0, identify(self->d.ctrl, 0x00, 0, KCSD_NSID_NVM, id));
	EXPECT_EQ(ZNS_NSZE, get64(id));
	EXPECT_EQ(ZNS_SIZE + 15 * ZNS_CAP, get64(id + 8));
	ASSERT_EQ(0, identify(self->d.ctrl, 0x05, KCSD_CSI_ZNS, KCSD_NSID_NVM, id));
	EXPECT_TRUE(is_zero(id, 2));			/* ZOC */
	EXPECT_EQ(1, id[2]);				/* OZCS: reads across zones */
	EXPECT_EQ(4, get32(id + 4));			/* MAR */
	EXPECT_EQ(2, get32(id + 8));			/* MOR */
	EXPECT_EQ(ZNS_SIZE, get64(id + 2816));		/* LBAFE 0 */
	EXPECT_TRUE(is_zero(id + 2824, 4096 - 2824));	/* no extensions, no other formats */
	EXPECT_EQ(KCSD_SC_INVALID_FIELD,
		  identify(self->d.ctrl, 0x05, KCSD_CSI_NVM, KCSD_NSID_NVM, id));
	EXPECT_EQ(KCSD_SC_INVALID_FIELD,
		  identify(self->d.ctrl, 0x05, KCSD_CSI_ZNS, KCSD_NSID_COMPUTE, id));
}

TEST_F(zns, identify_controller)
{
	__u8 *id = self->in;

	ASSERT_EQ(0, identify(self->d.ctrl, 0x06, KCSD_CSI_ZNS, 0, id));
	EXPECT_EQ(4, id[0]);	/* ZASL: 2^4 pages */
	EXPECT_TRUE(is_zero(id + 1, 4095));
	/* The limits of the commands that both sets have. */
	EXPECT_EQ(0, identify(self->d.ctrl, 0x06, KCSD_CSI_NVM, 0, id));
	ASSERT_EQ(0, identify(self->d.ctrl, 0x07, KCSD_CSI_ZNS, 0, id));
	EXPECT_EQ(KCSD_NSID_NVM, get32(id));
	EXPECT_TRUE(is_zero(id + 4, 4092));
	ASSERT_EQ(0, identify(self->d.ctrl, 0x07, KCSD_CSI_NVM, 0, id));
	EXPECT_TRUE(is_zero(id, 4096));
	ASSERT_EQ(0, identify(self->d.ctrl, 0x1c, 0, 0, id));
	EXPECT_EQ(1u << KCSD_CSI_KV | 1u << KCSD_CSI_ZNS | 1u << KCSD_CSI_SLM |
		  1u << KCSD_CSI_COMPUTE, get64(id));
	ASSERT_EQ(0, identify(self->d.ctrl, 0x03, 0, KCSD_NSID_NVM, id));
	/* The descriptor of CSI (one byte) follows EUI64, NGUID and UUID. */
	EXPECT_EQ(4, id[52]);
	EXPECT_EQ(1, id[53]);
	EXPECT_EQ(KCSD_CSI_ZNS, id[56]);
}

static int commands_log(int ctrl, __u8 csi, __u32 *page)
{
	struct nvme_uring_cmd c = cmd_log(0x05, page, 4096, 0);

	c.nsid = 0;
	c.cdw14 = (__u32)csi << 24;
	return cmd_admin(ctrl, &c);
}

TEST_F(zns, commands_and_effects)
{
	static const __u8 opcodes[] = {
		0, 1, 2, 4, 5, 8, 9, 0xc, 0x19, 0x79, 0x7a, 0x7d, KCSD_CMD_TIMING,
	};
	__u32 *page = (__u32 *)self->in, *io = page + 256, nr = 0;

	ASSERT_EQ(0, commands_log(self->d.ctrl, KCSD_CSI_ZNS, page));
	for (size_t i = 0; i < ARRAY_SIZE(opcodes); i++)
		EXPECT_TRUE(io[opcodes[i]] & 1);
	for (int i = 0; i < 256; i++)
		nr += io[i] & 1;
	EXPECT_EQ(ARRAY_SIZE(opcodes), nr);
	EXPECT_EQ(3, io[ZNS_SEND] & 3);		/* changes LBAs */
	EXPECT_EQ(3, io[ZNS_APPEND] & 3);
	EXPECT_EQ(1, io[ZNS_RECEIVE] & 3);
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, commands_log(self->d.ctrl, KCSD_CSI_NVM, page));
}

/* A drive without limits. */
TEST_F(zns, without_limits)
{
	static const struct drive_attr unlimited[] = {
		DRIVE_SMALL, { "zone_size", "2M" }, {}
	};
	__u8 *id = self->in;

	ASSERT_EQ(0, drive_remove(&self->d));
	ASSERT_EQ(0, drive_create(&self->d, "zns", unlimited));
	ASSERT_EQ(0, identify(self->d.ctrl, 0x05, KCSD_CSI_ZNS, KCSD_NSID_NVM, id));
	EXPECT_EQ(~0u, get32(id + 4));
	EXPECT_EQ(~0u, get32(id + 8));
	EXPECT_EQ(512, get64(id + 2816));
	ASSERT_EQ(0, identify(self->d.ctrl, 0x06, KCSD_CSI_ZNS, 0, id));
	EXPECT_EQ(8, id[0]);
}

TEST_F(zns, drive_without_zones)
{
	static const struct drive_attr plain[] = { DRIVE_SMALL, {} };
	struct nvme_uring_cmd c;

	ASSERT_EQ(0, drive_remove(&self->d));
	ASSERT_EQ(0, drive_create(&self->d, "zns", plain));
	c = zns_send_cmd(ZNS_OPEN, 0);
	EXPECT_EQ(KCSD_SC_INVALID_OPCODE, cmd_io(self->d.nvm, &c));
	c = zns_receive_cmd(0, 0, self->in, 4096);
	EXPECT_EQ(KCSD_SC_INVALID_OPCODE, cmd_io(self->d.nvm, &c));
	c = zns_append_cmd(0, 1, self->out);
	EXPECT_EQ(KCSD_SC_INVALID_OPCODE, cmd_io(self->d.nvm, &c));
	EXPECT_EQ(KCSD_SC_INVALID_FIELD,
		  identify(self->d.ctrl, 0x05, KCSD_CSI_ZNS, KCSD_NSID_NVM, self->in));
	EXPECT_EQ(KCSD_SC_INVALID_FIELD,
		  identify(self->d.ctrl, 0x06, KCSD_CSI_ZNS, 0, self->in));
	EXPECT_EQ(KCSD_SC_INVALID_FIELD,
		  commands_log(self->d.ctrl, KCSD_CSI_ZNS, (__u32 *)self->in));
}

/* ---- statuses, each by an otherwise valid command ---- */

TEST_F(zns, status_boundary)
{
	/* One write from below the capacity to above it, and one across two zones. */
	ASSERT_EQ(0, zns_write(self->fd, zns_start(1), 64, self->out));
	ASSERT_EQ(0, zns_write(self->fd, zns_start(1) + 64, 64, self->out));
	ASSERT_EQ(0, zns_write(self->fd, zns_start(1) + 128, 60, self->out));
	EXPECT_EQ(KCSD_SC_ZONE_BOUNDARY, zns_write(self->fd, zns_start(1) + 188, 5, self->out));
	EXPECT_EQ(KCSD_SC_ZONE_BOUNDARY, zns_append(self->fd, 1, 5, self->out, NULL));
	EXPECT_EQ(KCSD_SC_ZONE_BOUNDARY, zns_write(self->fd, zns_start(2) - 1, 2, self->out));
	EXPECT_EQ(KCSD_SC_ZONE_BOUNDARY, zns_write(self->fd, zns_start(1) - 1, 2, self->out));
	EXPECT_EQ(0, zns_append(self->fd, 1, 4, self->out, NULL));
	EXPECT_EQ(KCSD_ZONE_COND_FULL, zns_cond(self->fd, 1, NULL));
}

TEST_F(zns, status_full)
{
	ASSERT_EQ(0, zns_send(self->fd, ZNS_FINISH, 1));
	EXPECT_EQ(KCSD_SC_ZONE_FULL, zns_append(self->fd, 1, 1, self->out, NULL));
	EXPECT_EQ(KCSD_SC_ZONE_FULL, zns_write(self->fd, zns_start(1), 1, self->out));
	ASSERT_EQ(0, zns_send(self->fd, ZNS_RESET, 1));
	EXPECT_EQ(0, zns_append(self->fd, 1, 1, self->out, NULL));
}

TEST_F(zns, status_invalid_write)
{
	EXPECT_EQ(KCSD_SC_ZONE_INVALID_WRITE, zns_write(self->fd, zns_start(1) + 1, 1, self->out));
	ASSERT_EQ(0, zns_write(self->fd, zns_start(1), 2, self->out));
	EXPECT_EQ(KCSD_SC_ZONE_INVALID_WRITE, zns_write(self->fd, zns_start(1), 1, self->out));
	EXPECT_EQ(KCSD_SC_ZONE_INVALID_WRITE, zns_write(self->fd, zns_start(1) + 1, 1, self->out));
	EXPECT_EQ(KCSD_SC_ZONE_INVALID_WRITE, zns_write(self->fd, zns_start(1) + 3, 1, self->out));
	EXPECT_EQ(0, zns_write(self->fd, zns_start(1) + 2, 1, self->out));
}

TEST_F(zns, status_too_many_open)
{
	for (__u32 z = 1; z <= 3; z++) {
		ASSERT_EQ(0, zns_send(self->fd, ZNS_OPEN, z));
	}
	EXPECT_EQ(KCSD_SC_TOO_MANY_OPEN_ZONES, zns_send(self->fd, ZNS_OPEN, 4));
	EXPECT_EQ(KCSD_SC_TOO_MANY_OPEN_ZONES, zns_append(self->fd, 4, 1, self->out, NULL));
	EXPECT_EQ(KCSD_SC_TOO_MANY_OPEN_ZONES, zns_write(self->fd, zns_start(4), 1, self->out));
	EXPECT_EQ(KCSD_ZONE_COND_EMPTY, zns_cond(self->fd, 4, NULL));
	ASSERT_EQ(0, zns_send(self->fd, ZNS_CLOSE, 2));
	EXPECT_EQ(0, zns_append(self->fd, 4, 1, self->out, NULL));
	/* Zone 4 is implicitly open: the drive closes it to open the next. */
	EXPECT_EQ(0, zns_append(self->fd, 5, 1, self->out, NULL));
	EXPECT_EQ(KCSD_ZONE_COND_CLOSED, zns_cond(self->fd, 4, NULL));
	EXPECT_EQ(0, zns_send(self->fd, ZNS_OPEN, 4));
	EXPECT_EQ(KCSD_ZONE_COND_CLOSED, zns_cond(self->fd, 5, NULL));
}

TEST_F(zns, status_too_many_active)
{
	for (__u32 z = 1; z <= 5; z++) {
		ASSERT_EQ(0, zns_append(self->fd, z, 1, self->out, NULL));
	}
	EXPECT_EQ(KCSD_SC_TOO_MANY_ACTIVE_ZONES, zns_append(self->fd, 6, 1, self->out, NULL));
	EXPECT_EQ(KCSD_SC_TOO_MANY_ACTIVE_ZONES, zns_write(self->fd, zns_start(6), 1, self->out));
	EXPECT_EQ(KCSD_SC_TOO_MANY_ACTIVE_ZONES, zns_send(self->fd, ZNS_OPEN, 6));
	EXPECT_EQ(0, zns_append(self->fd, 1, 1, self->out, NULL));
	ASSERT_EQ(0, zns_send(self->fd, ZNS_FINISH, 2));
	EXPECT_EQ(0, zns_append(self->fd, 6, 1, self->out, NULL));
}

TEST_F(zns, status_read_only)
{
	ASSERT_EQ(0, zns_append(self->fd, 1, 3, self->out, NULL));
	ASSERT_EQ(0, zns_wear_out(&self->d, "zone_readonly", 1));
	EXPECT_EQ(KCSD_SC_ZONE_READ_ONLY, zns_append(self->fd, 1, 1, self->out, NULL));
	EXPECT_EQ(KCSD_SC_ZONE_READ_ONLY, zns_write(self->fd, zns_start(1) + 3, 1, self->out));
	EXPECT_EQ(0, zns_read(self->fd, zns_start(1), 3, self->in));
	EXPECT_EQ(0, memcmp(self->in, self->out, 3 * ZNS_LBA));
}

TEST_F(zns, status_offline)
{
	ASSERT_EQ(0, zns_append(self->fd, 1, 3, self->out, NULL));
	ASSERT_EQ(0, zns_wear_out(&self->d, "zone_offline", 1));
	EXPECT_EQ(KCSD_SC_ZONE_OFFLINE, zns_append(self->fd, 1, 1, self->out, NULL));
	EXPECT_EQ(KCSD_SC_ZONE_OFFLINE, zns_write(self->fd, zns_start(1) + 3, 1, self->out));
	EXPECT_EQ(KCSD_SC_ZONE_OFFLINE, zns_read(self->fd, zns_start(1), 1, self->in));
	EXPECT_EQ(KCSD_SC_ZONE_OFFLINE, zns_read(self->fd, zns_start(1) - 1, 2, self->in));
	EXPECT_EQ(0, zns_read(self->fd, zns_start(2), 1, self->in));
}

TEST_F(zns, status_invalid_transition)
{
	EXPECT_EQ(KCSD_SC_INVALID_ZONE_TRANSITION, zns_send(self->fd, ZNS_CLOSE, 1));
	EXPECT_EQ(KCSD_SC_INVALID_ZONE_TRANSITION, zns_send(self->fd, ZNS_OFFLINE, 1));
	EXPECT_EQ(KCSD_SC_INVALID_ZONE_TRANSITION, zns_send(self->fd, ZNS_RESET, 0));
	ASSERT_EQ(0, zns_send(self->fd, ZNS_FINISH, 1));
	EXPECT_EQ(KCSD_SC_INVALID_ZONE_TRANSITION, zns_send(self->fd, ZNS_OPEN, 1));
}

TEST_F(zns, commands_are_counted)
{
	__u64 before = drive_number(&self->d, "ns1/zone_commands");

	EXPECT_EQ(0, zns_send(self->fd, ZNS_OPEN, 3));
	EXPECT_EQ(0, zns_send_all(self->fd, ZNS_RESET));
	EXPECT_EQ(KCSD_SC_INVALID_ZONE_TRANSITION, zns_send(self->fd, ZNS_CLOSE, 3));
	EXPECT_EQ(before + 2, drive_number(&self->d, "ns1/zone_commands"));
	before = drive_number(&self->d, "ns1/write_bytes");
	EXPECT_EQ(0, zns_append(self->fd, 3, 5, self->out, NULL));
	EXPECT_EQ(KCSD_SC_ZONE_INVALID_WRITE, zns_write(self->fd, zns_start(3), 5, self->out));
	EXPECT_EQ(before + 5 * ZNS_LBA, drive_number(&self->d, "ns1/write_bytes"));
}

/* The newest entry of the error log must have the LBA of the failure. */
TEST_F(zns, failures_name_their_lba)
{
	__u8 *page = self->in;
	struct nvme_uring_cmd c = cmd_log(0x01, page, 64, 0);

	c.nsid = 0;
	ASSERT_EQ(KCSD_SC_ZONE_INVALID_WRITE, zns_write(self->fd, zns_start(3) + 7, 1, self->out));
	ASSERT_EQ(0, cmd_admin(self->d.ctrl, &c));
	EXPECT_EQ(zns_start(3) + 7, get64(page + 16));
	ASSERT_EQ(KCSD_SC_INVALID_ZONE_TRANSITION, zns_send(self->fd, ZNS_CLOSE, 5));
	ASSERT_EQ(0, cmd_admin(self->d.ctrl, &c));
	EXPECT_EQ(zns_start(5), get64(page + 16));
}

/* ---- refused fields ---- */

TEST_F(zns, refusals_of_send)
{
	static const struct cmd_change changes[] = {
		CMD_CHANGE(cdw2, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw3, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw10, 257, KCSD_SC_INVALID_FIELD),	/* not the start of a zone */
		CMD_CHANGE(cdw10, ZNS_NSZE, KCSD_SC_LBA_RANGE),
		CMD_CHANGE(cdw11, 1, KCSD_SC_LBA_RANGE),
		CMD_CHANGE(cdw12, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw13, 0, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw13, 6, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw13, ZNS_SET_EXT, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw13, 0x11, KCSD_SC_INVALID_FIELD),	/* ZRWA Flush */
		CMD_CHANGE(cdw13, ZNS_OPEN | 1 << 9, KCSD_SC_INVALID_FIELD), /* ZSASO */
		CMD_CHANGE(cdw13, 1u << 31 | ZNS_OPEN, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw13, ZNS_SELECT_ALL, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw14, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw15, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(nsid, KCSD_NSID_SLM, -EINVAL),
	};
	struct nvme_uring_cmd c = zns_send_cmd(ZNS_OPEN, zns_start(1));

	EXPECT_TRUE(cmd_each_refused(false, self->fd, &c, changes, ARRAY_SIZE(changes)));
	c.addr = (uintptr_t)self->out;
	c.data_len = 64;
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, cmd_io(self->fd, &c));
	c.cdw13 = ZNS_SET_EXT;
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, cmd_io(self->fd, &c));
	EXPECT_EQ(KCSD_ZONE_COND_EMPTY, zns_cond(self->fd, 1, NULL));
}

TEST_F(zns, refusals_of_receive)
{
	static const struct cmd_change changes[] = {
		CMD_CHANGE(cdw2, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw3, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw10, ZNS_NSZE, KCSD_SC_LBA_RANGE),
		CMD_CHANGE(cdw11, 1u << 31, KCSD_SC_LBA_RANGE),
		CMD_CHANGE(cdw12, 14, KCSD_SC_INVALID_FIELD),	/* shorter than the header */
		CMD_CHANGE(cdw12, 0xffffffff, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE_MISFIT(cdw12, 1022, data_len),
		CMD_CHANGE(data_len, 4092, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(data_len, 4100, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw13, 1, KCSD_SC_INVALID_FIELD),	/* Extended Report Zones */
		CMD_CHANGE(cdw13, 2, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw13, ZNS_FILTERS << 8, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw13, 0xff00, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw13, 1 << 17, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw14, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw15, 1, KCSD_SC_INVALID_FIELD),
	};
	struct nvme_uring_cmd c = zns_receive_cmd(0, 0, self->in, 4096);

	EXPECT_TRUE(cmd_each_refused(false, self->fd, &c, changes, ARRAY_SIZE(changes)));
}

TEST_F(zns, refusals_of_append)
{
	static const struct cmd_change changes[] = {
		CMD_CHANGE(cdw2, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw3, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw10, 257, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw10, ZNS_NSZE, KCSD_SC_LBA_RANGE),
		CMD_CHANGE(cdw11, 1, KCSD_SC_LBA_RANGE),
		CMD_CHANGE(cdw12, 1 | 1u << 25, KCSD_SC_INVALID_FIELD),	/* PIREMAP */
		CMD_CHANGE(cdw12, 1 | 1u << 26, KCSD_SC_INVALID_FIELD),	/* PRINFO */
		CMD_CHANGE(cdw12, 1 | 1u << 29, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw12, 1 | 1u << 16, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE_MISFIT(cdw12, 2, data_len),
		CMD_CHANGE(data_len, 4096, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(data_len, 8191, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(data_len, 0, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw13, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw14, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw15, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(metadata_len, 8, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(addr, 0x1000, -EFAULT),
	};
	struct nvme_uring_cmd c = zns_append_cmd(zns_start(1), 2, self->out);
	__u64 wp;

	EXPECT_TRUE(cmd_each_refused(false, self->fd, &c, changes, ARRAY_SIZE(changes)));
	/* A zone without a write pointer, and a length above the limit. */
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, zns_append(self->fd, 0, 1, self->out, NULL));
	EXPECT_EQ(KCSD_SC_INVALID_FIELD,
		  zns_append(self->fd, 1, ZNS_MAX_APPEND + 1, self->out, NULL));
	EXPECT_EQ(KCSD_ZONE_COND_EMPTY, zns_cond(self->fd, 1, &wp));
	EXPECT_EQ(zns_start(1), wp);
	EXPECT_EQ(0, zns_append(self->fd, 1, ZNS_MAX_APPEND, self->out, NULL));
}

/*
 * A descriptor opened for reading cannot change anything, unless the task has CAP_SYS_ADMIN:
 * nvme-cli opens nodes like that.
 */
TEST_F(zns, files_opened_for_reading)
{
	struct nvme_uring_cmd send = zns_send_cmd(ZNS_OPEN, zns_start(1));
	struct nvme_uring_cmd append = zns_append_cmd(zns_start(1), 1, self->out);
	struct nvme_uring_cmd write = cmd_rw(NVM_WRITE, zns_start(1) + 1, 1, self->out, ZNS_LBA);
	struct nvme_uring_cmd receive = zns_receive_cmd(0, 0, self->in, 4096);
	int status;
	pid_t pid;

	drive_close(&self->d);
	ASSERT_EQ(0, drive_open(&self->d, O_RDONLY));
	self->fd = self->d.nvm;
	EXPECT_EQ(0, cmd_ioctl(self->fd, NVME_IOCTL_IO_CMD, &send, NULL));
	EXPECT_EQ(0, cmd_ioctl64(self->fd, NVME_IOCTL_IO64_CMD, &append, NULL));
	EXPECT_EQ(0, cmd_ioctl(self->fd, NVME_IOCTL_IO_CMD, &write, NULL));
	pid = fork();
	if (!pid) {
		if (setuid(65534))
			_exit(1);
		if (cmd_ioctl(self->fd, NVME_IOCTL_IO_CMD, &send, NULL) != -EACCES ||
		    cmd_ioctl(self->fd, NVME_IOCTL_IO_CMD, &append, NULL) != -EACCES ||
		    cmd_ioctl(self->fd, NVME_IOCTL_IO_CMD, &write, NULL) != -EACCES ||
		    cmd_ioctl(self->fd, NVME_IOCTL_IO_CMD, &receive, NULL))
			_exit(2);
		_exit(0);
	}
	ASSERT_LT(0, pid);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* ---- appends and writes ---- */

TEST_F(zns, append_returns_its_lba)
{
	__u64 expected = zns_start(2), lba;

	for (int way = 0; way < CMD_WAYS; way++) {
		for (__u32 nlb = 1; nlb <= 4; nlb++) {
			struct nvme_uring_cmd c = zns_append_cmd(zns_start(2), nlb,
								 self->out + expected % 7);

			lba = NONE;
			ASSERT_EQ(0, cmd_io_way(way, self->fd, &c, &lba));
			if (way != CMD_URING_CQE16)
				EXPECT_EQ(expected, lba);
			ASSERT_EQ(0, zns_read(self->fd, expected, nlb, self->in));
			EXPECT_EQ(0, memcmp(self->in, self->out + expected % 7, nlb * ZNS_LBA));
			expected += nlb;
		}
	}
}

/* Above 2^32 the result is wider than the result in a completion of 16 bytes. */
TEST_F(zns, append_above_2_to_32)
{
	static const struct drive_attr far[] = {
		DRIVE_SMALL, { "block_size", "512" }, { "size", "3T" }, { "zone_size", "1G" },
		{ "backing_file", "/tmp/kst-zns" }, {}
	};
	const __u64 last = (3ULL << 40) / 512 - (1u << 21);
	struct nvme_uring_cmd c;
	__u64 lba = 0;
	int fd = open("/tmp/kst-zns", O_RDWR | O_CREAT | O_TRUNC, 0600);
	int too_large = ftruncate(fd, 3ULL << 40);

	ASSERT_LE(0, fd);
	close(fd);
	if (!too_large) {
		ASSERT_EQ(0, drive_remove(&self->d));
		EXPECT_EQ(0, drive_create(&self->d, "zns", far));
		c = zns_append_cmd(last, 1, self->out);
		c.data_len = 512;
		EXPECT_EQ(0, cmd_io_way(CMD_URING, self->d.nvm, &c, &lba));
		EXPECT_EQ(last, lba);
		EXPECT_EQ(0, cmd_io_way(CMD_IOCTL64, self->d.nvm, &c, &lba));
		EXPECT_EQ(last + 1, lba);
		EXPECT_EQ(0, drive_remove(&self->d));
		self->d.name[0] = 0;
	}
	unlink("/tmp/kst-zns");
	unlink("/tmp/kst-zns.kcsd");
	if (too_large)
		SKIP(return, "no such large file here");
}

/* A buffer in pieces of odd lengths, across many pages. */
TEST_F(zns, append_from_pieces)
{
	const __u32 total = 12 * ZNS_LBA;
	struct iovec iov[5] = {
		{ self->out + 3, 1 }, { self->out + 5000, 4095 }, { self->out + 10001, 20000 },
		{ self->out + 100, 0 }, { self->out + 40000, total - 24096 },
	};
	struct nvme_passthru_cmd64 c = {
		.opcode = ZNS_APPEND, .nsid = KCSD_NSID_NVM, .addr = (uintptr_t)iov,
		.vec_cnt = 5, .cdw10 = zns_start(1), .cdw12 = 11,
	};
	__u32 at = 0;

	ASSERT_EQ(0, ioctl(self->fd, NVME_IOCTL_IO64_CMD_VEC, &c));
	EXPECT_EQ(zns_start(1), c.result);
	ASSERT_EQ(0, zns_read(self->fd, zns_start(1), 12, self->in));
	for (int i = 0; i < 5; at += iov[i++].iov_len)
		EXPECT_EQ(0, memcmp(self->in + at, iov[i].iov_base, iov[i].iov_len));
	/* An append that fails because a piece cannot be read must not move the write pointer. */
	iov[2].iov_base = (void *)0x1000;
	EXPECT_EQ(-1, ioctl(self->fd, NVME_IOCTL_IO64_CMD_VEC, &c));
	EXPECT_EQ(EFAULT, errno);
	ASSERT_EQ(0, zns_append(self->fd, 1, 1, self->out, &c.result));
	EXPECT_EQ(zns_start(1) + 12, c.result);
}

TEST_F(zns, append_from_a_registered_buffer)
{
	struct iovec iov = { self->out, BUF };
	struct nvme_uring_cmd c = zns_append_cmd(zns_start(1), 16, self->out + 1000);
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	__u64 tag, lba = NONE;
	int res = -1;

	ASSERT_EQ(0, ring_open(&ring, 4, true));
	ASSERT_EQ(0, io_uring_register_buffers(&ring, &iov, 1));
	ASSERT_EQ(0, ring_put(&ring, self->fd, NVME_URING_CMD_IO, &c, 1));
	sqe = &ring.sq.sqes[0];
	sqe->uring_cmd_flags = IORING_URING_CMD_FIXED;
	sqe->buf_index = 0;
	ASSERT_EQ(1, io_uring_submit(&ring));
	ASSERT_EQ(0, ring_get(&ring, 10000, &tag, &res, &lba));
	io_uring_queue_exit(&ring);
	EXPECT_EQ(0, res);
	EXPECT_EQ(zns_start(1), lba);
	ASSERT_EQ(0, zns_read(self->fd, lba, 16, self->in));
	EXPECT_EQ(0, memcmp(self->in, self->out + 1000, 16 * ZNS_LBA));
}

TEST_F(zns, append_with_fua)
{
	struct nvme_uring_cmd c = zns_append_cmd(zns_start(1), 2, self->out);
	__u64 lba = NONE;

	ASSERT_EQ(0, zns_append(self->fd, 1, 1, self->out, NULL));
	c.cdw12 |= NVM_CDW12_FUA;
	EXPECT_EQ(0, cmd_io_way(CMD_URING, self->fd, &c, &lba));
	EXPECT_EQ(zns_start(1) + 1, lba);
}

/* Reads above the write pointer return the documented pattern, not old data. */
TEST_F(zns, reads_past_the_write_pointer)
{
	ASSERT_EQ(0, zns_write(self->fd, zns_start(3), 8, self->out));
	ASSERT_EQ(0, zns_send(self->fd, ZNS_RESET, 3));
	ASSERT_EQ(0, zns_write(self->fd, zns_start(3), 2, self->out + ZNS_LBA));
	ASSERT_EQ(0, zns_read(self->fd, zns_start(3), 8, self->in));
	EXPECT_EQ(0, memcmp(self->in, self->out + ZNS_LBA, 2 * ZNS_LBA));
	EXPECT_TRUE(is_zero(self->in + 2 * ZNS_LBA, 6 * ZNS_LBA));
	/*
	 * LBAs that were not written before Finish, and LBAs above the capacity, are no data
	 * either.
	 */
	ASSERT_EQ(0, zns_send(self->fd, ZNS_FINISH, 3));
	memset(self->in, 0xa5, BUF);
	ASSERT_EQ(0, zns_read(self->fd, zns_start(3) + 1, 4, self->in));
	EXPECT_EQ(0, memcmp(self->in, self->out + 2 * ZNS_LBA, ZNS_LBA));
	EXPECT_TRUE(is_zero(self->in + ZNS_LBA, 3 * ZNS_LBA));
}

TEST_F(zns, reads_across_zones)
{
	ASSERT_EQ(0, zns_write(self->fd, zns_start(4), 4, self->out));
	ASSERT_EQ(0, zns_read(self->fd, zns_start(4) - 60, 64, self->in));
	EXPECT_TRUE(is_zero(self->in, 60 * ZNS_LBA));
	EXPECT_EQ(0, memcmp(self->in + 60 * ZNS_LBA, self->out, 4 * ZNS_LBA));
	EXPECT_EQ(KCSD_SC_LBA_RANGE, zns_read(self->fd, ZNS_NSZE - 1, 2, self->in));
}

/* A long write must be done as one: otherwise two writers at one zone would interleave. */
TEST_F(zns, long_write_is_one_command)
{
	struct nvme_uring_cmd c;
	__u8 *buf = malloc(ZNS_CAP * ZNS_LBA);

	ASSERT_NE(NULL, buf);
	for (__u32 i = 0; i < ZNS_CAP * ZNS_LBA; i++)
		buf[i] = i * 17 + (i >> 12);
	c = cmd_rw(NVM_WRITE, zns_start(1), ZNS_CAP, buf, ZNS_CAP * ZNS_LBA);
	EXPECT_EQ(0, cmd_io(self->fd, &c));
	EXPECT_EQ(KCSD_ZONE_COND_FULL, zns_cond(self->fd, 1, NULL));
	for (__u32 i = 0; i < ZNS_CAP; i += 64) {
		ASSERT_EQ(0, zns_read(self->fd, zns_start(1) + i, 64, self->in));
		EXPECT_EQ(0, memcmp(self->in, buf + i * ZNS_LBA, 64 * ZNS_LBA));
	}
	/* A write that does not fit must write nothing. */
	c = cmd_rw(NVM_WRITE, zns_start(2), ZNS_CAP + 1, buf, (ZNS_CAP + 1) * ZNS_LBA);
	free(buf);
	buf = malloc((ZNS_CAP + 1) * ZNS_LBA);
	ASSERT_NE(NULL, buf);
	c.addr = (uintptr_t)buf;
	EXPECT_EQ(KCSD_SC_ZONE_BOUNDARY, cmd_io(self->fd, &c));
	EXPECT_EQ(KCSD_ZONE_COND_EMPTY, zns_cond(self->fd, 2, NULL));
	free(buf);
}

TEST_F(zns, write_conventional_zones_anywhere)
{
	ASSERT_EQ(0, zns_write(self->fd, 200, 5, self->out));
	ASSERT_EQ(0, zns_write(self->fd, 100, 5, self->out));
	ASSERT_EQ(0, zns_write(self->fd, 200, 5, self->out + ZNS_LBA));
	ASSERT_EQ(0, zns_read(self->fd, 200, 5, self->in));
	EXPECT_EQ(0, memcmp(self->in, self->out + ZNS_LBA, 5 * ZNS_LBA));
	EXPECT_EQ(KCSD_ZONE_COND_NOT_WP, zns_cond(self->fd, 0, NULL));
}

DRIVE_TEST_MAIN
