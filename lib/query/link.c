// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Link the code for a query into a scanner: append it, call it instead of query_take(). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../object.h"
#include "link.h"

#define TAKE	"query_take"

struct link {
	const struct plan *plan;
	const struct query_params *params;
};

static const char *const functions[__ASM_FUNCTIONS] = {
#define F(name) [ASM_query_##name] = "query_" #name,
	ASM_FUNCTIONS(F)
#undef F
};

static int fail(const struct kcsd_object *obj, const char *what, struct kcsd_error *err)
{
	return kcsd_error_set(err, -ENOEXEC, "%s: no %s in this scanner", obj->file, what);
}

static const struct kcsd_function *find_function(const struct kcsd_object *obj, const char *name)
{
	uint32_t i;

	for (i = 0; i < obj->nr_functions; i++)
		if (obj->functions[i].name && !strcmp(obj->functions[i].name, name))
			return &obj->functions[i];
	return NULL;
}

/* ---- data ---- */

/* Find a section of data. Returns its index in libbpf, or -1. */
static int find_data(const struct kcsd_object *obj, const char *name, struct bpf_map **found)
{
	struct bpf_map *map;
	int i = 0;

	bpf_object__for_each_map(map, obj->bpf) {
		const char *n = bpf_map__name(map), *dot = n ? strchr(n, '.') : NULL;

		if (dot && !strcmp(dot, name)) {
			*found = map;
			return i;
		}
		i++;
	}
	return -1;
}

/* Write the contents of a section. Returns its index, or -1. */
static int set_data(const struct kcsd_object *obj, const char *name, const void *bytes, size_t len)
{
	struct bpf_map *map = NULL;
	int index = find_data(obj, name, &map);
	size_t size = 0;
	/* Older versions of libbpf call what is the memory of the map const. */
	void *data = map ? (void *)bpf_map__initial_value(map, &size) : NULL;

	if (!data || size < len)
		return -1;
	if (len)
		memcpy(data, bytes, len);
	return index;
}

/* ---- code ---- */

/* Finish a call of a function of the scanner by the instruction at pc. */
static int fix_call(const struct kcsd_object *obj, struct bpf_insn *insn, uint32_t pc,
		    struct kcsd_error *err)
{
	const char *name = functions[insn->imm];
	const struct kcsd_function *function = find_function(obj, name);

	if (!function)
		return fail(obj, name, err);
	insn->src_reg = BPF_PSEUDO_CALL;
	insn->imm = (int32_t)(function->start - pc - 1);
	return 0;
}

/* Finish the code, which begins at start. constants: index of their section. */
static int fix_code(const struct kcsd_object *obj, uint32_t start, int constants,
		    struct kcsd_error *err)
{
	struct bpf_insn *insn;
	uint32_t pc;
	int ret;

	for (pc = start; pc < obj->insn_cnt; pc++) {
		insn = &obj->insns[pc];
		if (insn->code == (BPF_JMP | BPF_CALL) && insn->src_reg == ASM_CALL) {
			ret = fix_call(obj, insn, pc, err);
			if (ret)
				return ret;
		} else if (insn->code == (BPF_LD | BPF_IMM | BPF_DW)) {
			if (insn->src_reg == ASM_CONSTANT) {
				insn->src_reg = BPF_PSEUDO_MAP_IDX_VALUE;
				insn[1].imm = insn->imm;
				insn->imm = constants;
			}
			pc++;
		}
	}
	return 0;
}

/* Redirect calls of the function at from. */
static void redirect(const struct kcsd_object *obj, uint32_t from, uint32_t to)
{
	struct bpf_insn *insn;
	uint32_t pc;

	for (pc = 0; pc < to; pc++) {
		insn = &obj->insns[pc];
		if (insn->code == (BPF_LD | BPF_IMM | BPF_DW))
			pc++;
		else if (insn->code == (BPF_JMP | BPF_CALL) &&
			 insn->src_reg == BPF_PSEUDO_CALL && pc + 1 + insn->imm == from)
			insn->imm = (int32_t)(to - pc - 1);
	}
}

static int append(struct kcsd_object *obj, const struct assembly *code, struct kcsd_error *err)
{
	size_t nr = obj->insn_cnt + code->nr;
	struct bpf_insn *insns = reallocarray(obj->insns, nr, sizeof(*insns));
	struct kcsd_function *f;

	if (!insns)
		return kcsd_error_set(err, -ENOMEM, "out of memory");
	obj->insns = insns;
	f = reallocarray(obj->functions, obj->nr_functions + 1, sizeof(*f));
	if (!f)
		return kcsd_error_set(err, -ENOMEM, "out of memory");
	obj->functions = f;
	f[obj->nr_functions++] = (struct kcsd_function){ obj->insn_cnt, "query" };
	memcpy(insns + obj->insn_cnt, code->insns, code->nr * sizeof(*insns));
	obj->insn_cnt = nr;
	return 0;
}

/* ---- functions that nothing calls ---- */

/* Returns the instruction behind a function. */
static uint32_t end_of(const struct kcsd_object *obj, const struct kcsd_function *f)
{
	uint32_t end = obj->insn_cnt, i;

	for (i = 0; i < obj->nr_functions; i++)
		if (obj->functions[i].start > f->start && obj->functions[i].start < end)
			end = obj->functions[i].start;
	return end;
}

/* Mark the function that begins at start. Returns true if it was not marked before. */
static bool mark_at(const struct kcsd_object *obj, uint32_t start, bool *called)
{
	uint32_t i;

	for (i = 0; i < obj->nr_functions; i++)
		if (obj->functions[i].start == start && !called[i]) {
			called[i] = true;
			return true;
		}
	return false;
}

/* Mark what a function calls. Returns true if something is new. */
static bool mark_callees(const struct kcsd_object *obj, const struct kcsd_function *f, bool *called)
{
	uint32_t pc, end = end_of(obj, f);
	const struct bpf_insn *insn;
	bool found = false;

	for (pc = f->start; pc < end; pc++) {
		insn = &obj->insns[pc];
		if (insn->code == (BPF_LD | BPF_IMM | BPF_DW))
			pc++;
		else if (insn->code == (BPF_JMP | BPF_CALL) && insn->src_reg == BPF_PSEUDO_CALL)
			found |= mark_at(obj, pc + 1 + insn->imm, called);
	}
	return found;
}

/*
 * Erase functions that nothing calls. A function goes as far as the next one that is called, so
 * what they call would be calls of the one before them.
 */
static int erase_uncalled(const struct kcsd_object *obj, struct kcsd_error *err)
{
	bool *called = calloc(obj->nr_functions, sizeof(*called)), found = true;
	uint32_t i, pc;

	if (!called)
		return kcsd_error_set(err, -ENOMEM, "out of memory");
	mark_at(obj, 0, called);
	while (found)
		for (i = 0, found = false; i < obj->nr_functions; i++)
			if (called[i])
				found |= mark_callees(obj, &obj->functions[i], called);
	for (i = 0; i < obj->nr_functions; i++)
		for (pc = obj->functions[i].start;
		     !called[i] && pc < end_of(obj, &obj->functions[i]); pc++)
			obj->insns[pc] = (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT };
	free(called);
	return 0;
}

static int link_code(struct kcsd_object *obj, void *arg, struct kcsd_error *err)
{
	const struct link *link = arg;
	const struct assembly *code = &link->plan->code;
	const struct kcsd_function *take = find_function(obj, TAKE);
	uint32_t start = obj->insn_cnt, from;
	int constants, ret;

	if (!take)
		return fail(obj, TAKE, err);
	from = take->start;
	constants = set_data(obj, ".data.constants", code->constants, code->constants_len);
	if (constants < 0 ||
	    set_data(obj, ".data.params", link->params, sizeof(*link->params)) < 0)
		return fail(obj, ".data.constants or .data.params", err);
	ret = append(obj, code, err);
	if (!ret)
		ret = fix_code(obj, start, constants, err);
	if (ret)
		return ret;
	redirect(obj, from, start);
	return erase_uncalled(obj, err);
}

int kcsd_query_link(const struct format *format, const struct plan *plan,
		    const struct query_params *params, uint32_t heap_len,
		    struct kcsd_object **obj, struct kcsd_error *err)
{
	KCSD_OPTS(kcsd_object_opts, opts, .program = format->program, .file = format->name,
		  .heap_len = heap_len);
	struct link link = { plan, params };
	size_t len = (const char *)format->object_end - (const char *)format->object;

	return kcsd_object_open_linked(format->object, len, &opts, link_code, &link, obj, err);
}
