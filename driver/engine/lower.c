// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Lower a valid program to plain eBPF (lowered.h). This file goes from functions to clones to
 * instructions; lower_*.c lower each instruction.
 */
#include "lower.h"

#define NEAR	0x7fff	/* instructions; 16-bit jumps reach all of a clone up to this length */
#define YIELD_INSNS	4096	/* instructions of the program */

/* ---- emission ---- */

void kcsd_emit_insn(struct kcsd_lower *l, struct bpf_insn insn)
{
	if (l->insns)
		l->insns[l->pos] = insn;
	l->pos++;
}

void kcsd_emit(struct kcsd_lower *l, u8 code, u8 dst, u8 src, s16 off, s32 imm)
{
	kcsd_emit_insn(l, (struct bpf_insn){
		.code = code, .dst_reg = dst, .src_reg = src, .off = off, .imm = imm,
	});
}

void kcsd_emit_imm64(struct kcsd_lower *l, u8 dst, u64 imm)
{
	kcsd_emit(l, BPF_LD | BPF_IMM | BPF_DW, dst, 0, 0, (s32)(u32)imm);
	kcsd_emit(l, 0, 0, 0, 0, (s32)(u32)(imm >> 32));
}

void kcsd_emit_mov(struct kcsd_lower *l, u8 dst, u8 src)
{
	kcsd_emit(l, BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0);
}

void kcsd_emit_mov_imm(struct kcsd_lower *l, u8 dst, s32 imm)
{
	kcsd_emit(l, BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, imm);
}

void kcsd_emit_add_imm(struct kcsd_lower *l, u8 dst, s32 imm)
{
	kcsd_emit(l, BPF_ALU64 | BPF_ADD | BPF_K, dst, 0, 0, imm);
}

void kcsd_emit_load(struct kcsd_lower *l, u8 size, u8 dst, u8 base, s16 off)
{
	kcsd_emit(l, BPF_LDX | BPF_MEM | size, dst, base, off, 0);
}

void kcsd_emit_store(struct kcsd_lower *l, u8 size, u8 base, s16 off, u8 src)
{
	kcsd_emit(l, BPF_STX | BPF_MEM | size, base, src, off, 0);
}

void kcsd_emit_load_ctl(struct kcsd_lower *l, u8 size, u8 dst, s16 field)
{
	kcsd_emit_imm64(l, KCSD_REG_AX, l->opt->ctl);
	kcsd_emit_load(l, size, dst, KCSD_REG_AX, field);
}

void kcsd_emit_store_ctl(struct kcsd_lower *l, u8 size, s16 field, u8 src)
{
	kcsd_emit_imm64(l, KCSD_REG_AX, l->opt->ctl);
	kcsd_emit_store(l, size, KCSD_REG_AX, field, src);
}

void kcsd_emit_goto(struct kcsd_lower *l, u32 to)
{
	s32 distance = (s32)(to - l->pos - 1);

	if (l->clone->far)
		kcsd_emit(l, BPF_JMP32 | BPF_JA, 0, 0, 0, distance);
	else
		kcsd_emit(l, BPF_JMP | BPF_JA, 0, 0, (s16)distance, 0);
}

/* In a far clone, jump to a long jump. The condition is kept, as JSET has no inverse. */
void kcsd_emit_jump(struct kcsd_lower *l, struct bpf_insn jump, u32 to)
{
	jump.off = l->clone->far ? 1 : (s16)(to - l->pos - 1);
	kcsd_emit_insn(l, jump);
	if (!l->clone->far)
		return;
	kcsd_emit(l, BPF_JMP | BPF_JA, 0, 0, 1, 0);
	kcsd_emit_goto(l, to);
}

void kcsd_emit_jump_imm(struct kcsd_lower *l, u8 op, u8 dst, s32 imm, u32 to)
{
	kcsd_emit_jump(l, (struct bpf_insn){
		.code = BPF_JMP | op | BPF_K, .dst_reg = dst, .imm = imm,
	}, to);
}

/* ---- the program ---- */

static struct kcsd_lower_insn insn_at(struct kcsd_lower *l, u32 pc)
{
	struct kcsd_lower_insn i = {
		.insn = l->view->insns[pc], .pc = pc, .place = &l->places[pc],
	};

	i.op = kcsd_insn_find(&i.insn);
	i.fields = kcsd_insn_fields(i.op);
	return i;
}

static u32 units(const struct kcsd_lower_insn *i)
{
	return i->fields & KCSD_WIDE ? 2 : 1;
}

/* Mark the targets of jumps and calls. Returns the number of functions. */
static u32 find_targets(struct kcsd_lower *l)
{
	u32 pc, target, nr = 1;

	for (pc = 0; pc < l->view->insn_cnt;) {
		struct kcsd_lower_insn i = insn_at(l, pc);

		target = pc + 1 + (u32)(i.fields & KCSD_JUMPS_OFF ? i.insn.off : i.insn.imm);
		if (i.fields & (KCSD_JUMPS_OFF | KCSD_JUMPS_IMM))
			l->targets[target] = 1;
		if (i.fields & KCSD_CALLS_IMM && target && !l->function_of[target]) {
			l->function_of[target] = 1;
			nr++;
		}
		pc += units(&i);
	}
	return nr;
}

/* Turn marks of first units in function_of into the index of the function of each unit. */
static void number_functions(struct kcsd_lower *l)
{
	u32 pc;

	for (pc = 0; pc < l->view->insn_cnt; pc++) {
		if (!pc || l->function_of[pc])
			l->functions[l->nr_functions++] = pc;
		l->function_of[pc] = l->nr_functions - 1;
	}
	l->functions[l->nr_functions] = pc;
}

static u16 *clone_slot(struct kcsd_lower *l, u32 function, u32 depth)
{
	return &l->clone_of[function * KCSD_MAX_CALL_DEPTH + depth];
}

static const struct kcsd_clone *get_clone(struct kcsd_lower *l, u32 function, u32 depth)
{
	u16 *slot = clone_slot(l, function, depth);

	if (!*slot && l->nr_clones == KCSD_LOWERED_MAX_FUNCTIONS) {
		l->err = -E2BIG;
		return &l->clones[0];
	}
	if (!*slot) {
		l->clones[l->nr_clones++] = (struct kcsd_clone){
			.first = l->functions[function],
			.end = l->functions[function + 1],
			.depth = depth,
		};
		*slot = (u16)l->nr_clones;
	}
	return &l->clones[*slot - 1];
}

const struct kcsd_clone *kcsd_lower_callee(struct kcsd_lower *l, u32 pc)
{
	return get_clone(l, l->function_of[pc], l->clone->depth + 1);
}

/* ---- a clone ---- */

static void lower_insn(struct kcsd_lower *l, const struct kcsd_lower_insn *i)
{
	switch (BPF_CLASS(i->insn.code)) {
	case BPF_ALU:
	case BPF_ALU64:
		kcsd_lower_alu(l, i);
		return;
	case BPF_LDX:
	case BPF_ST:
	case BPF_STX:
		kcsd_lower_access(l, i);
		return;
	case BPF_LD:
		kcsd_emit_insn(l, i->insn);
		kcsd_emit_insn(l, l->view->insns[i->pc + 1]);
		return;
	}
	if (i->op == KCSD_OP_EXIT)
		kcsd_lower_exit(l);
	else if (i->fields & KCSD_HELPS)
		kcsd_lower_helper(l, i);
	else if (i->fields & KCSD_CALLS_IMM)
		kcsd_lower_local(l, i);
	else
		kcsd_lower_jump(l, i);
}

static void lower_cold(struct kcsd_lower *l, const struct kcsd_lower_insn *i)
{
	u32 class = BPF_CLASS(i->insn.code);

	i->place->cold = l->pos;
	if (class == BPF_LDX || class == BPF_ST || class == BPF_STX)
		kcsd_lower_access_cold(l, i);
	else if (i->fields & KCSD_HELPS)
		kcsd_lower_leave_if_ended_cold(l, i);
	else if (i->fields & KCSD_CALLS_IMM)
		kcsd_lower_local_cold(l, i);
	else if (i->fields & (KCSD_JUMPS_OFF | KCSD_JUMPS_IMM))
		kcsd_lower_jump_cold(l, i);
}

/* Look at times if lowering must be given up. Returns false and sets l->err then. */
static bool go_on(struct kcsd_lower *l)
{
	const bool *stop = l->opt->stop;

	if (l->yield--)
		return true;
	l->yield = YIELD_INSNS;
	if (kcsd_yield() || (stop && READ_ONCE(*stop)))
		l->err = -EINTR;
	return !l->err;
}

static void lower_clone(struct kcsd_lower *l)
{
	const struct kcsd_clone *clone = l->clone;
	u32 pc;

	l->pos = clone->start;
	l->counted = 0;
	l->cost = 0;
	kcsd_lower_entry(l);
	for (pc = clone->first; pc < clone->end && go_on(l);) {
		struct kcsd_lower_insn i = insn_at(l, pc);

		/*
		 * Code that jumps here has counted up to its jump: count before this place.
		 * The cost must fit into an immediate or a few.
		 */
		if (l->targets[pc] || l->cost > S32_MAX)
			kcsd_lower_count(l);
		i.place->hot = l->pos;
		i.place->counted = ++l->counted;
		if (l->opt->costs)
			l->cost += kcsd_insn_cost(l->opt->costs, i.op, true);
		i.place->cost = l->cost;
		lower_insn(l, &i);
		pc += units(&i);
	}
	for (pc = clone->first; pc < clone->end && !l->err;) {
		struct kcsd_lower_insn i = insn_at(l, pc);

		lower_cold(l, &i);
		pc += units(&i);
	}
	kcsd_lower_end(l);
}

static void select_clone(struct kcsd_lower *l, const struct kcsd_clone *clone)
{
	l->clone = clone;
	l->frame = l->layout.stack + (KCSD_MAX_CALL_DEPTH - clone->depth) * KCSD_FRAME_SIZE;
}

/* Measure each clone, also those found on the way, and so find where each starts. */
static int measure(struct kcsd_lower *l)
{
	u32 n;

	get_clone(l, 0, 0);
	for (n = 0; n < l->nr_clones && !l->err; n++) {
		struct kcsd_clone *clone = &l->clones[n];

		clone->start = l->pos;
		select_clone(l, clone);
		lower_clone(l);
		clone->far = l->pos - clone->start > NEAR;
		if (clone->far)
			lower_clone(l);
		if (l->pos > KCSD_LOWERED_MAX_INSNS && !l->err)
			l->err = -E2BIG;
	}
	return l->err;
}

static int make(struct kcsd_lower *l, struct kcsd_lowered *lowered)
{
	u32 n;

	for (n = 0; n < l->nr_clones && !l->err; n++) {
		lowered->starts[n] = l->clones[n].start;
		select_clone(l, &l->clones[n]);
		l->insns = NULL;
		lower_clone(l);
		l->insns = lowered->insns;
		lower_clone(l);
	}
	lowered->starts[n] = l->pos;
	return l->err;
}

/* ---- all of it ---- */

u64 kcsd_lowered_span(u64 mem_len)
{
	u64 span = KCSD_GUEST_DATA;

	while (span < KCSD_GUEST_CTX + mem_len)
		span *= 2;
	return span;
}

static u64 span(const struct kcsd_image_view *view)
{
	struct kcsd_layout layout;

	return kcsd_lowered_span(kcsd_layout_init(&layout, view, KCSD_MAX_ARGS));
}

u64 kcsd_lowered_mem_len(const struct kcsd_image_view *view)
{
	return span(view) + KCSD_LOWERED_AFTER;
}

static int prepare(struct kcsd_lower *l)
{
	u32 nr, insn_cnt = l->view->insn_cnt;

	/* Bounds and mask must fit into immediates of 32 bits with a sign. */
	if (span(l->view) > 1u << 31)
		return -E2BIG;
	l->mask = (u32)span(l->view) - 1;
	kcsd_layout_init(&l->layout, l->view, 0);
	l->targets = kcsd_alloc(insn_cnt * sizeof(*l->targets));
	l->function_of = kcsd_alloc(insn_cnt * sizeof(*l->function_of));
	l->places = kcsd_alloc(insn_cnt * sizeof(*l->places));
	l->clones = kcsd_alloc(KCSD_LOWERED_MAX_FUNCTIONS * sizeof(*l->clones));
	if (!l->targets || !l->function_of || !l->places || !l->clones)
		return -ENOMEM;
	nr = find_targets(l);
	l->functions = kcsd_alloc((nr + 1) * sizeof(*l->functions));
	l->clone_of = kcsd_alloc(nr * KCSD_MAX_CALL_DEPTH * sizeof(*l->clone_of));
	if (!l->functions || !l->clone_of)
		return -ENOMEM;
	number_functions(l);
	return measure(l);
}

static void finish(struct kcsd_lower *l)
{
	kcsd_free(l->targets);
	kcsd_free(l->function_of);
	kcsd_free(l->places);
	kcsd_free(l->clones);
	kcsd_free(l->functions);
	kcsd_free(l->clone_of);
}

static struct kcsd_lowered *create(u32 insn_cnt, u32 nr_functions)
{
	struct kcsd_lowered *lowered;

	lowered = kcsd_alloc(sizeof(*lowered) + insn_cnt * sizeof(*lowered->insns) +
			     (nr_functions + 1) * sizeof(*lowered->starts));
	if (!lowered)
		return NULL;
	lowered->insns = (void *)(lowered + 1);
	lowered->insn_cnt = insn_cnt;
	lowered->starts = (void *)(lowered->insns + insn_cnt);
	lowered->nr_functions = nr_functions;
	return lowered;
}

int kcsd_lower(const struct kcsd_image_view *view, const struct kcsd_lower_options *opt,
	       struct kcsd_lowered **lowered)
{
	struct kcsd_lower l = { .view = view, .opt = opt };
	int ret;

	ret = prepare(&l);
	if (!ret) {
		*lowered = create(l.pos, l.nr_clones);
		ret = *lowered ? 0 : -ENOMEM;
	}
	if (!ret) {
		ret = make(&l, *lowered);
		if (ret)
			kcsd_lowered_destroy(*lowered);
	}
	finish(&l);
	return ret;
}

void kcsd_lowered_destroy(struct kcsd_lowered *lowered)
{
	kcsd_free(lowered);
}
