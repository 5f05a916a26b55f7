/* SPDX-License-Identifier: GPL-2.0 */
/* Drive a model in a closed loop: a command arrives when the earliest of depth slots is free. */
#ifndef KCSD_TIMING_LOOP_H
#define KCSD_TIMING_LOOP_H

#include "model.h"

#define LOOP_MOST	1024

struct loop {
	struct kcsd_timing *t;
	u32 depth;		/* at most LOOP_MOST; 0 is 1 */
	u64 slots[LOOP_MOST];	/* ns: when each is free; a heap */
	u64 last;		/* ns: the latest end */
};

/* Submit with the arrival of the loop. Fills done, if it is not NULL. Dies if the model refuses. */
void loop_submit(struct loop *l, u8 op, u64 offset, u64 bytes, struct kcsd_timing_done *done);

/* Return the next number of a sequence that is the same everywhere. */
static inline u64 loop_random(u64 *state)
{
	u64 z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

#endif
