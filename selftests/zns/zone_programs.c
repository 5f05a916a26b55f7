// SPDX-License-Identifier: GPL-2.0
/* Programs on zones: helpers append and zone, read and write in zones, grants, the audit. */
#include "harness.h"
#include "capability.h"
#include "error_log.h"
#include "run.h"
#include "zns.h"

#define EMITTED	64u			/* bytes of its data that a program emits */
#define DATA	(ZNS_MAX_APPEND + 1)	/* LBAs of data that a program has */
#define OUT	(sizeof(struct kcsd_run_record) + EMITTED + 8 + \
		 sizeof(struct kcsd_audit_header) + \
		 KCSD_MAX_AUDIT * sizeof(struct kcsd_audit_range))

/*
 * Program: call a helper with cparam1, the data and cparam2, emit the first bytes of the data, and
 * return the result of the helper.
 */
#define CALL_OF(helper) { \
	I_MOVR(R6, R1), I_CTX(R1, R6, cparam1), I_MOV(R2, KCSD_GUEST_DATA), \
	I_CTX(R3, R6, cparam2), I_HELPER(helper), I_MOVR(R7, R0), \
	I_MOV(R1, KCSD_GUEST_DATA), I_MOV(R2, EMITTED), I_HELPER(emit), \
	I_MOVR(R0, R7), I_EXIT, \
}

static const struct bpf_insn prog_append[] = CALL_OF(append), prog_zone[] = CALL_OF(zone),
			     prog_read[] = CALL_OF(read), prog_write[] = CALL_OF(write),
			     prog_reset[] = CALL_OF(zone_reset),
			     prog_finish[] = CALL_OF(zone_finish), prog_flush[] = CALL_OF(flush);

/* Program: emit the geometry that the helper returns: the drive, and the first grant. */
static const struct bpf_insn prog_geometry[] = {
	I_MOV(R1, KCSD_GUEST_DATA), I_MOV(R2, EMITTED), I_HELPER(geometry), I_MOVR(R7, R0),
	I_MOV(R1, KCSD_GUEST_DATA), I_MOV(R2, EMITTED), I_HELPER(emit),
	I_MOVR(R0, R7), I_EXIT,
};
static const struct bpf_insn prog_grant[] = {
	I_CTX(R1, R1, grants), I_MOV(R2, sizeof(struct kcsd_lba_grant)), I_HELPER(emit), I_EXIT,
};

enum { APPEND, ZONE, READ, WRITE, RESET, FINISH, FLUSH, GEOMETRY, GRANT };

FIXTURE(zone_programs) {
	struct drive d;
	struct run r;
	__u8 *lbas;
	__u8 *out;		/* record, output, audit */
};

FIXTURE_VARIANT(zone_programs) {
	const char *engine;
};

FIXTURE_VARIANT_ADD(zone_programs, jit) { .engine = "jit" };
FIXTURE_VARIANT_ADD(zone_programs, interp) { .engine = "interp" };

static int install(int ctrl)
{
	static const struct {
		const struct bpf_insn *insns;
		__u32 nr;
	} programs[] = {
		[APPEND] = { prog_append, ARRAY_SIZE(prog_append) },
		[ZONE] = { prog_zone, ARRAY_SIZE(prog_zone) },
		[READ] = { prog_read, ARRAY_SIZE(prog_read) },
		[WRITE] = { prog_write, ARRAY_SIZE(prog_write) },
		[RESET] = { prog_reset, ARRAY_SIZE(prog_reset) },
		[FINISH] = { prog_finish, ARRAY_SIZE(prog_finish) },
		[FLUSH] = { prog_flush, ARRAY_SIZE(prog_flush) },
		[GEOMETRY] = { prog_geometry, ARRAY_SIZE(prog_geometry) },
		[GRANT] = { prog_grant, ARRAY_SIZE(prog_grant) },
	};
	static __u8 data[DATA * ZNS_LBA];
	int ret = 0;

	for (__u32 i = 0; i < sizeof(data); i++)
		data[i] = 1 + (i * 3 + (i >> 12)) % 250;
	for (__u32 i = 0; !ret && i < ARRAY_SIZE(programs); i++) {
		struct image im = {
			.insns = programs[i].insns, .insn_cnt = programs[i].nr,
			.data = data, .data_len = sizeof(data),
		};

		ret = prog_install_image(ctrl, i, &im);
	}
	return ret;
}

static __u8 data_byte(__u32 i)
{
	return 1 + (i * 3 + (i >> 12)) % 250;
}

FIXTURE_SETUP(zone_programs)
{
	const struct drive_attr attrs[] = {
		ZNS_DRIVE, { "max_open_zones", "2" }, { "max_active_zones", "4" },
		{ "engine", variant->engine }, {}
	};

	drive_sweep();
	self->lbas = aligned_alloc(4096, 64 * ZNS_LBA);
	self->out = malloc(OUT);
	ASSERT_TRUE(self->lbas && self->out);
	memset(self->lbas, 0x5a, 64 * ZNS_LBA);
	ASSERT_EQ(0, drive_create(&self->d, "zone-prog", attrs));
	ASSERT_EQ(0, install(self->d.ctrl));
}

FIXTURE_TEARDOWN(zone_programs)
{
	EXPECT_EQ(0, drive_remove(&self->d));
	free(self->lbas);
	free(self->out);
}

/* Submit a run with one grant. Stores the result of the helper in *result. */
static int call(FIXTURE_DATA(zone_programs) *self, int pind, __u64 lba, __u64 len,
		struct kcsd_lba_grant grant, __s64 *result)
{
	struct run *r = &self->r;
	struct nvme_uring_cmd c;
	__u64 got = ~0ULL;
	int ret;

	memset(r, 0, sizeof(*r));
	r->pind = pind;
	r->cparam1 = lba;
	r->cparam2 = len;
	r->nr_grants = 1;
	memcpy(r->data, &grant, sizeof(grant));
	c = run_cmd(r);
	c.cdw3 |= KCSD_EXEC_AUDIT;
	c.metadata = (uintptr_t)self->out;
	c.metadata_len = OUT;
	ret = cmd_io_way(CMD_URING, self->d.compute, &c, &got);
	*result = got;
	return ret;
}

static const struct kcsd_run_record *record(const FIXTURE_DATA(zone_programs) *self)
{
	return (const void *)self->out;
}

static const void *emitted(const FIXTURE_DATA(zone_programs) *self)
{
	return self->out + sizeof(struct kcsd_run_record);
}

/* Returns the number of ranges in the audit, and stores the address of the first. */
static __u32 audit(const FIXTURE_DATA(zone_programs) *self, const struct kcsd_audit_range **first)
{
	const struct kcsd_audit_header *h = (const void *)(self->out + record(self)->audit_off);

	*first = (const void *)(h + 1);
	return h->nr;
}

#define GRANTED(lba, count, acc) \
	((struct kcsd_lba_grant){ .slba = (lba), .nlb = (count), .access = (acc) })
#define WHOLE_ZONE(zone, acc)	GRANTED(zns_start(zone), ZNS_SIZE, acc)

/*
 * Returns the result of a helper with all access to all zones granted; below -1000 if the run
 * failed.
 */
static __s64 helper(FIXTURE_DATA(zone_programs) *self, int pind, __u64 lba, __u64 len)
{
	__s64 result;
	int ret = call(self, pind, lba, len, GRANTED(0, ZNS_NSZE, KCSD_GRANT_ANY), &result);

	return ret ? -1000 - ret : result;
}

static __s64 append(FIXTURE_DATA(zone_programs) *self, __u32 zone, __u32 nlb)
{
	return helper(self, APPEND, zns_start(zone), nlb * ZNS_LBA);
}

/* ---- append ---- */

TEST_F(zone_programs, append_returns_its_lba)
{
	__u64 expected = zns_start(2);

	for (__u32 nlb = 1; nlb <= ZNS_MAX_APPEND; nlb += 5) {
		ASSERT_EQ(expected, append(self, 2, nlb));
		EXPECT_EQ(nlb * ZNS_LBA, record(self)->written_bytes);
		ASSERT_EQ(0, zns_read(self->d.nvm, expected, nlb, self->lbas));
		for (__u32 i = 0; i < nlb * ZNS_LBA; i++)
			ASSERT_EQ(data_byte(i), self->lbas[i]);
		expected += nlb;
	}
}

TEST_F(zone_programs, invalid_appends)
{
	EXPECT_EQ(-KCSD_EINVAL, append(self, 1, 0));
	EXPECT_EQ(-KCSD_EINVAL, helper(self, APPEND, zns_start(1), ZNS_LBA - 1));
	EXPECT_EQ(-KCSD_EINVAL, helper(self, APPEND, zns_start(1), 512));
	EXPECT_EQ(-KCSD_EINVAL, append(self, 1, ZNS_MAX_APPEND + 1));
	EXPECT_EQ(-KCSD_EINVAL, helper(self, APPEND, zns_start(1) + 1, ZNS_LBA));
	EXPECT_EQ(-KCSD_EINVAL, append(self, 0, 1));	/* conventional */
	EXPECT_EQ(KCSD_ZONE_COND_EMPTY, zns_cond(self->d.nvm, 1, NULL));
}

TEST_F(zone_programs, append_to_refusing_zones)
{
	ASSERT_EQ(0, zns_send(self->d.nvm, ZNS_FINISH, 1));
	EXPECT_EQ(-KCSD_ENOSPC, append(self, 1, 1));
	ASSERT_EQ(0, zns_wear_out(&self->d, "zone_readonly", 2));
	EXPECT_EQ(-KCSD_EROFS, append(self, 2, 1));
	ASSERT_EQ(0, zns_wear_out(&self->d, "zone_offline", 3));
	EXPECT_EQ(-KCSD_ENXIO, append(self, 3, 1));
	EXPECT_EQ(-KCSD_ENXIO, helper(self, READ, zns_start(3), ZNS_LBA));
	/* The capacity is 12 appends of 16 LBAs; after that not even one LBA fits. */
	for (int i = 0; i < 11; i++)
		ASSERT_LT(0, append(self, 4, ZNS_MAX_APPEND));
	ASSERT_LT(0, append(self, 4, 10));
	EXPECT_EQ(-KCSD_ENOSPC, append(self, 4, 7));
	EXPECT_EQ(zns_start(4) + 186, append(self, 4, 6));
	EXPECT_EQ(-KCSD_ENOSPC, append(self, 4, 1));
	ASSERT_EQ(0, zns_send(self->d.nvm, ZNS_OPEN, 5));
	ASSERT_EQ(0, zns_send(self->d.nvm, ZNS_OPEN, 6));
	EXPECT_EQ(-KCSD_EBUSY, append(self, 7, 1));
	ASSERT_EQ(0, zns_send(self->d.nvm, ZNS_CLOSE, 5));
	EXPECT_EQ(zns_start(7), append(self, 7, 1));
	EXPECT_EQ(zns_start(8), append(self, 8, 1));
	EXPECT_EQ(-KCSD_EBUSY, append(self, 9, 1));	/* too many active zones */
}

/* ---- grants ---- */

TEST_F(zone_programs, append_needs_a_grant_of_the_zone)
{
	static const struct {
		struct kcsd_lba_grant grant;
		__u32 missing;		/* first LBA not granted, from the zone start */
	} cases[] = {
		{ { .slba = 256, .nlb = 255, .access = KCSD_GRANT_APPEND }, 255 },
		{ { .slba = 257, .nlb = 255, .access = KCSD_GRANT_APPEND }, 0 },
		{ { .slba = 256, .nlb = ZNS_CAP, .access = KCSD_GRANT_APPEND }, ZNS_CAP },
		{ { .slba = 256, .nlb = 1, .access = KCSD_GRANT_APPEND }, 1 },
		{ { .slba = 256, .nlb = 256, .access = KCSD_GRANT_READ }, 0 },
		{ { .slba = 256, .nlb = 256, .access = KCSD_GRANT_WRITE }, 0 },
		{ { .slba = 512, .nlb = 256, .access = KCSD_GRANT_APPEND }, 0 },
	};
	__s64 result;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		EXPECT_EQ(KCSD_SC_PROGRAM_FAULT,
			  call(self, APPEND, zns_start(1), ZNS_LBA, cases[i].grant, &result));
		EXPECT_EQ(KCSD_FAULT_LBA_WRITE, record(self)->reason);
		EXPECT_EQ(KCSD_HELPER_append, record(self)->helper);
		EXPECT_EQ(zns_start(1) + cases[i].missing, record(self)->lba)
			TH_LOG("case %zu", i);
	}
	EXPECT_EQ(KCSD_ZONE_COND_EMPTY, zns_cond(self->d.nvm, 1, NULL));
	EXPECT_EQ(0, call(self, APPEND, zns_start(1), ZNS_LBA, WHOLE_ZONE(1, KCSD_GRANT_APPEND),
			  &result));
	EXPECT_EQ(zns_start(1), result);
	/* Beyond the last zone nothing is granted. */
	EXPECT_EQ(KCSD_SC_PROGRAM_FAULT,
		  call(self, APPEND, ZNS_NSZE, ZNS_LBA, GRANTED(0, ZNS_NSZE, KCSD_GRANT_APPEND),
		       &result));
	EXPECT_EQ(KCSD_SC_PROGRAM_FAULT,
		  call(self, APPEND, 1ULL << 63, ZNS_LBA, GRANTED(0, ZNS_NSZE, KCSD_GRANT_APPEND),
		       &result));
}

TEST_F(zone_programs, append_right_is_no_read_or_write_right)
{
	__s64 result;

	EXPECT_EQ(KCSD_SC_PROGRAM_FAULT, call(self, READ, zns_start(1), ZNS_LBA,
					      WHOLE_ZONE(1, KCSD_GRANT_APPEND), &result));
	EXPECT_EQ(KCSD_FAULT_LBA_READ, record(self)->reason);
	EXPECT_EQ(KCSD_SC_PROGRAM_FAULT, call(self, WRITE, zns_start(1), ZNS_LBA,
					      WHOLE_ZONE(1, KCSD_GRANT_APPEND), &result));
	EXPECT_EQ(KCSD_FAULT_LBA_WRITE, record(self)->reason);
}

TEST_F(zone_programs, grants_of_zones)
{
	const __u8 zones = KCSD_GRANT_APPEND | KCSD_GRANT_READ | KCSD_GRANT_ZONES;
	const struct kcsd_lba_grant *seen;
	__s64 result;

	ASSERT_EQ(0, call(self, GRANT, 0, 0, GRANTED(zns_start(2), 3, zones), &result));
	seen = emitted(self);
	EXPECT_EQ(zns_start(2), seen->slba);
	EXPECT_EQ(3 * ZNS_SIZE, seen->nlb);
	EXPECT_EQ(KCSD_GRANT_APPEND | KCSD_GRANT_READ, seen->access);
	EXPECT_EQ(0, call(self, APPEND, zns_start(4), ZNS_LBA, GRANTED(zns_start(2), 3, zones),
			  &result));
	EXPECT_EQ(KCSD_SC_PROGRAM_FAULT, call(self, APPEND, zns_start(5), ZNS_LBA,
					      GRANTED(zns_start(2), 3, zones), &result));
	EXPECT_EQ(0, call(self, APPEND, zns_start(15), ZNS_LBA, GRANTED(0, ZNS_ZONES, zones),
			  &result));
}

TEST_F(zone_programs, refused_grants)
{
	static const struct {
		struct kcsd_lba_grant grant;
		int want;
	} cases[] = {
		{ { .slba = 1, .nlb = 1, .access = 0x81 }, KCSD_SC_INVALID_FIELD },
		{ { .slba = 256, .nlb = 0, .access = 0x84 }, KCSD_SC_INVALID_FIELD },
		{ { .slba = 256, .nlb = 1, .access = 0x80 }, KCSD_SC_INVALID_FIELD },
		{ { .slba = 256, .nlb = 1, .access = 0x9c }, KCSD_SC_INVALID_FIELD },
		{ { .slba = 256, .nlb = 1, .access = 0x10 }, KCSD_SC_INVALID_FIELD },
		{ { .slba = 256, .nlb = 1, .access = 0x40 }, KCSD_SC_INVALID_FIELD },
		{ { .slba = 0, .nlb = ZNS_ZONES + 1, .access = 0x81 }, KCSD_SC_LBA_RANGE },
		{ { .slba = 15 * 256, .nlb = 2, .access = 0x81 }, KCSD_SC_LBA_RANGE },
		{ { .slba = ZNS_NSZE, .nlb = 1, .access = 0x81 }, KCSD_SC_LBA_RANGE },
		/* 2^24 zones are 2^32 LBAs, which would become 0 LBAs in a grant. */
		{ { .slba = 0, .nlb = 1u << 24, .access = 0x81 }, KCSD_SC_LBA_RANGE },
		{ { .slba = 0, .nlb = (1u << 24) + 1, .access = 0x81 }, KCSD_SC_LBA_RANGE },
		{ { .slba = 0, .nlb = ~0u, .access = 0x84 }, KCSD_SC_LBA_RANGE },
	};
	__s64 result;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		EXPECT_EQ(cases[i].want, call(self, GRANT, 0, 0, cases[i].grant, &result))
			TH_LOG("case %zu", i);
	}
	drive_close(&self->d);
	ASSERT_EQ(0, drive_open(&self->d, O_RDONLY));
	ASSERT_EQ(0, admin_set(false));
	EXPECT_EQ(-EACCES, call(self, GRANT, 0, 0, WHOLE_ZONE(1, KCSD_GRANT_APPEND), &result));
	EXPECT_EQ(-EACCES, call(self, GRANT, 0, 0, GRANTED(0, 1, 0x84), &result));
	EXPECT_EQ(-EACCES, call(self, GRANT, 0, 0, WHOLE_ZONE(1, KCSD_GRANT_MANAGE), &result));
	EXPECT_EQ(0, call(self, GRANT, 0, 0, GRANTED(0, 1, 0x81), &result));
}

/* ---- reads and writes ---- */

TEST_F(zone_programs, writes_only_at_the_write_pointer)
{
	EXPECT_EQ(-KCSD_ESPIPE, helper(self, WRITE, zns_start(1) + 1, ZNS_LBA));
	EXPECT_EQ(0, helper(self, WRITE, zns_start(1), 2 * ZNS_LBA));
	EXPECT_EQ(-KCSD_ESPIPE, helper(self, WRITE, zns_start(1), ZNS_LBA));
	EXPECT_EQ(0, helper(self, WRITE, zns_start(1) + 2, ZNS_LBA));
	EXPECT_EQ(-KCSD_ENOSPC, helper(self, WRITE, zns_start(2) - 1, 2 * ZNS_LBA));
	EXPECT_EQ(0, helper(self, WRITE, 77, ZNS_LBA));	/* conventional */
	ASSERT_EQ(0, zns_wear_out(&self->d, "zone_readonly", 1));
	EXPECT_EQ(-KCSD_EROFS, helper(self, WRITE, zns_start(1) + 3, ZNS_LBA));
}

/*
 * True if the newest entry of the error log has this status and LBA, and the record the same LBA.
 */
static bool failed_at(FIXTURE_DATA(zone_programs) *self, int status, __u64 lba)
{
	struct error_entry e;

	return !error_log(self->d.ctrl, &e, 1) &&
	       le16toh(e.status) >> 1 == (status | KCSD_SC_DNR) &&
	       le64toh(e.lba) == lba && le32toh(e.nsid) == KCSD_NSID_NVM &&
	       le64toh(record(self)->lba) == lba &&
	       le16toh(record(self)->flags) == KCSD_RECORD_MEDIUM;
}

TEST_F(zone_programs, zone_refusals_name_the_lba)
{
	EXPECT_EQ(-KCSD_ESPIPE, helper(self, WRITE, zns_start(1) + 1, ZNS_LBA));
	EXPECT_TRUE(failed_at(self, KCSD_SC_ZONE_INVALID_WRITE, zns_start(1) + 1));
	EXPECT_EQ(-KCSD_ENOSPC, helper(self, WRITE, zns_start(2) - 1, 2 * ZNS_LBA));
	EXPECT_TRUE(failed_at(self, KCSD_SC_ZONE_BOUNDARY, zns_start(2) - 1));
	ASSERT_EQ(0, zns_wear_out(&self->d, "zone_readonly", 3));
	EXPECT_EQ(-KCSD_EROFS, append(self, 3, 1));
	EXPECT_TRUE(failed_at(self, KCSD_SC_ZONE_READ_ONLY, zns_start(3)));
}

TEST_F(zone_programs, reads_past_the_write_pointer)
{
	ASSERT_EQ(zns_start(1), append(self, 1, 1));
	EXPECT_EQ(0, helper(self, READ, zns_start(1) + 1, ZNS_LBA));
	for (__u32 i = 0; i < EMITTED; i++)
		ASSERT_EQ(0, ((const __u8 *)emitted(self))[i]);
	EXPECT_EQ(0, helper(self, READ, zns_start(1), ZNS_LBA));
	for (__u32 i = 0; i < EMITTED; i++)
		ASSERT_EQ(data_byte(i), ((const __u8 *)emitted(self))[i]);
}

/* ---- zone, geometry ---- */

TEST_F(zone_programs, zone_descriptors)
{
	static const enum kcsd_zone_cond conds[] = {
		KCSD_ZONE_COND_EMPTY, KCSD_ZONE_COND_IMP_OPEN, KCSD_ZONE_COND_EXP_OPEN,
		KCSD_ZONE_COND_CLOSED, KCSD_ZONE_COND_FULL, KCSD_ZONE_COND_READONLY,
		KCSD_ZONE_COND_OFFLINE,
	};
	struct kcsd_zone_info info;

	for (__u32 i = 0; i < ARRAY_SIZE(conds); i++) {
		__u32 zone = i + 1;
		bool wp = i < 4;

		ASSERT_EQ(0, zns_bring(&self->d, zone, conds[i]));
		ASSERT_EQ(sizeof(info), helper(self, ZONE, zns_start(zone) + i, EMITTED));
		memcpy(&info, emitted(self), sizeof(info));
		EXPECT_EQ(zns_start(zone), info.start);
		EXPECT_EQ(ZNS_SIZE, info.size);
		EXPECT_EQ(ZNS_CAP, info.cap);
		EXPECT_EQ(conds[i], info.cond);
		EXPECT_EQ(wp ? zns_start(zone) + !!i : ~0ULL, info.wp);
		EXPECT_EQ(0, info.rsvd);
	}
	ASSERT_EQ(sizeof(info), helper(self, ZONE, ZNS_SIZE - 1, EMITTED));
	memcpy(&info, emitted(self), sizeof(info));
	EXPECT_EQ(KCSD_ZONE_COND_NOT_WP, info.cond);
	EXPECT_EQ(ZNS_SIZE, info.cap);
	EXPECT_EQ(~0ULL, info.wp);
}

TEST_F(zone_programs, zone_descriptor_of_any_size)
{
	const __u8 *out = emitted(self);

	ASSERT_EQ(10, helper(self, ZONE, zns_start(3), 10));
	EXPECT_EQ(0, memcmp(out, "\0\3\0\0\0\0\0\0\0\1", 10));
	EXPECT_EQ(data_byte(10), out[10]);
	EXPECT_EQ(0, helper(self, ZONE, zns_start(3), 0));
}

TEST_F(zone_programs, zone_without_grant)
{
	static const __u8 accesses[] = {
		KCSD_GRANT_READ, KCSD_GRANT_WRITE, KCSD_GRANT_APPEND, KCSD_GRANT_MANAGE,
	};
	__s64 result;

	for (size_t i = 0; i < ARRAY_SIZE(accesses); i++) {
		struct kcsd_lba_grant g = GRANTED(zns_start(1) + 5, 1, accesses[i]);

		EXPECT_EQ(0, call(self, ZONE, zns_start(1) + 5, EMITTED, g, &result));
		EXPECT_EQ(KCSD_SC_PROGRAM_FAULT, call(self, ZONE, zns_start(1) + 4, EMITTED, g,
						      &result));
		EXPECT_EQ(KCSD_FAULT_LBA_READ, record(self)->reason);
		EXPECT_EQ(zns_start(1) + 4, record(self)->lba);
	}
	EXPECT_EQ(KCSD_SC_PROGRAM_FAULT, call(self, ZONE, ZNS_NSZE, EMITTED,
					      GRANTED(0, ZNS_NSZE, KCSD_GRANT_READ), &result));
}

TEST_F(zone_programs, geometry)
{
	struct kcsd_geometry g;

	ASSERT_EQ(sizeof(g), helper(self, GEOMETRY, 0, 0));
	memcpy(&g, emitted(self), sizeof(g));
	EXPECT_EQ(ZNS_NSZE, g.nsze);
	EXPECT_EQ(ZNS_SIZE, g.zone_size);
	EXPECT_EQ(ZNS_MAX_APPEND * ZNS_LBA, g.max_append);
}

TEST_F(zone_programs, drive_without_zones)
{
	const struct drive_attr attrs[] = { DRIVE_SMALL, { "engine", variant->engine }, {} };
	const struct kcsd_lba_grant all = GRANTED(0, ZNS_NSZE, KCSD_GRANT_ALL);
	struct kcsd_geometry g;
	__s64 result;

	ASSERT_EQ(0, drive_remove(&self->d));
	ASSERT_EQ(0, drive_create(&self->d, "zone-prog", attrs));
	ASSERT_EQ(0, install(self->d.ctrl));
	EXPECT_EQ(0, call(self, APPEND, 0, ZNS_LBA, all, &result));
	EXPECT_EQ(-KCSD_EINVAL, result);
	EXPECT_EQ(0, call(self, ZONE, 0, EMITTED, all, &result));
	EXPECT_EQ(-KCSD_EINVAL, result);
	EXPECT_EQ(0, call(self, RESET, 0, 0, all, &result));
	EXPECT_EQ(-KCSD_EINVAL, result);
	EXPECT_EQ(0, call(self, FINISH, 0, 0, all, &result));
	EXPECT_EQ(-KCSD_EINVAL, result);
	EXPECT_EQ(0, call(self, GEOMETRY, 0, 0, all, &result));
	memcpy(&g, emitted(self), sizeof(g));
	EXPECT_EQ(0, g.zone_size);
	EXPECT_EQ(0, g.max_append);
	EXPECT_EQ(KCSD_SC_INVALID_FIELD,
		  call(self, GRANT, 0, 0, GRANTED(0, 1, KCSD_GRANT_APPEND), &result));
	EXPECT_EQ(KCSD_SC_INVALID_FIELD,
		  call(self, GRANT, 0, 0, GRANTED(0, 1, KCSD_GRANT_MANAGE), &result));
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, call(self, GRANT, 0, 0, GRANTED(0, 1, 0x81), &result));
}

/* ---- reset, finish, flush ---- */

TEST_F(zone_programs, reset_and_finish)
{
	__u64 wp;

	ASSERT_EQ(zns_start(1), append(self, 1, 3));
	EXPECT_EQ(0, helper(self, FINISH, zns_start(1), 0));
	EXPECT_EQ(KCSD_ZONE_COND_FULL, zns_cond(self->d.nvm, 1, NULL));
	EXPECT_EQ(0, helper(self, FINISH, zns_start(1), 0));
	EXPECT_EQ(0, helper(self, READ, zns_start(1), ZNS_LBA));
	EXPECT_EQ(data_byte(1), ((const __u8 *)emitted(self))[1]);
	EXPECT_EQ(0, helper(self, RESET, zns_start(1), 0));
	EXPECT_EQ(KCSD_ZONE_COND_EMPTY, zns_cond(self->d.nvm, 1, &wp));
	EXPECT_EQ(zns_start(1), wp);
	EXPECT_EQ(0, helper(self, READ, zns_start(1), ZNS_LBA));
	EXPECT_EQ(0, ((const __u8 *)emitted(self))[1]);
	EXPECT_EQ(0, helper(self, RESET, zns_start(1), 0));
	EXPECT_EQ(zns_start(1), append(self, 1, 1));
	/* No other zone has changed. */
	EXPECT_EQ(KCSD_ZONE_COND_EMPTY, zns_cond(self->d.nvm, 2, NULL));
}

TEST_F(zone_programs, resets_that_are_refused)
{
	static const int pinds[] = { RESET, FINISH };
	const struct kcsd_audit_range *e;

	ASSERT_EQ(0, zns_wear_out(&self->d, "zone_readonly", 2));
	ASSERT_EQ(0, zns_wear_out(&self->d, "zone_offline", 3));
	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(-KCSD_EINVAL, helper(self, pinds[i], zns_start(1) + 1, 0));
		EXPECT_EQ(-KCSD_EINVAL, helper(self, pinds[i], 0, 0));	/* conventional */
		EXPECT_EQ(-KCSD_EROFS, helper(self, pinds[i], zns_start(2), 0));
		EXPECT_TRUE(failed_at(self, KCSD_SC_INVALID_ZONE_TRANSITION, zns_start(2)));
		EXPECT_EQ(0, audit(self, &e));
		EXPECT_EQ(-KCSD_EROFS, helper(self, pinds[i], zns_start(3), 0));
	}
}

TEST_F(zone_programs, reset_needs_a_grant_of_the_zone)
{
	static const struct {
		struct kcsd_lba_grant grant;
		__u32 missing;		/* first LBA not granted, from the zone start */
	} cases[] = {
		{ { .slba = 256, .nlb = 255, .access = KCSD_GRANT_MANAGE }, 255 },
		{ { .slba = 257, .nlb = 255, .access = KCSD_GRANT_MANAGE }, 0 },
		{ { .slba = 256, .nlb = ZNS_CAP, .access = KCSD_GRANT_MANAGE }, ZNS_CAP },
		{ { .slba = 512, .nlb = 256, .access = KCSD_GRANT_MANAGE }, 0 },
		{ { .slba = 256, .nlb = 256, .access = 0x7 }, 0 },
	};
	static const int pinds[] = { RESET, FINISH };
	__s64 result;

	ASSERT_EQ(zns_start(1), append(self, 1, 1));
	for (size_t i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		EXPECT_EQ(KCSD_SC_PROGRAM_FAULT,
			  call(self, pinds[i % 2], zns_start(1), 0, cases[i / 2].grant, &result));
		EXPECT_EQ(KCSD_FAULT_LBA_WRITE, record(self)->reason);
		EXPECT_EQ(zns_start(1) + cases[i / 2].missing, record(self)->lba)
			TH_LOG("case %zu", i);
	}
	EXPECT_EQ(KCSD_ZONE_COND_IMP_OPEN, zns_cond(self->d.nvm, 1, NULL));
	EXPECT_EQ(KCSD_SC_PROGRAM_FAULT,
		  call(self, RESET, ZNS_NSZE, 0, GRANTED(0, ZNS_NSZE, KCSD_GRANT_MANAGE), &result));
	/* To manage is no right to read, write or append. */
	for (int pind = APPEND; pind <= WRITE; pind++)
		if (pind != ZONE)
			EXPECT_EQ(KCSD_SC_PROGRAM_FAULT,
				  call(self, pind, zns_start(1), ZNS_LBA,
				       WHOLE_ZONE(1, KCSD_GRANT_MANAGE), &result));
	EXPECT_EQ(0, call(self, RESET, zns_start(1), 0,
			  GRANTED(zns_start(1), 1, KCSD_GRANT_MANAGE | KCSD_GRANT_ZONES), &result));
	EXPECT_EQ(KCSD_ZONE_COND_EMPTY, zns_cond(self->d.nvm, 1, NULL));
}

TEST_F(zone_programs, audit_lists_managed_zones)
{
	const struct kcsd_audit_range *e;

	ASSERT_EQ(0, helper(self, RESET, zns_start(1), 0));
	ASSERT_EQ(1, audit(self, &e));
	EXPECT_EQ(zns_start(1), e->slba);
	EXPECT_EQ(ZNS_SIZE, e->nlb);
	EXPECT_EQ(KCSD_GRANT_MANAGE, e->access);
}

/* Append an LBA, cut the power, and return whether the zone has it still; below 0: an error. */
static int append_and_cut(FIXTURE_DATA(zone_programs) *self, bool flush, int seed)
{
	char text[16];
	__u64 wp = 0;

	snprintf(text, sizeof(text), "%d", seed);
	if (install(self->d.ctrl) || helper(self, RESET, zns_start(1), 0) ||
	    append(self, 1, 1) != (__s64)zns_start(1) || (flush && helper(self, FLUSH, 0, 0)) ||
	    drive_set(self->d.name, "power_cut", text))
		return -1;
	drive_close(&self->d);
	if (drive_power(&self->d, true) || drive_open(&self->d, O_RDWR))
		return -1;
	zns_cond(self->d.nvm, 1, &wp);
	return wp == zns_start(1) + 1;
}

/* What a program has flushed survives a power cut; of what it has not, some is lost. */
TEST_F(zone_programs, flush)
{
	char file[] = "/tmp/kst-zone-prog";
	const struct drive_attr attrs[] = {
		ZNS_DRIVE, { "cache_size", "1M" }, { "backing_file", file },
		{ "engine", variant->engine }, {}
	};
	int kept = 0;

	ASSERT_EQ(0, drive_remove(&self->d));
	ASSERT_EQ(0, close(open(file, O_CREAT | O_RDWR | O_TRUNC, 0600)));
	ASSERT_EQ(0, drive_create(&self->d, "zone-prog", attrs));
	for (int seed = 1; seed <= 8; seed++) {
		EXPECT_EQ(1, append_and_cut(self, true, seed));
		kept += append_and_cut(self, false, seed);
	}
	EXPECT_LE(0, kept);
	EXPECT_GT(8, kept);
	ASSERT_EQ(0, drive_remove(&self->d));
	file_remove(file);
	ASSERT_EQ(0, drive_create(&self->d, "zone-prog", (struct drive_attr[]){ ZNS_DRIVE, {} }));
}

/* ---- the audit ---- */

/* The audit lists an append, a read and a write of the same LBAs as separate ranges. */
TEST_F(zone_programs, audit_lists_appends)
{
	const struct kcsd_audit_range *e;

	ASSERT_EQ(zns_start(1), append(self, 1, 3));
	ASSERT_EQ(1, audit(self, &e));
	EXPECT_EQ(zns_start(1), e->slba);
	EXPECT_EQ(3, e->nlb);
	EXPECT_EQ(KCSD_GRANT_APPEND, e->access);
	ASSERT_EQ(zns_start(1) + 3, append(self, 1, 2));
	ASSERT_EQ(1, audit(self, &e));
	EXPECT_EQ(zns_start(1) + 3, e->slba);
	EXPECT_EQ(2, e->nlb);
	/* A write that the zone refused is not listed. */
	ASSERT_EQ(-KCSD_ESPIPE, helper(self, WRITE, zns_start(1), ZNS_LBA));
	EXPECT_EQ(0, audit(self, &e));
	ASSERT_EQ(0, zns_send(self->d.nvm, ZNS_FINISH, 1));
	ASSERT_EQ(-KCSD_ENOSPC, append(self, 1, 1));
	EXPECT_EQ(0, audit(self, &e));
	ASSERT_EQ(0, helper(self, WRITE, zns_start(2), ZNS_LBA));
	ASSERT_EQ(1, audit(self, &e));
	EXPECT_EQ(KCSD_GRANT_WRITE, e->access);
}

/* One run that reads, writes and appends adjacent LBAs: the audit is sorted, and merged by kind. */
TEST_F(zone_programs, audit_of_all_kinds)
{
	static const struct bpf_insn all[] = {
		I_MOV(R1, ZNS_SIZE), I_MOV(R2, KCSD_GUEST_DATA), I_MOV(R3, ZNS_LBA),
		I_HELPER(append),
		I_MOV(R1, ZNS_SIZE), I_MOV(R2, KCSD_GUEST_DATA), I_MOV(R3, ZNS_LBA),
		I_HELPER(append),
		I_MOV(R1, ZNS_SIZE), I_MOV(R2, KCSD_GUEST_DATA), I_MOV(R3, 2 * ZNS_LBA),
		I_HELPER(read),
		I_MOV(R1, ZNS_SIZE + 2), I_MOV(R2, KCSD_GUEST_DATA), I_MOV(R3, ZNS_LBA),
		I_HELPER(write),
		I_MOV(R1, ZNS_SIZE), I_MOV(R2, KCSD_GUEST_DATA), I_MOV(R3, ZNS_LBA),
		I_HELPER(append),
		I_EXIT,
	};
	static const struct kcsd_audit_range want[] = {
		{ .slba = ZNS_SIZE, .nlb = 2, .access = KCSD_GRANT_READ },
		{ .slba = ZNS_SIZE, .nlb = 2, .access = KCSD_GRANT_APPEND },
		{ .slba = ZNS_SIZE + 2, .nlb = 1, .access = KCSD_GRANT_WRITE },
		{ .slba = ZNS_SIZE + 3, .nlb = 1, .access = KCSD_GRANT_APPEND },
	};
	struct image im = {
		.insns = all, .insn_cnt = ARRAY_SIZE(all), .bss_len = 2 * ZNS_LBA,
	};
	const struct kcsd_audit_range *e;

	ASSERT_EQ(0, prog_install_image(self->d.ctrl, 20, &im));
	ASSERT_EQ(ZNS_SIZE + 3, helper(self, 20, 0, 0));
	ASSERT_EQ(ARRAY_SIZE(want), audit(self, &e));
	EXPECT_EQ(0, memcmp(e, want, sizeof(want)));
}

DRIVE_TEST_MAIN
