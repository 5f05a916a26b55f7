// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Find function and source line of an instruction, from BTF. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "object.h"

#define SOURCE_LEN	100	/* characters of a source line; longer ones are cut */

/* ---- functions ---- */

static bool is_local_call(const struct bpf_insn *insn)
{
	return insn->code == (BPF_JMP | BPF_CALL) && insn->src_reg == BPF_PSEUDO_CALL;
}

/* Returns the end of the first function, without BTF: the start of the first function it calls. */
static uint32_t end_of_entry(const struct kcsd_object *obj)
{
	uint32_t end = obj->insn_cnt, pc;
	int64_t target;

	for (pc = 0; pc < obj->insn_cnt; pc++) {
		target = (int64_t)pc + 1 + obj->insns[pc].imm;
		if (is_local_call(&obj->insns[pc]) && target > 0 && target < end)
			end = target;
	}
	return end;
}

static const char *function_name(const struct btf *btf, uint32_t type_id)
{
	const struct btf_type *t = btf__type_by_id(btf, type_id);
	const char *name = t && btf_is_func(t) ? btf__name_by_offset(btf, t->name_off) : NULL;

	return name && *name ? name : NULL;
}

static int functions_from_code(struct kcsd_object *obj)
{
	uint32_t end = end_of_entry(obj);

	obj->functions = calloc(2, sizeof(*obj->functions));
	if (!obj->functions)
		return -ENOMEM;
	obj->functions[0].name = obj->name;
	obj->functions[1].start = end;
	obj->nr_functions = end < obj->insn_cnt ? 2 : 1;
	return 0;
}

static int functions_from_btf(struct kcsd_object *obj, const struct bpf_prog_load_opts *opts,
			      const struct btf *btf)
{
	struct bpf_func_info info;
	uint32_t i;

	obj->functions = calloc(opts->func_info_cnt, sizeof(*obj->functions));
	if (!obj->functions)
		return -ENOMEM;
	for (i = 0; i < opts->func_info_cnt; i++) {
		memcpy(&info, opts->func_info + (size_t)i * opts->func_info_rec_size, sizeof(info));
		obj->functions[i].start = info.insn_off;
		obj->functions[i].name = function_name(btf, info.type_id);
	}
	obj->functions[0].start = 0;
	obj->functions[0].name = obj->name;
	obj->nr_functions = opts->func_info_cnt;
	return 0;
}

/* ---- lines ---- */

static const char *string_at(const struct btf *btf, uint32_t off)
{
	const char *text = btf__str_by_offset(btf, off);

	return text && *text ? text : NULL;
}

static int init_lines(struct kcsd_object *obj, const struct bpf_prog_load_opts *opts,
		      const struct btf *btf)
{
	struct bpf_line_info info;
	uint32_t i;

	obj->lines = calloc(opts->line_info_cnt, sizeof(*obj->lines));
	if (!obj->lines)
		return -ENOMEM;
	obj->nr_lines = opts->line_info_cnt;
	for (i = 0; i < opts->line_info_cnt; i++) {
		memcpy(&info, opts->line_info + (size_t)i * opts->line_info_rec_size, sizeof(info));
		obj->lines[i] = (struct kcsd_line){
			.start = info.insn_off,
			.line = BPF_LINE_INFO_LINE_NUM(info.line_col),
			.column = BPF_LINE_INFO_LINE_COL(info.line_col),
			.file = string_at(btf, info.file_name_off),
			.source = string_at(btf, info.line_off),
		};
	}
	return 0;
}

int kcsd_where_init(struct kcsd_object *obj, const struct bpf_prog_load_opts *opts)
{
	const struct btf *btf = bpf_object__btf(obj->bpf);
	int ret;

	if (btf && opts->func_info && opts->func_info_cnt &&
	    opts->func_info_rec_size >= sizeof(struct bpf_func_info))
		ret = functions_from_btf(obj, opts, btf);
	else
		ret = functions_from_code(obj);
	if (ret || !btf || !opts->line_info || !opts->line_info_cnt ||
	    opts->line_info_rec_size < sizeof(struct bpf_line_info))
		return ret;
	return init_lines(obj, opts, btf);
}

/* ---- lookup ---- */

/*
 * Find the function that contains pc. A damaged file may have functions out of order: at worst the
 * name is wrong.
 */
static const struct kcsd_function *find_function(const struct kcsd_object *obj, uint32_t pc)
{
	const struct kcsd_function *f = NULL;
	uint32_t i;

	for (i = 0; i < obj->nr_functions; i++)
		if (obj->functions[i].start <= pc && (!f || obj->functions[i].start >= f->start))
			f = &obj->functions[i];
	return f;
}

/* Find the last line that begins at or before pc, in the same function. */
static const struct kcsd_line *find_line(const struct kcsd_object *obj, uint32_t pc,
					 uint32_t start)
{
	const struct kcsd_line *l = NULL;
	uint32_t i;

	for (i = 0; i < obj->nr_lines; i++)
		if (obj->lines[i].start <= pc && obj->lines[i].start >= start &&
		    (!l || obj->lines[i].start >= l->start))
			l = &obj->lines[i];
	return l;
}

int kcsd_object_where(const struct kcsd_object *obj, uint32_t pc, struct kcsd_where *where,
		      size_t size)
{
	const struct kcsd_function *f;
	const struct kcsd_line *l;
	struct kcsd_where w = {};

	if (pc >= obj->insn_cnt)
		return -ERANGE;
	f = find_function(obj, pc);
	/* libbpf takes called functions from .text only. */
	w.section = f == obj->functions ? obj->section : ".text";
	w.function = f->name;
	w.insn = f->name ? pc - f->start : pc;
	l = find_line(obj, pc, f->start);
	if (l && l->file) {
		w.file = l->file;
		w.source = l->source;
		w.line = l->line;
		w.column = l->column;
	}
	kcsd_info_copy(where, size, &w, sizeof(w));
	return 0;
}

void kcsd_where_line(const struct kcsd_where *w, char *buf, size_t len)
{
	const char *from = w->source ? w->source + strspn(w->source, " \t") : "";
	char source[SOURCE_LEN + 1], *p;

	snprintf(source, sizeof(source), "%s", from);
	for (p = source; *p; p++)
		if (*p == '\t')
			*p = ' ';
	snprintf(buf, len, " (%.100s:%u%s%s)", basename(w->file), w->line, *source ? ": " : "",
		 source);
}

void kcsd_where_text(const struct kcsd_object *obj, uint32_t pc, char *buf, size_t len)
{
	char function[128] = "", line[256] = "";
	struct kcsd_where w;

	if (kcsd_object_where(obj, pc, &w, sizeof(w))) {
		snprintf(buf, len, "%s: section %s, instruction %u", obj->file, obj->section, pc);
		return;
	}
	if (w.function)
		snprintf(function, sizeof(function), ", function %s", w.function);
	if (w.file)
		kcsd_where_line(&w, line, sizeof(line));
	snprintf(buf, len, "%s: section %s%s, instruction %u%s", obj->file, w.section, function,
		 pc, line);
}
