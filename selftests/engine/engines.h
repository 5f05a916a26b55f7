/* SPDX-License-Identifier: GPL-2.0 */
/* All ways to run a program, against the interpreter. */
#ifndef KCSD_ENGINES_H
#define KCSD_ENGINES_H

#include "program.h"

struct engines;

/* Ready a loaded program for all other ways to run it: lowered once. */
struct engines *engines_create(const struct program *prog);
void engines_destroy(struct engines *e);

/*
 * Run the program as it has just been run by the interpreter, with the same input, in every
 * other way. Returns what differs and in which way it was run, or NULL; the text is static.
 */
const char *engines_compare(const struct engines *e, const struct device_run *want);

/* How one of two runs went otherwise, or NULL. count: instructions and ticks count, too. */
const char *engines_differ(const struct device_run *want, const struct device_run *got, bool count);

#endif
