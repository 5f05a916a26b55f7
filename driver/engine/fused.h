/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Sequences of instructions that the interpreter runs with one dispatch: those that save most
 * dispatches in the kernels of the benchmark (tools/bench/engine/README.md). Only the op of the
 * first instruction is replaced, so a jump to one of the others finds it unchanged.
 */
#ifndef KCSD_FUSED_H
#define KCSD_FUSED_H

#include "insn.h"

/*
 * All sequences, the longest first. F2(op, form, how, op, form) and so on: op and form make the
 * name of an instruction; "how" says which of its operands is the value v that the instruction
 * before it has computed:
 *	N	none
 *	D	v is its destination, which it replaces
 *	S	v is its source
 *	B	v is its source and its destination, which it replaces
 *	T	v is its destination, which it does not replace
 */
#define KCSD_FUSED(F2, F3, F4) \
	F4(ADD,64_K, N,MOV,64_X, D,ADD,64_K, N,MOV,64_X) \
	F4(ADD,64_K, S,MOV,64_X, D,ADD,64_X, T,JGT,64_X) \
	F4(ADD,64_X, N,ADD,64_K, N,MOV,64_X, N,J,A) \
	F4(AND,64_K, D,LSH,64_K, N,LDD,W, D,ADD,64_X) \
	F4(JEQ,32_K, N,JEQ,32_K, N,MOV,64_X, N,JNE,32_K) \
	F4(JEQ,32_K, N,MOV,64_X, N,JEQ,32_K, N,J,A) \
	F4(JEQ,64_K, N,LDX,_DW, N,LDX,_DW, D,MUL,64_X) \
	F4(JGE,64_X, N,LDX,_B, N,ADD,64_K, N,JNE,32_K) \
	F4(JGT,32_K, N,MUL,64_K, N,MOVSX,64_32, S,ADD,64_X) \
	F4(LDD,W, D,ADD,64_X, B,LDX,_B, D,LSH,64_K) \
	F4(LDD,W, D,ADD,64_X, B,LDX,_B, N,LDX,_B) \
	F4(LDXS,_B, S,MOV,32_X, D,AND,32_K, D,LSH,64_X) \
	F4(LDX,_B, D,ADD,32_K, S,MOV,32_X, D,AND,32_K) \
	F4(LDX,_B, T,JEQ,32_K, N,MOV,64_X, D,ADD,64_K) \
	F4(LDX,_DW, D,MUL,64_X, S,MOV,64_X, D,RSH,64_K) \
	F4(LDX,_DW, N,MOV,64_X, D,ADD,64_K, N,JLT,64_X) \
	F4(LDX,_DW, T,JEQ,64_K, N,ADD,64_K, N,JNE,64_X) \
	F4(LDX,_W, D,ADD,32_K, S,STX,_W, N,ADD,64_K) \
	F4(LDX,_W, N,MOV,64_X, D,RSH,64_K, D,AND,64_K) \
	F4(LDX,_W, S,XOR,32_X, N,ADD,64_K, N,JLT,64_K) \
	F4(LDX,_W, S,XOR,32_X, N,LDX,_W, S,XOR,32_X) \
	F4(LDX,_W, S,XOR,32_X, N,RSH,64_K, D,AND,64_K) \
	F4(MOV,32_K, N,JGE,64_X, N,MOV,32_K, N,JLT,64_X) \
	F4(MOV,32_K, N,JLT,64_X, N,MOV,64_X, N,J,A) \
	F4(MOV,64_X, D,ADD,64_K, N,LDX,_B, N,LDX,_B) \
	F4(MOV,64_X, D,ADD,64_K, N,MOV,64_X, N,JGE,64_X) \
	F4(MOV,64_X, D,ADD,64_X, B,LDX,_DW, S,STX,_DW) \
	F4(MOV,64_X, D,ADD,64_X, T,JGE,64_X, N,JLT,64_X) \
	F4(MOV,64_X, D,LSH,64_K, N,LDD,W, D,ADD,64_X) \
	F4(MOV,64_X, D,RSH,64_K, D,XOR,64_X, D,AND,64_K) \
	F4(MOV,64_X, N,JLT,64_X, N,MOV,64_X, N,J,A) \
	F4(MOV,64_X, N,LDD,W, D,ADD,64_X, B,LDX,_DW) \
	F4(MOV,64_X, N,MOV,64_X, D,ADD,64_X, T,JGE,64_X) \
	F4(MOV,64_X, N,MOV,64_X, N,MOV,64_K, N,MOV,64_K) \
	F4(MOV,64_X, S,LDX,_B, T,JNE,32_X, N,JLT,64_K) \
	F4(MOV,64_X, S,LDX,_B, T,JSGT,32_K, N,J,A) \
	F4(MOV,64_X, S,LDX,_DW, N,LDX,_DW, N,MOV,32_K) \
	F4(OR,64_X, N,ADD,64_K, N,JSGT,32_K, N,JGT,64_K) \
	F4(RSH,64_K, D,AND,64_K, N,LDD,W, D,ADD,64_X) \
	F4(RSH,64_X, D,AND,64_K, N,MOV,64_K, N,JEQ,64_K) \
	F4(STX,_DW, N,LSH,64_K, S,ADD,64_X, N,ADD,64_K) \
	F4(XOR,32_X, N,MOV,64_X, D,RSH,64_K, D,AND,64_K) \
	F4(XOR,64_X, D,ADD,64_X, S,MOV,64_X, D,XOR,64_X) \
	F3(ADD,64_K, N,MOV,64_X, N,JLT,64_X) \
	F3(ADD,64_X, N,ADD,64_K, T,JNE,64_K) \
	F3(JLT,64_X, N,MOV,64_X, N,J,A) \
	F3(JNE,32_X, N,ADD,64_K, T,JLT,64_X) \
	F3(LDX,_DW, N,MOV,64_X, D,AND,64_K) \
	F3(LDX,_DW, S,MOV,64_X, D,MUL,64_X) \
	F3(LDX,_W, D,XOR,32_X, N,MOV,64_X) \
	F3(MOV,64_X, D,ADD,64_K, N,JLT,64_K) \
	F3(MOV,64_X, D,ADD,64_K, N,JLT,64_X) \
	F3(MOV,64_X, D,ADD,64_X, D,RSH,64_K) \
	F3(MOV,64_X, D,RSH,64_K, D,XOR,64_X) \
	F3(MOV,64_X, D,RSH,64_K, N,AND,64_K) \
	F3(MOV,64_X, D,RSH,64_K, S,MOV,64_X) \
	F3(MOV,64_X, D,XOR,64_X, S,MOV,64_X) \
	F3(MOV,64_X, N,LDD,W, D,ADD,64_X) \
	F3(OR,32_K, S,STX,_B, N,ADD,64_K) \
	F3(OR,64_K, S,ADD,64_X, S,MOV,64_X) \
	F2(ADD,64_K, T,JLT,64_X) \
	F2(ADD,64_K, T,JNE,64_K) \
	F2(ADD,64_X, S,MOV,64_X) \
	F2(LDD,W, D,ADD,64_X) \
	F2(LDX,_B, T,JNE,32_X) \
	F2(MOV,64_K, N,J,A) \
	F2(MOV,64_K, N,LDX,_DW) \
	F2(MOV,64_X, D,ADD,64_K) \
	F2(MOV,64_X, D,ADD,64_X) \
	F2(MOV,64_X, D,LSH,64_K) \
	F2(MOV,64_X, N,J,A) \
	F2(MOV,64_X, N,JLT,64_X)

#define KCSD_MAX_FUSED		4	/* instructions */

#define KCSD_FUSED_NAME2(a, A, h, b, B) \
	KCSD_FUSED_##a##A##_##h##b##B
#define KCSD_FUSED_NAME3(a, A, h, b, B, i, c, C) \
	KCSD_FUSED_##a##A##_##h##b##B##_##i##c##C
#define KCSD_FUSED_NAME4(a, A, h, b, B, i, c, C, j, d, D) \
	KCSD_FUSED_##a##A##_##h##b##B##_##i##c##C##_##j##d##D

/* Ops of sequences, after those of enum kcsd_op_id. */
enum kcsd_fused_id {
	/* No gap: objtool follows the labels to the first. */
	KCSD_FUSED_BEFORE = KCSD_NR_OPS - 1,
#define KCSD_FUSED_ENUM2(...) KCSD_FUSED_NAME2(__VA_ARGS__),
#define KCSD_FUSED_ENUM3(...) KCSD_FUSED_NAME3(__VA_ARGS__),
#define KCSD_FUSED_ENUM4(...) KCSD_FUSED_NAME4(__VA_ARGS__),
	KCSD_FUSED(KCSD_FUSED_ENUM2, KCSD_FUSED_ENUM3, KCSD_FUSED_ENUM4)
#undef KCSD_FUSED_ENUM2
#undef KCSD_FUSED_ENUM3
#undef KCSD_FUSED_ENUM4
};

struct kcsd_code;

/* fuse.c: replace the op of each first instruction of a sequence. Returns 0 or -EINTR. */
int kcsd_code_fuse(struct kcsd_code *code);
/* Returns the op, enum kcsd_op_id, that an instruction had before. */
u32 kcsd_fused_first(u32 op);

#endif
