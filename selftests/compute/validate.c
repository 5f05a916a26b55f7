// SPDX-License-Identifier: GPL-2.0
/* Test each reason to refuse a program at load, and the instruction that the refusal names. */
#include "harness.h"
#include "run.h"

#define PC_ANY		(~0u)	/* the reason has no instruction of its own */
#define PC_CNT(a)	(a), ARRAY_SIZE(a)

static const struct drive_attr small[] = { DRIVE_SMALL, {} };

FIXTURE(validate) {
	struct drive d;
};

FIXTURE_SETUP(validate)
{
	drive_sweep();
	ASSERT_EQ(0, drive_create(&self->d, "validate", small));
}

FIXTURE_TEARDOWN(validate)
{
	EXPECT_EQ(0, drive_remove(&self->d));
}

#define PROG(name, ...) static const struct bpf_insn name[] = { __VA_ARGS__ }
#define J(op)	(BPF_JMP | (op))

PROG(op_0, I_MOV(R0, 0), I_RAW(0, 0, 0, 0, 0), I_EXIT);
PROG(op_tail_call, I_MOV(R0, 0), I_RAW(0xfd, 0, 0, 0, 0), I_EXIT);
PROG(op_ld_abs, I_MOV(R0, 0), I_RAW(BPF_LD | BPF_ABS | BPF_W, 0, 0, 0, 0), I_EXIT);
PROG(op_ld_ind, I_MOV(R0, 0), I_RAW(BPF_LD | BPF_IND | BPF_B, 0, 0, 0, 0), I_EXIT);
PROG(op_alu, I_MOV(R0, 0), I_RAW(BPF_ALU64 | 0xe0, 0, 0, 0, 0), I_EXIT);
PROG(op_jmp32_call, I_MOV(R0, 0), I_RAW(BPF_JMP32 | BPF_CALL, 0, 0, 0, 1), I_EXIT);
PROG(op_jmp32_exit, I_MOV(R0, 0), I_RAW(BPF_JMP32 | BPF_EXIT, 0, 0, 0, 0), I_EXIT);
PROG(op_st_imm_x, I_MOV(R0, 0), I_RAW(BPF_STX | BPF_IMM | BPF_W, R10, R0, -8, 0), I_EXIT);

PROG(rs_exit_imm, I_MOV(R0, 0), I_RAW(J(BPF_EXIT), 0, 0, 0, 1));
PROG(rs_exit_off, I_MOV(R0, 0), I_RAW(J(BPF_EXIT), 0, 0, 1, 0));
PROG(rs_exit_dst, I_MOV(R0, 0), I_RAW(J(BPF_EXIT), 1, 0, 0, 0));
PROG(rs_mov_src, I_RAW(BPF_ALU64 | BPF_MOV | BPF_K, R0, R1, 0, 0), I_EXIT);
PROG(rs_mov_imm, I_RAW(BPF_ALU64 | BPF_MOV | BPF_X, R0, R1, 0, 1), I_EXIT);
PROG(rs_add_off, I_MOV(R0, 0), I_RAW(BPF_ALU64 | BPF_ADD | BPF_K, R0, 0, 1, 0), I_EXIT);
PROG(rs_ldx_imm, I_RAW(BPF_LDX | BPF_MEM | BPF_W, R0, R1, 0, 1), I_EXIT);
PROG(rs_jeq_src, I_MOV(R0, 0), I_RAW(J(BPF_JEQ | BPF_K), R0, R1, 0, 0), I_EXIT);
PROG(rs_ja_imm, I_MOV(R0, 0), I_RAW(J(BPF_JA), 0, 0, 0, 1), I_EXIT);
PROG(rs_call_dst, I_MOV(R0, 0), I_RAW(J(BPF_CALL), 1, 0, 0, KCSD_HELPER_time), I_EXIT);
PROG(rs_call_off, I_MOV(R0, 0), I_RAW(J(BPF_CALL), 0, 0, 1, KCSD_HELPER_time), I_EXIT);

PROG(rg_dst, I_MOV(R0, 0), I_MOV(11, 1), I_EXIT);
PROG(rg_dst15, I_MOV(R0, 0), I_MOV(15, 1), I_EXIT);
PROG(rg_src, I_MOV(R0, 0), I_MOVR(R0, 12), I_EXIT);
PROG(rg_load, I_MOV(R0, 0), I_LDX(BPF_W, R0, 11, 0), I_EXIT);

PROG(fp_mov, I_MOV(R0, 0), I_MOV(R10, 0), I_EXIT);
PROG(fp_add, I_MOV(R0, 0), I_ADD(R10, -8), I_EXIT);
PROG(fp_load, I_MOV(R0, 0), I_LDX(BPF_DW, R10, R1, 0), I_EXIT);
PROG(fp_imm64, I_MOV(R0, 0), I_IMM64(R10, 0), I_EXIT);

PROG(wd_last, I_MOV(R0, 0), I_EXIT, I_RAW(BPF_LD | BPF_IMM | BPF_DW, R0, 0, 0, 0));
PROG(wd_code, I_MOV(R0, 0), I_RAW(BPF_LD | BPF_IMM | BPF_DW, R0, 0, 0, 0), I_EXIT, I_EXIT);
PROG(wd_reg, I_MOV(R0, 0), I_RAW(BPF_LD | BPF_IMM | BPF_DW, R0, 0, 0, 0),
     I_RAW(0, 1, 0, 0, 0), I_EXIT);
PROG(wd_off, I_MOV(R0, 0), I_RAW(BPF_LD | BPF_IMM | BPF_DW, R0, 0, 0, 0),
     I_RAW(0, 0, 0, 1, 0), I_EXIT);

PROG(jm_after, I_MOV(R0, 0), I_JA(1), I_EXIT);
PROG(jm_before, I_MOV(R0, 0), I_JA(-3), I_EXIT);
PROG(jm_far, I_MOV(R0, 0), I_JMP(BPF_JEQ, R0, 0, 32767), I_EXIT);
PROG(jm_other, I_MOV(R0, 0), I_CALL(2), I_JMP(BPF_JEQ, R0, 0, 1), I_EXIT, I_MOV(R0, 1), I_EXIT);
PROG(jw_ja, I_MOV(R0, 0), I_JA(1), I_IMM64(R0, 5), I_EXIT);
PROG(jw_back, I_IMM64(R0, 5), I_JMP(BPF_JEQ, R0, 0, -2), I_EXIT);

PROG(fo_mov, I_MOV(R0, 0), I_MOV(R0, 0));
PROG(fo_branch, I_MOV(R0, 0), I_EXIT, I_JMP(BPF_JEQ, R0, 0, -2));
PROG(fo_helper, I_MOV(R0, 0), I_HELPER(time));

PROG(he_0, I_MOV(R0, 0), I_RAW(J(BPF_CALL), 0, 0, 0, 0), I_EXIT);
PROG(he_base, I_MOV(R0, 0), I_RAW(J(BPF_CALL), 0, 0, 0, KCSD_HELPER_BASE), I_EXIT);
PROG(he_next, I_MOV(R0, 0), I_RAW(J(BPF_CALL), 0, 0, 0, __KCSD_HELPER_END), I_EXIT);
PROG(he_linux, I_MOV(R0, 0), I_RAW(J(BPF_CALL), 0, 0, 0, BPF_FUNC_ktime_get_ns), I_EXIT);
PROG(he_linux_last, I_MOV(R0, 0), I_RAW(J(BPF_CALL), 0, 0, 0, KCSD_HELPER_BASE - 1), I_EXIT);
PROG(he_negative, I_MOV(R0, 0), I_RAW(J(BPF_CALL), 0, 0, 0, -1), I_EXIT);
PROG(he_big, I_MOV(R0, 0), I_RAW(J(BPF_CALL), 0, 0, 0, 0x7fffffff), I_EXIT);

PROG(ca_after, I_MOV(R0, 0), I_CALL(1), I_EXIT);
PROG(ca_before, I_MOV(R0, 0), I_CALL(-3), I_EXIT);
PROG(ca_far, I_MOV(R0, 0), I_CALL(0x7fffffff), I_EXIT);

PROG(re_self, I_MOV(R0, 0), I_CALL(1), I_EXIT, I_CALL(-1), I_EXIT);
PROG(re_mutual, I_MOV(R0, 0), I_CALL(1), I_EXIT, I_CALL(1), I_EXIT, I_CALL(-3), I_EXIT);
/* Call eight frames below the first one: one too many. */
PROG(de_9, I_CALL(1), I_EXIT, I_CALL(1), I_EXIT, I_CALL(1), I_EXIT, I_CALL(1), I_EXIT,
     I_CALL(1), I_EXIT, I_CALL(1), I_EXIT, I_CALL(1), I_EXIT, I_CALL(1), I_EXIT,
     I_MOV(R0, 7), I_EXIT);

static const struct refusal {
	const struct bpf_insn *insns;
	__u32 insn_cnt;
	__u32 reason;
	__u32 pc;
} refusals[] = {
	{ PC_CNT(op_0), KCSD_VERDICT_OPCODE, 1 },
	{ PC_CNT(op_tail_call), KCSD_VERDICT_OPCODE, 1 },
	{ PC_CNT(op_ld_abs), KCSD_VERDICT_OPCODE, 1 },
	{ PC_CNT(op_ld_ind), KCSD_VERDICT_OPCODE, 1 },
	{ PC_CNT(op_alu), KCSD_VERDICT_OPCODE, 1 },
	{ PC_CNT(op_jmp32_call), KCSD_VERDICT_OPCODE, 1 },
	{ PC_CNT(op_jmp32_exit), KCSD_VERDICT_OPCODE, 1 },
	{ PC_CNT(op_st_imm_x), KCSD_VERDICT_OPCODE, 1 },
	{ PC_CNT(rs_exit_imm), KCSD_VERDICT_RESERVED, 1 },
	{ PC_CNT(rs_exit_off), KCSD_VERDICT_RESERVED, 1 },
	{ PC_CNT(rs_exit_dst), KCSD_VERDICT_RESERVED, 1 },
	{ PC_CNT(rs_mov_src), KCSD_VERDICT_RESERVED, 0 },
	{ PC_CNT(rs_mov_imm), KCSD_VERDICT_RESERVED, 0 },
	{ PC_CNT(rs_add_off), KCSD_VERDICT_RESERVED, 1 },
	{ PC_CNT(rs_ldx_imm), KCSD_VERDICT_RESERVED, 0 },
	{ PC_CNT(rs_jeq_src), KCSD_VERDICT_RESERVED, 1 },
	{ PC_CNT(rs_ja_imm), KCSD_VERDICT_RESERVED, 1 },
	{ PC_CNT(rs_call_dst), KCSD_VERDICT_RESERVED, 1 },
	{ PC_CNT(rs_call_off), KCSD_VERDICT_RESERVED, 1 },
	{ PC_CNT(rg_dst), KCSD_VERDICT_REGISTER, 1 },
	{ PC_CNT(rg_dst15), KCSD_VERDICT_REGISTER, 1 },
	{ PC_CNT(rg_src), KCSD_VERDICT_REGISTER, 1 },
	{ PC_CNT(rg_load), KCSD_VERDICT_REGISTER, 1 },
	{ PC_CNT(fp_mov), KCSD_VERDICT_R10, 1 },
	{ PC_CNT(fp_add), KCSD_VERDICT_R10, 1 },
	{ PC_CNT(fp_load), KCSD_VERDICT_R10, 1 },
	{ PC_CNT(fp_imm64), KCSD_VERDICT_R10, 1 },
	{ PC_CNT(wd_last), KCSD_VERDICT_WIDE, 2 },
	{ PC_CNT(wd_code), KCSD_VERDICT_WIDE, 1 },
	{ PC_CNT(wd_reg), KCSD_VERDICT_WIDE, 1 },
	{ PC_CNT(wd_off), KCSD_VERDICT_WIDE, 1 },
	{ PC_CNT(jm_after), KCSD_VERDICT_JUMP, 1 },
	{ PC_CNT(jm_before), KCSD_VERDICT_JUMP, 1 },
	{ PC_CNT(jm_far), KCSD_VERDICT_JUMP, 1 },
	{ PC_CNT(jm_other), KCSD_VERDICT_JUMP, 2 },
	{ PC_CNT(jw_ja), KCSD_VERDICT_JUMP_WIDE, 1 },
	{ PC_CNT(jw_back), KCSD_VERDICT_JUMP_WIDE, 2 },
	{ PC_CNT(fo_mov), KCSD_VERDICT_FALL_OFF, 1 },
	{ PC_CNT(fo_branch), KCSD_VERDICT_FALL_OFF, 2 },
	{ PC_CNT(fo_helper), KCSD_VERDICT_FALL_OFF, 1 },
	{ PC_CNT(he_0), KCSD_VERDICT_HELPER, 1 },
	{ PC_CNT(he_base), KCSD_VERDICT_HELPER, 1 },
	{ PC_CNT(he_next), KCSD_VERDICT_HELPER, 1 },
	{ PC_CNT(he_linux), KCSD_VERDICT_LINUX_HELPER, 1 },
	{ PC_CNT(he_linux_last), KCSD_VERDICT_LINUX_HELPER, 1 },
	{ PC_CNT(he_negative), KCSD_VERDICT_HELPER, 1 },
	{ PC_CNT(he_big), KCSD_VERDICT_HELPER, 1 },
	{ PC_CNT(ca_after), KCSD_VERDICT_CALL, 1 },
	{ PC_CNT(ca_before), KCSD_VERDICT_CALL, 1 },
	{ PC_CNT(ca_far), KCSD_VERDICT_CALL, 1 },
	{ PC_CNT(re_self), KCSD_VERDICT_RECURSION, 3 },
	{ PC_CNT(re_mutual), KCSD_VERDICT_RECURSION, PC_ANY },
	{ PC_CNT(de_9), KCSD_VERDICT_DEPTH, PC_ANY },
};

static bool verdict_is(__u64 result, __u32 reason, __u32 pc)
{
	if (KCSD_LOAD_RESULT_VERDICT(result) == reason &&
	    (pc == PC_ANY || KCSD_LOAD_RESULT_PC(result) == pc))
		return true;
	ksft_print_msg("got verdict %u at %u, expected %u at %u\n",
		       KCSD_LOAD_RESULT_VERDICT(result), KCSD_LOAD_RESULT_PC(result), reason, pc);
	return false;
}

TEST_F(validate, instructions)
{
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		const struct refusal *r = &refusals[i];
		struct image im = { .insns = r->insns, .insn_cnt = r->insn_cnt };
		__u64 result = 0;

		EXPECT_EQ(KCSD_SC_INVALID_PROGRAM_DATA,
			  prog_load_image(self->d.ctrl, 0, &im, &result))
			TH_LOG("refusal %zu", i);
		EXPECT_TRUE(verdict_is(result, r->reason, r->pc)) TH_LOG("refusal %zu", i);
		result = 0;
		EXPECT_EQ(KCSD_SC_INVALID_PROGRAM_DATA,
			  prog_load(self->d.ctrl, 0, r->insns,
				    r->insn_cnt * sizeof(*r->insns), &result))
			TH_LOG("plain refusal %zu", i);
		EXPECT_TRUE(verdict_is(result, r->reason, r->pc)) TH_LOG("plain refusal %zu", i);
	}
	EXPECT_EQ(0, prog_install(self->d.ctrl, 0, prog_seven));
	EXPECT_TRUE(run_works(self->d.compute, 0));
}

/* Test the valid programs that are nearest to the refused ones. */
TEST_F(validate, limits_are_inclusive)
{
	PROG(depth, I_CALL(1), I_EXIT, I_CALL(1), I_EXIT, I_CALL(1), I_EXIT, I_CALL(1), I_EXIT,
	     I_CALL(1), I_EXIT, I_CALL(1), I_EXIT, I_CALL(1), I_EXIT, I_MOV(R0, 7), I_EXIT);
	PROG(shift, I_MOV(R0, 1), I_ALU(BPF_LSH, R0, 63), I_ALU(BPF_RSH, R0, 63),
	     I_ALU32(BPF_LSH, R0, 31), I_ALU32(BPF_RSH, R0, 31), I_ADD(R0, 6), I_EXIT);
	PROG(shift_beyond, I_MOV(R0, 7), I_ALU(BPF_LSH, R0, 64), I_ALU(BPF_RSH, R0, -64),
	     I_ALU32(BPF_ARSH, R0, 32), I_ALU32(BPF_LSH, R0, 0x7fffffe0), I_EXIT);
	PROG(jumps, I_MOV(R0, 7), I_JA(2), I_IMM64(R0, 1), I_EXIT);
	PROG(dead_end, I_MOV(R0, 7), I_EXIT, I_JA(-3));

	EXPECT_EQ(0, prog_replace(self->d.ctrl, 0, depth));
	EXPECT_TRUE(run_works(self->d.compute, 0));
	EXPECT_EQ(0, prog_replace(self->d.ctrl, 0, shift));
	EXPECT_TRUE(run_works(self->d.compute, 0));
	EXPECT_EQ(0, prog_replace(self->d.ctrl, 0, shift_beyond));
	EXPECT_TRUE(run_works(self->d.compute, 0));
	EXPECT_EQ(0, prog_replace(self->d.ctrl, 0, jumps));
	EXPECT_TRUE(run_works(self->d.compute, 0));
	EXPECT_EQ(0, prog_replace(self->d.ctrl, 0, dead_end));
	EXPECT_TRUE(run_works(self->d.compute, 0));
}

TEST_F(validate, length)
{
	struct image im = { .insn_cnt = KCSD_MAX_INSNS };
	struct bpf_insn *insns = calloc(KCSD_MAX_INSNS + 1, sizeof(*insns));
	__u64 result = 0;

	ASSERT_NE(NULL, insns);
	for (int i = 0; i < KCSD_MAX_INSNS; i++)
		insns[i] = I_MOV(R0, 7);
	insns[KCSD_MAX_INSNS - 1] = insns[KCSD_MAX_INSNS] = I_EXIT;
	im.insns = insns;
	EXPECT_EQ(0, prog_install_image(self->d.ctrl, 0, &im));
	EXPECT_TRUE(run_works(self->d.compute, 0));
	im.insn_cnt++;
	EXPECT_EQ(KCSD_SC_INVALID_PROGRAM_DATA, prog_load_image(self->d.ctrl, 1, &im, &result));
	EXPECT_TRUE(verdict_is(result, KCSD_VERDICT_TOO_LONG, PC_ANY));
	im.insn_cnt = 0;
	EXPECT_EQ(KCSD_SC_INVALID_PROGRAM_DATA, prog_load_image(self->d.ctrl, 1, &im, &result));
	EXPECT_TRUE(verdict_is(result, KCSD_VERDICT_EMPTY, PC_ANY));
	free(insns);
}

struct image_change {
	const char *what;
	size_t off;
	size_t len;
	__u64 value;
	__u32 reason;
};

#define IMAGE_CHANGE(field, val, why) \
	{ #field " = " #val, offsetof(struct kcsd_image, field), \
	  sizeof(((struct kcsd_image *)0)->field), (val), KCSD_VERDICT_##why }

TEST_F(validate, image_header)
{
	static const struct image_change changes[] = {
		IMAGE_CHANGE(version, 0, IMAGE),
		IMAGE_CHANGE(version, 2, IMAGE),
		IMAGE_CHANGE(hdr_len, 0, IMAGE),
		IMAGE_CHANGE(hdr_len, 56, IMAGE),
		IMAGE_CHANGE(hdr_len, 72, IMAGE),
		IMAGE_CHANGE(insn_cnt, 3, IMAGE),
		IMAGE_CHANGE(insn_cnt, 0x20000002, TOO_LONG),
		IMAGE_CHANGE(data_len, 15, IMAGE),
		IMAGE_CHANGE(data_len, 17, IMAGE),
		IMAGE_CHANGE(data_len, 0xfffffff8, IMAGE),
		IMAGE_CHANGE(bss_len, 1 << 20, MEMORY),
		IMAGE_CHANGE(bss_len, 0xffffffff, MEMORY),
		IMAGE_CHANGE(heap_len, 1 << 20, MEMORY),
		IMAGE_CHANGE(heap_len, 0xffffffff, MEMORY),
		IMAGE_CHANGE(rsvd, 1, IMAGE),
		IMAGE_CHANGE(name[0], '\n', IMAGE),
		IMAGE_CHANGE(name[30], 'x', IMAGE),	/* behind the NUL */
		IMAGE_CHANGE(name[31], 'x', IMAGE),
	};
	struct image im = { .insns = prog_seven, .insn_cnt = 2, .data = "0123456789abcdef",
			    .data_len = 16 };
	__u64 result;
	__u32 len;
	char *buf;

	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		buf = image_build(&im, &len);
		memcpy(buf + changes[i].off, &changes[i].value, changes[i].len);
		if (changes[i].off == offsetof(struct kcsd_image, name[31]))
			memset(buf + offsetof(struct kcsd_image, name), 'x', KCSD_PROGRAM_NAME_LEN);
		result = 0;
		EXPECT_EQ(KCSD_SC_INVALID_PROGRAM_DATA,
			  prog_load(self->d.ctrl, 0, buf, len, &result))
			TH_LOG("%s", changes[i].what);
		EXPECT_TRUE(verdict_is(result, changes[i].reason, PC_ANY))
			TH_LOG("%s", changes[i].what);
	}
	EXPECT_EQ(0, prog_install_image(self->d.ctrl, 0, &im));
	EXPECT_TRUE(run_works(self->d.compute, 0));
}

/*
 * Test images that are cut off at each byte: refused, except where whole plain instructions remain.
 */
TEST_F(validate, cut_off_images)
{
	struct image im = { .insns = prog_seven, .insn_cnt = 2, .data_len = 8 };
	__u32 len;
	char *buf = image_build(&im, &len);

	for (__u32 n = 1; n < len; n++) {
		EXPECT_EQ(KCSD_SC_INVALID_PROGRAM_DATA,
			  prog_load(self->d.ctrl, 0, buf, n, NULL));
	}
	for (__u32 n = 1; n < sizeof(prog_seven); n++) {
		EXPECT_EQ(KCSD_SC_INVALID_PROGRAM_DATA,
			  prog_load(self->d.ctrl, 0, prog_seven, n, NULL));
	}
	EXPECT_EQ(0, prog_load(self->d.ctrl, 0, prog_seven, sizeof(prog_seven), NULL));
}

/* Load random instructions from a fixed seed: refused, or their runs complete within the bounds. */
TEST_F(validate, random_programs)
{
	unsigned int seed = 20240117;
	struct bpf_insn insns[9];
	int accepted = 0;

	for (int i = 0; i < 400; i++) {
		static const __u8 codes[] = { 0xb7, 0xbf, 0x07, 0x0f, 0x61, 0x63, 0x7b, 0x79,
					      0x15, 0x05, 0x85, 0x3f, 0x9f, 0x77, 0xdb, 0x18 };
		struct run r = { .budget = 10000, .timeout_ms = 200 };
		int ret;

		for (int j = 0; j < 8; j++) {
			int x = rand_r(&seed);

			insns[j] = I_RAW(codes[x & 15], x >> 4 & 7, 0, 0, 0);
			if (BPF_SRC(insns[j].code) == BPF_X || BPF_CLASS(insns[j].code) == BPF_LDX)
				insns[j].src_reg = x >> 8 & 7;
			else
				insns[j].imm = x >> 16 & 15;
			if (BPF_CLASS(insns[j].code) == BPF_JMP && insns[j].code != 0x85)
				insns[j].off = (x >> 12 & 7) - 4;
		}
		insns[8] = I_EXIT;
		ret = prog_replace(self->d.ctrl, 0, insns);
		ASSERT_TRUE(ret == 0 || ret == KCSD_SC_INVALID_PROGRAM_DATA)
			TH_LOG("program %d: %#x", i, ret);
		if (ret)
			continue;
		accepted++;
		ret = run_exec(self->d.compute, &r);
		ASSERT_TRUE(ret == 0 || ret == KCSD_SC_PROGRAM_FAULT ||
			    ret == KCSD_SC_PROGRAM_BUDGET || ret == KCSD_SC_PROGRAM_TIME)
			TH_LOG("run of program %d: %#x", i, ret);
	}
	EXPECT_LT(10, accepted);
}

DRIVE_TEST_MAIN
