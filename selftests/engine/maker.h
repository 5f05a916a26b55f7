/* SPDX-License-Identifier: GPL-2.0 */
/* A program on its way: what the parts of the generator share. */
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
	u64 end;			/* of the program's memory, with the arguments */
	u32 nr;				/* instructions so far, units of 8 bytes */
	bool second[GENERATE_MAX_INSNS];	/* this unit is the end of a 64-bit immediate */
	u32 kept;			/* registers, as bits, that statements should leave alone */
	u32 nesting;
	u32 function;			/* being made */
	u32 nr_functions;
	u32 starts[KCSD_MAX_CALL_DEPTH];
	u32 jumps[MAKER_MAX_JUMPS];	/* of this function, forward, to anywhere */
	u32 nr_jumps;
	struct { u32 pc, function; } calls[MAKER_MAX_CALLS];
	u32 nr_calls;
};

/* ---- choices: 0 once there are none left ---- */
u64 maker_bits(struct maker *m, u32 bytes);
u32 maker_below(struct maker *m, u32 n);
/* True once in n times. */
bool maker_once_in(struct maker *m, u32 n);
/* A register to read; one to write. */
u32 maker_reg(struct maker *m);
u32 maker_target(struct maker *m);
/* A number of those that mistakes are made with. */
u64 maker_number(struct maker *m);
/*
 * An address where an access of this size is in bounds, mostly, and at a multiple of it, mostly.
 */
u64 maker_address(struct maker *m, u32 size, bool write);

/* ---- instructions ---- */
/* No room for more than the end of this and all other functions. */
bool maker_full(const struct maker *m);
/* Returns the pc. */
u32 maker_emit(struct maker *m, u8 code, u32 dst, u32 src, s16 off, s32 imm);
/* reg = value, in one of the ways to say so. */
void maker_load(struct maker *m, u32 reg, u64 value);
/* A jump that maker_land() gives its target: the next instruction made. */
u32 maker_jump(struct maker *m, u32 reg, s32 imm);
void maker_land(struct maker *m, u32 pc);

/* generate.c: some statements. */
void maker_block(struct maker *m, u32 max);

/* generate_memory.c: an access of memory by [ptr + off]; the address, or near. */
u32 maker_access_op(struct maker *m);
void maker_access(struct maker *m, u32 op, u32 ptr, s16 off);

/* One statement each. */
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
