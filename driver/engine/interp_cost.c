// SPDX-License-Identifier: GPL-2.0 OR MIT
/* A second build of the interpreter, which counts the cost of each instruction. */
#include "cost.h"

#define KCSD_INTERP		kcsd_interp_cost
#define KCSD_TRACE(vm, pc, r)	((vm)->cost += (vm)->costs->op[ip->op])
#define KCSD_TAKEN(vm)		((vm)->cost += (u64)(s64)(vm)->costs->taken)
#include "interp.c"
