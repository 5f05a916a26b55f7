/* SPDX-License-Identifier: GPL-2.0 */
/* Compile JIT code when a unit first runs a program, and run it. */
#ifndef KCSD_JIT_RUN_H
#define KCSD_JIT_RUN_H

#include <linux/types.h>

struct kcsd_jit;
struct kcsd_run;
struct kcsd_unit;

/*
 * Return the code for a run, compiled first if need be (not for a quick run), or NULL: use the
 * interpreter. The caller owns the unit. The code stays owned by the program.
 */
struct kcsd_jit *kcsd_jit_run_get(struct kcsd_unit *unit, struct kcsd_run *run);
/*
 * True if kcsd_jit_run_get() need not compile. units.lock is held, and the unit is idle. The
 * result may be wrong later: room may become free.
 */
bool kcsd_jit_run_ready(const struct kcsd_unit *unit, const struct kcsd_run *run);
/* Run the code of a run whose vm is set up, and set run->vm.end. The caller owns the unit. */
void kcsd_jit_run_start(struct kcsd_unit *unit, struct kcsd_run *run, const struct kcsd_jit *jit);
/* Stop the ticks of a unit while its run waits for long, and start them again. */
void kcsd_jit_run_pause(struct kcsd_unit *unit);
void kcsd_jit_run_resume(struct kcsd_unit *unit, const struct kcsd_run *run);
/* Initialise the timer of a new unit; stop the timer of a unit without an owner. */
void kcsd_jit_run_timer_init(struct kcsd_unit *unit);
void kcsd_jit_run_timer_destroy(struct kcsd_unit *unit);

#endif
