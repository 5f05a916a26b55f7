// SPDX-License-Identifier: GPL-2.0
/* Test the values that helpers return, and the program log that they write to. */
#include "harness.h"
#include "admin.h"
#include "run.h"

#include <endian.h>

#define LBA	4096

static const struct drive_attr small[] = { DRIVE_SMALL, { "cus", "3" }, {} };

FIXTURE(helpers) {
	struct drive d;
	struct run r;
	struct {
		struct kcsd_log_header hdr;
		struct kcsd_log_entry entry[KCSD_LOG_ENTRIES];
	} log;
};

FIXTURE_SETUP(helpers)
{
	drive_sweep();
	ASSERT_EQ(0, drive_create(&self->d, "helpers", small));
}

FIXTURE_TEARDOWN(helpers)
{
	EXPECT_EQ(0, drive_remove(&self->d));
}

/* Install the program with a heap of 4 LBAs, and run it. */
static int run_insns(struct drive *d, __u16 pind, const struct bpf_insn *insns, __u32 cnt,
		     struct run *r)
{
	struct image im = { .insns = insns, .insn_cnt = cnt, .heap_len = 4 * LBA };

	prog_deactivate(d->ctrl, pind);
	prog_unload(d->ctrl, pind);
	if (prog_install_image(d->ctrl, pind, &im))
		return -EINVAL;
	r->pind = pind;
	return run_exec(d->compute, r);
}

#define RUN(d, r, ...) \
	({ const struct bpf_insn insns[] = { __VA_ARGS__ }; \
	   run_insns(d, 0, insns, ARRAY_SIZE(insns), r); })

TEST_F(helpers, geometry)
{
	struct run *r = &self->r;
	struct kcsd_geometry g;

	r->cparam1 = sizeof(g);
	for (r->cparam1 = 0; r->cparam1 <= 2 * sizeof(g); r->cparam1 += 4) {
		__u32 len = r->cparam1 < sizeof(g) ? r->cparam1 : sizeof(g);

		ASSERT_EQ(0, RUN(&self->d, r, I_MOVR(R6, R1), I_CTX(R1, R6, heap),
				 I_CTX(R2, R6, cparam1), I_HELPER(geometry), I_MOVR(R7, R0),
				 I_CTX(R1, R6, heap), I_MOV(R2, 64), I_HELPER(emit),
				 I_MOVR(R0, R7), I_EXIT));
		EXPECT_EQ(len, r->result);
		memset(&g, 0, sizeof(g));
		memcpy(&g, r->out.bytes, len);
		EXPECT_EQ(len >= 8 ? 4096 : len == 4 ? 4096 : 0, g.nsze);
		EXPECT_EQ(len >= 12 ? LBA : 0, g.lba_size);
		EXPECT_EQ(len >= 16 ? 3 : 0, g.cus);
		for (__u32 i = len; i < 64; i++) {
			EXPECT_EQ(0, r->out.bytes[i]);
		}
	}
}

TEST_F(helpers, time_goes_forward)
{
	struct run *r = &self->r;

	/* Return the difference of two readings, with work between them. */
	ASSERT_EQ(0, RUN(&self->d, r, I_HELPER(time), I_MOVR(R6, R0), I_MOV(R7, 20000),
			 I_ADD(R7, -1), I_JMP(BPF_JNE, R7, 0, -2), I_HELPER(time),
			 I_ALUR(BPF_SUB, R0, R6), I_EXIT));
	EXPECT_LT(0, r->result);
	EXPECT_GE(le64toh(r->out.rec.run_ns), r->result);
}

TEST_F(helpers, read_and_write_return_einval)
{
	struct run *r = &self->r;
	static const __u64 lens[] = { 1, 511, 512, LBA - 1, LBA + 1, 2 * LBA + 512 };

	run_grant(r, 0, 16, KCSD_GRANT_ALL);
	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		r->cparam1 = lens[i];
		ASSERT_EQ(0, RUN(&self->d, r, I_MOVR(R6, R1), I_MOV(R1, 0), I_CTX(R2, R6, heap),
				 I_CTX(R3, R6, cparam1), I_HELPER(read), I_EXIT));
		EXPECT_EQ(-KCSD_EINVAL, (__s64)r->result) TH_LOG("read of %llu", lens[i]);
		ASSERT_EQ(0, RUN(&self->d, r, I_MOVR(R6, R1), I_MOV(R1, 0), I_CTX(R2, R6, heap),
				 I_CTX(R3, R6, cparam1), I_HELPER(write), I_EXIT));
		EXPECT_EQ(-KCSD_EINVAL, (__s64)r->result) TH_LOG("write of %llu", lens[i]);
		EXPECT_EQ(0, le64toh(r->out.rec.read_bytes));
		EXPECT_EQ(0, le64toh(r->out.rec.written_bytes));
	}
}

/* Test that a length of 0 is allowed at any address. */
TEST_F(helpers, length_0_at_any_address)
{
	struct run *r = &self->r;

	run_grant(r, 0, 1, KCSD_GRANT_ALL);
	EXPECT_EQ(0, RUN(&self->d, r, I_IMM64(R1, ~0ULL), I_MOV(R2, 0), I_HELPER(emit), I_EXIT));
	EXPECT_EQ(0, r->result);
	EXPECT_EQ(0, RUN(&self->d, r, I_MOV(R1, 0), I_MOV(R2, 0), I_HELPER(log), I_EXIT));
	EXPECT_EQ(0, r->result);
	EXPECT_EQ(0, RUN(&self->d, r, I_MOV(R1, 0), I_IMM64(R2, 1ULL << 63), I_MOV(R3, 0),
			 I_HELPER(read), I_EXIT));
	EXPECT_EQ(0, r->result);
	EXPECT_EQ(0, RUN(&self->d, r, I_MOV(R1, 0), I_MOV(R2, 0), I_MOV(R3, 0),
			 I_HELPER(write), I_EXIT));
	EXPECT_EQ(0, r->result);
	EXPECT_EQ(0, RUN(&self->d, r, I_MOV(R1, 0), I_MOV(R2, 0), I_HELPER(geometry), I_EXIT));
	EXPECT_EQ(0, r->result);
}

/* Test the memory helpers: emit the 16 bytes of arguments after some work on them. */
TEST_F(helpers, memory)
{
	struct run *r = &self->r;

	run_args(r, "0123456789abcdef", 16);
	ASSERT_EQ(0, RUN(&self->d, r, I_CTX(R6, R1, args),
			 I_MOVR(R1, R6), I_ADD(R1, 2), I_MOVR(R2, R6), I_MOV(R3, 6),
			 I_HELPER(memcpy),
			 I_MOVR(R1, R6), I_ADD(R1, 12), I_MOV(R2, 'x'), I_MOV(R3, 4),
			 I_HELPER(memset),
			 I_MOVR(R1, R6), I_MOV(R2, 16), I_HELPER(emit),
			 I_MOVR(R1, R6), I_MOV(R2, 'b'), I_MOV(R3, 16), I_HELPER(memchr),
			 I_ALUR(BPF_SUB, R0, R6), I_EXIT));
	EXPECT_EQ(11, r->result);
	EXPECT_EQ(0, memcmp(r->out.bytes, "0101234589abxxxx", 16));

	run_args(r, "aaaaabaaaabcaabc", 16);
	ASSERT_EQ(0, RUN(&self->d, r, I_CTX(R6, R1, args),
			 I_MOVR(R1, R6), I_MOV(R2, 14), I_MOVR(R3, R6), I_ADD(R3, 12),
			 I_MOV(R4, 4), I_HELPER(memmem), I_ALUR(BPF_SUB, R0, R6), I_EXIT));
	EXPECT_EQ(8, r->result);

	run_args(r, "abcdabceabcd0000", 16);
	for (int i = 0; i < 3; i++) {
		r->cparam1 = 4 * i;
		ASSERT_EQ(0, RUN(&self->d, r, I_CTX(R6, R1, cparam1), I_CTX(R2, R1, args),
				 I_MOVR(R1, R2), I_ALUR(BPF_ADD, R1, R6), I_ADD(R2, 4),
				 I_MOV(R3, 4), I_HELPER(memcmp), I_EXIT));
		EXPECT_EQ(i == 1 ? 0 : -1, (__s64)r->result);
	}
}

/* Test crc32c, which the library of the kernel computes: known answers, at once and in parts. */
TEST_F(helpers, crc32c)
{
	struct run *r = &self->r;

	run_args(r, "123456789", 9);
	ASSERT_EQ(0, RUN(&self->d, r, I_CTX(R2, R1, args), I_MOV(R1, 0), I_MOV(R3, 9),
			 I_HELPER(crc32c), I_EXIT));
	EXPECT_EQ(0xe3069283, r->result);
	ASSERT_EQ(0, RUN(&self->d, r, I_CTX(R6, R1, args), I_MOV(R1, 0), I_MOVR(R2, R6),
			 I_MOV(R3, 4), I_HELPER(crc32c), I_MOVR(R1, R0), I_MOVR(R2, R6),
			 I_ADD(R2, 4), I_MOV(R3, 5), I_HELPER(crc32c), I_EXIT));
	EXPECT_EQ(0xe3069283, r->result);
	ASSERT_EQ(0, RUN(&self->d, r, I_MOV(R1, 0), I_MOV(R2, 0), I_MOV(R3, 0),
			 I_HELPER(crc32c), I_EXIT));
	EXPECT_EQ(0, r->result);
}

/*
 * Test sha256 with sizes around the end of a block. The hash is at the start of the heap, its data
 * 256 bytes behind.
 */
TEST_F(helpers, sha256)
{
	struct run *r = &self->r;
	/* First bytes of the digests of "abc" and of zeroes, from sha256sum. */
	static const struct {
		__u32 len;
		__u8 digest[8];
	} known[] = {
		{ 0, { 0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14 } },
		{ 3, { 0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea } },
		{ 64, { 0xa4, 0x04, 0x1e, 0x70, 0xd4, 0xb3, 0x1e, 0x18 } },
		{ 65, { 0x7c, 0x78, 0x73, 0xfa, 0xc6, 0x3a, 0x9b, 0xe8 } },
		{ 16000, { 0xfc, 0xd6, 0xdb, 0x1a, 0x3c, 0xcb, 0x90, 0x60 } },
	};

	run_args(r, "abc", 3);
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		r->cparam1 = known[i].len;
		r->cparam2 = known[i].len / 3;
		/* Hash in two parts. */
		ASSERT_EQ(0, RUN(&self->d, r, I_MOVR(R6, R1), I_CTX(R7, R6, heap),
				 I_MOVR(R1, R7), I_ADD(R1, 256), I_CTX(R2, R6, args),
				 I_MOV(R3, 3), I_HELPER(memcpy),
				 I_MOVR(R1, R7), I_MOVR(R2, R7), I_ADD(R2, 256),
				 I_CTX(R3, R6, cparam2), I_HELPER(sha256_add),
				 I_MOVR(R1, R7), I_MOVR(R2, R7), I_ADD(R2, 256),
				 I_CTX(R3, R6, cparam2), I_ALUR(BPF_ADD, R2, R3),
				 I_CTX(R4, R6, cparam1), I_ALUR(BPF_SUB, R4, R3),
				 I_MOVR(R3, R4), I_HELPER(sha256_add),
				 I_MOVR(R1, R7), I_MOVR(R2, R7), I_ADD(R2, 128),
				 I_HELPER(sha256_end),
				 I_MOVR(R1, R7), I_ADD(R1, 128), I_MOV(R2, KCSD_SHA256_LEN),
				 I_HELPER(emit), I_EXIT));
		EXPECT_EQ(0, r->result);
		EXPECT_EQ(KCSD_SHA256_LEN, le32toh(r->out.rec.out_len));
		EXPECT_EQ(0, memcmp(known[i].digest, r->out.bytes, 8))
			TH_LOG("%u bytes", known[i].len);
	}
}

/* Test that a program can write any bytes into its hash without harm. */
TEST_F(helpers, sha256_of_garbage)
{
	struct run *r = &self->r;

	ASSERT_EQ(0, RUN(&self->d, r, I_CTX(R6, R1, heap), I_MOVR(R1, R6), I_MOV(R2, 0xff),
			 I_MOV(R3, 1024), I_HELPER(memset),
			 I_MOVR(R1, R6), I_MOVR(R2, R6), I_MOV(R3, 1024), I_HELPER(sha256_add),
			 I_MOVR(R1, R6), I_MOVR(R2, R6), I_HELPER(sha256_end), I_EXIT));
	EXPECT_EQ(0, r->result);
}

/* Test that a helper refuses to write to the context. */
TEST_F(helpers, context_is_read_only)
{
	struct run *r = &self->r;

	EXPECT_EQ(KCSD_SC_PROGRAM_FAULT,
		  RUN(&self->d, r, I_MOV(R2, 1), I_MOV(R3, 8), I_HELPER(memset), I_EXIT));
	EXPECT_EQ(KCSD_FAULT_MEMORY, le32toh(r->out.rec.reason));
	EXPECT_EQ(KCSD_HELPER_memset, le32toh(r->out.rec.helper));
	EXPECT_EQ(KCSD_GUEST_CTX, le64toh(r->out.rec.addr));
	EXPECT_EQ(0, RUN(&self->d, r, I_MOVR(R2, R1), I_CTX(R1, R1, heap), I_MOV(R3, 8),
			 I_HELPER(memcpy), I_EXIT));
}

#define LIMIT_MS	3
#define AFTER_NS	(time_slow() * 50000000)	/* longest time past its limit */
#define TRIES		10

/*
 * Expect that a call that needs far longer than the limit stops shortly after the limit. The
 * machine of this VM may be busy with other work, so one of several tries is enough.
 */
static void expect_in_time(struct __test_metadata *_metadata, struct drive *d, struct run *r,
			   const struct bpf_insn *insns, __u32 cnt, __u32 helper)
{
	struct image im = { .insns = insns, .insn_cnt = cnt, .heap_len = 24 * KST_MIB };
	__u64 best = ~0ULL;

	ASSERT_EQ(0, prog_install_image(d->ctrl, 0, &im));
	r->pind = 0;
	r->timeout_ms = LIMIT_MS;
	for (int i = 0; i < TRIES && best > LIMIT_MS * 1000000 + AFTER_NS; i++) {
		EXPECT_EQ(KCSD_SC_PROGRAM_TIME, run_exec(d->compute, r));
		EXPECT_EQ(KCSD_FAULT_TIME, le32toh(r->out.rec.reason));
		EXPECT_EQ(helper, le32toh(r->out.rec.helper));
		if (le64toh(r->out.rec.run_ns) < best)
			best = le64toh(r->out.rec.run_ns);
	}
	EXPECT_GE(LIMIT_MS * 1000000 + AFTER_NS, best);
	prog_deactivate(d->ctrl, 0);
	prog_unload(d->ctrl, 0);
}

TEST_F(helpers, time_limit_in_a_helper)
{
	static const struct drive_attr large[] = {
		DRIVE_SMALL, { "arena_size", "33554432" }, {}
	};
	/*
	 * Hash at the start of the heap. The data is half of the heap, in which one byte differs.
	 */
	static const struct bpf_insn sha256[] = {
		I_CTX(R2, R1, heap), I_MOVR(R1, R2), I_MOV(R3, 24 * KST_MIB),
		I_HELPER(sha256_add), I_EXIT
	};
	static const struct bpf_insn memmem[] = {
		I_CTX(R1, R1, heap), I_MOVR(R3, R1), I_ADD(R3, 12 * KST_MIB),
		I_ST(BPF_B, R3, 100, 1), I_MOV(R2, 12 * KST_MIB), I_MOV(R4, 11 * KST_MIB),
		I_HELPER(memmem), I_EXIT
	};
	struct drive d;

	ASSERT_EQ(0, drive_create(&d, "helpers-large", large));
	expect_in_time(_metadata, &d, &self->r, sha256, ARRAY_SIZE(sha256),
		       KCSD_HELPER_sha256_add);
	expect_in_time(_metadata, &d, &self->r, memmem, ARRAY_SIZE(memmem), KCSD_HELPER_memmem);
	EXPECT_EQ(0, drive_remove(&d));
}

/* Test emit: all bytes or none, in order, until the output is full to the last byte. */
TEST_F(helpers, emit_fills_the_output)
{
	struct run *r = &self->r;
	struct nvme_uring_cmd c;
	__u64 result;

	/* Emit 8 bytes of args until they do not fit, then 4, then 1. Returns the last result. */
	static const struct bpf_insn insns[] = {
		I_MOVR(R6, R1),
		I_CTX(R1, R6, args), I_MOV(R2, 8), I_HELPER(emit), I_JMP(BPF_JEQ, R0, 0, -4),
		I_MOVR(R7, R0),
		I_CTX(R1, R6, args), I_MOV(R2, 4), I_HELPER(emit), I_JMP(BPF_JNE, R0, 0, 5),
		I_CTX(R1, R6, args), I_MOV(R2, 1), I_HELPER(emit), I_JMP(BPF_JEQ, R0, 0, 1),
		I_MOVR(R0, R7),
		I_EXIT,
	};

	ASSERT_EQ(0, prog_install(self->d.ctrl, 0, insns));
	run_args(r, "abcdefgh", 8);
	c = run_cmd(r);
	c.metadata_len = sizeof(struct kcsd_run_record) + 20;
	ASSERT_EQ(0, cmd_io_way(CMD_URING, self->d.compute, &c, &result));
	EXPECT_EQ(-KCSD_ENOSPC, (__s64)result);
	EXPECT_EQ(20, le32toh(r->out.rec.out_len));
	EXPECT_EQ(0, memcmp(r->out.bytes, "abcdefghabcdefghabcd\xa5", 21));
}

/*
 * Test that all bytes of an output of several pages are in place, whatever the sizes of the pieces.
 */
TEST_F(helpers, emit_across_pages)
{
	static const __u32 pieces[] = { 1, 4095, 4096, 4097, 1000, 16383, 3, 16384 };
	/* Fill the heap with byte i % 251 at i. Emit cparam1 bytes of it until that fails. */
	static const struct bpf_insn insns[] = {
		I_CTX(R6, R1, heap), I_CTX(R7, R1, cparam1), I_MOVR(R2, R6), I_MOV(R3, 0),
		I_MOVR(R4, R3), I_ALU(BPF_MOD, R4, 251), I_STX(BPF_B, R2, 0, R4),
		I_ADD(R2, 1), I_ADD(R3, 1), I_JMP(BPF_JLT, R3, 4 * LBA, -6),
		I_MOVR(R1, R6), I_MOVR(R2, R7), I_HELPER(emit), I_JMP(BPF_JEQ, R0, 0, -4),
		I_EXIT,
	};
	struct image im = { .insns = insns, .insn_cnt = ARRAY_SIZE(insns), .heap_len = 4 * LBA };
	static struct {
		struct kcsd_run_record rec;
		__u8 bytes[9 * LBA + 1];
	} out;

	ASSERT_EQ(0, prog_install_image(self->d.ctrl, 0, &im));
	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
		struct nvme_uring_cmd c = run_cmd(&self->r);
		__u32 bad = 0, len = (sizeof(out.bytes) - 1) / pieces[i] * pieces[i];

		memset(&out, 0xff, sizeof(out));
		c.cdw10 = pieces[i];
		c.metadata = (uintptr_t)&out;
		c.metadata_len = sizeof(out.rec) + sizeof(out.bytes) - 1;
		ASSERT_EQ(0, cmd_io(self->d.compute, &c));
		ASSERT_EQ(len, le32toh(out.rec.out_len));
		for (__u32 k = 0; k < len; k++)
			bad += out.bytes[k] != k % pieces[i] % 251;
		EXPECT_EQ(0, bad) TH_LOG("pieces of %u", pieces[i]);
		EXPECT_EQ(0xff, out.bytes[len]);
	}
}

static int log_read(struct drive *d, void *log, size_t len)
{
	struct nvme_uring_cmd c = cmd_log(KCSD_LOG_PROGRAM_OUTPUT, log, len, 0);

	return cmd_admin(d->ctrl, &c);
}

TEST_F(helpers, log_lines)
{
	struct run *r = &self->r;
	const struct kcsd_log_entry *e = self->log.entry;
	char line[120];
	struct timespec now;
	__s64 age;

	ASSERT_EQ(136, sizeof(*e));
	for (size_t i = 0; i < sizeof(line); i++)
		line[i] = 'A' + i % 26;
	run_args(r, line, sizeof(line));
	r->cparam1 = 5;
	ASSERT_EQ(0, RUN(&self->d, r, I_MOVR(R6, R1), I_CTX(R1, R6, args), I_CTX(R2, R6, cparam1),
			 I_HELPER(log), I_EXIT));
	EXPECT_EQ(0, r->result);
	r->cparam1 = sizeof(line);
	ASSERT_EQ(0, run_exec(self->d.compute, r));
	EXPECT_EQ(0, r->result);

	ASSERT_EQ(0, log_read(&self->d, &self->log, sizeof(self->log)));
	ASSERT_EQ(2, le32toh(self->log.hdr.nr));
	EXPECT_EQ(sizeof(*e), le32toh(self->log.hdr.entry_len));
	EXPECT_EQ(0, self->log.hdr.rsvd);
	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(i + 1, le64toh(e[i].seq));
		EXPECT_EQ(0, le16toh(e[i].pind));
		EXPECT_EQ(KCSD_LOG_LINE, e[i].type);
		EXPECT_EQ(i ? KCSD_LOG_TEXT_LEN : 5, e[i].text_len);
		EXPECT_EQ(0, memcmp(line, e[i].text, e[i].text_len));
		EXPECT_EQ(0, le32toh(e[i].reason));
		EXPECT_EQ(0, e[i].rsvd);
		clock_gettime(CLOCK_REALTIME, &now);
		age = now.tv_sec * 1000000000LL + now.tv_nsec - (__s64)le64toh(e[i].time_ns);
		EXPECT_LE(0, age);
		EXPECT_GT(20000000000LL, age);
	}
}

TEST_F(helpers, log_faults)
{
	struct run *r = &self->r;
	const struct kcsd_log_entry *e = self->log.entry;
	const struct bpf_insn insns[] = { I_MOV(R1, 0), I_LDX(BPF_DW, R0, R1, 0), I_EXIT };

	EXPECT_EQ(KCSD_SC_PROGRAM_FAULT,
		  run_insns(&self->d, 3, insns, ARRAY_SIZE(insns), r));
	ASSERT_EQ(0, log_read(&self->d, &self->log, sizeof(self->log)));
	ASSERT_EQ(1, le32toh(self->log.hdr.nr));
	EXPECT_EQ(1, le64toh(e->seq));
	EXPECT_EQ(3, le16toh(e->pind));
	EXPECT_EQ(KCSD_LOG_FAULT, e->type);
	EXPECT_EQ(KCSD_FAULT_MEMORY, le32toh(e->reason));
	EXPECT_EQ(1, le32toh(e->pc));
	EXPECT_GE(KCSD_LOG_TEXT_LEN, e->text_len);
}

/*
 * Test that the log keeps the newest lines, oldest first, without gaps, and that reading removes
 * none.
 */
TEST_F(helpers, log_keeps_newest_lines)
{
	struct run *r = &self->r;
	const struct kcsd_log_entry *e = self->log.entry;

	/* Log 300 lines. Each is its number in two letters, in base 16. */
	ASSERT_EQ(0, RUN(&self->d, r, I_MOVR(R6, R1), I_CTX(R7, R6, heap), I_MOV(R8, 0),
			 I_ADD(R8, 1),
			 I_MOVR(R2, R8), I_ALU(BPF_AND, R2, 15), I_ADD(R2, 'A'),
			 I_STX(BPF_B, R7, 0, R2),
			 I_MOVR(R2, R8), I_ALU(BPF_RSH, R2, 4), I_ADD(R2, 'A'),
			 I_STX(BPF_B, R7, 1, R2),
			 I_MOVR(R1, R7), I_MOV(R2, 2), I_HELPER(log),
			 I_JMP(BPF_JNE, R8, 300, -13), I_EXIT));
	for (int pass = 0; pass < 2; pass++) {
		memset(&self->log, 0xa5, sizeof(self->log));
		ASSERT_EQ(0, log_read(&self->d, &self->log, sizeof(self->log)));
		ASSERT_EQ(KCSD_LOG_ENTRIES, le32toh(self->log.hdr.nr));
		for (__u64 i = 0; i < KCSD_LOG_ENTRIES; i++) {
			ASSERT_EQ(300 - KCSD_LOG_ENTRIES + 1 + i, le64toh(e[i].seq));
			ASSERT_EQ(2, e[i].text_len);
			ASSERT_EQ(le64toh(e[i].seq),
				  e[i].text[0] - 'A' + 16 * (e[i].text[1] - 'A'));
		}
	}
}

DRIVE_TEST_MAIN
