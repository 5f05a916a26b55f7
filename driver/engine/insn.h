/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The instructions of RFC 9669 in one table, used to validate (validate.c), decode (code.c), call
 * (interp.c) and by the assembler and the disassembler.
 */
#ifndef KCSD_INSN_H
#define KCSD_INSN_H

#include "engine.h"

/* Missing in older <linux/bpf.h>. */
#ifndef BPF_MEMSX
#define BPF_MEMSX	0x80
#endif
#ifndef BPF_LOAD_ACQ
#define BPF_LOAD_ACQ	0x100
#define BPF_STORE_REL	0x110
#endif

/* How the instructions of a form use their fields. An unused field must be zero. */
#define KCSD_USES_DST		0x0001
#define KCSD_USES_SRC		0x0002
#define KCSD_USES_OFF		0x0004
#define KCSD_USES_IMM		0x0008
#define KCSD_WRITES_DST		0x0010
#define KCSD_WRITES_SRC		0x0020
/* The field distinguishes instructions with the same opcode. */
#define KCSD_PICKS_SRC		0x0040
#define KCSD_PICKS_OFF		0x0080
#define KCSD_PICKS_IMM		0x0100
/* The field is a distance from the next instruction, units of 8 bytes. */
#define KCSD_JUMPS_OFF		0x0200
#define KCSD_JUMPS_IMM		0x0400
#define KCSD_CALLS_IMM		0x0800
/* The immediate is the id of a helper. */
#define KCSD_HELPS		0x2000
#define KCSD_WIDE		0x4000
/* The next instruction is never reached from here. */
#define KCSD_ENDS		0x8000

#define KCSD_DST		KCSD_USES_DST
#define KCSD_OUT		(KCSD_USES_DST | KCSD_WRITES_DST)
#define KCSD_SRC		KCSD_USES_SRC
#define KCSD_SWAP		(KCSD_USES_SRC | KCSD_WRITES_SRC)
#define KCSD_OFF		KCSD_USES_OFF
#define KCSD_IMM		KCSD_USES_IMM

/*
 * Forms: F(name, fields, operands). In operands, d and s are registers, o a displacement with its
 * sign, i a 32-bit and w a 64-bit immediate, j and l a jump target in off and in imm, h a helper.
 */
#define KCSD_FORMS(F) \
	F(ALU_K,	KCSD_OUT | KCSD_IMM,				"d, i") \
	F(ALU_X,	KCSD_OUT | KCSD_SRC,				"d, s") \
	F(PICK_K,	KCSD_OUT | KCSD_IMM | KCSD_PICKS_OFF,		"d, i") \
	F(PICK_X,	KCSD_OUT | KCSD_SRC | KCSD_PICKS_OFF,		"d, s") \
	F(NEG,		KCSD_OUT,					"d") \
	F(SWAP,		KCSD_OUT | KCSD_PICKS_IMM,			"d") \
	F(JMP_K,	KCSD_DST | KCSD_IMM | KCSD_JUMPS_OFF,		"d, i, j") \
	F(JMP_X,	KCSD_DST | KCSD_SRC | KCSD_JUMPS_OFF,		"d, s, j") \
	F(JA,		KCSD_JUMPS_OFF | KCSD_ENDS,			"j") \
	F(JA_IMM,	KCSD_JUMPS_IMM | KCSD_ENDS,			"l") \
	F(CALL,		KCSD_HELPS | KCSD_PICKS_SRC,			"h") \
	F(CALL_LOCAL,	KCSD_CALLS_IMM | KCSD_PICKS_SRC,		"l") \
	F(EXIT,		KCSD_ENDS,					"") \
	F(LDDW,		KCSD_OUT | KCSD_IMM | KCSD_WIDE | KCSD_PICKS_SRC, "d, w") \
	F(LOAD,		KCSD_OUT | KCSD_SRC | KCSD_OFF,			"d, [so]") \
	F(STORE_K,	KCSD_DST | KCSD_OFF | KCSD_IMM,			"[do], i") \
	F(STORE_X,	KCSD_DST | KCSD_SRC | KCSD_OFF,			"[do], s") \
	F(ATOMIC,	KCSD_DST | KCSD_SRC | KCSD_OFF | KCSD_PICKS_IMM, "[do], s") \
	F(FETCH,	KCSD_DST | KCSD_SWAP | KCSD_OFF | KCSD_PICKS_IMM, "[do], s") \
	F(ACQUIRE,	KCSD_OUT | KCSD_SRC | KCSD_OFF | KCSD_PICKS_IMM, "d, [so]")

struct kcsd_form {
	u32 fields;		/* KCSD_USES_* and the others above */
	const char *operands;
};

/*
 * The table. X(op, code, pick, form, mnemonic) is the first row of an opcode, V(same) another row
 * of the same opcode: their field KCSD_PICKS_* has different values, "pick".
 */
#define KCSD_INSNS_ALU(X, op, code, form, text) \
	X(op##64_K, BPF_ALU64 | (code) | BPF_K, 0, form##_K, text) \
	X(op##64_X, BPF_ALU64 | (code) | BPF_X, 0, form##_X, text) \
	X(op##32_K, BPF_ALU | (code) | BPF_K, 0, form##_K, text "32") \
	X(op##32_X, BPF_ALU | (code) | BPF_X, 0, form##_X, text "32")

/* Unsigned with off 0, signed with off 1. */
#define KCSD_INSNS_DIV(X, V, op, code, text) \
	X(op##64_K, BPF_ALU64 | (code) | BPF_K, 0, PICK_K, text) \
	V(S##op##64_K, BPF_ALU64 | (code) | BPF_K, 1, PICK_K, "s" text) \
	X(op##64_X, BPF_ALU64 | (code) | BPF_X, 0, PICK_X, text) \
	V(S##op##64_X, BPF_ALU64 | (code) | BPF_X, 1, PICK_X, "s" text) \
	X(op##32_K, BPF_ALU | (code) | BPF_K, 0, PICK_K, text "32") \
	V(S##op##32_K, BPF_ALU | (code) | BPF_K, 1, PICK_K, "s" text "32") \
	X(op##32_X, BPF_ALU | (code) | BPF_X, 0, PICK_X, text "32") \
	V(S##op##32_X, BPF_ALU | (code) | BPF_X, 1, PICK_X, "s" text "32")

#define KCSD_INSNS_JMP(X, op, code, text) \
	X(op##64_K, BPF_JMP | (code) | BPF_K, 0, JMP_K, text) \
	X(op##64_X, BPF_JMP | (code) | BPF_X, 0, JMP_X, text) \
	X(op##32_K, BPF_JMP32 | (code) | BPF_K, 0, JMP_K, text "32") \
	X(op##32_X, BPF_JMP32 | (code) | BPF_X, 0, JMP_X, text "32")

#define KCSD_INSNS_MEM(X, size, code, text) \
	X(LDX_##size, BPF_LDX | BPF_MEM | (code), 0, LOAD, "ldx" text) \
	X(ST_##size, BPF_ST | BPF_MEM | (code), 0, STORE_K, "st" text) \
	X(STX_##size, BPF_STX | BPF_MEM | (code), 0, STORE_X, "stx" text)

#define KCSD_INSNS_ORDER(X, V, size, code, text) \
	X(LOAD_ACQ_##size, BPF_STX | BPF_ATOMIC | (code), BPF_LOAD_ACQ, ACQUIRE, \
	  "load_acq" text) \
	V(STORE_REL_##size, BPF_STX | BPF_ATOMIC | (code), BPF_STORE_REL, ATOMIC, \
	  "store_rel" text)

#define KCSD_INSNS_ATOMIC(V, bits, code, text) \
	V(ADD_MEM##bits, (code), BPF_ADD, ATOMIC, "atomic_add" text) \
	V(OR_MEM##bits, (code), BPF_OR, ATOMIC, "atomic_or" text) \
	V(AND_MEM##bits, (code), BPF_AND, ATOMIC, "atomic_and" text) \
	V(XOR_MEM##bits, (code), BPF_XOR, ATOMIC, "atomic_xor" text) \
	V(FETCH_ADD##bits, (code), BPF_ADD | BPF_FETCH, FETCH, "atomic_fetch_add" text) \
	V(FETCH_OR##bits, (code), BPF_OR | BPF_FETCH, FETCH, "atomic_fetch_or" text) \
	V(FETCH_AND##bits, (code), BPF_AND | BPF_FETCH, FETCH, "atomic_fetch_and" text) \
	V(FETCH_XOR##bits, (code), BPF_XOR | BPF_FETCH, FETCH, "atomic_fetch_xor" text) \
	V(XCHG##bits, (code), BPF_XCHG, FETCH, "atomic_xchg" text) \
	V(CMPXCHG##bits, (code), BPF_CMPXCHG, ATOMIC, "atomic_cmpxchg" text)

#define KCSD_INSNS(X, V) \
	KCSD_INSNS_ALU(X, ADD, BPF_ADD, ALU, "add") \
	KCSD_INSNS_ALU(X, SUB, BPF_SUB, ALU, "sub") \
	KCSD_INSNS_ALU(X, MUL, BPF_MUL, ALU, "mul") \
	KCSD_INSNS_DIV(X, V, DIV, BPF_DIV, "div") \
	KCSD_INSNS_DIV(X, V, MOD, BPF_MOD, "mod") \
	KCSD_INSNS_ALU(X, OR, BPF_OR, ALU, "or") \
	KCSD_INSNS_ALU(X, AND, BPF_AND, ALU, "and") \
	KCSD_INSNS_ALU(X, XOR, BPF_XOR, ALU, "xor") \
	KCSD_INSNS_ALU(X, LSH, BPF_LSH, ALU, "lsh") \
	KCSD_INSNS_ALU(X, RSH, BPF_RSH, ALU, "rsh") \
	KCSD_INSNS_ALU(X, ARSH, BPF_ARSH, ALU, "arsh") \
	X(NEG64, BPF_ALU64 | BPF_NEG, 0, NEG, "neg") \
	X(NEG32, BPF_ALU | BPF_NEG, 0, NEG, "neg32") \
	X(MOV64_K, BPF_ALU64 | BPF_MOV | BPF_K, 0, ALU_K, "mov") \
	X(MOV32_K, BPF_ALU | BPF_MOV | BPF_K, 0, ALU_K, "mov32") \
	X(MOV64_X, BPF_ALU64 | BPF_MOV | BPF_X, 0, PICK_X, "mov") \
	V(MOVSX64_8, BPF_ALU64 | BPF_MOV | BPF_X, 8, PICK_X, "movsx8") \
	V(MOVSX64_16, BPF_ALU64 | BPF_MOV | BPF_X, 16, PICK_X, "movsx16") \
	V(MOVSX64_32, BPF_ALU64 | BPF_MOV | BPF_X, 32, PICK_X, "movsx32") \
	X(MOV32_X, BPF_ALU | BPF_MOV | BPF_X, 0, PICK_X, "mov32") \
	V(MOVSX32_8, BPF_ALU | BPF_MOV | BPF_X, 8, PICK_X, "mov32sx8") \
	V(MOVSX32_16, BPF_ALU | BPF_MOV | BPF_X, 16, PICK_X, "mov32sx16") \
	X(LE16, BPF_ALU | BPF_END | BPF_TO_LE, 16, SWAP, "le16") \
	V(LE32, BPF_ALU | BPF_END | BPF_TO_LE, 32, SWAP, "le32") \
	V(LE64, BPF_ALU | BPF_END | BPF_TO_LE, 64, SWAP, "le64") \
	X(BE16, BPF_ALU | BPF_END | BPF_TO_BE, 16, SWAP, "be16") \
	V(BE32, BPF_ALU | BPF_END | BPF_TO_BE, 32, SWAP, "be32") \
	V(BE64, BPF_ALU | BPF_END | BPF_TO_BE, 64, SWAP, "be64") \
	X(BSWAP16, BPF_ALU64 | BPF_END, 16, SWAP, "bswap16") \
	V(BSWAP32, BPF_ALU64 | BPF_END, 32, SWAP, "bswap32") \
	V(BSWAP64, BPF_ALU64 | BPF_END, 64, SWAP, "bswap64") \
	X(JA, BPF_JMP | BPF_JA, 0, JA, "ja") \
	X(JA_IMM, BPF_JMP32 | BPF_JA, 0, JA_IMM, "ja32") \
	KCSD_INSNS_JMP(X, JEQ, BPF_JEQ, "jeq") \
	KCSD_INSNS_JMP(X, JNE, BPF_JNE, "jne") \
	KCSD_INSNS_JMP(X, JGT, BPF_JGT, "jgt") \
	KCSD_INSNS_JMP(X, JGE, BPF_JGE, "jge") \
	KCSD_INSNS_JMP(X, JLT, BPF_JLT, "jlt") \
	KCSD_INSNS_JMP(X, JLE, BPF_JLE, "jle") \
	KCSD_INSNS_JMP(X, JSGT, BPF_JSGT, "jsgt") \
	KCSD_INSNS_JMP(X, JSGE, BPF_JSGE, "jsge") \
	KCSD_INSNS_JMP(X, JSLT, BPF_JSLT, "jslt") \
	KCSD_INSNS_JMP(X, JSLE, BPF_JSLE, "jsle") \
	KCSD_INSNS_JMP(X, JSET, BPF_JSET, "jset") \
	X(CALL, BPF_JMP | BPF_CALL, 0, CALL, "call") \
	V(CALL_LOCAL, BPF_JMP | BPF_CALL, BPF_PSEUDO_CALL, CALL_LOCAL, "call_local") \
	X(EXIT, BPF_JMP | BPF_EXIT, 0, EXIT, "exit") \
	X(LDDW, BPF_LD | BPF_IMM | BPF_DW, 0, LDDW, "lddw") \
	KCSD_INSNS_MEM(X, B, BPF_B, "b") \
	KCSD_INSNS_MEM(X, H, BPF_H, "h") \
	KCSD_INSNS_MEM(X, W, BPF_W, "w") \
	KCSD_INSNS_MEM(X, DW, BPF_DW, "dw") \
	X(LDXS_B, BPF_LDX | BPF_MEMSX | BPF_B, 0, LOAD, "ldxsb") \
	X(LDXS_H, BPF_LDX | BPF_MEMSX | BPF_H, 0, LOAD, "ldxsh") \
	X(LDXS_W, BPF_LDX | BPF_MEMSX | BPF_W, 0, LOAD, "ldxsw") \
	KCSD_INSNS_ORDER(X, V, B, BPF_B, "b") \
	KCSD_INSNS_ORDER(X, V, H, BPF_H, "h") \
	KCSD_INSNS_ORDER(X, V, W, BPF_W, "w") \
	KCSD_INSNS_ATOMIC(V, 32, BPF_STX | BPF_ATOMIC | BPF_W, "32") \
	KCSD_INSNS_ORDER(X, V, DW, BPF_DW, "dw") \
	KCSD_INSNS_ATOMIC(V, 64, BPF_STX | BPF_ATOMIC | BPF_DW, "")

enum kcsd_op_id {
#define KCSD_OP_ENUM(op, code, pick, form, mnemonic) KCSD_OP_##op,
	KCSD_INSNS(KCSD_OP_ENUM, KCSD_OP_ENUM)
#undef KCSD_OP_ENUM
	KCSD_NR_OPS	/* no instruction */
};

/* A row of the table. */
struct kcsd_insn {
	const char *mnemonic;
	const struct kcsd_form *form;
	u16 pick;		/* value of the field KCSD_PICKS_* */
	u8 code;		/* opcode byte */
};

/* Returns the row of op, which is below KCSD_NR_OPS. */
const struct kcsd_insn *kcsd_insn_get(u32 op);

static inline u32 kcsd_insn_fields(u32 op)
{
	return kcsd_insn_get(op)->form->fields;
}

/* Returns the size of the access of op, which accesses memory. */
static inline u32 kcsd_insn_size(u32 op)
{
	/* Index: BPF_W, BPF_H, BPF_B, BPF_DW. Without a branch, as bounds depend on it. */
	static const u8 sizes[] = { 4, 2, 1, 8 };

	return sizes[BPF_SIZE(kcsd_insn_get(op)->code) >> 3];
}

/*
 * Returns the cost of op; taken: if it is a conditional jump, that of a taken one. The bytes of
 * a helper are not in it.
 */
u32 kcsd_insn_cost(const struct kcsd_costs *costs, u32 op, bool taken);

/* Returns the op of an instruction, by opcode and pick; KCSD_NR_OPS if there is none. */
u32 kcsd_insn_find(const struct bpf_insn *insn);

#endif
