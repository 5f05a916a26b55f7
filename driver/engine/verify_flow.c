// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "verify_flow.h"

#define MARK_BLOCK	1	/* a block begins here */
#define MARK_FUNCTION	2
#define MARK_HEAD	4

static u32 fields_of(const struct kcsd_code *code, u32 i)
{
	return kcsd_insn_fields(code->insns[i].op);
}

static bool is_jump(u32 fields)
{
	return fields & (KCSD_JUMPS_OFF | KCSD_JUMPS_IMM);
}

/* ---- functions and blocks ---- */

static void mark(const struct kcsd_code *code, u8 *marks)
{
	u32 i, target;

	marks[0] |= MARK_FUNCTION | MARK_BLOCK;
	for (i = 0; i < code->nr; i++) {
		u32 fields = fields_of(code, i);

		target = kcsd_flow_target(code, i);
		if (fields & KCSD_CALLS_IMM)
			marks[target] |= MARK_FUNCTION | MARK_BLOCK;
		if (is_jump(fields))
			marks[target] |= MARK_BLOCK | (target <= i ? MARK_HEAD : 0);
		if ((is_jump(fields) || fields & KCSD_ENDS) && i + 1 < code->nr)
			marks[i + 1] |= MARK_BLOCK;
	}
}

static u32 count_marks(const u8 *marks, u32 nr, u8 wanted)
{
	u32 i, count = 0;

	for (i = 0; i < nr; i++)
		count += !!(marks[i] & wanted);
	return count;
}

static void fill(struct kcsd_flow *flow, const u8 *marks)
{
	struct kcsd_function *f = flow->functions - 1;
	struct kcsd_block *b = flow->blocks - 1;
	u32 i, heads = 0;

	for (i = 0; i < flow->code->nr; i++) {
		if (marks[i] & MARK_FUNCTION)
			heads = 0;
		if (marks[i] & MARK_BLOCK) {
			b++;
			b->start = i;
			b->head = marks[i] & MARK_HEAD;
			b->rank = b->head ? heads++ : 0;
		}
		if (marks[i] & MARK_FUNCTION) {
			f++;
			f->start = i;
			f->first_block = b - flow->blocks;
		}
		b->end = i + 1;
		f->end = i + 1;
		f->nr_heads = heads;
		f->nr_blocks = b - flow->blocks + 1 - f->first_block;
		flow->block_of[i] = b - flow->blocks;
	}
}

struct kcsd_function *kcsd_flow_function(const struct kcsd_flow *flow, u32 i)
{
	u32 low = 0, high = flow->nr_functions;

	while (high - low > 1) {
		u32 middle = (low + high) / 2;

		if (flow->functions[middle].start <= i)
			low = middle;
		else
			high = middle;
	}
	return &flow->functions[low];
}

/* ---- calls ---- */

static void note_depth(struct kcsd_flow *flow, const struct kcsd_function *f)
{
	u32 i;

	for (i = f->start; i < f->end; i++) {
		struct kcsd_function *callee;

		if (!(fields_of(flow->code, i) & KCSD_CALLS_IMM))
			continue;
		callee = kcsd_flow_function(flow, kcsd_flow_target(flow->code, i));
		if (!callee->called || callee->min_depth > f->min_depth + 1)
			callee->min_depth = f->min_depth + 1;
		callee->max_depth = max(callee->max_depth, (u8)(f->max_depth + 1));
		callee->called = true;
	}
}

/* Calls nest at most KCSD_MAX_CALL_DEPTH deep: after as many rounds all is known. */
static void find_depths(struct kcsd_flow *flow)
{
	u32 round, k;

	flow->functions[0].called = true;
	for (round = 1; round < KCSD_MAX_CALL_DEPTH; round++)
		for (k = 0; k < flow->nr_functions; k++)
			if (flow->functions[k].called)
				note_depth(flow, &flow->functions[k]);
}

static bool writes_outside(const struct kcsd_decoded *d)
{
	u8 class = kcsd_insn_get(d->op)->code & 7;

	if (d->op == KCSD_OP_CALL)
		return true;
	if (class != BPF_ST && class != BPF_STX)
		return false;
	return d->dst != BPF_REG_10 || d->off < -KCSD_FRAME_SIZE || d->off > -8;
}

static bool is_pure(const struct kcsd_flow *flow, const struct kcsd_function *f)
{
	u32 i;

	for (i = f->start; i < f->end; i++) {
		if (writes_outside(&flow->code->insns[i]))
			return false;
		if (fields_of(flow->code, i) & KCSD_CALLS_IMM &&
		    !kcsd_flow_function(flow, kcsd_flow_target(flow->code, i))->pure)
			return false;
	}
	return true;
}

static void find_pure(struct kcsd_flow *flow)
{
	u32 round, k;

	for (k = 0; k < flow->nr_functions; k++)
		flow->functions[k].pure = true;
	for (round = 0; round < KCSD_MAX_CALL_DEPTH; round++)
		for (k = 0; k < flow->nr_functions; k++)
			flow->functions[k].pure &= is_pure(flow, &flow->functions[k]);
}

/* ---- what to follow ---- */

u8 kcsd_vars_slot(const struct kcsd_vars *vars, s32 off)
{
	if (off < -KCSD_FRAME_SIZE || off >= 0 || off % 8)
		return KCSD_NO_VAR;
	return vars->slot[(off + KCSD_FRAME_SIZE) / 8];
}

static void find_slots(struct kcsd_vars *vars, const struct kcsd_flow *flow,
		       const struct kcsd_function *f)
{
	u32 i;

	for (i = f->start; i < f->end; i++) {
		const struct kcsd_decoded *d = &flow->code->insns[i];
		u8 *slot;

		if (d->op != KCSD_OP_LDX_DW || d->src != BPF_REG_10 ||
		    d->off < -KCSD_FRAME_SIZE || d->off >= 0 || d->off % 8)
			continue;
		slot = &vars->slot[(d->off + KCSD_FRAME_SIZE) / 8];
		if (*slot == KCSD_NO_VAR)
			*slot = vars->nr_vars++;
	}
}

u8 kcsd_vars_pair(const struct kcsd_vars *vars, u8 plus, u8 minus)
{
	u8 k;

	for (k = 0; k < vars->nr_pairs; k++)
		if (vars->pairs[k].plus == plus && vars->pairs[k].minus == minus)
			return k;
	return KCSD_NO_VAR;
}

static void add_pair(struct kcsd_vars *vars, u8 plus, u8 minus)
{
	if (plus == KCSD_NO_VAR || minus == KCSD_NO_VAR || plus == minus ||
	    vars->nr_pairs == KCSD_MAX_PAIRS || kcsd_vars_pair(vars, plus, minus) != KCSD_NO_VAR ||
	    kcsd_vars_pair(vars, minus, plus) != KCSD_NO_VAR)
		return;
	vars->pairs[vars->nr_pairs++] = (struct kcsd_pair){ plus, minus };
}

static void add_stop(struct kcsd_vars *vars, u64 stop)
{
	u8 k;

	for (k = 0; k < vars->nr_stops; k++)
		if (vars->stops[k] == stop)
			return;
	if (vars->nr_stops < KCSD_MAX_STOPS)
		vars->stops[vars->nr_stops++] = stop;
}

#define MAX_LOOK_BACK	24

static bool is_r10_slot(const struct kcsd_vars *vars, const struct kcsd_decoded *d)
{
	return d->op == KCSD_OP_LDX_DW && d->src == BPF_REG_10 &&
	       kcsd_vars_slot(vars, d->off) != KCSD_NO_VAR;
}

/* What t->plus was before d, which wrote it. False: it cannot be said so. */
static bool undo(const struct kcsd_vars *vars, const struct kcsd_decoded *d, struct kcsd_term *t)
{
	switch (d->op) {
	case KCSD_OP_MOV64_X:
		t->plus = d->src;
		return true;
	case KCSD_OP_ADD64_K:
		t->add += d->imm;
		return true;
	case KCSD_OP_SUB64_X:
		if (t->minus != KCSD_NO_VAR)
			return false;
		t->minus = d->src;
		return true;
	}
	if (!is_r10_slot(vars, d))
		return false;
	t->plus = kcsd_vars_slot(vars, d->off);
	return true;
}

static u16 written(const struct kcsd_decoded *d)
{
	u32 fields = kcsd_insn_fields(d->op);
	u16 regs = 0;

	if (fields & KCSD_WRITES_DST)
		regs |= 1 << d->dst;
	if (fields & KCSD_WRITES_SRC)
		regs |= 1 << d->src;
	if (d->op == KCSD_OP_CMPXCHG32 || d->op == KCSD_OP_CMPXCHG64)
		regs |= 1 << BPF_REG_0;
	return regs;
}

/* May change a slot; or, a call, registers. */
static bool may_store(const struct kcsd_decoded *d)
{
	u8 class = kcsd_insn_get(d->op)->code & 7;

	return class == BPF_ST || class == BPF_STX || d->op == KCSD_OP_CALL ||
	       d->op == KCSD_OP_CALL_LOCAL;
}

static bool unchanged(u8 var, u16 regs, bool stored)
{
	return var == KCSD_NO_VAR || (var < KCSD_NR_REGS ? !(regs & 1 << var) : !stored);
}

struct kcsd_term kcsd_vars_term(const struct kcsd_vars *vars, const struct kcsd_flow *flow,
				u32 i, u8 reg)
{
	struct kcsd_term t = { reg, KCSD_NO_VAR, 0 }, best = t;
	u32 start = flow->blocks[flow->block_of[i]].start;
	bool stored = false;
	u16 regs = 0;
	u32 n;

	for (n = 0; n < MAX_LOOK_BACK && i-- > start && t.plus < KCSD_NR_REGS; n++) {
		const struct kcsd_decoded *d = &flow->code->insns[i];

		if (d->op == KCSD_OP_CALL || d->op == KCSD_OP_CALL_LOCAL)
			break;
		if (t.minus != KCSD_NO_VAR && written(d) & 1 << t.minus)
			break;
		stored |= may_store(d);
		regs |= written(d);
		if (!(written(d) & 1 << t.plus))
			continue;
		if (!undo(vars, d, &t))
			break;
		if (unchanged(t.plus, regs, stored) && unchanged(t.minus, regs, stored))
			best = t;
	}
	return best;
}

/* What the conditional jump at i compares. */
static void follow_jump(struct kcsd_vars *vars, const struct kcsd_flow *flow, u32 i)
{
	const struct kcsd_decoded *d = &flow->code->insns[i];
	struct kcsd_term dst = kcsd_vars_term(vars, flow, i, d->dst), src;

	add_pair(vars, dst.plus, dst.minus);
	if (fields_of(flow->code, i) & KCSD_USES_IMM) {
		add_stop(vars, d->imm);
		add_stop(vars, d->imm - 1);
		return;
	}
	src = kcsd_vars_term(vars, flow, i, d->src);
	add_pair(vars, src.plus, src.minus);
	if (dst.minus == KCSD_NO_VAR && src.minus == KCSD_NO_VAR)
		add_pair(vars, dst.plus, src.plus);
}

static void common_stops(struct kcsd_vars *vars, const struct kcsd_layout *layout)
{
	add_stop(vars, 0);
	add_stop(vars, ~0ull);
	add_stop(vars, U32_MAX);
	add_stop(vars, (u64)U32_MAX + KCSD_MAX_ARGS);
	add_stop(vars, S64_MAX);
	add_stop(vars, layout->stack);
	add_stop(vars, layout->heap);
	add_stop(vars, layout->args);
}

void kcsd_vars_init(struct kcsd_vars *vars, const struct kcsd_flow *flow,
		    const struct kcsd_function *f, bool registers_only)
{
	u32 i;

	memset(vars, 0, sizeof(*vars));
	memset(vars->slot, KCSD_NO_VAR, sizeof(vars->slot));
	vars->nr_vars = KCSD_NR_REGS;
	common_stops(vars, &flow->layout);
	if (registers_only)
		return;
	find_slots(vars, flow, f);
	for (i = f->start; i < f->end; i++)
		if (is_jump(fields_of(flow->code, i)) && !(fields_of(flow->code, i) & KCSD_ENDS))
			follow_jump(vars, flow, i);
}

/* ---- all of it ---- */

static bool allocate(struct kcsd_flow *flow, const u8 *marks)
{
	u32 nr = flow->code->nr;

	flow->nr_functions = count_marks(marks, nr, MARK_FUNCTION);
	flow->nr_blocks = count_marks(marks, nr, MARK_BLOCK);
	flow->functions = kcsd_alloc(flow->nr_functions * sizeof(*flow->functions));
	flow->blocks = kcsd_alloc(flow->nr_blocks * sizeof(*flow->blocks));
	flow->block_of = kcsd_alloc(nr * sizeof(*flow->block_of));
	return flow->functions && flow->blocks && flow->block_of;
}

int kcsd_flow_init(struct kcsd_flow *flow, const struct kcsd_image_view *view)
{
	struct kcsd_verdict verdict;
	int ret;
	u8 *marks;

	memset(flow, 0, sizeof(*flow));
	kcsd_layout_init(&flow->layout, view, 0);
	ret = kcsd_check_insns(view->insns, view->insn_cnt, &verdict);
	if (!ret)
		ret = kcsd_code_decode(view->insns, view->insn_cnt, &flow->code);
	if (ret)
		return ret;
	marks = kcsd_alloc(flow->code->nr);
	if (!marks)
		return -ENOMEM;
	mark(flow->code, marks);
	ret = allocate(flow, marks) ? 0 : -ENOMEM;
	if (!ret) {
		fill(flow, marks);
		find_depths(flow);
		find_pure(flow);
	}
	kcsd_free(marks);
	return ret;
}

void kcsd_flow_exit(struct kcsd_flow *flow)
{
	kcsd_free(flow->block_of);
	kcsd_free(flow->blocks);
	kcsd_free(flow->functions);
	kcsd_code_destroy(flow->code);
}
