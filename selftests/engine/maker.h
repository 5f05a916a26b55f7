/* SPDX-License-Identifier: GPL-2.0 */
/* A program that is being generated; shared by the files of the generator. */
#ifndef KCSD_MAKER_H
#define KCSD_MAKER_H

#include "generate.h"

#define MAKER_MAX_JUMPS		64
#define MAKER_MAX_CALLS		64

struct maker {
	struct generated *g;
	const u8 *choices;
	size_t left;			/* choices */
	struct kcsd_layout layout;
	u64 end;			/* of the memory of the program, with the arguments */
	u32 nr;				/* instructions so far, units of 8 bytes */
	bool second[GENERATE_MAX_INSNS];	/* second half of a 64-bit immediate */
	u32 kept;			/* registers, as bits, that statements should not change */
	u32 nesting;
	u32 function;			/* function that is being generated */
	u32 nr_functions;
	u32 starts[KCSD_MAX_CALL_DEPTH];
	u32 jumps[MAKER_MAX_JUMPS];	/* forward jumps of this function without a target yet */
	u32 nr_jumps;
	struct { u32 pc, function; } calls[MAKER_MAX_CALLS];
	u32 nr_calls;
};

/* ---- choices: 0 once there are none left ---- */
u64 maker_bits(struct maker *m, u32 bytes);
u32 maker_below(struct maker *m, u32 n);
/* Returns true once in n times. */
bool maker_once_in(struct maker *m, u32 n);
/* Choose a register to read; one to write. */
u32 maker_reg(struct maker *m);
u32 maker_target(struct maker *m);
/* Choose a number of those with which mistakes are made. */
u64 maker_number(struct maker *m);
/*
 * Choose an address for an access of this size: mostly in bounds, mostly aligned.
 */
u64 maker_address(struct maker *m, u32 size, bool write);

/* ---- instructions ---- */
/* True if only the ends of this and all other functions still fit. */
bool maker_full(const struct maker *m);
/* Append an instruction. Returns its pc. */
u32 maker_emit(struct maker *m, u8 code, u32 dst, u32 src, s16 off, s32 imm);
/* Make reg = value, by any instruction that can. */
void maker_load(struct maker *m, u32 reg, u64 value);
/* Make a jump; maker_land() sets its target, the next instruction. */
u32 maker_jump(struct maker *m, u32 reg, s32 imm);
void maker_land(struct maker *m, u32 pc);

/* generate.c: make some statements. */
void maker_block(struct maker *m, u32 max);

/* generate_memory.c: make an access by [ptr + off]. */
u32 maker_access_op(struct maker *m);
void maker_access(struct maker *m, u32 op, u32 ptr, s16 off);

/* Make one statement. */
/* generate_memory.c */
void maker_at_frame(struct maker *m);
void maker_at_constant(struct maker *m);
void maker_at_index(struct maker *m);
void maker_at_walk(struct maker *m);
void maker_at_context(struct maker *m);
void maker_at_anything(struct maker *m);
/* generate_code.c */
void maker_alu(struct maker *m);
void maker_number_to_reg(struct maker *m);
void maker_branch(struct maker *m);
void maker_loop(struct maker *m);
void maker_jump_anywhere(struct maker *m);
void maker_call(struct maker *m);
void maker_helper(struct maker *m);
void maker_exit(struct maker *m);
void maker_bulk(struct maker *m);

#endif
