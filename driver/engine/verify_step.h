/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* One instruction: what it makes of a state, and whether its access is proven. */
#ifndef KCSD_VERIFY_STEP_H
#define KCSD_VERIFY_STEP_H

#include "verify_state.h"

struct kcsd_walk {
	const struct kcsd_flow *flow;
	const struct kcsd_vars *vars;
	/*
	 * Learn from branches, from memory and from an access that did not fault. Without,
	 * all that is known holds even where the CPU speculates.
	 */
	bool learn;
};

/*
 * Carry out instruction i, no local call; a jump has no effect. False: nothing can come after
 * it.
 */
bool kcsd_step(const struct kcsd_walk *w, struct kcsd_value *s, u32 i);
/* After a call: registers, and the slots unless the function leaves them alone. */
void kcsd_step_return(const struct kcsd_walk *w, struct kcsd_value *s, struct kcsd_value r0,
		      bool pure);
/* KCSD_PROOF_* of instruction i by the state before it. */
u8 kcsd_step_proof(const struct kcsd_walk *w, const struct kcsd_value *s, u32 i);

#endif
