// SPDX-License-Identifier: GPL-2.0
/* Generate accesses of memory, right ones and wrong ones. */
#include "insn.h"
#include "maker.h"

static bool is_atomic(u32 op)
{
	return BPF_MODE(kcsd_insn_get(op)->code) == BPF_ATOMIC;
}

static bool is_load(u32 op)
{
	return kcsd_insn_fields(op) & KCSD_WRITES_DST;
}

/* Choose an access; atomic ones less often than their number in the table. */
u32 maker_access_op(struct maker *m)
{
	bool atomic = maker_once_in(m, 5);
	u32 op = KCSD_OP_LDX_B + maker_below(m, KCSD_NR_OPS - KCSD_OP_LDX_B);

	/* Accesses are last in the table. */
	while (is_atomic(op) != atomic)
		op = op + 1 < KCSD_NR_OPS ? op + 1 : KCSD_OP_LDX_B;
	return op;
}

void maker_access(struct maker *m, u32 op, u32 ptr, s16 off)
{
	const struct kcsd_insn *row = kcsd_insn_get(op);
	u32 fields = row->form->fields;
	u32 other = fields & (KCSD_WRITES_DST | KCSD_WRITES_SRC) ? maker_target(m) : maker_reg(m);
	s32 imm = 0;

	if (fields & KCSD_USES_IMM)
		imm = (s32)maker_number(m);
	else if (fields & KCSD_PICKS_IMM)
		imm = row->pick;
	if (is_load(op))
		maker_emit(m, row->code, other, ptr, off, imm);
	else
		maker_emit(m, row->code, ptr, fields & KCSD_USES_SRC ? other : 0, off, imm);
}

/* Choose a displacement, mostly short. */
static s16 displacement(struct maker *m)
{
	static const s16 far[] = { INT16_MIN, INT16_MIN + 1, -512, -8, -1, 512, 4096, INT16_MAX };

	if (maker_once_in(m, 8))
		return far[maker_below(m, ARRAY_SIZE(far))];
	return maker_once_in(m, 2) ? (s16)(8 * maker_below(m, 16)) : 0;
}

void maker_at_frame(struct maker *m)
{
	u32 op = maker_access_op(m), size = kcsd_insn_size(op), ptr = BPF_REG_10;
	s16 off = -(s16)(size * (1 + maker_below(m, KCSD_FRAME_SIZE / size)));

	if (maker_once_in(m, 12))
		off = (s16)(maker_below(m, 2 * KCSD_FRAME_SIZE) - KCSD_FRAME_SIZE);
	else if (maker_once_in(m, 12))
		off = -(s16)maker_below(m, size);	/* the arguments may follow */
	if (maker_once_in(m, 3)) {
		ptr = maker_target(m);
		maker_emit(m, BPF_ALU64 | BPF_MOV | BPF_X, ptr, BPF_REG_10, 0, 0);
		maker_emit(m, BPF_ALU64 | BPF_ADD | BPF_K, ptr, 0, 0, off);
		off = 0;
	}
	maker_access(m, op, ptr, off);
}

void maker_at_constant(struct maker *m)
{
	u32 op = maker_access_op(m), ptr = maker_target(m), more = maker_below(m, 3);
	s16 off = displacement(m);

	maker_load(m, ptr, maker_address(m, kcsd_insn_size(op), !is_load(op)) - off);
	maker_access(m, op, ptr, off);
	/* Readable memory is not always writable. */
	while (more--)
		maker_access(m, is_load(op) ? op : maker_access_op(m), ptr,
			     (s16)(off + 8 * maker_below(m, 4)));
}

/* ---- by a bounded index ---- */

/* Make a value that no analysis knows. */
static void load_unknown(struct maker *m, u32 reg)
{
	u64 addr = KCSD_GUEST_CTX + 8 * maker_below(m, 2);

	if (maker_once_in(m, 2))
		addr = maker_address(m, 8, false);
	maker_load(m, reg, addr);
	maker_emit(m, BPF_LDX | BPF_MEM | (maker_once_in(m, 3) ? BPF_B : BPF_DW), reg, reg, 0, 0);
}

static void alu_k(struct maker *m, u8 op, u32 reg, s32 imm)
{
	u8 class = maker_once_in(m, 4) ? BPF_ALU : BPF_ALU64;

	maker_emit(m, class | op | BPF_K, reg, 0, 0, imm);
}

/* Limit reg to "most", without a branch. */
static void bound_by_alu(struct maker *m, u32 reg, u32 most)
{
	u32 bits = 0;

	while (bits < 31 && (2u << bits) - 1 <= most)
		bits++;
	switch (maker_below(m, 4)) {
	case 0:
		alu_k(m, BPF_MOD, reg, (s32)(most + 1));
		break;
	case 1:
		maker_emit(m, BPF_ALU64 | BPF_RSH | BPF_K, reg, 0, 0, 64 - max(bits, 1u));
		break;
	default:
		alu_k(m, BPF_AND, reg, (s32)((1u << bits) - 1));
	}
}

/* Make jumps that leave unless reg is within 0 and most. Returns their number. */
static u32 bound_by_branch(struct maker *m, u32 reg, s32 most, u32 other, u32 pc[2])
{
	u8 class = maker_once_in(m, 4) ? BPF_JMP32 : BPF_JMP;

	switch (maker_below(m, 6)) {
	case 0:
		pc[0] = maker_emit(m, class | BPF_JGE | BPF_K, reg, 0, 0, most + 1);
		return 1;
	case 1:
		pc[0] = maker_emit(m, class | BPF_JSLT | BPF_K, reg, 0, 0, 0);
		pc[1] = maker_emit(m, class | BPF_JSGT | BPF_K, reg, 0, 0, most);
		return 2;
	case 2:
		maker_load(m, other, most);
		pc[0] = maker_emit(m, class | BPF_JGT | BPF_X, reg, other, 0, 0);
		return 1;
	case 3:
		maker_load(m, other, most);
		pc[0] = maker_emit(m, class | BPF_JLT | BPF_X, other, reg, 0, 0);
		return 1;
	case 4:
		pc[0] = maker_jump(m, reg, most);
		return 1;
	}
	pc[0] = maker_emit(m, class | BPF_JGT | BPF_K, reg, 0, 0, most);
	return 1;
}

/* Move a register to the stack and back, sometimes cut. */
static void spill(struct maker *m, u32 reg)
{
	s16 slot = -(s16)(8 * (1 + maker_below(m, 8)));
	u8 size = maker_once_in(m, 3) ? BPF_W : BPF_DW;

	maker_emit(m, BPF_STX | BPF_MEM | BPF_DW, BPF_REG_10, reg, slot, 0);
	if (maker_once_in(m, 4))
		maker_alu(m);
	maker_emit(m, BPF_LDX | BPF_MEM | size, reg, BPF_REG_10, slot, 0);
}

/* Make code between a check and its access that an analysis has to follow. */
static void derive(struct maker *m, u32 reg)
{
	static const u8 ops[] = {
		BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_OR, BPF_AND, BPF_LSH, BPF_RSH, BPF_MOD,
		BPF_XOR, BPF_ARSH,
	};

	switch (maker_below(m, 6)) {
	case 0:
		alu_k(m, ops[maker_below(m, ARRAY_SIZE(ops))], reg, maker_below(m, 9));
		break;
	case 1:
		spill(m, reg);
		break;
	case 2:
		maker_emit(m, (maker_once_in(m, 2) ? BPF_ALU : BPF_ALU64) | BPF_MOV | BPF_X, reg,
			   reg, 0, 0);
		break;
	case 3:
		maker_alu(m);
		break;
	}
}

/* Choose two different registers to write. */
static void two_targets(struct maker *m, u32 *a, u32 *b)
{
	*a = maker_target(m);
	*b = maker_target(m);
	if (*a == *b)
		*b = (*a + 1) % 10;
}

/* Choose the greatest index in bounds, or one near it, or another one. */
static u32 greatest_index(struct maker *m, u64 base, u32 size)
{
	u64 end = maker_once_in(m, 4) ? m->end : m->layout.args;
	u64 room = end > base + size ? end - base - size : 0;

	if (maker_once_in(m, 2))
		return maker_below(m, 256);
	return room + maker_below(m, 16) >= 12 ? room - (maker_once_in(m, 2) ? 0 : 4) : 0;
}

void maker_at_index(struct maker *m)
{
	u32 op = maker_access_op(m), size = kcsd_insn_size(op), index, ptr, most, pc[2], nr = 0;
	u64 base = maker_address(m, 8, !is_load(op));
	s16 off = displacement(m);

	two_targets(m, &index, &ptr);
	if (maker_once_in(m, 2))
		base = is_load(op) ? KCSD_GUEST_CTX : KCSD_GUEST_DATA;
	most = greatest_index(m, base, size);
	if (!maker_once_in(m, 4))
		load_unknown(m, index);
	if (maker_once_in(m, 2))
		nr = bound_by_branch(m, index, most, ptr, pc);
	else
		bound_by_alu(m, index, most);
	derive(m, index);
	if (is_atomic(op) || maker_once_in(m, 4))
		maker_emit(m, BPF_ALU64 | BPF_AND | BPF_K, index, 0, 0, -(s32)size);
	if (maker_once_in(m, 8) && base > KCSD_GUEST_DATA)
		maker_emit(m, BPF_ALU64 | BPF_MOV | BPF_X, ptr, BPF_REG_10, 0, 0);
	else
		maker_load(m, ptr, base - off);
	maker_emit(m, BPF_ALU64 | BPF_ADD | BPF_X, ptr, index, 0, 0);
	maker_access(m, op, ptr, off);
	while (nr--)
		maker_land(m, pc[nr]);
}

/* ---- by a pointer that walks ---- */

void maker_at_walk(struct maker *m)
{
	u32 op = maker_access_op(m), size = kcsd_insn_size(op), ptr, limit, top, kept = m->kept;
	u64 base = maker_address(m, 64, !is_load(op)) & -(u64)8;
	u32 step = maker_once_in(m, 4) ? 1 + maker_below(m, 16) : size;
	static const u8 ends[] = { BPF_JLT, BPF_JNE, BPF_JLE, BPF_JSLT };

	two_targets(m, &ptr, &limit);
	maker_load(m, ptr, base);
	if (maker_once_in(m, 4))
		maker_load(m, limit, maker_address(m, size, false));
	else
		maker_load(m, limit, base + step * (1 + maker_below(m, 8)));
	m->kept |= 1u << ptr | 1u << limit;
	top = m->nr;
	maker_access(m, op, ptr, 0);
	if (maker_once_in(m, 3))
		maker_block(m, 3);
	maker_emit(m, BPF_ALU64 | BPF_ADD | BPF_K, ptr, 0, 0, (s32)step);
	m->kept = kept;
	if (m->nr - top < INT16_MAX)
		maker_emit(m, BPF_JMP | BPF_X | ends[maker_below(m, ARRAY_SIZE(ends))], ptr, limit,
			   (s16)(top - m->nr - 1), 0);
}

/* Access the heap, the arguments or the grants by their address in the context. */
void maker_at_context(struct maker *m)
{
	static const u16 fields[] = {
		offsetof(struct kcsd_ctx, args), offsetof(struct kcsd_ctx, heap),
		offsetof(struct kcsd_ctx, grants), offsetof(struct kcsd_ctx, args_len),
	};
	u32 op = maker_access_op(m), ptr = maker_target(m);
	u32 field = fields[maker_below(m, m->end - m->layout.args >= 64 ? 4 : 3)];

	if (field == fields[2] && !is_load(op))
		field = fields[0];
	maker_load(m, ptr, KCSD_GUEST_CTX);
	maker_emit(m, BPF_LDX | BPF_MEM | BPF_DW, ptr, ptr, (s16)field, 0);
	if (field == fields[3])
		maker_emit(m, BPF_ALU64 | BPF_ADD | BPF_K, ptr, 0, 0, (s32)m->layout.args - 8);
	if (m->layout.args - m->layout.heap >= 64 || field != fields[1])
		maker_access(m, op, ptr, (s16)(8 * maker_below(m, 4)));
}

void maker_at_anything(struct maker *m)
{
	maker_access(m, maker_access_op(m), maker_reg(m), displacement(m));
}
