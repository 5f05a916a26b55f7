/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Compile lowered code with the kernel eBPF JIT. In the kernel only. */
#ifndef KCSD_JIT_H
#define KCSD_JIT_H

#include "lowered.h"

/* JIT code; constant. Does not refer to the lowered code that it was compiled from. */
struct kcsd_jit;

/*
 * Compile. Returns 0, or
 *	-ENOMEM
 *	-EINTR		the task was killed or *stop was set (stop may be NULL)
 *	-EAGAIN		the kernel JIT gave up, perhaps for lack of memory
 *	-EOPNOTSUPP	this kernel, as it is set up, cannot: interpret the program
 * Process context; takes about a millisecond per thousand instructions.
 */
int kcsd_jit_create(const struct kcsd_lowered *lowered, const bool *stop, struct kcsd_jit **jit);
/* Free JIT code that no run executes. Process context. */
void kcsd_jit_destroy(struct kcsd_jit *jit);
/* Returns the bytes of kernel memory that it uses. */
u64 kcsd_jit_bytes(const struct kcsd_jit *jit);
/*
 * Run JIT code; call it between kcsd_lowered_begin() and kcsd_lowered_end(). Returns r0 for the
 * latter. Process context, may sleep.
 */
u64 kcsd_jit_run(const struct kcsd_jit *jit);

#endif
