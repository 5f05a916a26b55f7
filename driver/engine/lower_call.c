// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Lower calls and jumps, and count instructions and their cost at them.
 *
 * "left", the instructions until the next tick, and the cost are in slots of the native frame while
 * a function runs, in the ctl between functions: with one scratch register, only the frame can be
 * updated.
 *
 * The cost is a constant for each stretch of code between two jumps. That of a conditional jump is
 * added as if it were taken, before it; code that it does not jump over begins with the difference.
 */
#include "helper.h"
#include "lower.h"

/* ---- counting ---- */

static void add_imm64(struct kcsd_lower *l, u8 reg, s64 value)
{
	const s32 most = value < 0 ? -S32_MAX : S32_MAX;

	for (; value / most; value -= most)
		kcsd_emit_add_imm(l, reg, most);
	if (value)
		kcsd_emit_add_imm(l, reg, (s32)value);
}

static void count_cost(struct kcsd_lower *l)
{
	if (l->cost) {
		kcsd_emit_load(l, BPF_DW, KCSD_REG_AX, BPF_REG_10, KCSD_SLOT_COST);
		add_imm64(l, KCSD_REG_AX, l->cost);
		kcsd_emit_store(l, BPF_DW, BPF_REG_10, KCSD_SLOT_COST, KCSD_REG_AX);
	}
	l->cost = 0;
}

/* Copy the cost from its slot to the ctl, with what the slot lacks; overwrites reg. */
static void publish_cost(struct kcsd_lower *l, u8 reg)
{
	if (!l->opt->costs)
		return;
	kcsd_emit_load(l, BPF_DW, reg, BPF_REG_10, KCSD_SLOT_COST);
	add_imm64(l, reg, l->cost);
	kcsd_emit_store_ctl(l, BPF_DW, KCSD_CTL(cost), reg);
	l->cost = 0;
}

static void fetch_cost(struct kcsd_lower *l)
{
	if (!l->opt->costs)
		return;
	kcsd_emit_load_ctl(l, BPF_DW, KCSD_REG_AX, KCSD_CTL(cost));
	kcsd_emit_store(l, BPF_DW, BPF_REG_10, KCSD_SLOT_COST, KCSD_REG_AX);
}

static void count_insns(struct kcsd_lower *l)
{
	if (l->opt->count && l->counted) {
		kcsd_emit_load(l, BPF_DW, KCSD_REG_AX, BPF_REG_10, KCSD_SLOT_LEFT);
		kcsd_emit_add_imm(l, KCSD_REG_AX, -(s32)l->counted);
		kcsd_emit_store(l, BPF_DW, BPF_REG_10, KCSD_SLOT_LEFT, KCSD_REG_AX);
	}
	l->counted = 0;
}

void kcsd_lower_count(struct kcsd_lower *l)
{
	count_cost(l);
	count_insns(l);
}

void kcsd_lower_pending(struct kcsd_lower *l, const struct kcsd_lower_insn *i)
{
	if (l->opt->count)
		kcsd_emit_mov_imm(l, BPF_REG_3, (s32)i->place->counted);
	if (l->opt->costs)
		kcsd_emit_imm64(l, BPF_REG_4, (u64)i->place->cost);
}

/* Copy "left" from its slot to the ctl; overwrites reg. */
static void publish_left(struct kcsd_lower *l, u8 reg)
{
	if (!l->opt->count)
		return;
	kcsd_emit_load(l, BPF_DW, reg, BPF_REG_10, KCSD_SLOT_LEFT);
	kcsd_emit_store_ctl(l, BPF_DW, KCSD_CTL(left), reg);
}

static void fetch_left(struct kcsd_lower *l)
{
	if (!l->opt->count)
		return;
	kcsd_emit_load_ctl(l, BPF_DW, KCSD_REG_AX, KCSD_CTL(left));
	kcsd_emit_store(l, BPF_DW, BPF_REG_10, KCSD_SLOT_LEFT, KCSD_REG_AX);
}

/* ---- stubs ---- */

void kcsd_lower_spill(struct kcsd_lower *l)
{
	u8 reg;

	for (reg = BPF_REG_0; reg <= BPF_REG_5; reg++)
		kcsd_emit_store(l, BPF_DW, BPF_REG_10, KCSD_SLOT_REG(reg), reg);
}

void kcsd_lower_unspill(struct kcsd_lower *l)
{
	u8 reg;

	for (reg = BPF_REG_0; reg <= BPF_REG_5; reg++)
		kcsd_emit_load(l, BPF_DW, reg, BPF_REG_10, KCSD_SLOT_REG(reg));
}

static void clear(struct kcsd_lower *l, u8 first, u8 last)
{
	for (; first <= last; first++)
		kcsd_emit_mov_imm(l, first, 0);
}

static void jump_if_ended(struct kcsd_lower *l, u32 to)
{
	kcsd_emit_load_ctl(l, BPF_W, KCSD_REG_AX, KCSD_CTL(reason));
	kcsd_emit_jump_imm(l, BPF_JNE, KCSD_REG_AX, 0, to);
}

void kcsd_lower_leave_if_ended(struct kcsd_lower *l, const struct kcsd_lower_insn *i)
{
	jump_if_ended(l, l->opt->count || l->opt->costs ? i->place->cold : l->leave);
}

void kcsd_lower_leave_if_ended_cold(struct kcsd_lower *l, const struct kcsd_lower_insn *i)
{
	if (!l->opt->count && !l->opt->costs)
		return;
	kcsd_lower_pending(l, i);
	kcsd_emit_goto(l, l->discount);
}

void kcsd_lower_helper(struct kcsd_lower *l, const struct kcsd_lower_insn *i)
{
	u32 arg, nr = kcsd_signature((u32)i->insn.imm)->nr_args;

	if (nr)
		kcsd_emit_imm64(l, KCSD_REG_AX, l->opt->ctl);
	for (arg = 0; arg < nr; arg++)
		kcsd_emit_store(l, BPF_DW, KCSD_REG_AX, (s16)(KCSD_CTL(args) + 8 * arg),
				(u8)(BPF_REG_1 + arg));
	publish_cost(l, BPF_REG_1);
	i->place->cost = 0;
	kcsd_emit_imm64(l, BPF_REG_1, l->opt->ctl);
	kcsd_emit_mov_imm(l, BPF_REG_2, i->insn.imm);
	kcsd_emit_mov_imm(l, BPF_REG_3, (s32)i->pc);
	kcsd_emit(l, BPF_JMP | BPF_CALL, 0, 0, 0, KCSD_STUB_HELPER);
	fetch_cost(l);
	kcsd_lower_leave_if_ended(l, i);
	clear(l, BPF_REG_1, BPF_REG_5);
}

/* Count, and go to the cold part if a tick is due. */
static void jump_if_tick_due(struct kcsd_lower *l, const struct kcsd_lower_insn *i)
{
	kcsd_lower_count(l);
	if (l->opt->count) {
		kcsd_emit_jump_imm(l, BPF_JSLT, KCSD_REG_AX, 0, i->place->cold);
	} else {
		kcsd_emit_load_ctl(l, BPF_W, KCSD_REG_AX, KCSD_CTL(stop));
		kcsd_emit_jump_imm(l, BPF_JNE, KCSD_REG_AX, 0, i->place->cold);
	}
	i->place->back = l->pos;
}

static void call_tick(struct kcsd_lower *l, const struct kcsd_lower_insn *i)
{
	kcsd_lower_spill(l);
	publish_cost(l, BPF_REG_1);
	kcsd_emit_imm64(l, BPF_REG_1, l->opt->ctl);
	kcsd_emit_mov_imm(l, BPF_REG_2, (s32)i->pc);
	if (l->opt->count)
		kcsd_emit_load(l, BPF_DW, BPF_REG_3, BPF_REG_10, KCSD_SLOT_LEFT);
	else
		kcsd_emit_mov_imm(l, BPF_REG_3, 0);
	kcsd_emit(l, BPF_JMP | BPF_CALL, 0, 0, 0, KCSD_STUB_TICK);
	fetch_left(l);
	kcsd_emit_jump_imm(l, BPF_JNE, BPF_REG_0, 0, l->leave);
	kcsd_lower_unspill(l);
}

/* ---- functions ---- */

void kcsd_lower_entry(struct kcsd_lower *l)
{
	clear(l, BPF_REG_0, BPF_REG_0);
	if (!l->clone->depth) {
		kcsd_emit_mov_imm(l, BPF_REG_1, KCSD_GUEST_CTX);
		clear(l, BPF_REG_2, BPF_REG_5);
	}
	clear(l, BPF_REG_6, BPF_REG_9);
	fetch_left(l);
	fetch_cost(l);
}

void kcsd_lower_exit(struct kcsd_lower *l)
{
	count_insns(l);
	publish_left(l, BPF_REG_1);
	publish_cost(l, BPF_REG_1);
	kcsd_emit(l, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* Emit the end of the function: all its faults go here. */
void kcsd_lower_end(struct kcsd_lower *l)
{
	l->fault = l->pos;
	kcsd_emit_imm64(l, KCSD_REG_AX, l->opt->ctl);
	kcsd_emit_store(l, BPF_DW, KCSD_REG_AX, KCSD_CTL(addr), BPF_REG_1);
	kcsd_emit_store(l, BPF_W, KCSD_REG_AX, KCSD_CTL(pc), BPF_REG_2);
	kcsd_emit(l, BPF_ST | BPF_MEM | BPF_W, KCSD_REG_AX, 0, KCSD_CTL(reason),
		  KCSD_FAULT_MEMORY);
	l->discount = l->pos;
	if (l->opt->count) {
		kcsd_emit_load(l, BPF_DW, KCSD_REG_AX, BPF_REG_10, KCSD_SLOT_LEFT);
		kcsd_emit(l, BPF_ALU64 | BPF_SUB | BPF_X, KCSD_REG_AX, BPF_REG_3, 0, 0);
		kcsd_emit_store(l, BPF_DW, BPF_REG_10, KCSD_SLOT_LEFT, KCSD_REG_AX);
	}
	if (l->opt->costs) {
		kcsd_emit_load(l, BPF_DW, KCSD_REG_AX, BPF_REG_10, KCSD_SLOT_COST);
		kcsd_emit(l, BPF_ALU64 | BPF_ADD | BPF_X, KCSD_REG_AX, BPF_REG_4, 0, 0);
		kcsd_emit_store(l, BPF_DW, BPF_REG_10, KCSD_SLOT_COST, KCSD_REG_AX);
	}
	l->leave = l->pos;
	publish_left(l, BPF_REG_1);
	publish_cost(l, BPF_REG_1);
	kcsd_emit(l, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

void kcsd_lower_local(struct kcsd_lower *l, const struct kcsd_lower_insn *i)
{
	const struct kcsd_clone *callee = kcsd_lower_callee(l, i->pc + 1 + (u32)i->insn.imm);

	jump_if_tick_due(l, i);
	publish_left(l, BPF_REG_0);
	publish_cost(l, BPF_REG_0);
	kcsd_emit(l, BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0,
		  (s32)(callee->start - l->pos - 1));
	fetch_left(l);
	fetch_cost(l);
	jump_if_ended(l, l->leave);
	clear(l, BPF_REG_1, BPF_REG_5);
}

void kcsd_lower_local_cold(struct kcsd_lower *l, const struct kcsd_lower_insn *i)
{
	call_tick(l, i);
	kcsd_emit_goto(l, i->place->back);
}

/* ---- jumps ---- */

static s32 distance_of(const struct kcsd_lower_insn *i)
{
	return i->fields & KCSD_JUMPS_IMM ? i->insn.imm : i->insn.off;
}

static bool is_conditional(const struct kcsd_lower_insn *i)
{
	return !(i->fields & KCSD_ENDS);
}

static u32 target_of(const struct kcsd_lower *l, const struct kcsd_lower_insn *i)
{
	return l->places[i->pc + 1 + (u32)distance_of(i)].hot;
}

/* Returns the conditional jump, with guest r10 replaced by its value on both sides. */
static struct bpf_insn condition(struct kcsd_lower *l, const struct kcsd_lower_insn *i)
{
	struct bpf_insn insn = i->insn;

	if (i->fields & KCSD_USES_SRC && insn.src_reg == BPF_REG_10) {
		insn.code &= ~BPF_X;
		insn.src_reg = 0;
		insn.imm = (s32)l->frame;
	}
	if (insn.dst_reg == BPF_REG_10) {
		kcsd_emit_mov_imm(l, KCSD_REG_AX, (s32)l->frame);
		insn.dst_reg = KCSD_REG_AX;
	}
	return insn;
}

void kcsd_lower_jump(struct kcsd_lower *l, const struct kcsd_lower_insn *i)
{
	if (distance_of(i) < 0)
		jump_if_tick_due(l, i);
	else
		kcsd_lower_count(l);
	if (is_conditional(i))
		kcsd_emit_jump(l, condition(l, i), target_of(l, i));
	else
		kcsd_emit_goto(l, target_of(l, i));
	i->place->after = l->pos;
	if (l->opt->costs && is_conditional(i))
		l->cost = (s64)l->opt->costs->not_taken - l->opt->costs->taken;
}

/*
 * Code that counts looks at the clock only if the jump is taken, like the interpreter, and as the
 * cost includes that; other code may look in either case.
 */
void kcsd_lower_jump_cold(struct kcsd_lower *l, const struct kcsd_lower_insn *i)
{
	if (distance_of(i) >= 0)
		return;
	if ((l->opt->count || l->opt->costs) && is_conditional(i)) {
		struct bpf_insn insn = condition(l, i);

		insn.off = 1;
		kcsd_emit_insn(l, insn);
		kcsd_emit_goto(l, i->place->after);
	}
	call_tick(l, i);
	kcsd_emit_goto(l, i->place->back);
}
