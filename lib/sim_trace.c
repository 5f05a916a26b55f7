// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* A second build of the interpreter of the drive, which reports every instruction. */
#include "sim.h"

static void trace(struct kcsd_vm *vm, u32 pc, const u64 r[11])
{
	const struct kcsd_sim *sim = ((struct sim_run *)vm)->sim;
	struct kcsd_sim_step step = { .pc = pc - sim->prologue };

	if (pc < sim->prologue)
		return;
	memcpy(step.r, r, sizeof(step.r));
	sim->opts.trace(&step, sim->opts.arg);
}

#define KCSD_INTERP		kcsd_sim_interp_traced
#define KCSD_TRACE(vm, pc, r)	trace(vm, pc, r)
#include "interp.c"
