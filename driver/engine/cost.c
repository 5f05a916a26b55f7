// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "cost.h"

static u32 cost_of(const struct kcsd_cost_classes *c, u32 op)
{
	u8 code = kcsd_insn_get(op)->code;
	u32 fields = kcsd_insn_fields(op);

	switch (BPF_CLASS(code)) {
	case BPF_ALU:
	case BPF_ALU64:
		if (BPF_OP(code) == BPF_MUL)
			return c->mul;
		return BPF_OP(code) == BPF_DIV || BPF_OP(code) == BPF_MOD ? c->div : c->alu;
	case BPF_LD:
		return c->alu;
	case BPF_JMP:
	case BPF_JMP32:
		if (fields & KCSD_HELPS)
			return c->helper;
		if (fields & KCSD_CALLS_IMM || op == KCSD_OP_EXIT)
			return c->call;
		return c->not_taken;
	default:
		return c->access;
	}
}

void kcsd_costs_init(struct kcsd_costs *costs, const struct kcsd_cost_classes *classes)
{
	/* The first instruction of each sequence: interp_cost.c runs sequences one by one. */
	static const u8 first[] = {
#define FIRST2(a, A, ...) [KCSD_FUSED_NAME2(a, A, __VA_ARGS__) - KCSD_NR_OPS] = KCSD_OP_##a##A,
#define FIRST3(a, A, ...) [KCSD_FUSED_NAME3(a, A, __VA_ARGS__) - KCSD_NR_OPS] = KCSD_OP_##a##A,
#define FIRST4(a, A, ...) [KCSD_FUSED_NAME4(a, A, __VA_ARGS__) - KCSD_NR_OPS] = KCSD_OP_##a##A,
		KCSD_FUSED(FIRST2, FIRST3, FIRST4)
	};
	u32 op;

	for (op = 0; op < KCSD_NR_OPS; op++)
		costs->op[op] = cost_of(classes, op);
	for (; op < KCSD_NR_ALL_OPS; op++)
		costs->op[op] = costs->op[first[op - KCSD_NR_OPS]];
	costs->taken = (s32)(classes->taken - classes->not_taken);
	costs->helper_byte = classes->helper_byte;
}
