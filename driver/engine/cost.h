/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The cost of a program on a compute unit that is modelled: hundredths of its clock cycles. The
 * interpreter (interp_cost.c) adds the cost of each instruction, lowered code that of each basic
 * block; both come to the same in vm->cost whenever a helper is called, and at the end.
 */
#ifndef KCSD_COST_H
#define KCSD_COST_H

#include "fused.h"

/* By class of instruction; each at most KCSD_COST_MAX. */
struct kcsd_cost_classes {
	u32 alu;		/* also a 64-bit immediate */
	u32 mul;
	u32 div;		/* and remainder */
	u32 access;		/* load, store, atomic */
	u32 taken;		/* branch that is taken */
	u32 not_taken;
	u32 call;		/* of a function, return */
	u32 helper;
	/* Each byte that a helper works on, but for those that it moves from and to LBAs. */
	u32 helper_byte;
};

#define KCSD_COST_MAX	100000

struct kcsd_costs {
	u32 op[KCSD_NR_ALL_OPS];	/* of a branch: if it is not taken */
	s32 taken;			/* more if it is */
	u32 helper_byte;
};

void kcsd_costs_init(struct kcsd_costs *costs, const struct kcsd_cost_classes *classes);

/* Run a program as kcsd_interp() does, and count: vm->costs is set. */
void kcsd_interp_cost(const struct kcsd_code *code, struct kcsd_vm *vm);

#endif
