/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What does not change while a program is analysed: its functions, their straight
 * pieces of code (blocks), and what is worth following in each.
 */
#ifndef KCSD_VERIFY_FLOW_H
#define KCSD_VERIFY_FLOW_H

#include "code.h"
#include "verify_value.h"

#define KCSD_FRAME_SLOTS	(KCSD_FRAME_SIZE / 8)
/* Variables: registers r0 to r10, then 8-byte slots of the function's frame. */
#define KCSD_NR_REGS		11
#define KCSD_MAX_VARS		(KCSD_NR_REGS + KCSD_FRAME_SLOTS)
#define KCSD_NO_VAR		0xff
/* Differences of two variables. */
#define KCSD_MAX_PAIRS		48
#define KCSD_MAX_STOPS		48
#define KCSD_COMMON_STOPS	8	/* the first ones: the same in every function */

struct kcsd_pair {
	u8 plus;
	u8 minus;
};

/* A number: variables, KCSD_NO_VAR for none, and a constant: plus - minus + add. */
struct kcsd_term {
	u8 plus;
	u8 minus;
	u64 add;
};

/* Indices are of decoded instructions. */
struct kcsd_block {
	u32 start;
	u32 end;
	u32 rank;		/* among the function's heads, if it is one */
	bool head;		/* a jump leads back to it */
};

struct kcsd_function {
	u32 start;
	u32 end;
	u32 first_block;
	u32 nr_blocks;
	u32 nr_heads;
	u8 min_depth;		/* calls above it: 0 for the entry function alone */
	u8 max_depth;
	bool called;		/* or the entry function */
	bool pure;		/* it and what it calls store into their own frames only */
};

/* What is followed in the function at hand. */
struct kcsd_vars {
	u8 slot[KCSD_FRAME_SLOTS];	/* variable, KCSD_NO_VAR: not followed */
	u8 nr_vars;
	u8 nr_pairs;
	u8 nr_stops;
	struct kcsd_pair pairs[KCSD_MAX_PAIRS];
	u64 stops[KCSD_MAX_STOPS];	/* where a growing range may rest */
};

struct kcsd_flow {
	struct kcsd_code *code;
	struct kcsd_layout layout;
	struct kcsd_function *functions;	/* in the order of their code */
	struct kcsd_block *blocks;
	u32 *block_of;			/* for each instruction */
	u32 nr_functions;
	u32 nr_blocks;
};

/* 0, -ENOMEM. Call kcsd_flow_exit() in any case. */
int kcsd_flow_init(struct kcsd_flow *flow, const struct kcsd_image_view *view);
void kcsd_flow_exit(struct kcsd_flow *flow);

/* With slots and pairs, or, to save memory, without. */
void kcsd_vars_init(struct kcsd_vars *vars, const struct kcsd_flow *flow,
		    const struct kcsd_function *f, bool registers_only);
/* Index of the pair, or KCSD_NO_VAR. */
u8 kcsd_vars_pair(const struct kcsd_vars *vars, u8 plus, u8 minus);
/*
 * Register reg at instruction i in terms of variables that there have the values that
 * it was made from, looking back within the block.
 */
struct kcsd_term kcsd_vars_term(const struct kcsd_vars *vars, const struct kcsd_flow *flow,
				u32 i, u8 reg);
/* The slot that an 8-byte access at r10 + off is, or KCSD_NO_VAR. */
u8 kcsd_vars_slot(const struct kcsd_vars *vars, s32 off);

struct kcsd_function *kcsd_flow_function(const struct kcsd_flow *flow, u32 i);

static inline u32 kcsd_flow_target(const struct kcsd_code *code, u32 i)
{
	return i + 1 + code->insns[i].off;
}

#endif
