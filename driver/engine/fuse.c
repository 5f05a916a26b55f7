// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Fuse sequences of instructions of a decoded program. */
#include "code.h"
#include "fused.h"

#define YIELD_INSNS	4096

struct sequence {
	u32 nr;
	u8 op[KCSD_MAX_FUSED];		/* enum kcsd_op_id */
	char how[KCSD_MAX_FUSED];	/* see fused.h; N for the first */
};

static const struct sequence sequences[] = {
#define F2(a, A, h, b, B) \
	{ 2, { KCSD_OP_##a##A, KCSD_OP_##b##B }, { 'N', #h[0] } },
#define F3(a, A, h, b, B, i, c, C) \
	{ 3, { KCSD_OP_##a##A, KCSD_OP_##b##B, KCSD_OP_##c##C }, { 'N', #h[0], #i[0] } },
#define F4(a, A, h, b, B, i, c, C, j, d, D) \
	{ 4, { KCSD_OP_##a##A, KCSD_OP_##b##B, KCSD_OP_##c##C, KCSD_OP_##d##D }, \
	  { 'N', #h[0], #i[0], #j[0] } },
	KCSD_FUSED(F2, F3, F4)
};

/* True if d finds its operands in this way, given the instruction before it. */
static bool found_so(const struct kcsd_decoded *before, const struct kcsd_decoded *d, char how)
{
	bool is_src = d->src == before->dst && kcsd_insn_fields(d->op) & KCSD_USES_SRC;
	bool is_dst = d->dst == before->dst;

	switch (how) {
	case 'N':
		return true;
	case 'D':
		return is_dst && !is_src;
	case 'S':
		return is_src;
	case 'B':
		return is_dst && is_src;
	default:
		return is_dst;
	}
}

static bool matches(const struct sequence *seq, const struct kcsd_decoded *d)
{
	u32 i;

	for (i = 0; i < seq->nr; i++)
		if (d[i].op != seq->op[i] || !(!i || found_so(&d[i - 1], &d[i], seq->how[i])))
			return false;
	return true;
}

/* Returns the op for d that saves most dispatches; left: instructions from d to the end. */
static u32 best(const struct kcsd_decoded *d, u32 left)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(sequences); i++)
		if (sequences[i].nr <= left && matches(&sequences[i], d))
			return KCSD_FUSED_BEFORE + 1 + i;
	return d->op;
}

u32 kcsd_fused_first(u32 op)
{
	return op < KCSD_NR_OPS ? op : sequences[op - KCSD_FUSED_BEFORE - 1].op[0];
}

/* Replace ops in order: an instruction is compared before its own op is replaced. */
int kcsd_code_fuse(struct kcsd_code *code)
{
	u32 i;

	for (i = 0; i < code->nr; i++) {
		if (!(i % YIELD_INSNS) && kcsd_yield())
			return -EINTR;
		code->insns[i].op = best(&code->insns[i], code->nr - i);
	}
	return 0;
}
