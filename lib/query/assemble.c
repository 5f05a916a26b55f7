// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Append instructions. */
#include <stdlib.h>
#include <string.h>

#include "assemble.h"
#include "query/row.h"

#define NO_PLACE	UINT32_MAX
#define MAX_LABELS	60000	/* until it is resolved, a jump has its label in 16 bits */

void kcsd_asm_destroy(struct assembly *a)
{
	free(a->insns);
	free(a->labels);
	free(a->constants);
	*a = (struct assembly){};
}

struct asm_mark kcsd_asm_mark(const struct assembly *a)
{
	return (struct asm_mark){ a->nr, a->nr_labels, a->constants_len };
}

void kcsd_asm_rewind(struct assembly *a, struct asm_mark mark)
{
	a->nr = mark.nr;
	a->nr_labels = mark.nr_labels;
	a->constants_len = mark.constants_len;
}

/* Make room for one more element. */
static bool grow(struct assembly *a, void **array, uint32_t nr, uint32_t *room, size_t size)
{
	uint32_t new_room = *room ? 2 * *room : 256;
	void *p;

	if (nr < *room)
		return true;
	p = reallocarray(*array, new_room, size);
	if (!p) {
		a->failed = true;
		return false;
	}
	*array = p;
	*room = new_room;
	return true;
}

static void append(struct assembly *a, struct bpf_insn insn)
{
	if (a->nr >= ASM_MAX_INSNS)
		a->failed = true;
	if (a->failed || !grow(a, (void **)&a->insns, a->nr, &a->room, sizeof(insn)))
		return;
	a->insns[a->nr++] = insn;
}

/* ---- labels: until kcsd_asm_finish(), the off of a jump is its label ---- */

asm_label kcsd_asm_label(struct assembly *a)
{
	if (a->nr_labels == MAX_LABELS)
		a->failed = true;
	if (a->failed ||
	    !grow(a, (void **)&a->labels, a->nr_labels, &a->room_labels, sizeof(*a->labels)))
		return 0;
	a->labels[a->nr_labels] = NO_PLACE;
	return a->nr_labels++;
}

void kcsd_asm_place(struct assembly *a, asm_label label)
{
	if (!a->failed)
		a->labels[label] = a->nr;
}

static bool is_jump(const struct bpf_insn *insn)
{
	uint8_t class = BPF_CLASS(insn->code), op = BPF_OP(insn->code);

	return class == BPF_JMP && op != BPF_CALL && op != BPF_EXIT;
}

void kcsd_asm_finish(struct assembly *a)
{
	struct bpf_insn *insn;
	uint32_t i;

	if (a->failed)
		return;
	for (i = 0; i < a->nr; i++) {
		insn = &a->insns[i];
		if (insn->code == (BPF_LD | BPF_IMM | BPF_DW))
			i++;
		else if (is_jump(insn))
			insn->off = a->labels[(uint16_t)insn->off] - i - 1;
	}
}

/* ---- instructions ---- */

void kcsd_asm_alu(struct assembly *a, uint8_t op, uint8_t dst, uint8_t src)
{
	append(a, (struct bpf_insn){ .code = BPF_ALU64 | op | BPF_X, .dst_reg = dst,
				     .src_reg = src });
}

void kcsd_asm_alu_imm(struct assembly *a, uint8_t op, uint8_t dst, int32_t imm)
{
	append(a, (struct bpf_insn){ .code = BPF_ALU64 | op | BPF_K, .dst_reg = dst, .imm = imm });
}

void kcsd_asm_signed(struct assembly *a, uint8_t op, uint8_t dst, uint8_t src)
{
	append(a, (struct bpf_insn){ .code = BPF_ALU64 | op | BPF_X, .dst_reg = dst,
				     .src_reg = src, .off = 1 });
}

void kcsd_asm_mov(struct assembly *a, uint8_t dst, uint8_t src)
{
	kcsd_asm_alu(a, BPF_MOV, dst, src);
}

static void append_imm64(struct assembly *a, uint8_t dst, uint8_t src, uint64_t imm)
{
	append(a, (struct bpf_insn){ .code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = dst,
				     .src_reg = src, .imm = (int32_t)imm });
	append(a, (struct bpf_insn){ .imm = (int32_t)(imm >> 32) });
}

void kcsd_asm_mov_imm(struct assembly *a, uint8_t dst, int64_t imm)
{
	if (imm == (int32_t)imm)
		kcsd_asm_alu_imm(a, BPF_MOV, dst, imm);
	else
		append_imm64(a, dst, 0, imm);
}

void kcsd_asm_load(struct assembly *a, uint8_t dst, uint8_t src, int16_t off)
{
	append(a, (struct bpf_insn){ .code = BPF_LDX | BPF_MEM | BPF_DW, .dst_reg = dst,
				     .src_reg = src, .off = off });
}

void kcsd_asm_store(struct assembly *a, uint8_t dst, int16_t off, uint8_t src)
{
	append(a, (struct bpf_insn){ .code = BPF_STX | BPF_MEM | BPF_DW, .dst_reg = dst,
				     .src_reg = src, .off = off });
}

void kcsd_asm_store_imm(struct assembly *a, uint8_t dst, int16_t off, int32_t imm)
{
	append(a, (struct bpf_insn){ .code = BPF_ST | BPF_MEM | BPF_DW, .dst_reg = dst,
				     .off = off, .imm = imm });
}

void kcsd_asm_jump(struct assembly *a, asm_label to)
{
	append(a, (struct bpf_insn){ .code = BPF_JMP | BPF_JA, .off = to });
}

void kcsd_asm_jump_if(struct assembly *a, uint8_t op, uint8_t dst, uint8_t src, asm_label to)
{
	append(a, (struct bpf_insn){ .code = BPF_JMP | op | BPF_X, .dst_reg = dst, .src_reg = src,
				     .off = to });
}

void kcsd_asm_jump_if_imm(struct assembly *a, uint8_t op, uint8_t dst, int32_t imm, asm_label to)
{
	append(a, (struct bpf_insn){ .code = BPF_JMP | op | BPF_K, .dst_reg = dst, .off = to,
				     .imm = imm });
}

void kcsd_asm_set_bit(struct assembly *a, uint8_t dst, uint32_t bit)
{
	kcsd_asm_mov_imm(a, BPF_REG_5, (int64_t)(1ull << bit));
	kcsd_asm_alu(a, BPF_OR, dst, BPF_REG_5);
}

/* JSET sign-extends its immediate: bits from 31 on need a register. */
void kcsd_asm_jump_if_bit(struct assembly *a, uint8_t dst, uint32_t bit, asm_label to)
{
	if (bit < 31) {
		kcsd_asm_jump_if_imm(a, BPF_JSET, dst, 1 << bit, to);
		return;
	}
	kcsd_asm_mov_imm(a, BPF_REG_5, (int64_t)(1ull << bit));
	kcsd_asm_jump_if(a, BPF_JSET, dst, BPF_REG_5, to);
}

void kcsd_asm_call(struct assembly *a, enum asm_function function)
{
	append(a, (struct bpf_insn){ .code = BPF_JMP | BPF_CALL, .src_reg = ASM_CALL,
				     .imm = function });
}

void kcsd_asm_helper(struct assembly *a, int32_t id)
{
	append(a, (struct bpf_insn){ .code = BPF_JMP | BPF_CALL, .imm = id });
}

void kcsd_asm_exit(struct assembly *a)
{
	append(a, (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT });
}

void kcsd_asm_text(struct assembly *a, uint8_t dst, const void *text, size_t len)
{
	if (!a->constants)
		a->constants = malloc(QUERY_CONSTANTS);
	if (!a->constants || len > QUERY_CONSTANTS - a->constants_len)
		a->failed = true;
	if (a->failed)
		return;
	memcpy(a->constants + a->constants_len, text, len);
	append_imm64(a, dst, ASM_CONSTANT, a->constants_len);
	a->constants_len += len;
}
