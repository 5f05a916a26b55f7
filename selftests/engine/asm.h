/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A small assembler: mnemonics and operands as in driver/engine/insn.h. A line is
 * one of
 *
 *	label:
 *	mnemonic operands	jump targets are labels, or distances like +3
 *	raw 16-hex-digits	one unit of 8 bytes, as it lies in memory
 *	repeat N line		the line, N times
 *
 * A number is a C literal with a sign, or a symbol with one added: args+8.
 */
#ifndef KCSD_ASM_H
#define KCSD_ASM_H

#include <linux/bpf.h>

#include "env.h"

#define ASM_MAX_INSNS	(KCSD_MAX_INSNS + 16)	/* more than a program may have */
#define ASM_MAX_LABELS	64
#define ASM_ERROR_LEN	160

struct asm_symbol {
	const char *name;
	u64 value;
};

struct asm_label {
	char name[32];
	u32 pc;
};

struct asm_fixup {
	char label[32];
	u32 pc;
	bool in_imm;		/* else in off */
};

struct assembler {
	struct bpf_insn *insns;
	u32 insn_cnt;
	u32 capacity;		/* of insns */
	struct asm_label labels[ASM_MAX_LABELS];
	u32 nr_labels;
	struct asm_fixup fixups[ASM_MAX_LABELS];
	u32 nr_fixups;
	const struct asm_symbol *symbols;	/* ends with a NULL name */
	char error[ASM_ERROR_LEN];		/* of the first failure */
};

/* Allocate memory; asm_exit() frees it. */
void asm_init(struct assembler *a, const struct asm_symbol *symbols);
void asm_exit(struct assembler *a);
/* Append a line. Returns false and the reason in a->error. */
bool asm_line(struct assembler *a, const char *line);
/* Resolve the labels, after the last line. Returns false and the reason in a->error. */
bool asm_finish(struct assembler *a);

/* Read a number or symbol at *p, which is moved on. Returns false if there is none. */
bool asm_number(const char **p, const struct asm_symbol *symbols, u64 *value);
/* Returns the id of the helper of this name, or 0. */
u32 asm_helper(const char *name);

#endif
