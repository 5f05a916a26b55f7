/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Instructions of eBPF, appended one by one, with labels. */
#ifndef KCSD_QUERY_ASSEMBLE_H
#define KCSD_QUERY_ASSEMBLE_H

#include <linux/bpf.h>

#include "../private.h"

#define ASM_MAX_INSNS	28000		/* so that jumps always reach */

/* Functions of a scanner that emitted code calls: bpf/query/. */
#define ASM_FUNCTIONS(F) \
	F(int) F(bool) F(date) F(timestamp) F(text) F(lower) F(upper) F(length) F(substr) \
	F(date_field) F(date_trunc) F(compare) F(like) F(mul) \
	F(values_begin) F(values_null) F(values_int) F(values_text) F(values_end) \
	F(key_begin) F(key_int) F(key_text) F(key_null) F(group)

enum asm_function {
#define F(name) ASM_query_##name,
	ASM_FUNCTIONS(F)
#undef F
	__ASM_FUNCTIONS
};

/* How an instruction is finished when the code is linked, in insn.src_reg, with insn.imm. */
enum asm_fixup {
	ASM_CALL = 15,			/* call: imm is enum asm_function */
	ASM_CONSTANT = 14,		/* 64-bit immediate: imm is an offset in the constants */
};

typedef uint32_t asm_label;

struct assembly {
	struct bpf_insn *insns;		/* owned */
	uint32_t nr, room;
	uint32_t *labels;		/* instruction of each; UINT32_MAX: not placed; owned */
	uint32_t nr_labels, room_labels;
	uint8_t *constants;		/* owned */
	uint32_t constants_len;
	bool failed;			/* memory is short, or the code too long */
};

/* State to go back to, if an expression turns out to be impossible. */
struct asm_mark {
	uint32_t nr, nr_labels, constants_len;
};

void kcsd_asm_destroy(struct assembly *a);
struct asm_mark kcsd_asm_mark(const struct assembly *a);
void kcsd_asm_rewind(struct assembly *a, struct asm_mark mark);

asm_label kcsd_asm_label(struct assembly *a);
/* The label is here: the next instruction. Once for each. */
void kcsd_asm_place(struct assembly *a, asm_label label);
/* Resolve all jumps; all labels that are used are placed. */
void kcsd_asm_finish(struct assembly *a);

/* op: BPF_ADD, ... ; 64 bits. */
void kcsd_asm_alu(struct assembly *a, uint8_t op, uint8_t dst, uint8_t src);
void kcsd_asm_alu_imm(struct assembly *a, uint8_t op, uint8_t dst, int32_t imm);
/* Signed division or remainder: BPF_DIV, BPF_MOD. */
void kcsd_asm_signed(struct assembly *a, uint8_t op, uint8_t dst, uint8_t src);
void kcsd_asm_mov(struct assembly *a, uint8_t dst, uint8_t src);
void kcsd_asm_mov_imm(struct assembly *a, uint8_t dst, int64_t imm);
/* 64 bits at src + off. */
void kcsd_asm_load(struct assembly *a, uint8_t dst, uint8_t src, int16_t off);
void kcsd_asm_store(struct assembly *a, uint8_t dst, int16_t off, uint8_t src);
void kcsd_asm_store_imm(struct assembly *a, uint8_t dst, int16_t off, int32_t imm);
void kcsd_asm_jump(struct assembly *a, asm_label to);
/* op: BPF_JEQ, BPF_JSGT, ...; 64 bits. */
void kcsd_asm_jump_if(struct assembly *a, uint8_t op, uint8_t dst, uint8_t src, asm_label to);
void kcsd_asm_jump_if_imm(struct assembly *a, uint8_t op, uint8_t dst, int32_t imm, asm_label to);
/* Set a bit of dst. Clobbers r5. */
void kcsd_asm_set_bit(struct assembly *a, uint8_t dst, uint32_t bit);
/* Jump if bit of dst is set. Clobbers r5. */
void kcsd_asm_jump_if_bit(struct assembly *a, uint8_t dst, uint32_t bit, asm_label to);
void kcsd_asm_call(struct assembly *a, enum asm_function function);
void kcsd_asm_helper(struct assembly *a, int32_t id);
void kcsd_asm_exit(struct assembly *a);
/* dst = address of a copy of text in the constants. */
void kcsd_asm_text(struct assembly *a, uint8_t dst, const void *text, size_t len);

#endif
