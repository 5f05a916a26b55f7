/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Generate valid programs from any bytes: each byte is a choice, and the same bytes give the same
 * program. Programs loop, call, and use memory where an engine could be wrong: at its edges, by
 * bounded indices, by moving pointers. Most of them end, and most accesses are in bounds.
 */
#ifndef KCSD_GENERATE_H
#define KCSD_GENERATE_H

#include "program.h"

#define GENERATE_MAX_INSNS	12288
#define GENERATE_MAX_DATA	512
#define GENERATE_MAX_ARGS	512
#define GENERATE_MAX_CHOICES	2048
#define GENERATE_BUDGET		20000

struct generated {
	struct program_parts parts;	/* for program_build() */
	struct kcsd_vm_input input;
	u64 budget;
	u32 stop_tick;			/* see struct device_run */
	u32 stop_reason;
	struct bpf_insn insns[GENERATE_MAX_INSNS];
	u8 data[GENERATE_MAX_DATA];
	u8 args[GENERATE_MAX_ARGS];
	struct kcsd_lba_grant grants[2];
};

/* Make a program and its input. All pointers are into *g. */
void generate(struct generated *g, const u8 *choices, size_t len);
/* Make choices from a seed. Returns their number, at most GENERATE_MAX_CHOICES. */
size_t generate_choices(u64 seed, u8 choices[GENERATE_MAX_CHOICES]);

#endif
