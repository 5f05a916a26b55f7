// SPDX-License-Identifier: GPL-2.0
/* Generate arithmetic, branches and calls. */
#include "helper.h"
#include "insn.h"
#include "maker.h"

/* ---- arithmetic ---- */

/* Choose the second operand. */
static u64 operand(struct maker *m, const struct kcsd_insn *row)
{
	bool divides = BPF_OP(row->code) == BPF_DIV || BPF_OP(row->code) == BPF_MOD;

	if (divides && maker_once_in(m, 4))
		return (u64)(s64)((s32)maker_below(m, 3) - 1);
	return maker_number(m);
}

static s32 immediate(struct maker *m, const struct kcsd_insn *row)
{
	u32 fields = row->form->fields;

	if (fields & KCSD_PICKS_IMM)
		return row->pick;
	if (!(fields & KCSD_USES_IMM))
		return 0;
	return (s32)operand(m, row);
}

/* Set registers just before their use, as they seldom hold negative numbers or edges. */
static u32 load_operands(struct maker *m, const struct kcsd_insn *row, u32 dst)
{
	bool uses_src = row->form->fields & KCSD_USES_SRC;
	u32 src = uses_src ? maker_reg(m) : 0;

	if (uses_src && maker_once_in(m, 3)) {
		src = maker_target(m);
		maker_load(m, src, operand(m, row));
	}
	if (maker_once_in(m, 2))
		maker_load(m, dst, maker_number(m));
	return src;
}

/* Store the result in memory, where it is compared in the end. */
static void store_result(struct maker *m, u32 reg)
{
	s16 slot = -(s16)(8 * (1 + maker_below(m, KCSD_FRAME_SIZE / 8)));

	maker_emit(m, BPF_STX | BPF_MEM | BPF_DW, BPF_REG_10, reg, slot, 0);
}

void maker_alu(struct maker *m)
{
	/* Arithmetic is first in the table. */
	const struct kcsd_insn *row = kcsd_insn_get(maker_below(m, KCSD_OP_JA));
	u32 dst = maker_target(m), src;

	src = load_operands(m, row, dst);
	maker_emit(m, row->code, dst, src, row->form->fields & KCSD_PICKS_OFF ? (s16)row->pick : 0,
		   immediate(m, row));
	if (maker_once_in(m, 2))
		store_result(m, dst);
}

void maker_number_to_reg(struct maker *m)
{
	u32 reg = maker_target(m);

	maker_load(m, reg, maker_number(m));
}

/* ---- branches ---- */

static u32 jump_always(struct maker *m)
{
	return maker_emit(m, (maker_once_in(m, 4) ? BPF_JMP32 : BPF_JMP) | BPF_JA, 0, 0, 0, 0);
}

/* Make an if, with or without else; each part may be empty. */
void maker_branch(struct maker *m)
{
	u32 reg = maker_reg(m), pc, over;

	if (maker_once_in(m, 3)) {
		reg = maker_target(m);
		maker_load(m, reg, maker_number(m));
	}
	pc = maker_jump(m, reg, (s32)maker_number(m));
	if (!maker_once_in(m, 8))
		maker_block(m, 6);
	if (maker_once_in(m, 3)) {
		over = jump_always(m);
		maker_land(m, pc);
		maker_block(m, 6);
		pc = over;
	}
	maker_land(m, pc);
}

/* Make a loop: a register counts down or up, and the body mostly does not change it. */
void maker_loop(struct maker *m)
{
	u32 counter = maker_once_in(m, 2) ? maker_target(m) : 6 + maker_below(m, 4);
	u32 rounds = 1 + maker_below(m, 8), top, kept = m->kept;
	bool up = maker_once_in(m, 2);

	if (maker_once_in(m, 32))
		rounds <<= 12;
	maker_emit(m, BPF_ALU64 | BPF_MOV | BPF_K, counter, 0, 0, up ? 0 : (s32)rounds);
	if (!maker_once_in(m, 16))
		m->kept |= 1u << counter;
	top = m->nr;
	maker_block(m, 6);
	m->kept = kept;
	maker_emit(m, BPF_ALU64 | BPF_ADD | BPF_K, counter, 0, 0, up ? 1 : -1);
	maker_emit(m, BPF_JMP | BPF_K | (up ? BPF_JLT : BPF_JNE), counter, 0,
		   (s16)(top - m->nr - 1), up ? (s32)rounds : 0);
}

/* Jump to any instruction of the function, also a later one. */
void maker_jump_anywhere(struct maker *m)
{
	u32 start = m->starts[m->function], pc, to;

	pc = maker_once_in(m, 4) ? maker_emit(m, BPF_JMP | BPF_JA, 0, 0, 0, 0) :
				   maker_jump(m, maker_reg(m), (s32)maker_number(m));
	if (maker_once_in(m, 2) && m->nr_jumps < MAKER_MAX_JUMPS) {
		m->jumps[m->nr_jumps++] = pc;
		return;
	}
	to = start + maker_below(m, pc - start + 1);
	m->g->insns[pc].off = (s16)((m->second[to] ? to - 1 : to) - pc - 1);
}

/* ---- calls ---- */

/* Call a later function only: no recursion, and not too deep. */
void maker_call(struct maker *m)
{
	u32 left = m->nr_functions - m->function - 1, i;

	if (!left || m->nr_calls == MAKER_MAX_CALLS)
		return;
	for (i = maker_below(m, 3); i; i--)
		maker_load(m, i, maker_number(m));
	m->calls[m->nr_calls].function = m->function + 1 + maker_below(m, left);
	m->calls[m->nr_calls++].pc =
		maker_emit(m, BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, 0);
}

/* Returns the length of the buffer at argument i. */
static u32 buffer_len(const struct kcsd_signature *sig, u32 i, u32 len)
{
	if (sig->kind[i] == HASH)
		return sizeof(struct kcsd_sha256);
	return sig->kind[i] == DIGEST ? KCSD_SHA256_LEN : len;
}

static u64 argument(struct maker *m, const struct kcsd_signature *sig, u32 i, u32 len)
{
	switch (sig->kind[i]) {
	case LEN:
		return maker_once_in(m, 64) ? maker_number(m) : len;
	case VAL:
		return maker_once_in(m, 8) ? maker_number(m) : maker_below(m, 18);
	case IN:
		return maker_address(m, buffer_len(sig, i, len), false);
	}
	return maker_address(m, buffer_len(sig, i, len), true);
}

void maker_helper(struct maker *m)
{
	u32 nr = KCSD_HELPER_decompress - KCSD_HELPER_BASE;
	u32 id = KCSD_HELPER_BASE + 1 + maker_below(m, nr), len, i;
	const struct kcsd_signature *sig = kcsd_signature(id);

	if (!sig)
		return;
	if (id == KCSD_HELPER_read || id == KCSD_HELPER_write || id == KCSD_HELPER_append)
		len = DEVICE_LBA_SIZE * maker_below(m, 3);
	else
		len = maker_below(m, maker_once_in(m, 8) ? 2048 : 40);
	for (i = 0; i < sig->nr_args; i++)
		if (!maker_once_in(m, 64))
			maker_load(m, 1 + i, argument(m, sig, i, len));
	maker_emit(m, BPF_JMP | BPF_CALL, 0, 0, 0, (s32)id);
}

void maker_exit(struct maker *m)
{
	maker_emit(m, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* Make so much code that jumps over it become far jumps in lowered code. */
void maker_bulk(struct maker *m)
{
	u32 n = 2000 + maker_below(m, 3000), ptr = maker_target(m), kept = m->kept, pc;

	if (!maker_once_in(m, 24) || m->nr + n + 1024 > GENERATE_MAX_INSNS)
		return;
	maker_load(m, ptr, maker_address(m, 8, true) & -(u64)8);
	m->kept |= 1u << ptr;
	pc = maker_jump(m, maker_reg(m), (s32)maker_number(m));
	while (n--)
		maker_access(m, n % 3 ? KCSD_OP_LDX_DW : KCSD_OP_STX_DW, ptr, 0);
	maker_land(m, pc);
	m->kept = kept;
}
