/* SPDX-License-Identifier: GPL-2.0 */
/* Instructions of programs. */
#ifndef KST_BPF_INSN_H
#define KST_BPF_INSN_H

#include <linux/bpf.h>
#include <linux/kcsd_bpf.h>
#include <stddef.h>

#define R0	BPF_REG_0
#define R1	BPF_REG_1
#define R2	BPF_REG_2
#define R3	BPF_REG_3
#define R4	BPF_REG_4
#define R5	BPF_REG_5
#define R6	BPF_REG_6
#define R7	BPF_REG_7
#define R8	BPF_REG_8
#define R9	BPF_REG_9
#define R10	BPF_REG_10

#define I_RAW(c, d, s, o, i) \
	((struct bpf_insn) { .code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) })
#define I_ALU(op, d, i)		I_RAW(BPF_ALU64 | (op) | BPF_K, d, 0, 0, i)
#define I_ALUR(op, d, s)	I_RAW(BPF_ALU64 | (op) | BPF_X, d, s, 0, 0)
#define I_ALU32(op, d, i)	I_RAW(BPF_ALU | (op) | BPF_K, d, 0, 0, i)
#define I_ALU32R(op, d, s)	I_RAW(BPF_ALU | (op) | BPF_X, d, s, 0, 0)
#define I_SALUR(op, d, s)	I_RAW(BPF_ALU64 | (op) | BPF_X, d, s, 1, 0)	/* signed */
#define I_SALU32R(op, d, s)	I_RAW(BPF_ALU | (op) | BPF_X, d, s, 1, 0)
#define I_MOV(d, i)		I_ALU(BPF_MOV, d, i)
#define I_MOVR(d, s)		I_ALUR(BPF_MOV, d, s)
#define I_ADD(d, i)		I_ALU(BPF_ADD, d, i)
#define I_LDX(sz, d, s, o)	I_RAW(BPF_LDX | BPF_MEM | (sz), d, s, o, 0)
#define I_STX(sz, d, o, s)	I_RAW(BPF_STX | BPF_MEM | (sz), d, s, o, 0)
#define I_ST(sz, d, o, i)	I_RAW(BPF_ST | BPF_MEM | (sz), d, 0, o, i)
#define I_JMP(op, d, i, o)	I_RAW(BPF_JMP | (op) | BPF_K, d, 0, o, i)
#define I_JMPR(op, d, s, o)	I_RAW(BPF_JMP | (op) | BPF_X, d, s, o, 0)
#define I_JA(o)			I_RAW(BPF_JMP | BPF_JA, 0, 0, o, 0)
#define I_HELPER(name)		I_RAW(BPF_JMP | BPF_CALL, 0, 0, 0, KCSD_HELPER_##name)
#define I_CALL(o)		I_RAW(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, o)
#define I_EXIT			I_RAW(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
/* Load a 64-bit immediate; takes two instruction slots. */
#define I_IMM64(d, v) \
	I_RAW(BPF_LD | BPF_IMM | BPF_DW, d, 0, 0, (__s32)(__u64)(v)), \
	I_RAW(0, 0, 0, 0, (__s32)((__u64)(v) >> 32))
/* Load a field of the context; register s holds the address of the context. */
#define I_CTX(d, s, field) \
	I_LDX(sizeof(((struct kcsd_ctx *)0)->field) == 8 ? BPF_DW : BPF_W, d, s, \
	      offsetof(struct kcsd_ctx, field))

#endif
