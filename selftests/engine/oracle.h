/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A second interpreter, to compare the engine's with: a switch over the bytes of each
 * instruction, written from RFC 9669. Slow and plain; of the engine it uses only the
 * helpers, never its tables, its decoding or its bounds check.
 */
#ifndef KCSD_ORACLE_H
#define KCSD_ORACLE_H

#include "program.h"

/* Told of a run's instructions and accesses, before they are checked or done. */
struct oracle_watch {
	void (*insn)(struct oracle_watch *watch, u32 pc);
	/* frame: the function's r10. */
	void (*access)(struct oracle_watch *watch, u32 pc, u64 addr, u32 size, bool write,
		       u64 frame);
};

/*
 * As kcsd_interp(), for a program that kcsd_check_insns() has accepted. watch may be NULL.
 */
void oracle_run(const struct kcsd_image_view *view, struct kcsd_vm *vm,
		struct oracle_watch *watch);

/*
 * oracle_check.c: run a program as the interpreter has just run it, with the same input. Returns
 * what differs, or which of these proofs does not hold in this run; or NULL.
 */
const char *oracle_check(const struct program *prog, const u8 *proofs,
			 const struct device_run *want);

#endif
