// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Lower accesses to memory. The usual access: the address is in register r, s is the size, floor
 * is the context for reads and the data for writes:
 *
 *		r += off - floor
 *		if r > known - s goto chance		known: end of the memory without arguments
 *	back:	r &= mask				in case the CPU mis-speculates
 *		AX = mem + floor
 *		AX += r
 *		r -= off - floor
 *		access [AX]
 *
 *	chance:	if r <= limit goto back			limit: end of the memory of this run
 *	fault:	...
 *
 * In bounds the mask changes nothing. Constant addresses need no mask: they are below the end of
 * the longest arguments; if memory moves, below KCSD_LOWERED_AFTER behind the mask.
 *
 * Code for memory that moves takes mem and mask from the ctl. It compares with the limit at once,
 * as most of its accesses are expected behind the arguments:
 *
 *		if r > limit goto fault
 */
#include "lower.h"

struct access {
	u8 reg;
	s16 off;
	u32 size;
	u32 floor;
	bool aligned;		/* the address must be */
	bool keep;		/* restore the register after the access */
};

static bool writes(const struct kcsd_lower_insn *i)
{
	return !(i->fields & KCSD_WRITES_DST);
}

static struct access access_of(const struct kcsd_lower_insn *i)
{
	const struct bpf_insn *insn = &i->insn;

	return (struct access){
		.reg = writes(i) ? insn->dst_reg : insn->src_reg,
		.off = insn->off,
		.size = kcsd_insn_size(i->op),
		.floor = writes(i) ? KCSD_GUEST_DATA : KCSD_GUEST_CTX,
		.aligned = BPF_MODE(insn->code) == BPF_ATOMIC,
		.keep = writes(i) || insn->dst_reg != insn->src_reg,
	};
}

static s16 limit_field(const struct access *a)
{
	return KCSD_CTL(limit) + 8 * (a->size == 8 ? 3 : a->size / 2);
}

/* Set AX to the address of guest address addr. */
static void emit_base(struct kcsd_lower *l, u64 addr)
{
	if (!l->opt->moving) {
		kcsd_emit_imm64(l, KCSD_REG_AX, l->opt->mem + (addr - KCSD_GUEST_CTX));
		return;
	}
	kcsd_emit_load_ctl(l, BPF_DW, KCSD_REG_AX, KCSD_CTL(mem));
	if (addr != KCSD_GUEST_CTX)
		kcsd_emit_add_imm(l, KCSD_REG_AX, (s32)(addr - KCSD_GUEST_CTX));
}

/* Mask the register so that, from any floor, it reaches no data of others. */
static void emit_mask(struct kcsd_lower *l, u8 reg)
{
	if (!l->opt->moving) {
		kcsd_emit(l, BPF_ALU64 | BPF_AND | BPF_K, reg, 0, 0, (s32)l->mask);
		return;
	}
	kcsd_emit_load_ctl(l, BPF_DW, KCSD_REG_AX, KCSD_CTL(mask));
	kcsd_emit(l, BPF_ALU64 | BPF_AND | BPF_X, reg, KCSD_REG_AX, 0, 0);
}

/* Set AX to the greatest distance from the floor that is in bounds in this run. */
static void emit_limit(struct kcsd_lower *l, const struct access *a)
{
	kcsd_emit_load_ctl(l, BPF_DW, KCSD_REG_AX, limit_field(a));
	if (a->floor != KCSD_GUEST_CTX)
		kcsd_emit_add_imm(l, KCSD_REG_AX, -(s32)(a->floor - KCSD_GUEST_CTX));
}

static void emit_compare_limit(struct kcsd_lower *l, u8 op, u8 reg, u32 to)
{
	kcsd_emit_jump(l, (struct bpf_insn){
		.code = BPF_JMP | op | BPF_X, .dst_reg = reg, .src_reg = KCSD_REG_AX,
	}, to);
}

static void emit_add_reg(struct kcsd_lower *l, u8 dst, u8 src)
{
	kcsd_emit(l, BPF_ALU64 | BPF_ADD | BPF_X, dst, src, 0, 0);
}

/* Report a fault at the address in r1. */
static void emit_fault(struct kcsd_lower *l, const struct kcsd_lower_insn *i)
{
	kcsd_emit_mov_imm(l, BPF_REG_2, (s32)i->pc);
	kcsd_lower_pending(l, i);
	kcsd_emit_goto(l, l->fault);
}

/* ---- at a constant distance from guest r10 ---- */

static u64 frame_address(const struct kcsd_lower *l, const struct access *a)
{
	return (u64)l->frame + (u64)(s64)a->off;
}

/* True if the access is out of bounds with arguments of any length. */
static bool never_in_bounds(const struct kcsd_lower *l, const struct access *a)
{
	u64 addr = frame_address(l, a);

	return addr < a->floor || addr > (u64)l->layout.args + KCSD_MAX_ARGS - a->size ||
	       (a->aligned && addr & (a->size - 1));
}

static bool in_known_bounds(const struct kcsd_lower *l, const struct access *a)
{
	return !never_in_bounds(l, a) && frame_address(l, a) + a->size <= l->layout.args;
}

/* Set AX to the address. Returns false if the access always faults. */
static bool frame_base(struct kcsd_lower *l, const struct kcsd_lower_insn *i,
		       const struct access *a)
{
	u64 addr = frame_address(l, a);

	if (never_in_bounds(l, a)) {
		kcsd_emit_goto(l, i->place->fault);
		return false;
	}
	if (!in_known_bounds(l, a)) {
		kcsd_emit_load_ctl(l, BPF_DW, KCSD_REG_AX, limit_field(a));
		kcsd_emit_jump_imm(l, BPF_JLT, KCSD_REG_AX, (s32)(addr - KCSD_GUEST_CTX),
				   i->place->fault);
	}
	emit_base(l, addr);
	return true;
}

static void frame_cold(struct kcsd_lower *l, const struct kcsd_lower_insn *i,
		       const struct access *a)
{
	if (in_known_bounds(l, a))
		return;
	i->place->fault = l->pos;
	kcsd_emit_imm64(l, BPF_REG_1, frame_address(l, a));
	emit_fault(l, i);
}

/* ---- at an address in a register ---- */

/* Go to the cold part if the access is outside of the memory, or not aligned. */
static void jump_if_outside(struct kcsd_lower *l, const struct kcsd_lower_insn *i,
			    const struct access *a)
{
	if (l->opt->moving) {
		emit_limit(l, a);
		emit_compare_limit(l, BPF_JGT, a->reg, i->place->cold);
	} else {
		kcsd_emit_jump_imm(l, BPF_JGT, a->reg,
				   (s32)(l->layout.args - a->floor - a->size), i->place->cold);
	}
	i->place->back = l->pos;
	if (!a->aligned)
		return;
	kcsd_emit_mov(l, KCSD_REG_AX, a->reg);
	kcsd_emit(l, BPF_ALU64 | BPF_AND | BPF_K, KCSD_REG_AX, 0, 0, (s32)a->size - 1);
	kcsd_emit_jump_imm(l, BPF_JNE, KCSD_REG_AX, 0, i->place->fault);
}

/* Set AX to the address. */
static void register_base(struct kcsd_lower *l, const struct kcsd_lower_insn *i,
			  const struct access *a)
{
	s32 distance = a->off - (s32)a->floor;

	if (distance)
		kcsd_emit_add_imm(l, a->reg, distance);
	jump_if_outside(l, i, a);
	emit_mask(l, a->reg);
	emit_base(l, a->floor);
	emit_add_reg(l, KCSD_REG_AX, a->reg);
	if (distance && a->keep)
		kcsd_emit_add_imm(l, a->reg, -distance);
}

static void register_cold(struct kcsd_lower *l, const struct kcsd_lower_insn *i,
			  const struct access *a)
{
	if (!l->opt->moving) {
		emit_limit(l, a);
		emit_compare_limit(l, BPF_JLE, a->reg, i->place->back);
	}
	i->place->fault = l->pos;
	if (a->reg != BPF_REG_1)
		kcsd_emit_mov(l, BPF_REG_1, a->reg);
	kcsd_emit_add_imm(l, BPF_REG_1, (s32)a->floor);
	emit_fault(l, i);
}

/* ---- the access itself ---- */

/* Use r1 for the value of guest r10. */
static void atomic_of_frame(struct kcsd_lower *l, struct bpf_insn insn)
{
	kcsd_emit_store(l, BPF_DW, BPF_REG_10, KCSD_SLOT_REG(1), BPF_REG_1);
	kcsd_emit_mov_imm(l, BPF_REG_1, (s32)l->frame);
	insn.src_reg = BPF_REG_1;
	kcsd_emit_insn(l, insn);
	kcsd_emit_load(l, BPF_DW, BPF_REG_1, BPF_REG_10, KCSD_SLOT_REG(1));
}

/* Clear the upper half of a 32-bit result, as not every machine does. */
static void extend_result(struct kcsd_lower *l, const struct bpf_insn *insn)
{
	u8 reg = insn->imm == BPF_CMPXCHG ? BPF_REG_0 : insn->src_reg;

	if (BPF_SIZE(insn->code) == BPF_W && insn->imm & BPF_FETCH)
		kcsd_emit(l, BPF_ALU | BPF_MOV | BPF_X, reg, reg, 0, 0);
}

static void emit_atomic(struct kcsd_lower *l, struct bpf_insn insn)
{
	if (insn.src_reg == BPF_REG_10)
		atomic_of_frame(l, insn);
	else
		kcsd_emit_insn(l, insn);
	extend_result(l, &insn);
}

static void emit_store_value(struct kcsd_lower *l, struct bpf_insn insn)
{
	if (BPF_CLASS(insn.code) == BPF_STX && insn.src_reg == BPF_REG_10) {
		insn.code = BPF_ST | BPF_MEM | BPF_SIZE(insn.code);
		insn.src_reg = 0;
		insn.imm = (s32)l->frame;
	}
	kcsd_emit_insn(l, insn);
}

/* Emit the access at the address in AX. */
static void emit_access(struct kcsd_lower *l, const struct kcsd_lower_insn *i)
{
	struct bpf_insn insn = i->insn;

	insn.off = 0;
	if (writes(i))
		insn.dst_reg = KCSD_REG_AX;
	else
		insn.src_reg = KCSD_REG_AX;
	if (!writes(i))
		kcsd_emit_insn(l, insn);
	else if (BPF_MODE(insn.code) == BPF_ATOMIC)
		emit_atomic(l, insn);
	else
		emit_store_value(l, insn);
}

/* ---- by a stub ---- */

/*
 * True if a stub executes the access: the x86 JIT makes a loop of it and uses AX there, or some
 * JITs do not know it. The stub checks bounds itself.
 */
static bool by_stub(const struct bpf_insn *insn)
{
	if (BPF_MODE(insn->code) != BPF_ATOMIC || BPF_CLASS(insn->code) != BPF_STX)
		return false;
	switch (insn->imm) {
	case BPF_LOAD_ACQ:
	case BPF_STORE_REL:
	case BPF_OR | BPF_FETCH:
	case BPF_AND | BPF_FETCH:
	case BPF_XOR | BPF_FETCH:
		return true;
	}
	return false;
}

/* Load the value of a guest register, from its slot if it was spilled. */
static void emit_guest_value(struct kcsd_lower *l, u8 dst, u8 reg)
{
	if (reg == BPF_REG_10)
		kcsd_emit_mov_imm(l, dst, (s32)l->frame);
	else if (reg <= BPF_REG_5)
		kcsd_emit_load(l, BPF_DW, dst, BPF_REG_10, KCSD_SLOT_REG(reg));
	else
		kcsd_emit_mov(l, dst, reg);
}

/*
 * Cut the result of a stub, in AX, to the size of the access: the stub branches on the size, which
 * the CPU can mis-speculate.
 */
static void take_result(struct kcsd_lower *l, u8 dst, u32 size)
{
	if (size < 4)
		kcsd_emit(l, BPF_ALU | BPF_AND | BPF_K, KCSD_REG_AX, 0, 0, (1 << 8 * size) - 1);
	kcsd_emit(l, (size < 8 ? BPF_ALU : BPF_ALU64) | BPF_MOV | BPF_X, dst, KCSD_REG_AX, 0, 0);
}

static void call_stub(struct kcsd_lower *l, const struct kcsd_lower_insn *i)
{
	struct access a = access_of(i);

	kcsd_lower_spill(l);
	emit_guest_value(l, BPF_REG_3, a.reg);
	if (a.off)
		kcsd_emit_add_imm(l, BPF_REG_3, a.off);
	if (writes(i))
		emit_guest_value(l, BPF_REG_4, i->insn.src_reg);
	kcsd_emit_imm64(l, BPF_REG_1, l->opt->ctl);
	kcsd_emit_mov_imm(l, BPF_REG_2, (s32)i->op);
	kcsd_emit_mov_imm(l, BPF_REG_5, (s32)i->pc);
	kcsd_emit(l, BPF_JMP | BPF_CALL, 0, 0, 0, KCSD_STUB_ATOMIC);
	kcsd_lower_leave_if_ended(l, i);
	kcsd_emit_mov(l, KCSD_REG_AX, BPF_REG_0);
	kcsd_lower_unspill(l);
	if (!writes(i))
		take_result(l, i->insn.dst_reg, a.size);
	else if (i->fields & KCSD_WRITES_SRC)
		take_result(l, i->insn.src_reg, a.size);
}

void kcsd_lower_access(struct kcsd_lower *l, const struct kcsd_lower_insn *i)
{
	struct access a = access_of(i);

	if (by_stub(&i->insn)) {
		call_stub(l, i);
	} else if (a.reg != BPF_REG_10) {
		register_base(l, i, &a);
		emit_access(l, i);
	} else if (frame_base(l, i, &a)) {
		emit_access(l, i);
	}
}

void kcsd_lower_access_cold(struct kcsd_lower *l, const struct kcsd_lower_insn *i)
{
	struct access a = access_of(i);

	if (by_stub(&i->insn))
		kcsd_lower_leave_if_ended_cold(l, i);
	else if (a.reg == BPF_REG_10)
		frame_cold(l, i, &a);
	else
		register_cold(l, i, &a);
}
