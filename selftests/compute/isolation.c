// SPDX-License-Identifier: GPL-2.0
/*
 * Test that a run cannot see memory of other runs, kernel addresses, or more than it was granted.
 */
#include "harness.h"
#include "run.h"

#include <endian.h>

#define LBA	4096

/* Configure one compute unit: each run gets the memory of the run before. */
static const struct drive_attr one_unit[] = { DRIVE_SMALL, { "cus", "1" }, {} };

/* Fill the memory from KCSD_GUEST_DATA to the end of the arguments with ones. */
static const struct bpf_insn prog_soil[] = {
	I_MOV(R2, KCSD_GUEST_DATA), I_CTX(R3, R1, args), I_CTX(R4, R1, args_len),
	I_ALUR(BPF_ADD, R3, R4),
	I_ST(BPF_B, R2, 0, -1), I_ADD(R2, 1), I_JMPR(BPF_JLT, R2, R3, -3),
	I_MOV(R0, 0), I_EXIT,
};

/* Return the address of the first byte there that is not 0, or 0. Does not use its stack. */
static const struct bpf_insn prog_sniff[] = {
	I_MOV(R2, KCSD_GUEST_DATA), I_CTX(R3, R1, args),
	I_LDX(BPF_B, R4, R2, 0), I_JMP(BPF_JEQ, R4, 0, 2), I_MOVR(R0, R2), I_EXIT,
	I_ADD(R2, 1), I_JMPR(BPF_JLT, R2, R3, -6),
	I_MOV(R0, 0), I_EXIT,
};

enum { SOIL, SNIFF, OTHER };

FIXTURE(isolation) {
	struct drive d;
	struct run r;
};

FIXTURE_SETUP(isolation)
{
	struct image soil = {
		.insns = prog_soil, .insn_cnt = ARRAY_SIZE(prog_soil), .data_len = 1000,
		.bss_len = 3000, .heap_len = 9000,
	};
	struct image sniff = {
		.insns = prog_sniff, .insn_cnt = ARRAY_SIZE(prog_sniff), .bss_len = 5000,
		.heap_len = 12000,
	};

	drive_sweep();
	ASSERT_EQ(0, drive_create(&self->d, "isolation", one_unit));
	ASSERT_EQ(0, prog_install_image(self->d.ctrl, SOIL, &soil));
	ASSERT_EQ(0, prog_install_image(self->d.ctrl, SNIFF, &sniff));
}

FIXTURE_TEARDOWN(isolation)
{
	EXPECT_EQ(0, drive_remove(&self->d));
}

TEST_F(isolation, memory_is_fresh)
{
	struct run *r = &self->r;
	static __u8 args[RUN_ARGS_MAX];

	memset(args, 0xff, sizeof(args));
	r->pind = SNIFF;
	ASSERT_EQ(0, run_exec(self->d.compute, r));
	EXPECT_EQ(0, r->result);
	r->pind = SOIL;
	run_args(r, args, sizeof(args));
	ASSERT_EQ(0, run_exec(self->d.compute, r));
	r->pind = SNIFF;
	run_args(r, args, 0);
	ASSERT_EQ(0, run_exec(self->d.compute, r));
	EXPECT_EQ(0, r->result) TH_LOG("byte of an earlier run at %#llx", r->result);
}

/* Test that the context page is new, too: grants and results of earlier runs are gone. */
TEST_F(isolation, context_page_is_fresh)
{
	/* Return the OR of the page without the context and its nr_grants grants. */
	static const struct bpf_insn insns[] = {
		I_MOV(R2, KCSD_GUEST_CTX + sizeof(struct kcsd_ctx)),
		I_MOV(R3, KCSD_GUEST_CTX + KCSD_GUEST_GRANTS_OFF), I_MOV(R0, 0),
		I_LDX(BPF_DW, R4, R2, 0), I_ALUR(BPF_OR, R0, R4), I_ADD(R2, 8),
		I_JMPR(BPF_JLT, R2, R3, -4),
		I_CTX(R4, R1, nr_grants), I_ALU(BPF_LSH, R4, 4), I_MOVR(R2, R3),
		I_ALUR(BPF_ADD, R2, R4), I_MOV(R3, KCSD_GUEST_DATA),
		I_LDX(BPF_DW, R4, R2, 0), I_ALUR(BPF_OR, R0, R4), I_ADD(R2, 8),
		I_JMPR(BPF_JLT, R2, R3, -4),
		I_EXIT,
	};
	struct run *r = &self->r;

	ASSERT_EQ(0, prog_install(self->d.ctrl, OTHER, insns));
	r->pind = OTHER;
	for (int i = 0; i < KCSD_MAX_GRANTS; i++)
		run_grant(r, i, 1, KCSD_GRANT_ALL);
	ASSERT_EQ(0, run_exec(self->d.compute, r));
	EXPECT_EQ(0, r->result);
	r->nr_grants = 1;
	ASSERT_EQ(0, run_exec(self->d.compute, r));
	EXPECT_EQ(0, r->result);
}

/* Test that .data is as loaded in each run, whatever the run before wrote to it. */
TEST_F(isolation, data_is_fresh)
{
	/* Return the first word of .data and overwrite it. */
	static const struct bpf_insn insns[] = {
		I_MOV(R2, KCSD_GUEST_DATA), I_LDX(BPF_DW, R0, R2, 0), I_STX(BPF_DW, R2, 0, R1),
		I_EXIT,
	};
	__u64 data = 0x1234567812345678ULL;
	struct image im = {
		.insns = insns, .insn_cnt = ARRAY_SIZE(insns), .data = &data, .data_len = 8,
	};

	ASSERT_EQ(0, prog_install_image(self->d.ctrl, OTHER, &im));
	self->r.pind = OTHER;
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, run_exec(self->d.compute, &self->r));
		EXPECT_EQ(data, self->r.result);
	}
}

/* Test that a program cannot write to the grants that it sees. */
TEST_F(isolation, grants_cannot_be_widened)
{
	static const struct {
		int off;	/* from the start of the context */
		__u8 size;
	} stores[] = {
		{ KCSD_GUEST_GRANTS_OFF, BPF_DW }, { KCSD_GUEST_GRANTS_OFF + 8, BPF_W },
		{ KCSD_GUEST_GRANTS_OFF + 12, BPF_B }, { KCSD_GUEST_GRANTS_OFF + 16, BPF_DW },
		{ offsetof(struct kcsd_ctx, nr_grants), BPF_W },
	};
	struct run *r = &self->r;

	r->pind = OTHER;
	run_grant(r, 50, 1, KCSD_GRANT_READ);
	for (size_t i = 0; i < ARRAY_SIZE(stores); i++) {
		const struct bpf_insn insns[] = {
			I_ST(stores[i].size, R1, stores[i].off, 3), I_EXIT,
		};

		ASSERT_EQ(0, prog_replace(self->d.ctrl, OTHER, insns));
		EXPECT_EQ(KCSD_SC_PROGRAM_FAULT, run_exec(self->d.compute, r));
		EXPECT_EQ(KCSD_FAULT_MEMORY, le32toh(r->out.rec.reason));
		EXPECT_EQ(KCSD_GUEST_CTX + stores[i].off, le64toh(r->out.rec.addr));
	}
}

/* Test that the submitter cannot change the grants after it has sent the command. */
TEST_F(isolation, buffers_are_read_once)
{
	/* Loop long enough for the submitter to change the buffer, then read LBA 9. */
	static const struct bpf_insn insns[] = {
		I_MOVR(R6, R1), I_MOV(R7, 2000000), I_ADD(R7, -1), I_JMP(BPF_JNE, R7, 0, -2),
		I_MOV(R1, 9), I_CTX(R2, R6, heap), I_MOV(R3, LBA), I_HELPER(read), I_EXIT,
	};
	struct image im = { .insns = insns, .insn_cnt = ARRAY_SIZE(insns), .heap_len = LBA };
	struct kcsd_lba_grant wide = { .slba = 0, .nlb = 16, .access = KCSD_GRANT_READ };
	struct run *r = &self->r;
	struct nvme_uring_cmd c;
	struct io_uring ring;
	__u64 tag;
	int res;

	ASSERT_EQ(0, prog_install_image(self->d.ctrl, OTHER, &im));
	r->pind = OTHER;
	run_grant(r, 0, 1, KCSD_GRANT_READ);
	c = run_cmd(r);
	ASSERT_EQ(0, ring_open(&ring, 4, true));
	ASSERT_EQ(0, ring_put(&ring, self->d.compute, NVME_URING_CMD_IO, &c, 1));
	ASSERT_EQ(1, io_uring_submit(&ring));
	memcpy(r->data, &wide, sizeof(wide));
	ASSERT_EQ(0, ring_get(&ring, 10000, &tag, &res, NULL));
	EXPECT_EQ(KCSD_SC_PROGRAM_FAULT, cmd_status(res));
	EXPECT_EQ(KCSD_FAULT_LBA_READ, le32toh(r->out.rec.reason));
	EXPECT_EQ(9, le64toh(r->out.rec.lba));
	io_uring_queue_exit(&ring);
}

/*
 * True for addresses of the guest, which are small. A register must hold none of the kernel or user
 * space.
 */
static bool is_small(__u64 v)
{
	return v < 1ULL << 32;
}

TEST_F(isolation, no_address_in_any_register_at_entry)
{
	for (int reg = R0; reg <= R10; reg++) {
		const struct bpf_insn insns[] = { I_MOVR(R0, reg), I_EXIT };

		self->r.pind = OTHER;
		ASSERT_EQ(0, prog_replace(self->d.ctrl, OTHER, insns));
		ASSERT_EQ(0, run_exec(self->d.compute, &self->r));
		EXPECT_TRUE(is_small(self->r.result));
		if (reg != R10) {
			EXPECT_EQ(reg == R1 ? KCSD_GUEST_CTX : 0, self->r.result)
				TH_LOG("r%d", reg);
		}
	}
}

TEST_F(isolation, no_address_in_any_register_after_a_call)
{
	struct bpf_insn insns[] = {
		I_MOVR(R6, R1), I_CTX(R1, R6, heap), I_MOV(R2, 16), I_MOV(R3, 0),
		I_RAW(BPF_JMP | BPF_CALL, 0, 0, 0, 0), I_MOVR(R0, R0), I_EXIT,
	};
	struct bpf_insn io[] = {
		I_MOVR(R6, R1), I_MOV(R1, 0), I_CTX(R2, R6, heap), I_MOV(R3, LBA),
		I_RAW(BPF_JMP | BPF_CALL, 0, 0, 0, 0), I_MOVR(R0, R0), I_EXIT,
	};
	struct image im = { .insn_cnt = ARRAY_SIZE(insns), .heap_len = LBA };

	run_grant(&self->r, 0, 1, KCSD_GRANT_ALL);
	self->r.pind = OTHER;
	for (int id = KCSD_HELPER_read; id <= KCSD_HELPER_geometry; id++) {
		struct bpf_insn *p = id <= KCSD_HELPER_write ? io : insns;

		im.insns = p;
		p[4].imm = id;
		for (int reg = R0; reg <= R5; reg++) {
			p[5].src_reg = reg;
			prog_deactivate(self->d.ctrl, OTHER);
			prog_unload(self->d.ctrl, OTHER);
			ASSERT_EQ(0, prog_install_image(self->d.ctrl, OTHER, &im));
			ASSERT_EQ(0, run_exec(self->d.compute, &self->r));
			EXPECT_TRUE(reg ? !self->r.result : is_small(self->r.result))
				TH_LOG("r%d = %#llx after helper %d", reg, self->r.result, id);
		}
	}
}

/* Test that a new program finds no bytes of the kernel in its memory or output. */
TEST_F(isolation, output_after_the_record_is_untouched)
{
	struct run *r = &self->r;

	r->pind = SNIFF;
	ASSERT_EQ(0, run_exec(self->d.compute, r));
	EXPECT_EQ(0, le32toh(r->out.rec.out_len));
	for (int i = 0; i < RUN_OUT_MAX; i++) {
		ASSERT_EQ(0xa5, r->out.bytes[i]);
	}
}

/* Test registers in a called function, and in its caller afterwards. */
TEST_F(isolation, registers_across_a_call)
{
	struct bpf_insn insns[] = {
		I_MOV(R0, 1), I_MOV(R1, 1), I_MOV(R2, 2), I_MOV(R3, 3), I_MOV(R4, 4), I_MOV(R5, 5),
		I_MOV(R6, 6), I_MOV(R7, 7), I_MOV(R8, 8), I_MOV(R9, 9),
		I_CALL(2), I_MOVR(R0, R0), I_EXIT,
		I_MOVR(R0, R0), I_EXIT,
	};

	self->r.pind = OTHER;
	for (int reg = R0; reg <= R9; reg++) {
		insns[11].src_reg = R0;
		insns[13].src_reg = reg;
		ASSERT_EQ(0, prog_replace(self->d.ctrl, OTHER, insns));
		ASSERT_EQ(0, run_exec(self->d.compute, &self->r));
		EXPECT_EQ(reg >= R1 && reg <= R5 ? reg : 0, self->r.result)
			TH_LOG("r%d in the function", reg);
		insns[11].src_reg = reg;
		insns[13].src_reg = R3;
		ASSERT_EQ(0, prog_replace(self->d.ctrl, OTHER, insns));
		ASSERT_EQ(0, run_exec(self->d.compute, &self->r));
		EXPECT_EQ(reg == R0 ? 3 : reg >= R6 ? reg : 0, self->r.result)
			TH_LOG("r%d after the call", reg);
	}
}

/* Test that r6 to r9 and the stack belong to one function: a callee changes neither. */
TEST_F(isolation, frames_are_separate)
{
	static const struct bpf_insn insns[] = {
		I_MOV(R6, 1), I_MOV(R7, 2), I_MOV(R8, 3), I_MOV(R9, 1),
		I_ST(BPF_DW, R10, -8, 0), I_ST(BPF_DW, R10, -512, 0),
		I_CALL(10),
		I_MOVR(R0, R6), I_ALUR(BPF_ADD, R0, R7), I_ALUR(BPF_ADD, R0, R8),
		I_ALUR(BPF_ADD, R0, R9),
		I_LDX(BPF_DW, R1, R10, -8), I_ALUR(BPF_ADD, R0, R1),
		I_LDX(BPF_DW, R1, R10, -512), I_ALUR(BPF_ADD, R0, R1), I_MOV(R1, 0),
		I_EXIT,
		I_MOV(R6, -1), I_MOV(R7, -1), I_MOV(R8, -1), I_MOV(R9, -1), I_MOV(R0, 0),
		I_ST(BPF_DW, R10, -8, -1), I_ST(BPF_DW, R10, -512, -1), I_EXIT,
	};

	ASSERT_EQ(0, prog_install(self->d.ctrl, OTHER, insns));
	EXPECT_TRUE(run_works(self->d.compute, OTHER));
}

DRIVE_TEST_MAIN
