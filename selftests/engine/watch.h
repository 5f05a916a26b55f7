/* SPDX-License-Identifier: GPL-2.0 */
/* Programs run by an interpreter that looks whether what verify.c says of them is so. */
#ifndef KCSD_WATCH_H
#define KCSD_WATCH_H

#include "program.h"

struct verify_result {
	char bad[200];		/* the first thing that was not so; empty: all was */
	u64 steps;		/* instructions looked at */
	u64 proven;		/* of them, accesses that need no check */
};

/* Run a program with run->input; false: see result->bad. run is prepared. */
bool verify_watch(const struct program *prog, struct device_run *run,
		  struct verify_result *result);

#define VERIFY_MAX_INSNS	1024

/* verify_gen.c: a random program, always legal, that is fond of pointers, loops and compares. */
struct verify_gen {
	u64 random;
	struct bpf_insn insns[VERIFY_MAX_INSNS];
	u32 insn_cnt;
	u8 data[256];
};

u32 verify_gen_below(struct verify_gen *g, u32 n);
void verify_gen_program(struct verify_gen *g, struct program_parts *parts);

#endif
