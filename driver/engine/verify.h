/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Which accesses of a program need no bounds check: decided once, at load, by
 * following what values its registers can have.
 *
 * For speed only. Code that leaves out a check keeps a mask wherever the proof
 * depends on branches, so that neither a mistake in here nor a CPU that speculates
 * past a branch leads out of the memory of the run.
 */
#ifndef KCSD_VERIFY_H
#define KCSD_VERIFY_H

#include "engine.h"

/*
 * X(value, name, sentence). An access is proven if it lies in the program's memory
 * before the arguments, whose length belongs to the run; a store not in the context's
 * page; an atomic access at a multiple of its size.
 */
#define KCSD_PROOFS(X) \
	X(0, NONE,	"accesses no memory") \
	X(1, FRAME,	"in the function's own frame") \
	X(2, CONST,	"at a constant address") \
	X(3, BOUND,	"within bounds whichever way branches go") \
	X(4, RANGE,	"within bounds after the branches that lead here") \
	X(5, ANY,	"the address can be anything") \
	X(6, BELOW,	"the address can be too low") \
	X(7, ABOVE,	"the address can be beyond the memory of known size") \
	X(8, ALIGN,	"the address need not be a multiple of the access's size") \
	X(9, DEAD,	"never reached") \
	X(10, GAVE_UP,	"the program is too large or too tangled to analyse")

enum kcsd_proof {
#define KCSD_PROOF_ENUM(value, name, sentence) KCSD_PROOF_##name = value,
	KCSD_PROOFS(KCSD_PROOF_ENUM)
#undef KCSD_PROOF_ENUM
};

/* The access needs no check. */
static inline bool kcsd_proof_safe(u8 proof)
{
	return proof >= KCSD_PROOF_FRAME && proof <= KCSD_PROOF_RANGE;
}

/* It needs none, but only because of branches: the mask has to stay. */
static inline bool kcsd_proof_masked(u8 proof)
{
	return proof == KCSD_PROOF_RANGE;
}

/* The sentence, or NULL if there is no such proof. */
const char *kcsd_proof_text(u8 proof);

/*
 * Fill in proofs, one for each unit of 8 bytes of a program that
 * kcsd_check_insns() has accepted. Time is linear in its length, memory limited.
 * Returns 0 or -ENOMEM.
 */
int kcsd_verify(const struct kcsd_image_view *view, u8 *proofs);

struct kcsd_value;

/*
 * For tests: the values that r0 to r10 may have before the instruction at pc, once
 * for each instruction that is ever reached; learnt says whether branches were looked at.
 */
struct kcsd_verify_watch {
	void (*fn)(struct kcsd_verify_watch *watch, u32 pc, const struct kcsd_value *regs,
		   bool learnt);
};

int kcsd_verify_watched(const struct kcsd_image_view *view, u8 *proofs,
			struct kcsd_verify_watch *watch);

#endif
