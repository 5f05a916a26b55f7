/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A second interpreter, to compare the engine's with: a switch over the bytes of each
 * instruction, written from RFC 9669. Slow and plain; of the engine it uses only the
 * helpers, never its tables, its decoding or its bounds check.
 */
#ifndef KCSD_ORACLE_H
#define KCSD_ORACLE_H

#include "program.h"

/* As kcsd_interp(), for a program that kcsd_check_insns() has accepted. */
void oracle_run(const struct kcsd_image_view *view, struct kcsd_vm *vm);

/*
 * oracle_check.c: run a program as the interpreter has just run it, with the same input. Returns
 * what differs, or NULL.
 */
const char *oracle_check(const struct program *prog, const struct device_run *want);

#endif
