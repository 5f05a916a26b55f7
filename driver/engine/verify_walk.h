/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* All states of one function: forward until nothing changes, then back to tighter ones. */
#ifndef KCSD_VERIFY_WALK_H
#define KCSD_VERIFY_WALK_H

#include "verify_step.h"

/* What a function is called with, and returns, as far as is known. */
struct kcsd_summary {
	struct kcsd_value args[5];
	struct kcsd_value r0;		/* by the round before */
	struct kcsd_value found;	/* in this round */
	bool called;
	bool returns;			/* by the round before */
	bool returned;			/* in this one */
};

struct kcsd_states {
	struct kcsd_value *values;	/* by block, then by head: back edges only */
	u64 capacity;			/* of values */
	struct kcsd_value *scratch;
	bool *valid;
	bool *dirty;
	u8 *visits;
	u32 len;			/* values of a state */
	u64 steps;			/* left until it takes too long */
};

/* Called for each instruction that can be reached, with the state before it. */
typedef void (*kcsd_walk_fn)(const struct kcsd_walk *w, const struct kcsd_value *s, u32 i,
			     void *arg);

/* 0, -ENOMEM; kcsd_states_exit() in any case. */
int kcsd_states_init(struct kcsd_states *states, const struct kcsd_flow *flow);
void kcsd_states_exit(struct kcsd_states *states);

/*
 * Find the states of f, which begins with entry and whose callees return what
 * summaries[] say, and show them to fn. False: too much memory, or too long.
 */
bool kcsd_walk_function(const struct kcsd_walk *w, struct kcsd_states *states,
			const struct kcsd_function *f, const struct kcsd_summary *summaries,
			const struct kcsd_value *entry, kcsd_walk_fn fn, void *arg);

#endif
