// SPDX-License-Identifier: GPL-2.0
/* Test what runs read of their stream, at any offset: of LBAs and of memory ranges. */
#include "harness.h"
#include "nvm.h"
#include "range_set.h"
#include "run.h"
#include "slm.h"
#include "zns.h"

#include <endian.h>
#include <stdlib.h>

#define FILL		0xee	/* heap before a read */
#define AT		65	/* a read goes to this byte of the heap: aligned to nothing */
#define HEAP		(96u << 10)
#define DISK		(1u << 20)	/* bytes of LBAs, from 0 on, that have data */
#define STREAM_MAX	(64u << 10)
#define SLM_LEN		(64u << 10)

/*
 * Fill the heap, read cparam2 bytes of the stream at cparam1 to byte AT of the heap, emit the
 * heap.
 * Returns what stream_read returned.
 */
static const struct bpf_insn prog_stream[] = {
	I_MOVR(R6, R1),
	I_CTX(R1, R6, heap), I_MOV(R2, FILL), I_CTX(R3, R6, heap_len), I_HELPER(memset),
	I_CTX(R1, R6, cparam1), I_CTX(R2, R6, heap), I_ADD(R2, AT), I_CTX(R3, R6, cparam2),
	I_HELPER(stream_read),
	I_MOVR(R7, R0),
	I_CTX(R1, R6, heap), I_CTX(R2, R6, heap_len), I_HELPER(emit),
	I_MOVR(R0, R7), I_EXIT,
};

/* Copy cparam2 bytes of the stream from cparam1 to its own byte 1, which is in range 0. */
static const struct bpf_insn prog_shift[] = {
	I_MOVR(R6, R1), I_CTX(R2, R6, ranges), I_LDX(BPF_DW, R2, R2, 0), I_ADD(R2, 1),
	I_CTX(R1, R6, cparam1), I_CTX(R3, R6, cparam2), I_HELPER(stream_read), I_EXIT,
};

enum { STREAM, SHIFT };

struct output {
	struct kcsd_run_record rec;
	__u8 heap[HEAP];
	struct {
		struct kcsd_audit_header head;
		struct kcsd_audit_range range[KCSD_MAX_AUDIT];
	} audit;	/* there because the heap is emitted, and its size is a multiple of 8 */
};

FIXTURE(stream) {
	struct drive d;
	struct run r;
	__u32 lba;
	__u8 *disk;		/* DISK bytes: what the LBAs hold */
	__u8 *want;		/* the stream */
	__u64 want_len;
	__le64 len;		/* length of the stream in the command */
	bool has_len;
	bool ranges;
	bool audit;
	struct output *out;
	char file[40];
};

FIXTURE_VARIANT(stream) {
	const char *engine;
	const char *block_size;
	bool file;		/* a store that blocks */
};

FIXTURE_VARIANT_ADD(stream, jit) { .engine = "jit", .block_size = "4096" };
FIXTURE_VARIANT_ADD(stream, jit_file) { .engine = "jit", .block_size = "512", .file = true };
FIXTURE_VARIANT_ADD(stream, interp) { .engine = "interp", .block_size = "512" };
FIXTURE_VARIANT_ADD(stream, interp_file) {
	.engine = "interp", .block_size = "4096", .file = true
};

static int install(struct drive *d)
{
	const struct image stream = {
		.insns = prog_stream, .insn_cnt = ARRAY_SIZE(prog_stream), .heap_len = HEAP,
	};
	int ret = prog_install_image(d->ctrl, STREAM, &stream);

	return ret ? ret : prog_install(d->ctrl, SHIFT, prog_shift);
}

FIXTURE_SETUP(stream)
{
	struct drive_attr attrs[] = {
		DRIVE_SMALL, { "engine", variant->engine }, { "block_size", variant->block_size },
		{ "slm_size", "64K" }, { "backing_file", self->file }, {}
	};

	drive_sweep();
	strcpy(self->file, variant->file ? "/tmp/kst-stream-XXXXXX" : "");
	if (variant->file)
		ASSERT_EQ(0, file_make(self->file, 16 * KST_MIB));
	self->lba = atoi(variant->block_size);
	self->disk = aligned_alloc(4096, DISK);
	self->want = calloc(1, STREAM_MAX);
	self->out = calloc(1, sizeof(*self->out));
	ASSERT_TRUE(self->disk && self->want && self->out);
	ASSERT_EQ(0, drive_create(&self->d, "stream", attrs));
	ASSERT_EQ(0, install(&self->d));
	nvm_pattern(self->disk, 0, DISK / self->lba, self->lba, 5);
	ASSERT_EQ(0, nvm_write(self->d.nvm, 0, DISK / self->lba, self->lba, self->disk));
}

FIXTURE_TEARDOWN(stream)
{
	EXPECT_EQ(0, drive_remove(&self->d));
	if (self->file[0])
		file_remove(self->file);
	free(self->disk);
	free(self->want);
	free(self->out);
}

/* Grant LBAs; they are the next part of the stream if they may be read. */
static void grant(FIXTURE_DATA(stream) *self, __u64 slba, __u32 nlb, __u8 access)
{
	__u32 len = nlb * self->lba;

	run_grant(&self->r, slba, nlb, access);
	if (!(access & KCSD_GRANT_READ))
		return;
	memcpy(self->want + self->want_len, self->disk + slba * self->lba, len);
	self->want_len += len;
}

static void set_len(FIXTURE_DATA(stream) *self, __u64 len)
{
	self->len = htole64(len);
	self->has_len = true;
	self->want_len = len;
}

/* Run a program with these parameters. The result is in r.result. */
static int stream_run(FIXTURE_DATA(stream) *self, __u16 pind, __u64 cparam1, __u64 cparam2)
{
	struct run *r = &self->r;
	struct nvme_uring_cmd c;

	r->pind = pind;
	r->cparam1 = cparam1;
	r->cparam2 = cparam2;
	if (self->has_len)
		run_args(r, &self->len, sizeof(self->len));
	c = run_cmd(r);
	if (self->has_len)
		c.cdw3 |= KCSD_EXEC_LEN;
	if (self->audit)
		c.cdw3 |= KCSD_EXEC_AUDIT;
	memset(self->out, 0, sizeof(*self->out));
	c.metadata = (uintptr_t)self->out;
	c.metadata_len = sizeof(*self->out);
	return cmd_io_way(CMD_URING, self->d.compute, &c, &r->result);
}

static int stream_read(FIXTURE_DATA(stream) *self, __u64 offset, __u64 len)
{
	return stream_run(self, STREAM, offset, len);
}

/* True if the heap has nothing but these bytes, at AT. */
static bool heap_has(const struct output *out, const __u8 *bytes, __u64 len)
{
	for (__u64 i = 0; i < HEAP; i++) {
		__u8 want = i - AT < len ? bytes[i - AT] : FILL;

		if (out->heap[i] == want)
			continue;
		ksft_print_msg("byte %llu of the heap is %#x, not %#x\n", i, out->heap[i], want);
		return false;
	}
	return true;
}

/* Returns the bytes of all LBAs that have one of these bytes of the stream. */
static __u64 lba_bytes(const FIXTURE_DATA(stream) *self, __u64 offset, __u64 len)
{
	if (!len || self->ranges)
		return 0;
	return ((offset + len - 1) / self->lba - offset / self->lba + 1) * self->lba;
}

/* Read a part of the stream; expect what there is of it, and nothing else in memory. */
static bool part_is_right(FIXTURE_DATA(stream) *self, __u64 offset, __u64 len)
{
	__u64 want = offset < self->want_len ? self->want_len - offset : 0;
	int ret;

	if (want > len)
		want = len;
	ret = stream_read(self, offset, len);
	if (!ret && self->r.result == want &&
	    heap_has(self->out, self->want + (want ? offset : 0), want) &&
	    le64toh(self->out->rec.read_bytes) == lba_bytes(self, offset, want))
		return true;
	ksft_print_msg("stream_read(%llu, %llu): %d, %llu bytes, %llu of LBAs; expected %llu, %llu\n",
		       offset, len, ret, self->r.result,
		       (__u64)le64toh(self->out->rec.read_bytes), want,
		       lba_bytes(self, offset, want));
	return false;
}

/* Offsets and lengths around the ends of LBAs and sources, and some by chance. */
static bool parts_are_right(FIXTURE_DATA(stream) *self)
{
	const __u64 lba = self->lba, all = self->want_len;
	const __u64 at[] = { 0, 1, lba - 1, lba, lba + 1, 3 * lba - 1, 3 * lba, all - 1, all };
	const __u64 lens[] = { 0, 1, 2, lba - 1, lba, lba + 1, 3 * lba, all, HEAP - AT };
	bool right = true;

	for (size_t i = 0; i < ARRAY_SIZE(at); i++)
		for (size_t k = 0; k < ARRAY_SIZE(lens); k++)
			right &= part_is_right(self, at[i], lens[k]);
	srandom(1);
	for (int i = 0; i < 100; i++)
		right &= part_is_right(self, random() % (all + 10), random() % (HEAP - AT));
	return right;
}

/* ---- LBAs ---- */

TEST_F(stream, any_part_of_some_grants)
{
	grant(self, 7, 3, KCSD_GRANT_READ);
	grant(self, 100, 5, KCSD_GRANT_WRITE);		/* write only: not part of the stream */
	grant(self, 2, 1, KCSD_GRANT_READ | KCSD_GRANT_WRITE);
	grant(self, 3, 4, KCSD_GRANT_READ);
	grant(self, 8, 1, KCSD_GRANT_READ);		/* the same LBA again */
	EXPECT_TRUE(parts_are_right(self));
	EXPECT_EQ(variant->engine[0] == 'j' ? KCSD_ENGINE_JIT : KCSD_ENGINE_INTERP,
		  le16toh(self->out->rec.engine));
}

/* Test a search among many sources: forward, backward, here and there. */
TEST_F(stream, most_grants)
{
	const __u32 nr = STREAM_MAX / self->lba < KCSD_MAX_GRANTS ? STREAM_MAX / self->lba :
								    KCSD_MAX_GRANTS;

	for (__u32 i = 0; i < nr; i++)
		grant(self, i * 37 % 251, 1, KCSD_GRANT_READ);
	EXPECT_TRUE(part_is_right(self, 0, nr * self->lba));
	EXPECT_TRUE(parts_are_right(self));
	for (__u32 i = 0; i < nr; i++) {
		EXPECT_TRUE(part_is_right(self, i * self->lba, 1));
		EXPECT_TRUE(part_is_right(self, (nr - i) * self->lba - 1, 2));
	}
}

/* Test that the rest of the last LBA is neither counted nor moved. */
TEST_F(stream, ends_within_an_lba)
{
	const __u32 ends[] = { 0, 1, self->lba - 1, self->lba, self->lba + 1, 3 * self->lba + 10 };

	grant(self, 9, 2, KCSD_GRANT_READ);
	grant(self, 4, 3, KCSD_GRANT_READ);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		set_len(self, ends[i]);
		EXPECT_TRUE(part_is_right(self, 0, HEAP - AT));
		EXPECT_TRUE(part_is_right(self, ends[i], self->lba));
		EXPECT_TRUE(part_is_right(self, ends[i] / 2, self->lba));
		EXPECT_TRUE(part_is_right(self, ends[i] ? ends[i] - 1 : 0, 2));
	}
}

TEST_F(stream, offsets_beyond_the_end)
{
	const __u64 offsets[] = {
		1ULL << 32, 1ULL << 63, (1ULL << 63) - 1, ~0ULL, ~0ULL - 4095, -(__u64)self->lba,
	};

	grant(self, 9, 2, KCSD_GRANT_READ);
	for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
		EXPECT_TRUE(part_is_right(self, offsets[i], 1));
		EXPECT_TRUE(part_is_right(self, offsets[i], self->lba));
		EXPECT_TRUE(part_is_right(self, offsets[i], HEAP - AT));
	}
}

TEST_F(stream, without_anything_to_read)
{
	EXPECT_TRUE(part_is_right(self, 0, 1));
	EXPECT_TRUE(part_is_right(self, 1, HEAP - AT));
	grant(self, 9, 2, KCSD_GRANT_WRITE);
	EXPECT_TRUE(part_is_right(self, 0, 1));
	EXPECT_TRUE(part_is_right(self, 1, HEAP - AT));
}

/* Test that an LBA that cannot be read fails what has it, and nothing else. */
TEST_F(stream, unreadable_lba)
{
	const __u32 lba = self->lba;
	const struct { __u64 offset, len, lba; } fails[] = {
		{ 2 * lba, lba, 22 }, { 2 * lba, 1, 22 }, { 3 * lba - 1, 1, 22 },
		{ 2 * lba + 1, lba, 22 },	/* a part of it, and a part of the next one */
		{ lba, 3 * lba, 21 },		/* the access begins with LBA 21 */
		{ lba + 1, 3 * lba, 22 },	/* a part of LBA 21, then whole LBAs */
		{ 5, HEAP - AT, 21 },
	};

	grant(self, 20, 4, KCSD_GRANT_READ);
	grant(self, 40, 1, KCSD_GRANT_READ);
	ASSERT_EQ(0, nvm_on(self->d.nvm, NVM_WRITE_UNCOR, 22, 1));
	for (size_t i = 0; i < ARRAY_SIZE(fails); i++) {
		EXPECT_EQ(0, stream_read(self, fails[i].offset, fails[i].len));
		EXPECT_EQ(-KCSD_EIO, (__s64)self->r.result) TH_LOG("%zu", i);
		EXPECT_EQ(KCSD_RECORD_MEDIUM, le16toh(self->out->rec.flags));
		EXPECT_EQ(fails[i].lba, le64toh(self->out->rec.lba)) TH_LOG("%zu", i);
	}
	EXPECT_TRUE(part_is_right(self, 0, 2 * lba));
	EXPECT_TRUE(part_is_right(self, 3 * lba, 2 * lba));
	EXPECT_TRUE(part_is_right(self, 3 * lba + 1, 1));
	EXPECT_EQ(0, le16toh(self->out->rec.flags));
}

/* Test that a part of an LBA that cannot be read leaves memory as it is. */
TEST_F(stream, unreadable_part)
{
	grant(self, 20, 2, KCSD_GRANT_READ);
	ASSERT_EQ(0, nvm_on(self->d.nvm, NVM_WRITE_UNCOR, 21, 1));
	EXPECT_TRUE(part_is_right(self, 1, 100));
	EXPECT_EQ(0, stream_read(self, self->lba + 1, 100));
	EXPECT_EQ(-KCSD_EIO, (__s64)self->r.result);
	EXPECT_TRUE(heap_has(self->out, NULL, 0));
	EXPECT_EQ(0, stream_read(self, self->lba - 10, 100));
	EXPECT_EQ(-KCSD_EIO, (__s64)self->r.result);
	EXPECT_TRUE(heap_has(self->out, self->disk + 21 * self->lba - 10, 10));
}

/* Test that each source is an access of its own to the rules of inject. */
TEST_F(stream, injected_errors)
{
	grant(self, 20, 2, KCSD_GRANT_READ);
	grant(self, 30, 2, KCSD_GRANT_READ);
	ASSERT_EQ(0, drive_set(self->d.name, "inject", "read lba=30+1 media_error"));
	EXPECT_TRUE(part_is_right(self, 1, self->lba));
	EXPECT_EQ(0, stream_read(self, 0, 3 * self->lba));
	EXPECT_EQ(-KCSD_EIO, (__s64)self->r.result);
	EXPECT_EQ(30, le64toh(self->out->rec.lba));
	EXPECT_EQ(2 * self->lba, le64toh(self->out->rec.read_bytes));
	ASSERT_EQ(0, drive_set(self->d.name, "inject", "clear"));
	EXPECT_TRUE(part_is_right(self, 0, 3 * self->lba));
}

/* Test that the time limit ends a call that waits for each of many sources. */
TEST_F(stream, time_limit_between_sources)
{
	const __u32 nr = 16;

	for (__u32 i = 0; i < nr; i++)
		grant(self, 2 * i, 1, KCSD_GRANT_READ);
	ASSERT_EQ(0, drive_set(self->d.name, "inject", "read delay=200"));
	self->r.timeout_ms = 300;
	EXPECT_EQ(KCSD_SC_PROGRAM_TIME, stream_read(self, 0, nr * self->lba));
	EXPECT_EQ(KCSD_FAULT_TIME, le32toh(self->out->rec.reason));
	EXPECT_EQ(KCSD_HELPER_stream_read, le32toh(self->out->rec.helper));
	EXPECT_GE(2 * self->lba, le64toh(self->out->rec.read_bytes));
	ASSERT_EQ(0, drive_set(self->d.name, "inject", "clear"));
	self->r.timeout_ms = 0;
	EXPECT_TRUE(part_is_right(self, 0, nr * self->lba));
}

static bool audit_has(const FIXTURE_DATA(stream) *self, __u32 i, __u64 slba, __u64 nlb)
{
	const struct kcsd_audit_range *range = &self->out->audit.range[i];

	return le64toh(range->slba) == slba && le64toh(range->nlb) == nlb &&
	       range->access == KCSD_GRANT_READ;
}

/* Test that the audit has the LBAs that were read, whole or in part, and no others. */
TEST_F(stream, audit)
{
	const struct kcsd_audit_header *head = &self->out->audit.head;

	self->audit = true;
	grant(self, 20, 4, KCSD_GRANT_READ);
	grant(self, 40, 4, KCSD_GRANT_READ);
	EXPECT_TRUE(part_is_right(self, self->lba - 1, 2));
	EXPECT_EQ(sizeof(self->out->rec) + HEAP, le32toh(self->out->rec.audit_off));
	EXPECT_EQ(1, le32toh(head->nr));
	EXPECT_TRUE(audit_has(self, 0, 20, 2));
	EXPECT_TRUE(part_is_right(self, 3 * self->lba + 7, 2 * self->lba));
	EXPECT_EQ(2, le32toh(head->nr));
	EXPECT_TRUE(audit_has(self, 0, 23, 1));
	EXPECT_TRUE(audit_has(self, 1, 40, 2));
	EXPECT_TRUE(part_is_right(self, 8 * self->lba, 1));
	EXPECT_EQ(0, le32toh(head->nr));
	/* An access that failed is in it, what comes after is not. */
	ASSERT_EQ(0, nvm_on(self->d.nvm, NVM_WRITE_UNCOR, 22, 1));
	EXPECT_EQ(0, stream_read(self, self->lba, 8 * self->lba));
	EXPECT_EQ(-KCSD_EIO, (__s64)self->r.result);
	EXPECT_EQ(1, le32toh(head->nr));
	EXPECT_TRUE(audit_has(self, 0, 21, 3));
}

/* ---- memory ranges ---- */

static int fill_slm(FIXTURE_DATA(stream) *self)
{
	self->ranges = true;
	return slm_rw_all(self->d.slm, KCSD_SLM_WRITE, 0, SLM_LEN, self->disk);
}

static void add_range(FIXTURE_DATA(stream) *self, __u64 start, __u32 len)
{
	run_range(&self->r, start, len);
	memcpy(self->want + self->want_len, self->disk + start, len);
	self->want_len += len;
}

TEST_F(stream, any_part_of_some_ranges)
{
	ASSERT_EQ(0, fill_slm(self));
	add_range(self, 8192, 4096);
	add_range(self, 0, 8192);
	add_range(self, 49152, 16384);
	EXPECT_TRUE(parts_are_right(self));
	set_len(self, 4097);
	EXPECT_TRUE(part_is_right(self, 4096, 4096));
	EXPECT_TRUE(part_is_right(self, 4097, 1));
	EXPECT_TRUE(part_is_right(self, ~0ULL, 2));
}

/* Test a read of ranges to their own memory: all bytes as they were before. */
TEST_F(stream, ranges_to_themselves)
{
	__u8 *got = malloc(SLM_LEN);

	ASSERT_NE(NULL, got);
	ASSERT_EQ(0, fill_slm(self));
	add_range(self, 0, SLM_LEN - 4096);
	EXPECT_EQ(0, stream_run(self, SHIFT, 0, 40000));
	EXPECT_EQ(40000, self->r.result);
	ASSERT_EQ(0, slm_rw_all(self->d.slm, KCSD_SLM_READ, 0, SLM_LEN, got));
	EXPECT_EQ(0, memcmp(got + 1, self->disk, 40000));
	EXPECT_EQ(0, memcmp(got + 40001, self->disk + 40001, SLM_LEN - 40001));
	free(got);
}

/* Test that a run with grants and a range set has a stream of LBAs. */
TEST_F(stream, grants_and_ranges)
{
	const struct kcsd_memory_range range = {
		.nsid = KCSD_NSID_SLM, .start = 0, .len = htole32(8192),
	};
	__u64 rsid;

	ASSERT_EQ(0, range_set_create(self->d.ctrl, &range, 1, &rsid));
	self->r.rsid = rsid;
	grant(self, 20, 3, KCSD_GRANT_READ);
	EXPECT_TRUE(part_is_right(self, 1, HEAP - AT));
	EXPECT_EQ(0, range_set_delete(self->d.ctrl, rsid));
}

/* ---- zones ---- */

FIXTURE(stream_zones) {
	struct drive d;
	struct run r;
	__u8 *lbas;
};

FIXTURE_SETUP(stream_zones)
{
	const struct drive_attr attrs[] = { ZNS_DRIVE, {} };
	struct image im = {
		.insns = prog_stream, .insn_cnt = ARRAY_SIZE(prog_stream), .heap_len = 3072,
	};

	drive_sweep();
	self->lbas = aligned_alloc(ZNS_LBA, 2 * ZNS_LBA);
	ASSERT_NE(NULL, self->lbas);
	ASSERT_EQ(0, drive_create(&self->d, "stream", attrs));
	ASSERT_EQ(0, prog_install_image(self->d.ctrl, STREAM, &im));
	nvm_pattern(self->lbas, 0, 2, ZNS_LBA, 1);
	ASSERT_EQ(0, zns_write(self->d.nvm, zns_start(1), 2, self->lbas));
	run_grant(&self->r, zns_start(1), ZNS_SIZE, KCSD_GRANT_READ);
}

FIXTURE_TEARDOWN(stream_zones)
{
	EXPECT_EQ(0, drive_remove(&self->d));
	free(self->lbas);
}

static __s64 read_zone(FIXTURE_DATA(stream_zones) *self, __u64 offset, __u64 len)
{
	int ret;

	self->r.cparam1 = offset;
	self->r.cparam2 = len;
	ret = run_exec(self->d.compute, &self->r);
	return ret ? -1000 - ret : (__s64)self->r.result;
}

TEST_F(stream_zones, zeroes_above_the_write_pointer)
{
	const __u8 *got = self->r.out.bytes + AT;

	EXPECT_EQ(2000, read_zone(self, 2 * ZNS_LBA - 1000, 2000));
	EXPECT_EQ(0, memcmp(got, self->lbas + 2 * ZNS_LBA - 1000, 1000));
	for (int i = 1000; i < 2000; i++)
		ASSERT_EQ(0, got[i]);
	EXPECT_EQ(FILL, got[2000]);
	EXPECT_EQ(2000, read_zone(self, ZNS_CAP * ZNS_LBA - 1000, 2000));
	for (int i = 0; i < 2000; i++)
		ASSERT_EQ(0, got[i]);
	EXPECT_EQ(1, read_zone(self, ZNS_SIZE * ZNS_LBA - 1, 2000));
}

TEST_F(stream_zones, offline)
{
	run_grant(&self->r, zns_start(2), 1, KCSD_GRANT_READ);
	ASSERT_EQ(0, zns_wear_out(&self->d, "zone_offline", 2));
	EXPECT_EQ(1, read_zone(self, ZNS_SIZE * ZNS_LBA - 1, 1));
	EXPECT_EQ(-KCSD_ENXIO, read_zone(self, ZNS_SIZE * ZNS_LBA - 1, 2));
	EXPECT_EQ(zns_start(2), le64toh(self->r.out.rec.lba));
}

DRIVE_TEST_MAIN
