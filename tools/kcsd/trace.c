// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace.h"

#define TEXT_COLUMN	36
/* Blanks between a text and the next column. */
#define GAP(len)	((len) + 2 < TEXT_COLUMN ? TEXT_COLUMN - (int)(len) : 2)

struct trace {
	const struct kcsd_object *obj;	/* or NULL */
	struct kcsd_insn_info *insns;	/* by pc */
	uint32_t room;			/* units of 8 bytes */
	struct kcsd_sim_step last;	/* step that is not printed yet */
	bool has_last;
	struct kcsd_where where;	/* the source line printed last */
};

static int add_insn(const struct kcsd_insn_info *info, void *arg)
{
	struct trace *trace = arg;

	if (info->pc < trace->room)
		trace->insns[info->pc] = *info;
	return 0;
}

struct trace *kcsd_trace_create(const struct program_file *file)
{
	struct trace *trace = calloc(1, sizeof(*trace));
	struct kcsd_error error;

	if (trace) {
		trace->obj = file->obj;
		trace->room = file->len / 8 + 1;
		trace->insns = calloc(trace->room, sizeof(*trace->insns));
	}
	if (!trace || !trace->insns) {
		kcsd_fail("out of memory");
		free(trace);
		return NULL;
	}
	if (kcsd_insn_each(file->image, file->len, file->obj, add_insn, trace, &error)) {
		kcsd_fail("the program is refused: %s", error.text);
		kcsd_trace_destroy(trace);
		return NULL;
	}
	return trace;
}

void kcsd_trace_destroy(struct trace *trace)
{
	if (!trace)
		return;
	free(trace->insns);
	free(trace);
}

static void print_place(struct trace *trace, const struct kcsd_insn_info *insn)
{
	struct kcsd_where where;

	if (insn->is_function && *insn->label)
		fprintf(stderr, "%s:\n", insn->label);
	if (!trace->obj || kcsd_object_where(trace->obj, insn->pc, &where, sizeof(where)) ||
	    !where.file || (where.file == trace->where.file && where.line == trace->where.line))
		return;
	fprintf(stderr, "; %s:%u: %s\n", where.file, where.line,
		where.source ? where.source + strspn(where.source, " \t") : "");
	trace->where = where;
}

/* Print the last instruction. now: the registers after it, NULL if they are not known. */
static void print_last(struct trace *trace, const uint64_t now[11])
{
	const struct kcsd_insn_info *insn = &trace->insns[trace->last.pc];
	int i, gap = GAP(strlen(insn->text));

	print_place(trace, insn);
	fprintf(stderr, "%6u:  %s", insn->pc, insn->text);
	for (i = 0; now && i <= 10; i++) {
		if (now[i] == trace->last.r[i])
			continue;
		fprintf(stderr, "%*sr%d=%#" PRIx64, gap, "", i, now[i]);
		gap = 1;
	}
	fputc('\n', stderr);
}

void kcsd_trace_step(struct trace *trace, const struct kcsd_sim_step *step)
{
	if (trace->has_last)
		print_last(trace, step->r);
	trace->last = *step;
	trace->has_last = true;
}

void kcsd_trace_end(struct trace *trace, const struct kcsd_run_result *result)
{
	if (trace->has_last)
		print_last(trace, NULL);
	if (result->recorded && result->info.reason)
		fprintf(stderr, "%6u:  %s\n", result->info.pc,
			kcsd_fault_text(result->info.reason));
}
