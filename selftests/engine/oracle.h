/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A second interpreter, to compare with that of the engine: a switch over the bytes of each
 * instruction, written from RFC 9669. Slow and plain; it uses only the helpers of the engine, not
 * its tables, its decoding or its bounds check.
 */
#ifndef KCSD_ORACLE_H
#define KCSD_ORACLE_H

#include "program.h"

/* Run a program that kcsd_validate_insns() has accepted, like kcsd_interp(). */
void oracle_run(const struct kcsd_image_view *view, struct kcsd_vm *vm);

/*
 * oracle_check.c: run a program with the input that the interpreter has just run it with. Returns
 * what differs, or NULL.
 */
const char *oracle_check(const struct program *prog, const struct device_run *want);

#endif
