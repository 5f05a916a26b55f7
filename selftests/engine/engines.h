/* SPDX-License-Identifier: GPL-2.0 */
/* Compare all other engines with the interpreter. */
#ifndef KCSD_ENGINES_H
#define KCSD_ENGINES_H

#include "program.h"

struct engines;

/* Prepare a loaded program for the other engines; lowers it once for each. */
struct engines *engines_create(const struct program *prog);
void engines_destroy(struct engines *e);

/*
 * Run the program in every other engine, with the input that the interpreter has just run it with.
 * Returns NULL, or a static text that names the engine and what differs.
 */
const char *engines_compare(const struct engines *e, const struct device_run *want);

/*
 * Returns what differs between two runs, or NULL. count: compare instructions and ticks, too. The
 * cost is compared if got has costs.
 */
const char *engines_differ(const struct device_run *want, const struct device_run *got, bool count);

#endif
