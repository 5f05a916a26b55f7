/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Instructions of eBPF, appended one by one, with labels. */
#ifndef KCSD_QUERY_EMIT_H
#define KCSD_QUERY_EMIT_H

#include <linux/bpf.h>

#include "../private.h"

#define EMIT_MAX_INSNS	28000		/* so that jumps always reach */

/* Functions of a scanner that emitted code calls: bpf/query/. */
#define EMIT_FUNCTIONS(F) \
	F(int) F(bool) F(date) F(timestamp) F(text) F(raw) F(lower) F(upper) F(length) \
	F(substr) F(compare) F(like) F(mul) F(values_begin) F(values_null) F(values_int) \
	F(values_text) F(values_end) F(key_begin) F(key_int) F(key_text) F(key_null) F(group)

enum emit_function {
#define F(name) EMIT_query_##name,
	EMIT_FUNCTIONS(F)
#undef F
	__EMIT_FUNCTIONS
};

/* How an instruction is finished when the code is linked, in insn.src_reg, with insn.imm. */
enum emit_fixup {
	EMIT_CALL = 15,			/* call: imm is enum emit_function */
	EMIT_CONSTANT = 14,		/* 64-bit immediate: imm is an offset in the constants */
};

typedef uint32_t emit_label;

struct emit {
	struct bpf_insn *insns;		/* owned */
	uint32_t nr, room;
	uint32_t *labels;		/* instruction of each; UINT32_MAX: not placed; owned */
	uint32_t nr_labels, room_labels;
	uint8_t *constants;		/* owned */
	uint32_t constants_len;
	bool failed;			/* memory is short, or the code too long */
};

/* State to go back to, if an expression turns out to be impossible. */
struct emit_mark {
	uint32_t nr, nr_labels, constants_len;
};

void kcsd_emit_destroy(struct emit *e);
struct emit_mark kcsd_emit_mark(const struct emit *e);
void kcsd_emit_rewind(struct emit *e, struct emit_mark mark);

emit_label kcsd_emit_label(struct emit *e);
/* The label is here: the next instruction. Once for each. */
void kcsd_emit_place(struct emit *e, emit_label label);
/* Resolve all jumps; all labels that are used are placed. */
void kcsd_emit_finish(struct emit *e);

/* op: BPF_ADD, ... ; 64 bits. */
void kcsd_emit_alu(struct emit *e, uint8_t op, uint8_t dst, uint8_t src);
void kcsd_emit_alu_imm(struct emit *e, uint8_t op, uint8_t dst, int32_t imm);
/* Signed division or remainder: BPF_DIV, BPF_MOD. */
void kcsd_emit_signed(struct emit *e, uint8_t op, uint8_t dst, uint8_t src);
void kcsd_emit_mov(struct emit *e, uint8_t dst, uint8_t src);
void kcsd_emit_mov_imm(struct emit *e, uint8_t dst, int64_t imm);
/* 64 bits at src + off. */
void kcsd_emit_load(struct emit *e, uint8_t dst, uint8_t src, int16_t off);
void kcsd_emit_store(struct emit *e, uint8_t dst, int16_t off, uint8_t src);
void kcsd_emit_store_imm(struct emit *e, uint8_t dst, int16_t off, int32_t imm);
void kcsd_emit_jump(struct emit *e, emit_label to);
/* op: BPF_JEQ, BPF_JSGT, ...; 64 bits. */
void kcsd_emit_jump_if(struct emit *e, uint8_t op, uint8_t dst, uint8_t src, emit_label to);
void kcsd_emit_jump_if_imm(struct emit *e, uint8_t op, uint8_t dst, int32_t imm, emit_label to);
/* Jump if bit of dst is set. */
void kcsd_emit_jump_if_bit(struct emit *e, uint8_t dst, uint32_t bit, emit_label to);
void kcsd_emit_call(struct emit *e, enum emit_function function);
void kcsd_emit_helper(struct emit *e, int32_t id);
void kcsd_emit_exit(struct emit *e);
/* dst = address of a copy of text in the constants. */
void kcsd_emit_text(struct emit *e, uint8_t dst, const void *text, size_t len);

#endif
