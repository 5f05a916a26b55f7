/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Valid programs out of any bytes: each byte is a choice, and the same bytes are the
 * same program. They loop, call, and use memory where an engine could go wrong: at the
 * edges, by bounded indices, by pointers that walk. Most end, and most accesses are in bounds.
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
	u32 stop_tick;			/* as in struct device_run */
	u32 stop_reason;
	struct bpf_insn insns[GENERATE_MAX_INSNS];
	u8 data[GENERATE_MAX_DATA];
	u8 args[GENERATE_MAX_ARGS];
	struct kcsd_lba_grant grants[2];
};

/* Make a program, and what it is run with. Everything points into *g. */
void generate(struct generated *g, const u8 *choices, size_t len);
/* Choices out of a seed. Returns how many, at most GENERATE_MAX_CHOICES. */
size_t generate_choices(u64 seed, u8 choices[GENERATE_MAX_CHOICES]);

#endif
