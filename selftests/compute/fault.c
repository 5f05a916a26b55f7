// SPDX-License-Identifier: GPL-2.0
/* Test each reason that stops a run before its program returns: its record and its effects. */
#include "harness.h"
#include "feature.h"
#include "nvm.h"
#include "run.h"

#include <endian.h>

#define LBA	4096

static const struct drive_attr small[] = { DRIVE_SMALL, {} };
static const struct drive_attr impatient[] = {
	DRIVE_SMALL, { "timeout_ms", "60" }, { "insn_budget", "1000000000000" }, {}
};
static const struct drive_attr stingy[] = { DRIVE_SMALL, { "insn_budget", "5000" }, {} };

/* Values of cparam2: return the address of the arguments, or do one access at cparam1. */
enum { TOUCH_ARGS, TOUCH_LD8, TOUCH_ST8, TOUCH_LD1, TOUCH_ST1, TOUCH_LD_PLUS, TOUCH_LD_MINUS };
#define TOUCH_PC(mode)	(5 + 3 * (mode))	/* index of the instruction of the access */

static const struct bpf_insn prog_touch[] = {
	I_MOVR(R6, R1), I_CTX(R2, R6, cparam2), I_CTX(R3, R6, cparam1), I_MOV(R0, 0),
	I_JMP(BPF_JNE, R2, TOUCH_ARGS, 2), I_CTX(R0, R6, args), I_EXIT,
	I_JMP(BPF_JNE, R2, TOUCH_LD8, 2), I_LDX(BPF_DW, R0, R3, 0), I_EXIT,
	I_JMP(BPF_JNE, R2, TOUCH_ST8, 2), I_STX(BPF_DW, R3, 0, R2), I_EXIT,
	I_JMP(BPF_JNE, R2, TOUCH_LD1, 2), I_LDX(BPF_B, R0, R3, 0), I_EXIT,
	I_JMP(BPF_JNE, R2, TOUCH_ST1, 2), I_ST(BPF_B, R3, 0, 1), I_EXIT,
	I_JMP(BPF_JNE, R2, TOUCH_LD_PLUS, 2), I_LDX(BPF_W, R0, R3, 32767), I_EXIT,
	I_JMP(BPF_JNE, R2, TOUCH_LD_MINUS, 2), I_LDX(BPF_W, R0, R3, -32768), I_EXIT,
	I_EXIT,
};

/* Move cparam2 bytes between LBA cparam1 and the heap. */
#define PROG_MOVE(name, helper) \
	static const struct bpf_insn name[] = { \
		I_MOVR(R6, R1), I_CTX(R1, R6, cparam1), I_CTX(R2, R6, heap), \
		I_CTX(R3, R6, cparam2), I_HELPER(helper), I_EXIT, \
	}
#define MOVE_PC	4

PROG_MOVE(prog_read, read);
PROG_MOVE(prog_write, write);

/* Execute 2 * cparam1 + 3 instructions. */
static const struct bpf_insn prog_loop[] = {
	I_CTX(R2, R1, cparam1), I_ADD(R2, -1), I_JMP(BPF_JNE, R2, 0, -2), I_MOV(R0, 0), I_EXIT,
};

enum { SEVEN, TOUCH, READ, WRITE, LOOP, ENDLESS };

FIXTURE(fault) {
	struct drive d;
	struct drive other;
	struct run r;
	__u8 *buf;
};

static int install_heap(int ctrl, __u16 pind, const struct bpf_insn *insns, __u32 cnt)
{
	struct image im = { .insns = insns, .insn_cnt = cnt, .heap_len = 4 * LBA };

	return prog_install_image(ctrl, pind, &im);
}

FIXTURE_SETUP(fault)
{
	drive_sweep();
	self->other = (struct drive)DRIVE_INIT;
	self->buf = aligned_alloc(LBA, LBA);
	ASSERT_NE(NULL, self->buf);
	ASSERT_EQ(0, drive_create(&self->d, "fault", small));
	ASSERT_EQ(0, prog_install(self->d.ctrl, SEVEN, prog_seven));
	ASSERT_EQ(0, prog_install(self->d.ctrl, TOUCH, prog_touch));
	ASSERT_EQ(0, install_heap(self->d.ctrl, READ, prog_read, ARRAY_SIZE(prog_read)));
	ASSERT_EQ(0, install_heap(self->d.ctrl, WRITE, prog_write, ARRAY_SIZE(prog_write)));
	ASSERT_EQ(0, prog_install(self->d.ctrl, LOOP, prog_loop));
	ASSERT_EQ(0, prog_install(self->d.ctrl, ENDLESS, prog_endless));
}

/* Check that the drive still works after each test. */
FIXTURE_TEARDOWN(fault)
{
	struct nvme_uring_cmd c = cmd_rw(NVM_READ, 0, 1, self->buf, LBA);

	EXPECT_TRUE(run_works(self->d.compute, SEVEN));
	EXPECT_EQ(0, cmd_io(self->d.nvm, &c));
	drive_remove(&self->other);
	EXPECT_EQ(0, drive_remove(&self->d));
	free(self->buf);
}

struct outcome {
	__u32 reason;
	__u32 pc;
	__u32 helper;
	__u64 addr;
	__u64 lba;
};

static bool outcome_is(const struct run *r, struct outcome e)
{
	const struct kcsd_run_record *rec = &r->out.rec;

	if (le32toh(rec->size) == sizeof(*rec) && le32toh(rec->reason) == e.reason &&
	    le32toh(rec->pc) == e.pc && le32toh(rec->helper) == e.helper &&
	    le64toh(rec->addr) == e.addr && le64toh(rec->lba) == e.lba && !rec->audit_len)
		return true;
	ksft_print_msg("got reason %u at %u, helper %u, address %#llx, LBA %llu; "
		       "expected %u at %u, helper %u, address %#llx, LBA %llu\n",
		       le32toh(rec->reason), le32toh(rec->pc), le32toh(rec->helper),
		       (unsigned long long)le64toh(rec->addr),
		       (unsigned long long)le64toh(rec->lba), e.reason, e.pc, e.helper,
		       (unsigned long long)e.addr, (unsigned long long)e.lba);
	return false;
}

static int touch(int fd, struct run *r, __u64 addr, __u64 mode)
{
	r->pind = TOUCH;
	r->cparam1 = addr;
	r->cparam2 = mode;
	return run_exec(fd, r);
}

static bool touch_faults(int fd, struct run *r, __u64 base, __u64 mode, __u64 addr)
{
	struct outcome e = { .reason = KCSD_FAULT_MEMORY, .pc = TOUCH_PC(mode), .addr = addr };
	int ret = touch(fd, r, base, mode);

	if (ret != KCSD_SC_PROGRAM_FAULT)
		ksft_print_msg("%#llx mode %llu: %#x\n", (unsigned long long)base,
			       (unsigned long long)mode, ret);
	return ret == KCSD_SC_PROGRAM_FAULT && outcome_is(r, e);
}

/* True if the context can be read but not written, and the memory behind it can be both. */
static bool first_touch(int fd, struct run *r, __u64 mode)
{
	bool stores = mode == TOUCH_ST8 || mode == TOUCH_ST1;

	if (touch(fd, r, KCSD_GUEST_DATA, mode))
		return false;
	if (stores)
		return touch_faults(fd, r, KCSD_GUEST_CTX, mode, KCSD_GUEST_CTX) &&
		       touch_faults(fd, r, KCSD_GUEST_DATA - 1, mode, KCSD_GUEST_DATA - 1);
	return !touch(fd, r, KCSD_GUEST_CTX, mode);
}

TEST_F(fault, memory_starts_after_the_first_page)
{
	int fd = self->d.compute;
	struct run *r = &self->r;

	for (__u64 mode = TOUCH_LD8; mode <= TOUCH_ST8; mode++) {
		EXPECT_TRUE(touch_faults(fd, r, 0, mode, 0));
		EXPECT_TRUE(touch_faults(fd, r, 8, mode, 8));
		for (__u64 a = KCSD_GUEST_CTX - 8; a < KCSD_GUEST_CTX; a++) {
			EXPECT_TRUE(touch_faults(fd, r, a, mode, a));
		}
		EXPECT_TRUE(first_touch(fd, r, mode));
	}
	for (__u64 mode = TOUCH_LD1; mode <= TOUCH_ST1; mode++) {
		EXPECT_TRUE(touch_faults(fd, r, KCSD_GUEST_CTX - 1, mode, KCSD_GUEST_CTX - 1));
		EXPECT_TRUE(first_touch(fd, r, mode));
	}
}

TEST_F(fault, memory_ends_after_the_arguments)
{
	int fd = self->d.compute;
	struct run *r = &self->r;
	char args[64] = "";
	__u64 end;

	run_args(r, args, sizeof(args));
	ASSERT_EQ(0, touch(fd, r, 0, TOUCH_ARGS));
	end = r->result + sizeof(args);
	for (__u64 mode = TOUCH_LD8; mode <= TOUCH_ST8; mode++) {
		EXPECT_EQ(0, touch(fd, r, end - 8, mode));
		for (__u64 a = end - 7; a <= end; a++) {
			EXPECT_TRUE(touch_faults(fd, r, a, mode, a));
		}
	}
	for (__u64 mode = TOUCH_LD1; mode <= TOUCH_ST1; mode++) {
		EXPECT_EQ(0, touch(fd, r, end - 1, mode));
		EXPECT_TRUE(touch_faults(fd, r, end, mode, end));
	}
}

TEST_F(fault, addresses_do_not_wrap)
{
	static const __u64 bases[] = {
		~0ULL, ~0ULL - 3, ~0ULL - 7, ~0ULL - 8, ~0ULL - KCSD_GUEST_CTX,
		1ULL << 63, 1ULL << 32 | KCSD_GUEST_CTX, 1ULL << 31, 0x100000000ULL,
		0xffff888000000000ULL, 0xffffffff81000000ULL, 0x7fffffffe000ULL,
	};
	struct run *r = &self->r;

	for (size_t i = 0; i < ARRAY_SIZE(bases); i++) {
		for (__u64 mode = TOUCH_LD8; mode <= TOUCH_ST1; mode++) {
			EXPECT_TRUE(touch_faults(self->d.compute, r, bases[i], mode, bases[i]));
		}
		EXPECT_TRUE(touch_faults(self->d.compute, r, bases[i], TOUCH_LD_MINUS,
					 bases[i] - 32768));
	}
	EXPECT_TRUE(touch_faults(self->d.compute, r, ~0ULL, TOUCH_LD_PLUS, 32766));
	EXPECT_TRUE(touch_faults(self->d.compute, r, 8, TOUCH_LD_MINUS, 8 - 32768ULL));
	/* The effective address is checked, not the base and the offset. */
	EXPECT_EQ(0, touch(self->d.compute, r, KCSD_GUEST_CTX + 32768, TOUCH_LD_MINUS));
	EXPECT_EQ(0, touch(self->d.compute, r, KCSD_GUEST_CTX - 32767ULL, TOUCH_LD_PLUS));
}

struct where {
	int ctrl;
	int fd;
	struct run *r;
};

/* Call a helper with addr and len in r1 and r2, or (second) in r2 and r3. */
static bool helper_faults(struct where *f, __u32 id, bool second, __u64 addr, __u64 len)
{
	struct bpf_insn insns[] = {
		I_MOVR(R6, R1), I_CTX(second ? R2 : R1, R6, cparam1),
		I_CTX(second ? R3 : R2, R6, cparam2), I_MOV(R0, 0),
		I_RAW(BPF_JMP | BPF_CALL, 0, 0, 0, id), I_EXIT,
	};
	struct outcome e = { .reason = KCSD_FAULT_MEMORY, .pc = 4, .helper = id, .addr = addr };
	int ret;

	if (second)
		insns[3] = I_MOV(R1, 0);
	if (prog_replace(f->ctrl, 10, insns))
		return false;
	f->r->pind = 10;
	f->r->cparam1 = addr;
	f->r->cparam2 = len;
	ret = run_exec(f->fd, f->r);
	if (ret != KCSD_SC_PROGRAM_FAULT)
		ksft_print_msg("helper %u at %#llx + %#llx: %#x\n", id, (unsigned long long)addr,
			       (unsigned long long)len, ret);
	return ret == KCSD_SC_PROGRAM_FAULT && outcome_is(f->r, e);
}

TEST_F(fault, helpers_check_their_memory)
{
	static const struct {
		__u32 id;
		bool second;
	} helpers[] = {
		{ KCSD_HELPER_read, true }, { KCSD_HELPER_write, true },
		{ KCSD_HELPER_emit, false }, { KCSD_HELPER_log, false },
		{ KCSD_HELPER_geometry, false },
	};
	struct where f = { self->d.ctrl, self->d.compute, &self->r };

	run_grant(&self->r, 0, 1, KCSD_GRANT_READ | KCSD_GRANT_WRITE);
	for (size_t i = 0; i < ARRAY_SIZE(helpers); i++) {
		__u32 id = helpers[i].id;
		bool second = helpers[i].second;

		EXPECT_TRUE(helper_faults(&f, id, second, 0, LBA));
		EXPECT_TRUE(helper_faults(&f, id, second, KCSD_GUEST_CTX - 1, LBA));
		EXPECT_TRUE(helper_faults(&f, id, second, KCSD_GUEST_CTX, 1 << 20));
		EXPECT_TRUE(helper_faults(&f, id, second, KCSD_GUEST_CTX, 1ULL << 63));
		EXPECT_TRUE(helper_faults(&f, id, second, KCSD_GUEST_CTX, -(__u64)LBA));
		EXPECT_TRUE(helper_faults(&f, id, second, -(__u64)LBA, LBA));
		EXPECT_TRUE(helper_faults(&f, id, second, ~0ULL - 2 * LBA + 1, 2 * LBA));
	}
}

static int move(int fd, struct run *r, __u16 pind, __u64 slba, __u64 len)
{
	r->pind = pind;
	r->cparam1 = slba;
	r->cparam2 = len;
	return run_exec(fd, r);
}

/* True if the move is denied, and the record names `lba`, which was not granted. */
static bool move_denied(int fd, struct run *r, __u16 pind, __u64 slba, __u32 nlb, __u64 lba)
{
	struct outcome e = {
		.reason = pind == READ ? KCSD_FAULT_LBA_READ : KCSD_FAULT_LBA_WRITE,
		.pc = MOVE_PC, .helper = pind == READ ? KCSD_HELPER_read : KCSD_HELPER_write,
		.lba = lba,
	};
	int ret = move(fd, r, pind, slba, (__u64)nlb * LBA);

	if (ret != KCSD_SC_PROGRAM_FAULT)
		ksft_print_msg("LBA %llu + %u: %#x\n", (unsigned long long)slba, nlb, ret);
	return ret == KCSD_SC_PROGRAM_FAULT && outcome_is(r, e);
}

static const struct {
	__u64 slba;
	__u32 nlb;
	__u64 denied;
} outside[] = {	/* accesses that are not within the grant of LBAs 100 to 103 */
	{ 99, 1, 99 }, { 104, 1, 104 }, { 99, 2, 99 }, { 103, 2, 104 }, { 98, 2, 98 },
	{ 102, 3, 104 }, { 0, 1, 0 }, { 4095, 1, 4095 }, { 4096, 1, 4096 },
	{ 1ULL << 32 | 100, 1, 1ULL << 32 | 100 }, { 1ULL << 52 | 100, 1, 1ULL << 52 | 100 },
	{ 1ULL << 63, 1, 1ULL << 63 }, { ~0ULL, 1, ~0ULL }, { ~0ULL, 2, ~0ULL },
};

TEST_F(fault, lbas_outside_the_grant)
{
	for (__u16 pind = READ; pind <= WRITE; pind++) {
		struct run *r = &self->r;

		r->nr_grants = 0;
		run_grant(r, 100, 4, KCSD_GRANT_ALL);
		EXPECT_EQ(0, move(self->d.compute, r, pind, 100, 4 * LBA));
		for (size_t i = 0; i < ARRAY_SIZE(outside); i++) {
			EXPECT_TRUE(move_denied(self->d.compute, r, pind, outside[i].slba,
						outside[i].nlb, outside[i].denied))
				TH_LOG("case %zu", i);
			EXPECT_EQ(0, le64toh(r->out.rec.read_bytes));
			EXPECT_EQ(0, le64toh(r->out.rec.written_bytes));
		}
		r->nr_grants = 0;
		EXPECT_TRUE(move_denied(self->d.compute, r, pind, 100, 1, 100));
	}
}

TEST_F(fault, rights_are_per_grant)
{
	int fd = self->d.compute;
	struct run *r = &self->r;

	run_grant(r, 0, 10, KCSD_GRANT_READ);
	run_grant(r, 5, 10, KCSD_GRANT_WRITE);
	EXPECT_EQ(0, move(fd, r, READ, 2, LBA));
	EXPECT_TRUE(move_denied(fd, r, WRITE, 2, 1, 2));
	EXPECT_EQ(0, move(fd, r, READ, 7, LBA));
	EXPECT_EQ(0, move(fd, r, WRITE, 7, LBA));
	EXPECT_TRUE(move_denied(fd, r, READ, 12, 1, 12));
	EXPECT_EQ(0, move(fd, r, WRITE, 12, LBA));
	EXPECT_TRUE(move_denied(fd, r, READ, 9, 2, 10));
	EXPECT_TRUE(move_denied(fd, r, WRITE, 4, 2, 4));
}

/* Test an access of which each LBA is granted, but not by one grant alone. */
TEST_F(fault, grants_add_up)
{
	int fd = self->d.compute;
	struct run *r = &self->r;

	run_grant(r, 24, 2, KCSD_GRANT_READ);
	run_grant(r, 20, 4, KCSD_GRANT_READ);
	EXPECT_EQ(0, move(fd, r, READ, 22, 4 * LBA));
	EXPECT_EQ(4 * LBA, le64toh(r->out.rec.read_bytes));
	EXPECT_TRUE(move_denied(fd, r, READ, 24, 3, 26));
	EXPECT_TRUE(move_denied(fd, r, READ, 19, 4, 19));
}

TEST_F(fault, denied_write_changes_nothing)
{
	struct nvme_uring_cmd c = cmd_rw(NVM_READ, 104, 1, self->buf, LBA);
	struct nvme_uring_cmd in = cmd_rw(NVM_WRITE, 103, 1, self->buf, LBA);

	memset(self->buf, 0x77, LBA);
	ASSERT_EQ(0, cmd_io(self->d.nvm, &in));
	in.cdw10 = 104;
	ASSERT_EQ(0, cmd_io(self->d.nvm, &in));
	run_grant(&self->r, 100, 4, KCSD_GRANT_WRITE);
	EXPECT_TRUE(move_denied(self->d.compute, &self->r, WRITE, 103, 2, 104));
	for (int lba = 103; lba <= 104; lba++) {
		c.cdw10 = lba;
		memset(self->buf, 0, LBA);
		ASSERT_EQ(0, cmd_io(self->d.nvm, &c));
		for (int i = 0; i < LBA; i++) {
			ASSERT_EQ(0x77, self->buf[i]);
		}
	}
}

/* Test that bytes emitted before the fault are delivered with it. */
TEST_F(fault, output_survives)
{
	static const struct bpf_insn insns[] = {
		I_MOVR(R6, R1), I_CTX(R1, R6, args), I_MOV(R2, 5), I_HELPER(emit),
		I_MOV(R3, 0), I_LDX(BPF_DW, R0, R3, 16), I_EXIT,
	};
	struct outcome e = { .reason = KCSD_FAULT_MEMORY, .pc = 5, .addr = 16 };
	struct run *r = &self->r;

	ASSERT_EQ(0, prog_install(self->d.ctrl, 10, insns));
	r->pind = 10;
	r->budget = 1000;
	run_args(r, "bytes", 5);
	EXPECT_EQ(KCSD_SC_PROGRAM_FAULT, run_exec(self->d.compute, r));
	EXPECT_TRUE(outcome_is(r, e));
	EXPECT_EQ(5, le32toh(r->out.rec.out_len));
	EXPECT_EQ(0, memcmp(r->out.bytes, "bytes", 5));
	EXPECT_EQ(6, le64toh(r->out.rec.insns));
	EXPECT_LT(0, le64toh(r->out.rec.run_ns));
}

TEST_F(fault, status_in_all_ways)
{
	self->r.pind = TOUCH;
	self->r.cparam2 = TOUCH_LD8;
	for (int way = 0; way < CMD_WAYS; way++) {
		EXPECT_EQ(KCSD_SC_PROGRAM_FAULT, run_way(way, self->d.compute, &self->r));
	}
	self->r.pind = ENDLESS;
	self->r.budget = 100000;
	for (int way = 0; way < CMD_WAYS; way++) {
		EXPECT_EQ(KCSD_SC_PROGRAM_BUDGET, run_way(way, self->d.compute, &self->r));
	}
}

TEST_F(fault, budget)
{
	struct run *r = &self->r;
	static const __u64 budgets[] = { 1, 2, 100, 16383, 16384, 16385, 1000000 };
	__u64 insns;

	r->pind = LOOP;
	r->cparam1 = 1000;
	r->budget = 2003;
	EXPECT_EQ(0, run_exec(self->d.compute, r));
	EXPECT_EQ(2003, le64toh(r->out.rec.insns));
	r->budget = 1990;
	EXPECT_EQ(KCSD_SC_PROGRAM_BUDGET, run_exec(self->d.compute, r));
	for (size_t i = 0; i < ARRAY_SIZE(budgets); i++) {
		r->pind = ENDLESS;
		r->budget = budgets[i];
		EXPECT_EQ(KCSD_SC_PROGRAM_BUDGET, run_exec(self->d.compute, r));
		EXPECT_EQ(KCSD_FAULT_BUDGET, le32toh(r->out.rec.reason));
		insns = le64toh(r->out.rec.insns);
		/*
		 * The budget is checked on back edges, so up to one block late. This loop has one
		 * block.
		 */
		EXPECT_LE(budgets[i], insns);
		EXPECT_GE(budgets[i] + 2, insns);
	}
}

TEST_F(fault, budget_of_the_drive)
{
	struct run *r = &self->r;

	ASSERT_EQ(0, drive_create(&self->other, "fault2", stingy));
	ASSERT_EQ(0, prog_install(self->other.ctrl, LOOP, prog_loop));
	r->pind = LOOP;
	r->cparam1 = 2000;
	EXPECT_EQ(0, run_exec(self->other.compute, r));
	r->cparam1 = 3000;
	EXPECT_EQ(KCSD_SC_PROGRAM_BUDGET, run_exec(self->other.compute, r));
	/* A command can ask for a lower budget, not for a higher one. */
	r->budget = 1ULL << 32;
	EXPECT_EQ(KCSD_SC_PROGRAM_BUDGET, run_exec(self->other.compute, r));
	r->budget = 6003;
	EXPECT_EQ(KCSD_SC_PROGRAM_BUDGET, run_exec(self->other.compute, r));
	r->cparam1 = 2000;
	EXPECT_EQ(0, run_exec(self->other.compute, r));
	r->budget = 3000;
	EXPECT_EQ(KCSD_SC_PROGRAM_BUDGET, run_exec(self->other.compute, r));
	/* A budget may have more than 32 bits. */
	ASSERT_EQ(0, set_feature(self->other.ctrl, KCSD_FEATURE_BUDGET, 1ULL << 33));
	r->cparam1 = 3000;
	r->budget = 1ULL << 32;
	EXPECT_EQ(0, run_exec(self->other.compute, r));
}

TEST_F(fault, time_limit)
{
	struct run *r = &self->r;
	__u64 start = time_ns(), took;

	r->pind = ENDLESS;
	r->budget = ~0ULL;
	r->timeout_ms = 50;
	EXPECT_EQ(KCSD_SC_PROGRAM_TIME, run_exec(self->d.compute, r));
	took = time_ns() - start;
	EXPECT_LE(50000000, took);
	EXPECT_GT(2000000000, took);
	EXPECT_EQ(KCSD_FAULT_TIME, le32toh(r->out.rec.reason));
	EXPECT_LE(40000000, le64toh(r->out.rec.run_ns));
	EXPECT_GE(took, le64toh(r->out.rec.run_ns));
	EXPECT_LT(0, le64toh(r->out.rec.insns));
}

TEST_F(fault, time_limit_of_the_drive)
{
	struct run *r = &self->r;
	__u64 start;

	ASSERT_EQ(0, drive_create(&self->other, "fault2", impatient));
	ASSERT_EQ(0, prog_install(self->other.ctrl, ENDLESS, prog_endless));
	r->pind = ENDLESS;
	start = time_ns();
	EXPECT_EQ(KCSD_SC_PROGRAM_TIME, run_exec(self->other.compute, r));
	EXPECT_GT(2000000000, time_ns() - start);
}

/* Test that a command cannot run longer than the time limit of the drive (nor for 49 days: ~0). */
TEST_F(fault, command_cannot_raise_the_time_limit)
{
	struct run *r = &self->r;

	ASSERT_EQ(0, drive_create(&self->other, "fault2", impatient));
	ASSERT_EQ(0, prog_install(self->other.ctrl, ENDLESS, prog_endless));
	r->pind = ENDLESS;
	r->timeout_ms = ~0U;
	for (int way = 0; way < CMD_WAYS; way++) {
		EXPECT_EQ(KCSD_SC_PROGRAM_TIME, run_way(way, self->other.compute, r))
			TH_LOG("%s", cmd_way_name(way));
	}
	/* Set Features raises the limit for all runs. */
	ASSERT_EQ(0, set_feature(self->other.ctrl, KCSD_FEATURE_TIMEOUT, 600));
	EXPECT_EQ(KCSD_SC_PROGRAM_TIME, run_exec(self->other.compute, r));
	EXPECT_LE(600000000, le64toh(r->out.rec.run_ns));
}

/* Test each instruction that can close a loop, and a loop that only calls a helper. */
TEST_F(fault, time_limit_stops_every_loop)
{
	static const struct bpf_insn calls[] = {
		I_CALL(2), I_JA(-2), I_EXIT, I_MOV(R0, 0), I_EXIT,
	};
	static const struct bpf_insn helpers[] = {
		I_MOVR(R6, R1), I_MOVR(R1, R6), I_MOV(R2, 8), I_HELPER(log), I_JA(-4), I_EXIT,
	};
	static const struct bpf_insn jmp32[] = {
		I_MOV(R2, 1), I_RAW(BPF_JMP32 | BPF_JNE | BPF_K, R2, 0, -1, 0), I_EXIT,
	};
	static const struct bpf_insn far[] = {
		I_MOV(R0, 0), I_RAW(BPF_JMP32 | BPF_JA, 0, 0, 0, -1), I_EXIT,
	};
	static const struct {
		const struct bpf_insn *insns;
		__u32 cnt;
	} loops[] = {
		{ calls, ARRAY_SIZE(calls) }, { helpers, ARRAY_SIZE(helpers) },
		{ jmp32, ARRAY_SIZE(jmp32) }, { far, ARRAY_SIZE(far) },
	};
	struct run *r = &self->r;

	r->pind = 10;
	r->budget = ~0ULL;
	r->timeout_ms = 20;
	for (size_t i = 0; i < ARRAY_SIZE(loops); i++) {
		__u64 start = time_ns();

		ASSERT_EQ(0, prog_replace_insns(self->d.ctrl, 10, loops[i].insns, loops[i].cnt));
		EXPECT_EQ(KCSD_SC_PROGRAM_TIME, run_exec(self->d.compute, r))
			TH_LOG("loop %zu", i);
		EXPECT_GT(2000000000, time_ns() - start);
	}
}

/* ---- one helper call that moves many bytes ---- */

#define MANY	(48u << 20)
#define FAR	(2u << 20)
#define ZONE_CAPACITY (3u << 20)

static const struct drive_attr large[] = {
	DRIVE_SMALL, { "size", "67108864" }, { "arena_size", "67108864" }, { "cus", "1" }, {}
};
static const struct drive_attr zoned[] = {
	DRIVE_SMALL, { "arena_size", "8388608" }, { "cus", "1" }, { "zone_size", "4194304" },
	{ "zone_capacity", "3145728" }, {}
};

/* Read like prog_read. Returns the word at FAR in the data. */
static const struct bpf_insn prog_read_far[] = {
	I_MOVR(R6, R1), I_CTX(R1, R6, cparam1), I_CTX(R2, R6, heap), I_CTX(R3, R6, cparam2),
	I_HELPER(read), I_CTX(R2, R6, heap), I_ADD(R2, FAR), I_LDX(BPF_DW, R0, R2, 0), I_EXIT,
};

/* The same by stream_read, from offset cparam1 of the stream. */
static const struct bpf_insn prog_stream_far[] = {
	I_MOVR(R6, R1), I_CTX(R1, R6, cparam1), I_CTX(R2, R6, heap), I_CTX(R3, R6, cparam2),
	I_HELPER(stream_read), I_CTX(R2, R6, heap), I_ADD(R2, FAR), I_LDX(BPF_DW, R0, R2, 0),
	I_EXIT,
};

static int create_with(FIXTURE_DATA(fault) *self, const struct drive_attr *attrs, __u16 pind,
		       const struct bpf_insn *insns, __u32 cnt, __u32 heap)
{
	struct image im = { .insns = insns, .insn_cnt = cnt, .heap_len = heap };
	int ret = drive_create(&self->other, "fault2", attrs);

	return ret ? ret : prog_install_image(self->other.ctrl, pind, &im);
}

/* Expect that a call of a helper that moves MANY bytes of LBAs ends early with its time. */
static void expect_time_limit(struct __test_metadata *_metadata, FIXTURE_DATA(fault) *self,
			      const struct bpf_insn *insns, __u32 cnt, __u32 helper)
{
	struct outcome e = { .reason = KCSD_FAULT_TIME, .pc = MOVE_PC, .helper = helper };
	struct run *r = &self->r;
	struct nvme_uring_cmd c;

	ASSERT_EQ(0, create_with(self, large, READ, insns, cnt, MANY));
	memset(self->buf, 0x77, LBA);
	c = cmd_rw(NVM_WRITE, FAR / LBA, 1, self->buf, LBA);
	ASSERT_EQ(0, cmd_io(self->other.nvm, &c));
	EXPECT_EQ(0, move(self->other.compute, r, READ, 0, MANY));
	EXPECT_EQ(MANY, le64toh(r->out.rec.read_bytes));
	EXPECT_EQ(0x7777777777777777, r->result);
	/* The machine may be busy before the helper is called, but not in all tries. */
	r->timeout_ms = 1;
	for (int i = 0; i < 10; i++) {
		ASSERT_EQ(KCSD_SC_PROGRAM_TIME, move(self->other.compute, r, READ, 0, MANY));
		ASSERT_GT(MANY, le64toh(r->out.rec.read_bytes));
		if (r->out.rec.read_bytes)
			break;
	}
	EXPECT_LT(0, le64toh(r->out.rec.read_bytes));
	EXPECT_TRUE(outcome_is(r, e));
}

TEST_F(fault, time_limit_in_a_helper)
{
	run_grant(&self->r, 0, MANY / LBA, KCSD_GRANT_READ);
	expect_time_limit(_metadata, self, prog_read_far, ARRAY_SIZE(prog_read_far),
			  KCSD_HELPER_read);
}

TEST_F(fault, time_limit_in_a_stream)
{
	run_grant(&self->r, 0, MANY / LBA, KCSD_GRANT_READ);
	expect_time_limit(_metadata, self, prog_stream_far, ARRAY_SIZE(prog_stream_far),
			  KCSD_HELPER_stream_read);
}

/* Test ticks between sources: each of them is moved without one. */
TEST_F(fault, time_limit_between_sources)
{
	for (__u32 i = 0; i < KCSD_MAX_GRANTS; i++)
		run_grant(&self->r, i * (MANY / LBA / KCSD_MAX_GRANTS),
			  MANY / LBA / KCSD_MAX_GRANTS, KCSD_GRANT_READ);
	expect_time_limit(_metadata, self, prog_stream_far, ARRAY_SIZE(prog_stream_far),
			  KCSD_HELPER_stream_read);
}

/* Test a write to a zone that the drive moves in pieces: done in order, or refused as a whole. */
TEST_F(fault, long_write_to_a_zone)
{
	const __u32 most = ZONE_CAPACITY - LBA;
	struct run *r = &self->r;
	int fd;

	ASSERT_EQ(0, create_with(self, zoned, WRITE, prog_write, ARRAY_SIZE(prog_write),
				 2 * ZONE_CAPACITY));
	fd = self->other.compute;
	run_grant(r, 0, 2048, KCSD_GRANT_WRITE);
	ASSERT_EQ(0, move(fd, r, WRITE, 0, ZONE_CAPACITY + LBA));
	EXPECT_EQ(-KCSD_ENOSPC, (__s64)r->result);
	EXPECT_EQ(0, r->out.rec.written_bytes);
	ASSERT_EQ(0, move(fd, r, WRITE, 0, most));
	EXPECT_EQ(0, r->result);
	EXPECT_EQ(most, le64toh(r->out.rec.written_bytes));
	ASSERT_EQ(0, move(fd, r, WRITE, 0, most));
	EXPECT_EQ(-KCSD_ESPIPE, (__s64)r->result);
	EXPECT_EQ(0, r->out.rec.written_bytes);
	ASSERT_EQ(0, move(fd, r, WRITE, most / LBA, LBA));
	EXPECT_EQ(0, r->result);
}

struct division {
	struct bpf_insn insn;
	__u64 a;
	__u64 b;
	__u64 want;
};

#define MIN64	(1ULL << 63)
#define MIN32	(1ULL << 31)
#define HIGH	0xabcdef0100000000ULL	/* bits that a 32-bit operation must not see */

static const struct division divisions[] = {
	{ I_ALUR(BPF_DIV, R0, R2), 100, 0, 0 },
	{ I_ALUR(BPF_MOD, R0, R2), 100, 0, 100 },
	{ I_ALUR(BPF_DIV, R0, R2), ~0ULL, 10, ~0ULL / 10 },
	{ I_SALUR(BPF_DIV, R0, R2), 100, 0, 0 },
	{ I_SALUR(BPF_MOD, R0, R2), -100, 0, -100 },
	{ I_SALUR(BPF_DIV, R0, R2), MIN64, -1, MIN64 },
	{ I_SALUR(BPF_MOD, R0, R2), MIN64, -1, 0 },
	{ I_SALUR(BPF_DIV, R0, R2), -13, 4, -3 },
	{ I_SALUR(BPF_MOD, R0, R2), -13, 4, -1 },
	{ I_SALUR(BPF_MOD, R0, R2), 13, -4, 1 },
	{ I_ALU32R(BPF_DIV, R0, R2), HIGH | 100, HIGH, 0 },
	{ I_ALU32R(BPF_MOD, R0, R2), HIGH | 100, HIGH, 100 },
	{ I_ALU32R(BPF_DIV, R0, R2), HIGH | 100, HIGH | 7, 14 },
	{ I_SALU32R(BPF_DIV, R0, R2), HIGH | MIN32, HIGH | 0xffffffff, MIN32 },
	{ I_SALU32R(BPF_MOD, R0, R2), HIGH | MIN32, HIGH | 0xffffffff, 0 },
	{ I_SALU32R(BPF_DIV, R0, R2), HIGH | 5, HIGH, 0 },
	{ I_SALU32R(BPF_MOD, R0, R2), HIGH | 0xfffffffb, HIGH, 0xfffffffb },
	{ I_ALU(BPF_DIV, R0, 0), 100, 0, 0 },
	{ I_ALU(BPF_MOD, R0, 0), 100, 0, 100 },
	{ I_ALU(BPF_DIV, R0, -1), ~0ULL, 0, 1 },
	{ I_ALU32(BPF_MOD, R0, 0), HIGH | 9, 0, 9 },
	{ I_ALUR(BPF_LSH, R0, R2), 1, 64, 1 },
	{ I_ALUR(BPF_ARSH, R0, R2), MIN64, 127, ~0ULL },
	{ I_ALU32R(BPF_RSH, R0, R2), HIGH | MIN32, 33, MIN32 >> 1 },
};

TEST_F(fault, arithmetic_never_faults)
{
	struct run *r = &self->r;

	r->pind = 10;
	for (size_t i = 0; i < ARRAY_SIZE(divisions); i++) {
		const struct division *div = &divisions[i];
		struct bpf_insn insns[] = {
			I_CTX(R0, R1, cparam1), I_CTX(R2, R1, cparam2), div->insn, I_EXIT,
		};

		ASSERT_EQ(0, prog_replace(self->d.ctrl, 10, insns)) TH_LOG("row %zu", i);
		r->cparam1 = div->a;
		r->cparam2 = div->b;
		EXPECT_EQ(0, run_exec(self->d.compute, r)) TH_LOG("row %zu", i);
		EXPECT_EQ(div->want, r->result) TH_LOG("row %zu", i);
	}
}

/* Run programs that fault beside programs that do not: each run gets its own result. */
TEST_F(fault, faults_stay_with_their_run)
{
	struct run *r = calloc(64, sizeof(*r));
	struct io_uring ring;
	__u64 tag, result;
	int res;

	ASSERT_NE(NULL, r);
	ASSERT_EQ(0, ring_open(&ring, 64, true));
	for (int i = 0; i < 64; i++) {
		struct nvme_uring_cmd c;

		r[i].pind = i % 4 == 0 ? ENDLESS : i % 4 == 1 ? TOUCH : SEVEN;
		r[i].cparam1 = i;
		r[i].cparam2 = TOUCH_LD1;
		r[i].budget = 10000;
		c = run_cmd(&r[i]);
		ASSERT_EQ(0, ring_put(&ring, self->d.compute, NVME_URING_CMD_IO, &c, i));
	}
	ASSERT_EQ(64, io_uring_submit(&ring));
	for (int i = 0; i < 64; i++) {
		static const int want[] = {
			KCSD_SC_PROGRAM_BUDGET, KCSD_SC_PROGRAM_FAULT, 0, 0,
		};

		ASSERT_EQ(0, ring_get(&ring, 20000, &tag, &res, &result));
		EXPECT_EQ(want[tag % 4], cmd_status(res));
		if (tag % 4 == 1) {
			EXPECT_EQ(tag, le64toh(r[tag].out.rec.addr));
		}
		if (tag % 4 > 1) {
			EXPECT_EQ(7, result);
		}
	}
	io_uring_queue_exit(&ring);
	free(r);
}

DRIVE_TEST_MAIN
