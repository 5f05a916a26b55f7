/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What is known at one point of a program: an array of values, first the function's
 * variables, then its pairs (plus - minus, which can say more than both do).
 */
#ifndef KCSD_VERIFY_STATE_H
#define KCSD_VERIFY_STATE_H

#include "verify_flow.h"

static inline u32 kcsd_state_len(const struct kcsd_vars *vars)
{
	return vars->nr_vars + vars->nr_pairs;
}

/* Nothing is known. */
void kcsd_state_init(const struct kcsd_vars *vars, struct kcsd_value *s);
/* var becomes something new. */
void kcsd_state_set(const struct kcsd_vars *vars, struct kcsd_value *s, u8 var,
		    struct kcsd_value value);
/* var becomes from + add; from may be var. */
void kcsd_state_move(const struct kcsd_vars *vars, struct kcsd_value *s, u8 var, u8 from,
		     struct kcsd_value add);
/* plus - minus; KCSD_NO_VAR for a minus of 0. */
struct kcsd_value kcsd_state_difference(const struct kcsd_vars *vars, const struct kcsd_value *s,
					u8 plus, u8 minus);
/* It is also in value: so are both of them. False: that cannot be. */
bool kcsd_state_learn(const struct kcsd_vars *vars, struct kcsd_value *s, u8 plus, u8 minus,
		      struct kcsd_value value);
/* True: into has grown. */
bool kcsd_state_join(const struct kcsd_vars *vars, struct kcsd_value *into,
		     const struct kcsd_value *from);
/* As kcsd_state_join(), and what grows does so up to the next of nr_stops stops. */
bool kcsd_state_widen(const struct kcsd_vars *vars, struct kcsd_value *into,
		      const struct kcsd_value *from, u32 nr_stops);

/*
 * What follows from the conditional jump at instruction i being taken, or not.
 * False: it cannot be.
 */
bool kcsd_state_branch(const struct kcsd_vars *vars, const struct kcsd_flow *flow,
		       struct kcsd_value *s, u32 i, bool taken);

#endif
