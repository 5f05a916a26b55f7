/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Lowered code as native code, by the kernel's eBPF JIT. In the kernel only. */
#ifndef KCSD_JIT_H
#define KCSD_JIT_H

#include "lowered.h"

/* Native code. Constant once made; the lowered code it was made of is not needed any more. */
struct kcsd_jit;

/*
 * Compile. 0, -ENOMEM, -EINTR: the task has been killed or *stop (stop may be NULL) is set, as
 * is looked at before each function; -EAGAIN: the kernel's JIT gave up, perhaps for want of memory;
 * or -EOPNOTSUPP: this kernel, as it is set up now, has no native code for it, let the interpreter
 * run the program. Process context; takes a millisecond for a thousand instructions or so.
 */
int kcsd_jit_create(const struct kcsd_lowered *lowered, const bool *stop, struct kcsd_jit **jit);
/* Nobody may be in it. Process context. */
void kcsd_jit_destroy(struct kcsd_jit *jit);
/* Kernel memory that it holds, bytes. */
u64 kcsd_jit_bytes(const struct kcsd_jit *jit);
/*
 * Run from the entry to the end; between kcsd_lowered_begin() and kcsd_lowered_end(), which
 * takes the result. Process context, may sleep.
 */
u64 kcsd_jit_run(const struct kcsd_jit *jit);

#endif
