// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Lower arithmetic. Instructions stay as they are, except for divisions by 0 and -1, which the
 * kernel verifier patches before its JIT; shifts beyond the width, which differ between machines;
 * and guest r10, which is a constant.
 */
#include "lower.h"

static u8 class_of(const struct bpf_insn *insn)
{
	return BPF_CLASS(insn->code);
}

static void mov_self32(struct kcsd_lower *l, u8 dst)
{
	kcsd_emit(l, BPF_ALU | BPF_MOV | BPF_X, dst, dst, 0, 0);
}

/* Replace divisions by 0 and -1: x86 would trap, arm64 gives another result. */
static void divide_by_const(struct kcsd_lower *l, const struct bpf_insn *insn)
{
	u8 class = class_of(insn), dst = insn->dst_reg;
	bool modulo = BPF_OP(insn->code) == BPF_MOD, is_signed = insn->off;

	if (insn->imm && !(is_signed && insn->imm == -1))
		kcsd_emit_insn(l, *insn);
	else if (!insn->imm == !modulo)		/* x / 0 or x % -1 */
		kcsd_emit_mov_imm(l, dst, 0);
	else if (!modulo)
		kcsd_emit(l, class | BPF_NEG, dst, 0, 0, 0);
	else if (class == BPF_ALU)
		mov_self32(l, dst);
}

static void divide_unsigned(struct kcsd_lower *l, const struct bpf_insn *insn)
{
	u8 jump = class_of(insn) == BPF_ALU64 ? BPF_JMP : BPF_JMP32;

	kcsd_emit(l, jump | BPF_JNE | BPF_K, insn->src_reg, 0, 2, 0);
	if (BPF_OP(insn->code) == BPF_DIV)
		kcsd_emit_mov_imm(l, insn->dst_reg, 0);
	else
		kcsd_emit(l, class_of(insn) | BPF_MOV | BPF_X, insn->dst_reg, insn->dst_reg, 0, 0);
	kcsd_emit(l, BPF_JMP | BPF_JA, 0, 0, 1, 0);
	kcsd_emit_insn(l, *insn);
}

/* Set AX to the divisor plus 1, so that one comparison finds -1 and 0. */
static void divide_signed(struct kcsd_lower *l, const struct bpf_insn *insn)
{
	u8 class = class_of(insn), dst = insn->dst_reg;
	u8 jump = class == BPF_ALU64 ? BPF_JMP : BPF_JMP32;

	kcsd_emit(l, class | BPF_MOV | BPF_X, KCSD_REG_AX, insn->src_reg, 0, 0);
	kcsd_emit(l, class | BPF_ADD | BPF_K, KCSD_REG_AX, 0, 0, 1);
	kcsd_emit(l, jump | BPF_JGT | BPF_K, KCSD_REG_AX, 0, 4, 1);
	if (BPF_OP(insn->code) == BPF_DIV) {
		/* x / 0 is -0. */
		kcsd_emit(l, jump | BPF_JEQ | BPF_K, KCSD_REG_AX, 0, 1, 0);
		kcsd_emit_mov_imm(l, dst, 0);
		kcsd_emit(l, class | BPF_NEG, dst, 0, 0, 0);
	} else {
		kcsd_emit(l, jump | BPF_JNE | BPF_K, KCSD_REG_AX, 0, 1, 0);
		kcsd_emit_mov_imm(l, dst, 0);
		kcsd_emit(l, class | BPF_MOV | BPF_X, dst, dst, 0, 0);
	}
	kcsd_emit(l, BPF_JMP | BPF_JA, 0, 0, 1, 0);
	kcsd_emit_insn(l, *insn);
}

static void divide(struct kcsd_lower *l, const struct bpf_insn *insn)
{
	if (BPF_SRC(insn->code) == BPF_K)
		divide_by_const(l, insn);
	else if (insn->off)
		divide_signed(l, insn);
	else
		divide_unsigned(l, insn);
}

static void shift(struct kcsd_lower *l, struct bpf_insn insn)
{
	const s32 most = class_of(&insn) == BPF_ALU64 ? 63 : 31;

	if (BPF_SRC(insn.code) == BPF_K) {
		insn.imm &= most;
	} else if (!l->opt->shifts_wrap) {
		kcsd_emit_mov(l, KCSD_REG_AX, insn.src_reg);
		kcsd_emit(l, BPF_ALU | BPF_AND | BPF_K, KCSD_REG_AX, 0, 0, most);
		insn.src_reg = KCSD_REG_AX;
	}
	kcsd_emit_insn(l, insn);
}

/* Returns the value that a move with sign extension gives. */
static s32 moved_value(u32 value, u32 bits)
{
	if (bits == 8)
		return (s8)value;
	return bits == 16 ? (s16)value : (s32)value;
}

/* Replace the source guest r10 by its value. */
static void use_constant(struct kcsd_lower *l, struct bpf_insn *insn)
{
	insn->code &= ~BPF_X;
	insn->src_reg = 0;
	insn->imm = (s32)l->frame;
	if (BPF_OP(insn->code) == BPF_MOV) {
		insn->imm = moved_value(l->frame, insn->off);
		insn->off = 0;
	}
}

void kcsd_lower_alu(struct kcsd_lower *l, const struct kcsd_lower_insn *i)
{
	struct bpf_insn insn = i->insn;

	if (i->fields & KCSD_USES_SRC && insn.src_reg == BPF_REG_10)
		use_constant(l, &insn);
	switch (BPF_OP(insn.code)) {
	case BPF_DIV:
	case BPF_MOD:
		divide(l, &insn);
		return;
	case BPF_LSH:
	case BPF_RSH:
	case BPF_ARSH:
		shift(l, insn);
		return;
	}
	kcsd_emit_insn(l, insn);
}
