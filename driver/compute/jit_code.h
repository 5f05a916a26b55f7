/* SPDX-License-Identifier: GPL-2.0 */
/*
 * JIT code of programs: when it is compiled, and how it is run.
 *
 * Each compute unit has its own code of a program, as the code contains the addresses of the memory
 * of the unit. The thread of the unit compiles it when the unit first runs the program: a program
 * that never runs there costs nothing, and neither Load nor Activation waits for a compiler. The
 * code is freed when the program is unloaded.
 */
#ifndef KCSD_JIT_CODE_H
#define KCSD_JIT_CODE_H

#include <linux/types.h>

struct kcsd_drive;
struct kcsd_jit;
struct kcsd_program;
struct kcsd_run;
struct kcsd_unit;

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

/* Prepare a program for JIT code, if the drive is configured for it. Returns 0 or -ENOMEM. */
int kcsd_jit_code_init(struct kcsd_drive *drive, struct kcsd_program *program);
/* Free all code of a program. No run of the program may be left. */
void kcsd_jit_code_drop(struct kcsd_drive *drive, struct kcsd_program *program);
/* Undo kcsd_jit_code_init(). If the program ever ran, call kcsd_jit_code_drop() first. */
void kcsd_jit_code_destroy(struct kcsd_program *program);

/*
 * Return the code for a run, compiled first if need be (not for a quick run), or NULL: use the
 * interpreter. The caller owns the unit. The code stays owned by the program.
 */
struct kcsd_jit *kcsd_jit_code_get(struct kcsd_unit *unit, struct kcsd_run *run);
/*
 * True if kcsd_jit_code_get() need not compile. units.lock is held, and the unit is idle. The
 * result may be wrong later: room may become free.
 */
bool kcsd_jit_code_ready(const struct kcsd_unit *unit, const struct kcsd_run *run);
/* Run the code of a run whose vm is set up, and set run->vm.end. The caller owns the unit. */
void kcsd_jit_code_run(struct kcsd_unit *unit, struct kcsd_run *run, const struct kcsd_jit *jit);
/* Initialise the timer of a new unit; stop the timer of a unit without an owner. */
void kcsd_jit_code_timer_init(struct kcsd_unit *unit);
void kcsd_jit_code_timer_destroy(struct kcsd_unit *unit);

#endif
