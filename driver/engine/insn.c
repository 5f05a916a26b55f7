// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "insn.h"

enum form_id {
#define FORM_ID(name, fields, operands) FORM_##name,
	KCSD_FORMS(FORM_ID)
};

static const struct kcsd_form forms[] = {
#define FORM(name, fields, operands) [FORM_##name] = { fields, operands },
	KCSD_FORMS(FORM)
};

static const struct kcsd_insn insns[] = {
#define INSN(op, code, pick, form, mnemonic) \
	[KCSD_OP_##op] = { mnemonic, &forms[FORM_##form], pick, code },
	KCSD_INSNS(INSN, INSN)
};

/* For each opcode one more than its first row; 0: none. */
static const u8 first[256] = {
#define FIRST(op, code, pick, form, mnemonic) [code] = KCSD_OP_##op + 1,
#define NOT_FIRST(op, code, pick, form, mnemonic)
	KCSD_INSNS(FIRST, NOT_FIRST)
};

_Static_assert(KCSD_NR_OPS < 256, "");

const struct kcsd_insn *kcsd_insn_get(u32 op)
{
	return &insns[op];
}

static u32 alu_cost(const struct kcsd_costs *costs, u8 code)
{
	switch (BPF_OP(code)) {
	case BPF_MUL:
		return costs->mul;
	case BPF_DIV:
	case BPF_MOD:
		return costs->div;
	default:
		return costs->alu;
	}
}

static u32 jump_cost(const struct kcsd_costs *costs, u8 code, bool taken)
{
	switch (BPF_OP(code)) {
	case BPF_EXIT:
		return costs->call;
	case BPF_JA:
		return costs->taken;
	default:
		return taken ? costs->taken : costs->not_taken;
	}
}

u32 kcsd_insn_cost(const struct kcsd_costs *costs, u32 op, bool taken)
{
	u8 code = insns[op].code;

	if (op == KCSD_OP_CALL)
		return costs->helper;
	if (op == KCSD_OP_CALL_LOCAL)
		return costs->call;
	switch (BPF_CLASS(code)) {
	case BPF_ALU:
	case BPF_ALU64:
		return alu_cost(costs, code);
	case BPF_JMP:
	case BPF_JMP32:
		return jump_cost(costs, code, taken);
	case BPF_LD:
		return costs->alu;
	default:
		return costs->access;
	}
}

static bool picked(const struct kcsd_insn *row, const struct bpf_insn *insn)
{
	u32 fields = row->form->fields;

	if (fields & KCSD_PICKS_SRC)
		return insn->src_reg == row->pick;
	if (fields & KCSD_PICKS_OFF)
		return insn->off == row->pick;
	if (fields & KCSD_PICKS_IMM)
		return insn->imm == row->pick;
	return true;
}

u32 kcsd_insn_find(const struct bpf_insn *insn)
{
	u32 op = first[insn->code];

	if (!op)
		return KCSD_NR_OPS;
	for (op--; op < KCSD_NR_OPS && insns[op].code == insn->code; op++)
		if (picked(&insns[op], insn))
			return op;
	return KCSD_NR_OPS;
}
