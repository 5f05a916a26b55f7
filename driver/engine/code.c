// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Decode a program, once, when it is loaded. */
#include "code.h"
#include "fused.h"

/* Set index_of: the decoded instruction of each unit of 8 bytes. Returns the number of these. */
static u32 number_insns(const struct bpf_insn *insns, u32 insn_cnt, u32 *index_of)
{
	u32 pc, nr = 0;

	for (pc = 0; pc < insn_cnt; pc++) {
		index_of[pc] = nr++;
		if (kcsd_insn_fields(kcsd_insn_find(&insns[pc])) & KCSD_WIDE)
			index_of[++pc] = nr - 1;
	}
	return nr;
}

static struct kcsd_decoded decode(const struct bpf_insn *insns, u32 pc, const u32 *index_of)
{
	const struct bpf_insn *insn = &insns[pc];
	u32 op = kcsd_insn_find(insn);
	u32 fields = kcsd_insn_fields(op);
	struct kcsd_decoded d = {
		.op = op,
		.dst = insn->dst_reg,
		.src = insn->src_reg,
		.off = insn->off,
		.imm = (s64)insn->imm,
	};

	if (fields & KCSD_WIDE)
		d.imm = (u32)insn->imm | (u64)(u32)insns[pc + 1].imm << 32;
	if (fields & KCSD_JUMPS_OFF)
		d.off = (s32)(index_of[pc + 1 + insn->off] - index_of[pc] - 1);
	if (fields & (KCSD_JUMPS_IMM | KCSD_CALLS_IMM))
		d.off = (s32)(index_of[pc + 1 + insn->imm] - index_of[pc] - 1);
	return d;
}

static struct kcsd_code *decode_all(const struct bpf_insn *insns, u32 insn_cnt, u32 *index_of)
{
	u32 i, pc, nr = number_insns(insns, insn_cnt, index_of);
	struct kcsd_code *code;

	code = kcsd_alloc(sizeof(*code) + nr * (sizeof(code->insns[0]) + sizeof(*code->pc)));
	if (!code)
		return NULL;
	code->nr = nr;
	code->pc = (u32 *)&code->insns[nr];
	for (i = 0, pc = 0; i < nr; i++) {
		code->insns[i] = decode(insns, pc, index_of);
		code->pc[i] = pc;
		pc += kcsd_insn_fields(code->insns[i].op) & KCSD_WIDE ? 2 : 1;
	}
	return code;
}

int kcsd_code_create(const struct bpf_insn *insns, u32 insn_cnt, struct kcsd_code **code,
		     struct kcsd_verdict *verdict)
{
	int ret = kcsd_validate_insns(insns, insn_cnt, verdict);

	return ret ?: kcsd_code_decode_fused(insns, insn_cnt, code);
}

int kcsd_code_decode_fused(const struct bpf_insn *insns, u32 insn_cnt, struct kcsd_code **code)
{
	int ret = kcsd_code_decode(insns, insn_cnt, code);

	if (ret)
		return ret;
	ret = kcsd_code_fuse(*code);
	if (ret)
		kcsd_code_destroy(*code);
	return ret;
}

int kcsd_code_decode(const struct bpf_insn *insns, u32 insn_cnt, struct kcsd_code **code)
{
	u32 *index_of;

	index_of = kcsd_alloc(insn_cnt * sizeof(*index_of));
	if (!index_of)
		return -ENOMEM;
	*code = decode_all(insns, insn_cnt, index_of);
	kcsd_free(index_of);
	return *code ? 0 : -ENOMEM;
}

static bool jumps(u32 fields)
{
	return fields & (KCSD_JUMPS_OFF | KCSD_JUMPS_IMM | KCSD_CALLS_IMM);
}

int kcsd_code_set_costs(struct kcsd_code *code, const struct kcsd_costs *costs)
{
	struct kcsd_decoded_cost *sums = kcsd_alloc((code->nr + 1) * sizeof(*sums));
	u32 i, op;

	if (!sums)
		return -ENOMEM;
	for (i = 0; i < code->nr; i++)
		sums[i + 1].before = sums[i].before +
			kcsd_insn_cost(costs, kcsd_fused_first(code->insns[i].op), false);
	for (i = 0; i < code->nr; i++) {
		op = kcsd_fused_first(code->insns[i].op);
		if (jumps(kcsd_insn_fields(op)))
			sums[i].jump = sums[i].before + kcsd_insn_cost(costs, op, true) -
				       sums[i + 1 + code->insns[i].off].before;
	}
	kcsd_free(code->costs);
	code->costs = sums;
	return 0;
}

void kcsd_code_destroy(struct kcsd_code *code)
{
	if (code)
		kcsd_free(code->costs);
	kcsd_free(code);
}
