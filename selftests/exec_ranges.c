// SPDX-License-Identifier: GPL-2.0
/* Execute Program on memory ranges: what a program finds there, and what it does not. */
#include "drive.h"
#include "ranges.h"
#include "run.h"
#include "slm.h"

#include <pthread.h>

#define PAGE		4096
#define SLM		(4u << 20)
#define RANGES		8		/* max_ranges */
#define LBA		4096
#define WINDOWS		4		/* range sets that a unit keeps mapped */

#define SMALL_SLM(engine_, cus_) \
	{ "size", "16777216" }, { "block_size", "4096" }, { "arena_size", "1048576" }, \
	{ "cus", cus_ }, { "timeout_ms", "10000" }, { "slm_size", "4M" }, \
	{ "max_ranges", "8" }, { "max_range_sets", "16" }, { "max_programs", "16" }, \
	{ "device_programs", "0" }, { "engine", engine_ }, {}

enum { SEVEN, ENDLESS, LOAD, STORE, SWAP, ADD, TABLE, WAIT, BOTH, EMIT, COPY, OR_ALL, READ, OTHER };

/* Load the byte at cparam1. */
static const struct bpf_insn prog_load_byte[] = {
	I_CTX(R2, R1, cparam1), I_LDX(BPF_B, R0, R2, 0), I_EXIT,
};

/* Store byte cparam2 at cparam1. */
static const struct bpf_insn prog_store[] = {
	I_CTX(R2, R1, cparam1), I_CTX(R3, R1, cparam2), I_STX(BPF_B, R2, 0, R3), I_MOV(R0, 0),
	I_EXIT,
};

/* Exchange the eight bytes at cparam1 with cparam2. */
static const struct bpf_insn prog_swap[] = {
	I_CTX(R2, R1, cparam1), I_CTX(R0, R1, cparam2),
	I_RAW(BPF_STX | BPF_ATOMIC | BPF_DW, R2, R0, 0, BPF_XCHG), I_EXIT,
};

/* cparam1 times: add 1 to the first counter in range 0, and by a loop of its own to the second. */
static const struct bpf_insn prog_add[] = {
	I_CTX(R6, R1, cparam1), I_CTX(R2, R1, ranges), I_LDX(BPF_DW, R2, R2, 0), I_MOV(R3, 1),
	I_RAW(BPF_STX | BPF_ATOMIC | BPF_DW, R2, R3, 0, BPF_ADD),
	I_LDX(BPF_W, R0, R2, 8), I_MOVR(R4, R0), I_ADD(R4, 1), I_MOVR(R5, R0),
	I_RAW(BPF_STX | BPF_ATOMIC | BPF_W, R2, R4, 8, BPF_CMPXCHG),
	I_JMPR(BPF_JNE, R0, R5, -6),
	I_ADD(R6, -1), I_JMP(BPF_JNE, R6, 0, -9), I_MOV(R0, 0), I_EXIT,
};

/* Emit the table of ranges; return its address. */
static const struct bpf_insn prog_table[] = {
	I_MOVR(R6, R1), I_CTX(R1, R6, ranges), I_CTX(R2, R6, nr_ranges), I_ALU(BPF_LSH, R2, 4),
	I_HELPER(emit), I_CTX(R0, R6, ranges), I_EXIT,
};

/* Until the first byte of range 0 is not 0; then say so in the second, and return it. */
static const struct bpf_insn prog_wait[] = {
	I_CTX(R2, R1, ranges), I_LDX(BPF_DW, R2, R2, 0),
	I_LDX(BPF_B, R0, R2, 0), I_JMP(BPF_JEQ, R0, 0, -2), I_STX(BPF_B, R2, 1, R0), I_EXIT,
};

/* The first byte of range 0 and that of LBA 5, which is read there. */
static const struct bpf_insn prog_both[] = {
	I_CTX(R6, R1, ranges), I_LDX(BPF_DW, R6, R6, 0), I_LDX(BPF_B, R7, R6, 0),
	I_MOV(R1, 5), I_MOVR(R2, R6), I_MOV(R3, LBA), I_HELPER(read),
	I_LDX(BPF_B, R0, R6, 0), I_ALU(BPF_LSH, R7, 8), I_ALUR(BPF_OR, R0, R7), I_EXIT,
};

/* Emit cparam2 bytes from cparam1 on. */
static const struct bpf_insn prog_emit[] = {
	I_CTX(R2, R1, cparam2), I_CTX(R1, R1, cparam1), I_HELPER(emit), I_EXIT,
};

/* All of range 0, inverted, to range 1. */
static const struct bpf_insn prog_copy[] = {
	I_CTX(R2, R1, ranges), I_LDX(BPF_DW, R3, R2, 0), I_LDX(BPF_DW, R4, R2, 8),
	I_LDX(BPF_DW, R5, R2, 16), I_MOV(R0, 0),
	I_LDX(BPF_B, R1, R3, 0), I_ALU(BPF_XOR, R1, 0xff), I_STX(BPF_B, R5, 0, R1),
	I_ADD(R3, 1), I_ADD(R5, 1), I_ADD(R0, 1), I_JMPR(BPF_JNE, R0, R4, -7), I_EXIT,
};

/* The OR of all bytes from the arguments' end to range 0, which then become 0xff. */
static const struct bpf_insn prog_or_all[] = {
	I_CTX(R2, R1, args), I_CTX(R3, R1, args_len), I_ALUR(BPF_ADD, R2, R3),
	I_CTX(R3, R1, ranges), I_LDX(BPF_DW, R3, R3, 0), I_MOV(R0, 0),
	I_JMPR(BPF_JEQ, R2, R3, 5),
	I_LDX(BPF_B, R4, R2, 0), I_ALUR(BPF_OR, R0, R4), I_ST(BPF_B, R2, 0, 0xff), I_ADD(R2, 1),
	I_JA(-6), I_EXIT,
};

/* Read LBA 0 to range 0. */
static const struct bpf_insn prog_read[] = {
	I_CTX(R2, R1, ranges), I_LDX(BPF_DW, R2, R2, 0), I_MOV(R1, 0), I_MOV(R3, LBA),
	I_HELPER(read), I_EXIT,
};

FIXTURE(exec_ranges) {
	struct drive d, other;
	struct run r;
	__u8 *buf;		/* SLM bytes */
};

FIXTURE_VARIANT(exec_ranges) {
	const char *engine;
	__u32 record;
};

FIXTURE_VARIANT_ADD(exec_ranges, jit) { .engine = "jit", .record = KCSD_ENGINE_JIT };
FIXTURE_VARIANT_ADD(exec_ranges, checked) { .engine = "checked", .record = KCSD_ENGINE_JIT };
FIXTURE_VARIANT_ADD(exec_ranges, interp) { .engine = "interp", .record = KCSD_ENGINE_INTERP };

static int install_all(int ctrl)
{
	static const struct {
		const struct bpf_insn *insns;
		__u32 cnt;
	} progs[] = {
#define PROG(at, insns) [at] = { insns, ARRAY_SIZE(insns) }
		PROG(SEVEN, prog_seven), PROG(ENDLESS, prog_endless), PROG(LOAD, prog_load_byte),
		PROG(STORE, prog_store), PROG(SWAP, prog_swap), PROG(ADD, prog_add),
		PROG(TABLE, prog_table), PROG(WAIT, prog_wait), PROG(BOTH, prog_both),
		PROG(EMIT, prog_emit), PROG(COPY, prog_copy), PROG(OR_ALL, prog_or_all),
		PROG(READ, prog_read),
	};
	int ret = 0;

	for (size_t i = 0; !ret && i < ARRAY_SIZE(progs); i++)
		ret = prog_install_insns(ctrl, i, progs[i].insns, progs[i].cnt);
	return ret;
}

static int create(struct drive *d, const char *name, const char *engine, const char *cus)
{
	const struct drive_attr attrs[] = { SMALL_SLM(engine, cus) };
	int ret = drive_create(d, name, attrs);

	return ret ? ret : install_all(d->ctrl);
}

FIXTURE_SETUP(exec_ranges)
{
	drive_sweep();
	self->other = (struct drive)DRIVE_INIT;
	self->buf = calloc(1, SLM);
	ASSERT_NE(NULL, self->buf);
	ASSERT_EQ(0, create(&self->d, "ranges", variant->engine, "2"));
}

FIXTURE_TEARDOWN(exec_ranges)
{
	drive_remove(&self->other);
	EXPECT_EQ(0, drive_remove(&self->d));
	free(self->buf);
}

static __u64 counter(const struct drive *d, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), KST_CLASS "/kcsd%d/stats/%s", d->index, name);
	return file_number(path);
}

static int slm_byte(struct drive *d, __u64 at)
{
	__u8 byte;

	return slm_rw(d->slm, KCSD_SLM_READ, at, 1, &byte) ? -1 : byte;
}

static int set_byte(struct drive *d, __u64 at, __u8 byte)
{
	return slm_rw(d->slm, KCSD_SLM_WRITE, at, 1, &byte);
}

/* A set of one range. */
static __u16 make_set(struct drive *d, __u64 start, __u32 len)
{
	struct kcsd_memory_range r = range(start, len);
	__u64 rsid;

	return range_set_create(d->ctrl, &r, 1, &rsid) ? 0 : rsid;
}

/* Where the first range is when there are args_len bytes of arguments and no data. */
static __u64 ranges_at(__u32 args_len)
{
	return (KCSD_GUEST_DATA + KCSD_MAX_CALL_DEPTH * KCSD_FRAME_SIZE + args_len + PAGE - 1) &
	       -(__u64)PAGE;
}

/* ---- what is there ---- */

TEST_F(exec_ranges, the_table)
{
	static const struct { __u64 start; __u32 len; } want[] = {
		{ 7 * PAGE, PAGE }, { 0, 3 * PAGE }, { SLM - 2 * PAGE, 2 * PAGE },
	};
	static const __u32 args_lens[] = { 0, 1, RUN_ARGS_MAX };

	for (size_t i = 0; i < ARRAY_SIZE(args_lens); i++) {
		struct run *r = &self->r;
		const struct kcsd_mem_range *table = (void *)r->out.bytes;
		__u64 at = ranges_at(args_lens[i]);

		*r = (struct run){ .pind = TABLE };
		for (size_t k = 0; k < ARRAY_SIZE(want); k++)
			run_range(r, want[k].start, want[k].len);
		run_args(r, self->buf, args_lens[i]);
		ASSERT_EQ(0, run_exec(self->d.compute, r));
		EXPECT_EQ(variant->record, le32toh(r->out.rec.engine));
		EXPECT_EQ(KCSD_GUEST_CTX + KCSD_GUEST_RANGES_OFF, r->result);
		ASSERT_EQ(sizeof(*table) * ARRAY_SIZE(want), le32toh(r->out.rec.out_len));
		for (size_t k = 0; k < ARRAY_SIZE(want); k++) {
			EXPECT_EQ(at, table[k].addr);
			EXPECT_EQ(want[k].len, table[k].len);
			at += want[k].len;
		}
	}
}

TEST_F(exec_ranges, by_every_way_and_as_many_as_there_may_be)
{
	struct run *r = &self->r;

	r->pind = EMIT;
	r->cparam1 = ranges_at(0) + (RANGES - 1) * PAGE;
	r->cparam2 = 4;
	for (int i = 0; i < RANGES; i++)
		run_range(r, (RANGES - i) * PAGE, PAGE);
	ASSERT_EQ(0, slm_fill(self->d.slm, PAGE, PAGE, 0x5c));
	for (int way = 0; way < CMD_WAYS; way++) {
		EXPECT_EQ(0, run_way(way, self->d.compute, r)) TH_LOG("%s", cmd_way_name(way));
		EXPECT_EQ(0, memcmp(r->out.bytes, "\x5c\x5c\x5c\x5c", 4));
	}
	r->nr_ranges++;
	EXPECT_EQ(KCSD_SC_MAX_RANGES, run_exec(self->d.compute, r));
}

TEST_F(exec_ranges, data_is_visible_both_ways)
{
	struct run *r = &self->r;
	__u8 *p = self->buf;

	for (__u32 i = 0; i < SLM; i++)
		p[i] = i * 13 + (i >> 12);
	ASSERT_EQ(0, slm_rw_all(self->d.slm, KCSD_SLM_WRITE, 0, SLM, p));
	r->pind = COPY;
	run_range(r, 5 * PAGE, 16 * PAGE);
	run_range(r, 100 * PAGE, 16 * PAGE);
	ASSERT_EQ(0, run_exec(self->d.compute, r));
	EXPECT_EQ(16 * PAGE, r->result);
	EXPECT_EQ(variant->record, le32toh(r->out.rec.engine));
	for (__u32 i = 0; i < 16 * PAGE; i++)
		p[100 * PAGE + i] = ~p[5 * PAGE + i];
	/* And nothing else has changed. */
	for (__u32 at = 0; at < SLM; at += SLM_MDTS) {
		static __u8 got[SLM_MDTS];

		ASSERT_EQ(0, slm_rw(self->d.slm, KCSD_SLM_READ, at, SLM_MDTS, got));
		EXPECT_EQ(0, memcmp(got, p + at, SLM_MDTS)) TH_LOG("from %u on", at);
	}
}

/* A running program sees what the host writes, and the host what it writes. */
TEST_F(exec_ranges, shared_while_it_runs)
{
	struct nvme_uring_cmd c;
	struct io_uring ring;
	__u64 tag, result = 0;
	int res;

	self->r.pind = WAIT;
	run_range(&self->r, 3 * PAGE, PAGE);
	c = run_cmd(&self->r);
	ASSERT_EQ(0, ring_open(&ring, 4, true));
	ASSERT_EQ(0, ring_put(&ring, self->d.compute, NVME_URING_CMD_IO, &c, 1));
	ASSERT_EQ(1, io_uring_submit(&ring));
	EXPECT_EQ(-ETIME, ring_get(&ring, 50, &tag, &res, NULL));
	ASSERT_EQ(0, set_byte(&self->d, 3 * PAGE, 0x42));
	ASSERT_EQ(0, ring_get(&ring, 8000, &tag, &res, &result));
	EXPECT_EQ(0, res);
	EXPECT_EQ(0x42, result);
	EXPECT_EQ(0x42, slm_byte(&self->d, 3 * PAGE + 1));
	io_uring_queue_exit(&ring);
}

/* Grants and a set in one run: from LBAs to SLM without the host. */
TEST_F(exec_ranges, execute_on_lbas_with_a_set)
{
	struct run *r = &self->r;
	struct nvme_uring_cmd c = cmd_rw(NVM_WRITE, 5, 1, self->buf, LBA);

	memset(self->buf, 0x77, LBA);
	ASSERT_EQ(0, cmd_io(self->d.nvm, &c));
	ASSERT_EQ(0, set_byte(&self->d, 9 * PAGE, 0x11));
	r->pind = BOTH;
	r->rsid = make_set(&self->d, 9 * PAGE, PAGE);
	ASSERT_NE(0, r->rsid);
	run_grant(r, 5, 1, KCSD_GRANT_READ);
	ASSERT_EQ(0, run_exec(self->d.compute, r));
	EXPECT_EQ(0x1177, r->result);
	EXPECT_EQ(0x77, slm_byte(&self->d, 10 * PAGE - 1));
	EXPECT_EQ(0, slm_byte(&self->d, 10 * PAGE));
}

TEST_F(exec_ranges, no_lbas_in_execute_program)
{
	self->r.pind = READ;
	run_range(&self->r, 0, PAGE);
	EXPECT_EQ(KCSD_SC_PROGRAM_FAULT, run_exec(self->d.compute, &self->r));
	EXPECT_EQ(KCSD_FAULT_LBA_READ, le32toh(self->r.out.rec.reason));
}

TEST_F(exec_ranges, none_at_all)
{
	struct run *r = &self->r;

	r->opcode = KCSD_CMD_EXECUTE;
	r->pind = TABLE;
	ASSERT_EQ(0, run_exec(self->d.compute, r));
	EXPECT_EQ(0, le32toh(r->out.rec.out_len));
	/* There is no memory behind the arguments then. */
	r->pind = LOAD;
	r->cparam1 = ranges_at(8);
	run_args(r, self->buf, 8);
	EXPECT_EQ(KCSD_SC_PROGRAM_FAULT, run_exec(self->d.compute, r));
	EXPECT_EQ(0, counter(&self->d, "range_maps"));
}

/* ---- two runs at once ---- */

struct adder {
	int fd, ret;
	struct run r;
};

static void *add(void *arg)
{
	struct adder *a = arg;

	a->ret = run_way(CMD_IOCTL64, a->fd, &a->r);
	return NULL;
}

static int add_by(struct adder *adders, int nr)
{
	pthread_t thread[4];
	int i, bad = 0;

	for (i = 0; i < nr; i++)
		if (pthread_create(&thread[i], NULL, add, &adders[i]))
			return -1;
	for (i = 0; i < nr; i++) {
		pthread_join(thread[i], NULL);
		bad += adders[i].ret != 0;
	}
	return bad;
}

/* The counters are the same bytes, though each run has them at another address. */
TEST_F(exec_ranges, two_runs_count_together)
{
	const __u64 times = variant->record == KCSD_ENGINE_JIT ? 200000 : 20000;
	static struct adder adders[2];
	struct { __u64 first; __u32 second; } got;

	for (int i = 0; i < 2; i++) {
		adders[i].fd = self->d.compute;
		adders[i].r = (struct run){ .pind = ADD, .cparam1 = times };
		run_range(&adders[i].r, 2 * PAGE, (1 + i) * PAGE);
		run_args(&adders[i].r, self->buf, i * 100);
	}
	ASSERT_EQ(0, add_by(adders, 2));
	ASSERT_EQ(0, slm_rw(self->d.slm, KCSD_SLM_READ, 2 * PAGE, 12, &got));
	EXPECT_EQ(2 * times, le64toh(got.first));
	EXPECT_EQ(2 * times, le32toh(got.second));
	for (int i = 0; i < 2; i++)
		EXPECT_EQ(variant->record, le32toh(adders[i].r.out.rec.engine));
}

/* ---- bounds ---- */

/* The program's status, and its fault at the address that it was given. */
static bool faults(struct drive *d, struct run *r, __u16 pind, __u64 addr)
{
	r->pind = pind;
	r->cparam1 = addr;
	return run_exec(d->compute, r) == KCSD_SC_PROGRAM_FAULT &&
	       le32toh(r->out.rec.reason) == KCSD_FAULT_MEMORY && le64toh(r->out.rec.addr) == addr;
}

static int done(struct drive *d, struct run *r, __u16 pind, __u64 addr)
{
	r->pind = pind;
	r->cparam1 = addr;
	return run_exec(d->compute, r);
}

TEST_F(exec_ranges, edges)
{
	const __u64 first = ranges_at(0), second = first + 2 * PAGE, end = second + PAGE;
	const struct { __u64 addr, slm; } edges[] = {
		{ first, 20 * PAGE }, { second - 1, 22 * PAGE - 1 }, { second, 10 * PAGE },
		{ end - 1, 11 * PAGE - 1 },
	};
	struct run *r = &self->r;

	run_range(r, 20 * PAGE, 2 * PAGE);
	run_range(r, 10 * PAGE, PAGE);
	for (size_t i = 0; i < ARRAY_SIZE(edges); i++) {
		r->cparam2 = 0x60 + i;
		EXPECT_EQ(0, done(&self->d, r, STORE, edges[i].addr)) TH_LOG("edge %zu", i);
		EXPECT_EQ(0x60 + (int)i, slm_byte(&self->d, edges[i].slm)) TH_LOG("edge %zu", i);
		EXPECT_EQ(0, done(&self->d, r, LOAD, edges[i].addr)) TH_LOG("edge %zu", i);
		EXPECT_EQ(0x60 + i, r->result) TH_LOG("edge %zu", i);
	}
	EXPECT_EQ(0, done(&self->d, r, SWAP, end - 8));
	EXPECT_EQ(0x63ULL << 56, r->result);
	/* One past, and just across. */
	EXPECT_TRUE(faults(&self->d, r, LOAD, end));
	EXPECT_TRUE(faults(&self->d, r, STORE, end));
	EXPECT_TRUE(faults(&self->d, r, SWAP, end));
	EXPECT_TRUE(faults(&self->d, r, LOAD, ~0ULL));
	EXPECT_TRUE(faults(&self->d, r, STORE, end + (1ULL << 32)));
	r->cparam2 = 2;
	EXPECT_EQ(0, done(&self->d, r, EMIT, end - 2));
	EXPECT_TRUE(faults(&self->d, r, EMIT, end - 1));
	/* Bytes beside the ranges in SLM are not theirs. */
	EXPECT_EQ(0, slm_byte(&self->d, 11 * PAGE));
	EXPECT_EQ(0, slm_byte(&self->d, 22 * PAGE));
	EXPECT_EQ(0, slm_byte(&self->d, 20 * PAGE - 1));
}

/* Ranges follow each other without a gap, wherever they are in SLM. */
TEST_F(exec_ranges, across_two_ranges)
{
	const __u64 border = ranges_at(0) + PAGE;
	struct run *r = &self->r;

	ASSERT_EQ(0, set_byte(&self->d, 21 * PAGE - 1, 0xaa));
	ASSERT_EQ(0, set_byte(&self->d, 10 * PAGE, 0xbb));
	run_range(r, 20 * PAGE, PAGE);
	run_range(r, 10 * PAGE, PAGE);
	r->cparam2 = 2;
	ASSERT_EQ(0, done(&self->d, r, EMIT, border - 1));
	EXPECT_EQ(0xaa, r->out.bytes[0]);
	EXPECT_EQ(0xbb, r->out.bytes[1]);
}

/*
 * What is between arguments and ranges is the run's own: zero, whatever was there, and
 * nothing of it is left to the next, which may have longer arguments.
 */
TEST_F(exec_ranges, nothing_is_left_behind_the_arguments)
{
	struct run *r = &self->r;

	ASSERT_EQ(0, create(&self->other, "ranges2", variant->engine, "1"));
	memset(self->buf, 0xff, RUN_ARGS_MAX);
	r->pind = OR_ALL;
	run_range(r, 0, PAGE);
	for (int i = 0; i < 8; i++) {
		__u32 args_len = i % 4 * 100;

		run_args(r, self->buf, args_len);
		ASSERT_EQ(0, run_exec(self->other.compute, r));
		EXPECT_EQ(0, r->result) TH_LOG("run %d", i);
		if (args_len != 300)
			continue;
		/* Without ranges, and with memory up to there. */
		struct run plain = { .pind = EMIT, .cparam2 = 8 };

		plain.cparam1 = KCSD_GUEST_DATA + KCSD_MAX_CALL_DEPTH * KCSD_FRAME_SIZE + 8;
		run_args(&plain, "12345678" "\0\0\0\0\0\0\0", 16);
		ASSERT_EQ(0, run_exec(self->other.compute, &plain));
		EXPECT_EQ(0, memcmp(plain.out.bytes, "\0\0\0\0\0\0\0", 8));
	}
	EXPECT_EQ(0, slm_byte(&self->other, 0));
}

/* ---- windows ---- */

/* More sets than a unit keeps, in turn, a thousand runs: each sees its own bytes. */
TEST_F_TIMEOUT(exec_ranges, sets_in_turn, 60)
{
	__u16 rsid[WINDOWS + 1];
	__u64 maps;

	ASSERT_EQ(0, create(&self->other, "ranges2", variant->engine, "1"));
	for (int i = 0; i <= WINDOWS; i++) {
		rsid[i] = make_set(&self->other, 2 * i * PAGE, PAGE);
		ASSERT_NE(0, rsid[i]);
		ASSERT_EQ(0, set_byte(&self->other, 2 * i * PAGE, 0x80 + i));
	}
	for (int nr = 1; nr <= WINDOWS + 1; nr++) {
		maps = counter(&self->other, "range_maps");
		for (int i = 0; i < 200; i++) {
			struct run r = { .pind = LOAD, .rsid = rsid[i % nr],
					 .cparam1 = ranges_at(0) };

			ASSERT_EQ(0, run_way(CMD_IOCTL64, self->other.compute, &r));
			ASSERT_EQ(0x80 + i % nr, r.result);
		}
		maps = counter(&self->other, "range_maps") - maps;
		EXPECT_EQ(nr <= WINDOWS ? 1 : 200 - WINDOWS, maps) TH_LOG("%d sets", nr);
	}
}

/* An identifier that is given to other ranges: those count, not what was mapped for it. */
TEST_F(exec_ranges, set_replaced)
{
	for (int i = 0; i < 20; i++) {
		struct run r = { .opcode = KCSD_CMD_EXECUTE, .pind = LOAD, .rsid = 1,
				 .cparam1 = ranges_at(0) };

		ASSERT_EQ(1, make_set(&self->d, i * PAGE, PAGE));
		ASSERT_EQ(0, set_byte(&self->d, i * PAGE, i + 1));
		ASSERT_EQ(0, run_exec(self->d.compute, &r));
		EXPECT_EQ(i + 1, r.result);
		ASSERT_EQ(0, range_set_delete(self->d.ctrl, 1));
	}
}

/* What it costs to map, by the best of some runs each. */
TEST_F(exec_ranges, what_mapping_costs)
{
	static const __u32 pages[] = { 1, 16, 256, 512 };

	for (size_t k = 0; k < ARRAY_SIZE(pages); k++) {
		__u64 same = ~0ULL, changing = ~0ULL, ns;

		for (int i = 0; i < 200; i++) {
			struct run r = { .pind = SEVEN };

			/* Two units keep four each. */
			run_range(&r, (i < 100 ? 0 : i % 100 + 1) * PAGE, pages[k] * PAGE);
			ASSERT_EQ(0, run_exec(self->d.compute, &r));
			ns = le64toh(r.out.rec.run_ns);
			if (i < 100)
				same = ns < same ? ns : same;
			else
				changing = ns < changing ? ns : changing;
		}
		ksft_print_msg("%u pages: %llu ns mapped already, %llu ns to map and run\n",
			       pages[k], (unsigned long long)same, (unsigned long long)changing);
	}
}

/* ---- sets in use ---- */

TEST_F(exec_ranges, sets_in_use_stay)
{
	struct run runs[3] = {};
	struct io_uring ring;
	__u16 rsid = make_set(&self->d, 0, PAGE);
	int left = 0;

	ASSERT_EQ(1, rsid);
	/* Two run, one is queued. */
	ASSERT_EQ(0, ring_open(&ring, 4, true));
	for (int i = 0; i < 3; i++) {
		struct nvme_uring_cmd c;

		runs[i] = (struct run){ .pind = ENDLESS, .rsid = rsid,
					.opcode = i ? KCSD_CMD_EXECUTE : KCSD_CMD_EXECUTE_LBA };
		c = run_cmd(&runs[i]);
		ASSERT_EQ(0, ring_put(&ring, self->d.compute, NVME_URING_CMD_IO, &c, i));
	}
	ASSERT_EQ(3, io_uring_submit(&ring));
	EXPECT_EQ(KCSD_SC_RANGE_SET_IN_USE, range_set_delete(self->d.ctrl, rsid));
	sleep_ms(20);
	EXPECT_EQ(KCSD_SC_RANGE_SET_IN_USE, range_set_delete(self->d.ctrl, rsid));
	io_uring_queue_exit(&ring);
	while (range_set_delete(self->d.ctrl, rsid) && left++ < 200)
		sleep_ms(10);
	EXPECT_GT(200, left);
	EXPECT_EQ(1, make_set(&self->d, 0, PAGE));
}

/* Refused commands let go of the set. */
TEST_F(exec_ranges, sets_of_refused_commands)
{
	struct run r = { .rsid = make_set(&self->d, 0, PAGE), .pind = OTHER };

	ASSERT_EQ(1, r.rsid);
	EXPECT_EQ(KCSD_SC_NO_PROGRAM, run_exec(self->d.compute, &r));
	r.pind = 9999;
	EXPECT_EQ(KCSD_SC_INVALID_PROGRAM_INDEX, run_exec(self->d.compute, &r));
	EXPECT_EQ(0, range_set_delete(self->d.ctrl, 1));
}

/* ---- refusals ---- */

TEST_F(exec_ranges, refusals)
{
	static const struct cmd_change changes[] = {
		CMD_CHANGE(nsid, 1, -EINVAL),
		CMD_CHANGE(flags, 1, -EINVAL),
		CMD_CHANGE(cdw2, OTHER, KCSD_SC_NO_PROGRAM),
		CMD_CHANGE(cdw2, OTHER + 1, KCSD_SC_NOT_ACTIVATED),
		CMD_CHANGE(cdw2, 16, KCSD_SC_INVALID_PROGRAM_INDEX),
		CMD_CHANGE(cdw2, 0xffff, KCSD_SC_INVALID_PROGRAM_INDEX),
		CMD_CHANGE_MISFIT(cdw2, 1u << 16, cdw3),		/* a set and ranges */
		CMD_CHANGE(cdw3, 2 | 1u << 17, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw3, 2 | 1u << 31, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw3, RANGES + 1, KCSD_SC_MAX_RANGES),
		CMD_CHANGE(cdw3, 0xffff, KCSD_SC_MAX_RANGES),
		CMD_CHANGE_MISFIT(cdw3, 3, addr),			/* data too short */
		CMD_CHANGE(data_len, 63, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(data_len, 0, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(data_len, 64 + KCSD_MAX_ARGS + 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(metadata_len, 95, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(metadata_len, KCSD_MAX_OUTPUT + 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(addr, 0x1000, -EFAULT),
		CMD_CHANGE(metadata, 0x1000, -EFAULT),
	};
	struct nvme_uring_cmd base;
	__u32 len;
	void *image = image_build(&(struct image){
		.insns = prog_seven, .insn_cnt = ARRAY_SIZE(prog_seven) }, &len);

	ASSERT_EQ(0, prog_load(self->d.ctrl, OTHER + 1, image, len, NULL));
	run_range(&self->r, 0, PAGE);
	run_range(&self->r, PAGE, PAGE);
	run_args(&self->r, "12345678", 8);
	base = run_cmd(&self->r);
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		for (int way = 0; way < CMD_WAYS; way++)
			EXPECT_TRUE(cmd_refused(way, false, self->d.compute, &base, &changes[i]));
	}
	EXPECT_EQ(0, cmd_io(self->d.compute, &base));
}

/* The same for both ways to bring ranges, with the index as the result. */
TEST_F(exec_ranges, range_refusals)
{
	struct kcsd_memory_range good = range(8 * PAGE, PAGE);
	struct { struct kcsd_memory_range range; int want; __u64 result; } cases[] = {
		{ range(0, 0), KCSD_SC_INVALID_RANGE_SET, 1 },
		{ range(0, PAGE - 1), KCSD_SC_INVALID_RANGE_SET, 1 },
		{ range(1, PAGE), KCSD_SC_INVALID_RANGE_SET, 1 },
		{ range(SLM, PAGE), KCSD_SC_INVALID_RANGE_SET, 1 },
		{ range(SLM - PAGE, 2 * PAGE), KCSD_SC_INVALID_RANGE_SET, 1 },
		{ range(0, 0xfffff000), KCSD_SC_INVALID_RANGE_SET, 1 },
		{ range(~0ULL - PAGE + 1, PAGE), KCSD_SC_INVALID_RANGE_SET, 1 },
		{ range(8 * PAGE, PAGE), KCSD_SC_OVERLAPPING_RANGES, 1 },
		{ range(7 * PAGE, 2 * PAGE), KCSD_SC_OVERLAPPING_RANGES, 1 },
		{ range(0, SLM), KCSD_SC_OVERLAPPING_RANGES, 1 },
		{ range(0, PAGE), KCSD_SC_INVALID_MEMORY_NS, 1 },
		{ range(0, PAGE), KCSD_SC_INVALID_FIELD, KCSD_FIELD_DPTR },
		{ range(7 * PAGE, PAGE), 0, 7 },
		{ range(9 * PAGE, PAGE), 0, 7 },
	};

	cases[10].range.nsid = htole32(KCSD_NSID_NVM);
	cases[11].range.rsvd[15] = 1;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct run r = { .pind = SEVEN, .nr_ranges = 2 };

		memcpy(r.data, &good, sizeof(good));
		memcpy(r.data + sizeof(good), &cases[i].range, sizeof(good));
		EXPECT_EQ(cases[i].want, run_exec(self->d.compute, &r)) TH_LOG("case %zu", i);
		EXPECT_EQ(cases[i].result, r.result) TH_LOG("case %zu", i);
	}
}

TEST_F(exec_ranges, identifiers)
{
	static const __u8 opcodes[] = { KCSD_CMD_EXECUTE, KCSD_CMD_EXECUTE_LBA };
	static const __u16 none[] = { 2, 16, 17, 0xffff };

	ASSERT_EQ(1, make_set(&self->d, 0, PAGE));
	for (size_t i = 0; i < ARRAY_SIZE(opcodes); i++) {
		struct run r = { .opcode = opcodes[i], .pind = SEVEN, .rsid = 1 };

		EXPECT_EQ(0, run_exec(self->d.compute, &r));
		for (size_t k = 0; k < ARRAY_SIZE(none); k++) {
			r.rsid = none[k];
			EXPECT_EQ(KCSD_SC_INVALID_RANGE_SET_ID, run_exec(self->d.compute, &r));
		}
	}
}

TEST_F(exec_ranges, ranges_take_a_file_for_writing)
{
	struct drive rdonly = { .index = self->d.index };
	struct run inside = { .pind = SEVEN }, set = { .pind = SEVEN };
	struct run none = { .opcode = KCSD_CMD_EXECUTE, .pind = SEVEN };

	set.rsid = make_set(&self->d, 0, PAGE);
	run_range(&inside, 0, PAGE);
	ASSERT_EQ(0, drive_open(&rdonly, O_RDONLY));
	for (int way = 0; way < CMD_WAYS; way++) {
		EXPECT_EQ(-EACCES, run_way(way, rdonly.compute, &inside));
		EXPECT_EQ(-EACCES, run_way(way, rdonly.compute, &set));
		EXPECT_EQ(0, run_way(way, rdonly.compute, &none));
	}
	drive_close(&rdonly);
	EXPECT_EQ(0, range_set_delete(self->d.ctrl, set.rsid));
}

TEST_F(exec_ranges, a_drive_without_slm)
{
	static const struct drive_attr without[] = { DRIVE_SMALL, { "slm_size", "0" }, {} };
	struct run r = { .pind = SEVEN };

	ASSERT_EQ(0, drive_create(&self->other, "ranges2", without));
	ASSERT_EQ(0, prog_install(self->other.ctrl, SEVEN, prog_seven));
	run_range(&r, 0, PAGE);
	EXPECT_EQ(KCSD_SC_INVALID_MEMORY_NS, run_exec(self->other.compute, &r));
	r = (struct run){ .opcode = KCSD_CMD_EXECUTE, .pind = SEVEN };
	EXPECT_EQ(0, run_exec(self->other.compute, &r));
}

/* ---- ends ---- */

TEST_F(exec_ranges, budget_and_time)
{
	struct run r = { .pind = ADD, .cparam1 = 100 };

	run_range(&r, 0, PAGE);
	r.budget = 1 << 20;
	ASSERT_EQ(0, run_exec(self->d.compute, &r));
	EXPECT_EQ(variant->record, le32toh(r.out.rec.engine));
	EXPECT_EQ(4 + 100 * 9 + 2, le64toh(r.out.rec.insns));
	r.budget = 500;
	EXPECT_EQ(KCSD_SC_PROGRAM_BUDGET, run_exec(self->d.compute, &r));
	r.budget = 0;
	r.pind = ENDLESS;
	r.timeout_ms = 50;
	EXPECT_EQ(KCSD_SC_PROGRAM_TIME, run_exec(self->d.compute, &r));
	EXPECT_TRUE(run_works(self->d.compute, SEVEN));
}

static void *keep_running(void *arg)
{
	struct drive *d = arg;
	__u32 i;
	int ret = 0;

	for (i = 0; !ret; i++) {
		struct run r = { .pind = i % 16 ? LOAD : ADD };

		r.cparam1 = i % 16 ? ranges_at(0) : 1000;
		run_range(&r, i % 7 * PAGE, (i % 3 + 1) * PAGE);
		ret = run_way(CMD_IOCTL64, d->compute, &r);
	}
	return (void *)(long)ret;
}

/* Runs on ranges at every moment when the power goes, and sets that runs hold. */
TEST_F(exec_ranges, power_off_meanwhile)
{
	pthread_t thread[3];
	void *ret;

	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < 3; i++) {
			ASSERT_EQ(0, pthread_create(&thread[i], NULL, keep_running, &self->d));
		}
		sleep_ms(20 + 10 * round);
		ASSERT_EQ(0, drive_power(&self->d, false));
		for (int i = 0; i < 3; i++) {
			pthread_join(thread[i], &ret);
			EXPECT_TRUE((long)ret == -ENODEV || (long)ret == KCSD_SC_PROGRAM_CANCELLED)
				TH_LOG("%ld", (long)ret);
		}
		drive_close(&self->d);
		ASSERT_EQ(0, drive_power(&self->d, true));
		ASSERT_EQ(0, drive_open(&self->d, O_RDWR));
		ASSERT_EQ(0, install_all(self->d.ctrl));
		EXPECT_EQ(0, slm_byte(&self->d, 0));
	}
}

static __u64 vmalloc_used(void)
{
	char text[8192], *p;
	__u64 kib = 0;

	if (file_read("/proc/meminfo", text, sizeof(text)) > 0 &&
	    (p = strstr(text, "VmallocUsed:")))
		sscanf(p, "VmallocUsed: %llu", &kib);
	return kib << 10;
}

/* Windows go with the drive. */
TEST_F(exec_ranges, memory_comes_back)
{
	__u64 before, after = 0;

	for (int round = 0; round < 4; round++) {
		ASSERT_EQ(0, create(&self->other, "ranges2", variant->engine, "2"));
		for (int i = 0; i < 60; i++) {
			struct run r = { .pind = LOAD, .cparam1 = ranges_at(0) };

			run_range(&r, i % 30 * PAGE, SLM / 2);
			ASSERT_EQ(0, run_exec(self->other.compute, &r));
		}
		ASSERT_EQ(0, drive_remove(&self->other));
		self->other = (struct drive)DRIVE_INIT;
		before = after;
		after = vmalloc_used();
		if (round > 1)
			EXPECT_GE(before + (1 << 20), after);
	}
}

DRIVE_TEST_MAIN
