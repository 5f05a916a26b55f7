/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Native code of programs: which run has it, and how it is run.
 *
 * A compute unit has its own code of a program, as the addresses of its memory are in
 * it. It is made when the unit first runs the program: what never runs there costs nothing, and
 * neither Load nor Activation waits for a compiler. It goes when the program is unloaded.
 */
#ifndef KCSD_NATIVE_H
#define KCSD_NATIVE_H

#include <linux/types.h>

struct kcsd_drive;
struct kcsd_jit;
struct kcsd_program;
struct kcsd_run;
struct kcsd_unit;

/* One kind of native code of a program on one unit, made by its thread, run by who has the unit. */
struct kcsd_native_code {
	struct kcsd_jit *jit;	/* NULL: not made yet; ERR_PTR: impossible */
	u64 need;		/* bytes that it took when there was no room; 0: not known */
	u32 failed;		/* times that the kernel's JIT gave up */
};

struct kcsd_native {
	/* For the arena, for windows (memory that moves); without and with a budget. */
	struct kcsd_native_code code[2][2];
};

/* Prepare for native code, if the drive wants it. 0 or -ENOMEM. */
int kcsd_native_init(struct kcsd_drive *drive, struct kcsd_program *program);
/* Free the code that was made. No run of the program may be left. */
void kcsd_native_drop(struct kcsd_drive *drive, struct kcsd_program *program);
/* Undo init; after drop, if it ever ran. */
void kcsd_native_destroy(struct kcsd_program *program);

/* Who has the unit: code for this run, or NULL: let the interpreter do it. Takes time at first. */
struct kcsd_jit *kcsd_native_get(struct kcsd_unit *unit, struct kcsd_run *run);
/* Would that take no time? units.lock, and the unit is idle. No promise: room may get free. */
bool kcsd_native_ready(const struct kcsd_unit *unit, const struct kcsd_run *run);
/* Who has the unit: run it. run->vm is set up, and has its end filled in. */
void kcsd_native_run(struct kcsd_unit *unit, struct kcsd_run *run, const struct kcsd_jit *jit);
/* Of a new unit; of one that nobody has any more. */
void kcsd_native_timer_init(struct kcsd_unit *unit);
void kcsd_native_timer_destroy(struct kcsd_unit *unit);

#endif
