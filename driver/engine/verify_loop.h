/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Loops that end soon: their jumps back need not ask whether the run is to stop.
 *
 * Such a loop calls nothing, and a register of it only grows, or only shrinks, each time
 * around, within bounds that are known. No two of them have an instruction in common, so that
 * between two jumps or calls that do ask, each is gone through once at most.
 */
#ifndef KCSD_VERIFY_LOOP_H
#define KCSD_VERIFY_LOOP_H

#include "verify_flow.h"

/* Longer ones are not looked at. */
#define KCSD_LOOP_INSNS		128
/* Instructions in all such loops of one function together: some milliseconds. */
#define KCSD_SHORT_INSNS	(1u << 22)

struct kcsd_origin;

struct kcsd_loops {
	struct kcsd_origin *origins;	/* of the registers at each instruction of one loop */
	u8 *is_short;			/* for each instruction: in such a loop */
	u32 left;			/* of KCSD_SHORT_INSNS in this function */
};

/* 0, -ENOMEM; kcsd_loops_exit() in any case. */
int kcsd_loops_init(struct kcsd_loops *loops, const struct kcsd_flow *flow);
void kcsd_loops_exit(struct kcsd_loops *loops);

/*
 * How often at most the jump back at instruction i, where registers are what regs say,
 * is come to before one that asks, or a call; 0: it has to ask itself. To be called
 * once for each of a function, in the order of the code.
 */
u32 kcsd_loop_trips(struct kcsd_loops *loops, const struct kcsd_flow *flow, u32 i,
		    const struct kcsd_value *regs);

#endif
