/* SPDX-License-Identifier: GPL-2.0 */
/* kcsd sim --trace: print each step of a program to standard error. */
#ifndef KCSD_TRACE_H
#define KCSD_TRACE_H

#include "program_file.h"

struct trace;

/* Create a trace, or print an error and return NULL. The file must outlive the trace. */
struct trace *kcsd_trace_create(const struct program_file *file);
/* Note the next instruction. Print the one before it and the registers that it changed. */
void kcsd_trace_step(struct trace *trace, const struct kcsd_sim_step *step);
/* Print the last instruction of the run. */
void kcsd_trace_end(struct trace *trace, const struct kcsd_run_result *result);
/* Free a trace; it may be NULL. */
void kcsd_trace_destroy(struct trace *trace);

#endif
