/* SPDX-License-Identifier: GPL-2.0 */
/* kcsd sim --trace: what a program does, line by line, on standard error. */
#ifndef KCSD_TRACE_H
#define KCSD_TRACE_H

#include "program_file.h"

struct trace;

/* NULL: an error was printed. The file must outlive it. */
struct trace *kcsd_trace_create(const struct program_file *file);
/* An instruction is about to run: print the one before it, and what that changed. */
void kcsd_trace_step(struct trace *trace, const struct kcsd_sim_step *step);
/* Print the last one. */
void kcsd_trace_end(struct trace *trace, const struct kcsd_run_result *result);
/* NULL is allowed. */
void kcsd_trace_destroy(struct trace *trace);

#endif
