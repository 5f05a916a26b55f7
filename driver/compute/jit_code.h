/* SPDX-License-Identifier: GPL-2.0 */
/*
 * JIT code of programs, and the limit of its memory. jit_run.h: when it is compiled, how it is run.
 *
 * Each compute unit has its own code of a program, as the code contains the addresses of the memory
 * of the unit. The thread of the unit compiles it when the unit first runs the program: a program
 * that never runs there costs nothing, and neither Load nor Activation waits for a compiler. The
 * code is freed when the program is unloaded.
 */
#ifndef KCSD_JIT_CODE_H
#define KCSD_JIT_CODE_H

#include <linux/types.h>

struct kcsd_compute;
struct kcsd_jit;

/*
 * One variant of the JIT code of a program on one unit. Compiled by the thread of the unit, run by
 * the owner of the unit.
 */
struct kcsd_jit_variant {
	struct kcsd_jit *jit;	/* NULL: not compiled yet; ERR_PTR: impossible */
	u64 need;		/* bytes it needed when there was no room; 0: not known */
	u32 failed;		/* attempts that failed in the kernel JIT */
};

struct kcsd_jit_code {
	/*
	 * [0][]: memory in the arena; [1][]: in a mapping (memory that moves). [][0]: without a
	 * budget; [][1]: with one.
	 */
	struct kcsd_jit_variant code[2][2];
};

/*
 * Allocate room for the code of a program on each unit, if the drive is configured for JIT code.
 * Returns 0 or -ENOMEM.
 */
int kcsd_jit_code_alloc(struct kcsd_compute *compute, struct kcsd_jit_code **code);
/* Free all code of a program; NULL: there is none. No run of the program may be left. */
void kcsd_jit_code_drop(struct kcsd_compute *compute, struct kcsd_jit_code *code);
/* Undo kcsd_jit_code_alloc(). If the program ever ran, call kcsd_jit_code_drop() first. */
void kcsd_jit_code_destroy(struct kcsd_jit_code *code);

/* Charge code to cfg.max_jit_bytes; false if the limit is reached. */
bool kcsd_jit_code_charge(struct kcsd_compute *compute, u64 bytes);
/*
 * True if the code may fit into the limit, as far as is known. Without this test, code that does
 * not fit would be compiled at each run.
 */
bool kcsd_jit_code_has_room(const struct kcsd_compute *compute,
			    const struct kcsd_jit_variant *code);

#endif
