// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Append instructions. */
#include <stdlib.h>
#include <string.h>

#include "emit.h"
#include "query/row.h"

#define NO_PLACE	UINT32_MAX

void kcsd_emit_destroy(struct emit *e)
{
	free(e->insns);
	free(e->labels);
	free(e->constants);
	*e = (struct emit){};
}

struct emit_mark kcsd_emit_mark(const struct emit *e)
{
	return (struct emit_mark){ e->nr, e->nr_labels, e->constants_len };
}

void kcsd_emit_rewind(struct emit *e, struct emit_mark mark)
{
	e->nr = mark.nr;
	e->nr_labels = mark.nr_labels;
	e->constants_len = mark.constants_len;
}

/* Make room for one more element. */
static bool grow(struct emit *e, void **array, uint32_t nr, uint32_t *room, size_t size)
{
	uint32_t new_room = *room ? 2 * *room : 256;
	void *p;

	if (nr < *room)
		return true;
	p = reallocarray(*array, new_room, size);
	if (!p) {
		e->failed = true;
		return false;
	}
	*array = p;
	*room = new_room;
	return true;
}

static void append(struct emit *e, struct bpf_insn insn)
{
	if (e->nr >= EMIT_MAX_INSNS)
		e->failed = true;
	if (e->failed || !grow(e, (void **)&e->insns, e->nr, &e->room, sizeof(insn)))
		return;
	e->insns[e->nr++] = insn;
}

/* ---- labels: until kcsd_emit_finish() the imm or off of a jump holds nothing, its label is here ---- */

emit_label kcsd_emit_label(struct emit *e)
{
	if (!grow(e, (void **)&e->labels, e->nr_labels, &e->room_labels, sizeof(*e->labels)))
		return 0;
	e->labels[e->nr_labels] = NO_PLACE;
	return e->nr_labels++;
}

void kcsd_emit_place(struct emit *e, emit_label label)
{
	if (!e->failed)
		e->labels[label] = e->nr;
}

static bool is_jump(const struct bpf_insn *insn)
{
	uint8_t class = BPF_CLASS(insn->code), op = BPF_OP(insn->code);

	return class == BPF_JMP && op != BPF_CALL && op != BPF_EXIT;
}

void kcsd_emit_finish(struct emit *e)
{
	struct bpf_insn *insn;
	uint32_t i;

	if (e->failed)
		return;
	for (i = 0; i < e->nr; i++) {
		insn = &e->insns[i];
		if (insn->code == (BPF_LD | BPF_IMM | BPF_DW))
			i++;
		else if (is_jump(insn))
			insn->off = e->labels[(uint16_t)insn->off] - i - 1;
	}
}

/* ---- instructions ---- */

void kcsd_emit_alu(struct emit *e, uint8_t op, uint8_t dst, uint8_t src)
{
	append(e, (struct bpf_insn){ .code = BPF_ALU64 | op | BPF_X, .dst_reg = dst,
				     .src_reg = src });
}

void kcsd_emit_alu_imm(struct emit *e, uint8_t op, uint8_t dst, int32_t imm)
{
	append(e, (struct bpf_insn){ .code = BPF_ALU64 | op | BPF_K, .dst_reg = dst, .imm = imm });
}

void kcsd_emit_signed(struct emit *e, uint8_t op, uint8_t dst, uint8_t src)
{
	append(e, (struct bpf_insn){ .code = BPF_ALU64 | op | BPF_X, .dst_reg = dst,
				     .src_reg = src, .off = 1 });
}

void kcsd_emit_mov(struct emit *e, uint8_t dst, uint8_t src)
{
	kcsd_emit_alu(e, BPF_MOV, dst, src);
}

static void append_imm64(struct emit *e, uint8_t dst, uint8_t src, uint64_t imm)
{
	append(e, (struct bpf_insn){ .code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = dst,
				     .src_reg = src, .imm = (int32_t)imm });
	append(e, (struct bpf_insn){ .imm = (int32_t)(imm >> 32) });
}

void kcsd_emit_mov_imm(struct emit *e, uint8_t dst, int64_t imm)
{
	if (imm == (int32_t)imm)
		kcsd_emit_alu_imm(e, BPF_MOV, dst, imm);
	else
		append_imm64(e, dst, 0, imm);
}

void kcsd_emit_load(struct emit *e, uint8_t dst, uint8_t src, int16_t off)
{
	append(e, (struct bpf_insn){ .code = BPF_LDX | BPF_MEM | BPF_DW, .dst_reg = dst,
				     .src_reg = src, .off = off });
}

void kcsd_emit_store(struct emit *e, uint8_t dst, int16_t off, uint8_t src)
{
	append(e, (struct bpf_insn){ .code = BPF_STX | BPF_MEM | BPF_DW, .dst_reg = dst,
				     .src_reg = src, .off = off });
}

void kcsd_emit_store_imm(struct emit *e, uint8_t dst, int16_t off, int32_t imm)
{
	append(e, (struct bpf_insn){ .code = BPF_ST | BPF_MEM | BPF_DW, .dst_reg = dst,
				     .off = off, .imm = imm });
}

void kcsd_emit_jump(struct emit *e, emit_label to)
{
	append(e, (struct bpf_insn){ .code = BPF_JMP | BPF_JA, .off = to });
}

void kcsd_emit_jump_if(struct emit *e, uint8_t op, uint8_t dst, uint8_t src, emit_label to)
{
	append(e, (struct bpf_insn){ .code = BPF_JMP | op | BPF_X, .dst_reg = dst, .src_reg = src,
				     .off = to });
}

void kcsd_emit_jump_if_imm(struct emit *e, uint8_t op, uint8_t dst, int32_t imm, emit_label to)
{
	append(e, (struct bpf_insn){ .code = BPF_JMP | op | BPF_K, .dst_reg = dst, .off = to,
				     .imm = imm });
}

/* JSET sign-extends its immediate: bits from 31 on need a register. Clobbers r5. */
void kcsd_emit_jump_if_bit(struct emit *e, uint8_t dst, uint32_t bit, emit_label to)
{
	if (bit < 31) {
		kcsd_emit_jump_if_imm(e, BPF_JSET, dst, 1 << bit, to);
		return;
	}
	kcsd_emit_mov_imm(e, BPF_REG_5, (int64_t)(1ull << bit));
	kcsd_emit_jump_if(e, BPF_JSET, dst, BPF_REG_5, to);
}

void kcsd_emit_call(struct emit *e, enum emit_function function)
{
	append(e, (struct bpf_insn){ .code = BPF_JMP | BPF_CALL, .src_reg = EMIT_CALL,
				     .imm = function });
}

void kcsd_emit_helper(struct emit *e, int32_t id)
{
	append(e, (struct bpf_insn){ .code = BPF_JMP | BPF_CALL, .imm = id });
}

void kcsd_emit_exit(struct emit *e)
{
	append(e, (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT });
}

void kcsd_emit_text(struct emit *e, uint8_t dst, const void *text, size_t len)
{
	if (!e->constants)
		e->constants = malloc(QUERY_CONSTANTS);
	if (!e->constants || len > QUERY_CONSTANTS - e->constants_len)
		e->failed = true;
	if (e->failed)
		return;
	memcpy(e->constants + e->constants_len, text, len);
	append_imm64(e, dst, EMIT_CONSTANT, e->constants_len);
	e->constants_len += len;
}
