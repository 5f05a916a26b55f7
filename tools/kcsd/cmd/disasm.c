// SPDX-License-Identifier: GPL-2.0
/* kcsd disasm */
#include <stdio.h>
#include <string.h>

#include "program_file.h"

#define OPTIONS(X) \
	X(PROGRAM, "program", 'p', "NAME", "the program, if the file has several") \
	X(BYTES, "bytes", 'b', NULL, "also show the bytes") \
	X(SOURCE, "source", 's', NULL, "also show source lines, if the file has them (clang -g)") \
	OPTION_JSON(X)

enum { OPTIONS(OPT_ENUM) };
static const struct opt opts[] = { OPTIONS(OPT_ROW) };

struct listing {
	const struct args *args;
	const struct kcsd_object *obj;	/* or NULL */
	json_object *json;		/* array of instructions, or NULL */
	struct kcsd_where last;		/* the source line shown last */
};

static void bytes_text(const struct kcsd_insn_info *info, char text[40])
{
	uint32_t i;

	for (i = 0; i < info->units * 8; i++)
		text += sprintf(text, i == 8 ? " %02x" : "%02x", info->bytes[i]);
}

/* True if the instruction at pc has another source line than the one before; set l->last. */
static bool next_source(struct listing *l, uint32_t pc)
{
	struct kcsd_where where;

	if (!l->obj || kcsd_object_where(l->obj, pc, &where, sizeof(where)) || !where.file)
		return false;
	if (l->last.file && where.line == l->last.line && !strcmp(where.file, l->last.file))
		return false;
	l->last = where;
	return true;
}

static int print_insn(const struct kcsd_insn_info *info, void *arg)
{
	struct listing *l = arg;
	char bytes[40] = "";

	if (*info->label)
		printf("%s%s:\n", info->is_function && info->pc ? "\n" : "", info->label);
	if (kcsd_args_has(l->args, OPT_SOURCE) && next_source(l, info->pc))
		printf("; %s:%u: %s\n", l->last.file, l->last.line, l->last.source ?
		       l->last.source + strspn(l->last.source, " \t") : "");
	if (kcsd_args_has(l->args, OPT_BYTES))
		bytes_text(info, bytes);
	printf("%6u:  %s%s%s\n", info->pc, bytes, kcsd_args_has(l->args, OPT_BYTES) ?
	       &"                                    "[strlen(bytes)] : "", info->text);
	return 0;
}

static int add_insn(const struct kcsd_insn_info *info, void *arg)
{
	struct listing *l = arg;
	json_object *json = json_object_new_object();
	struct kcsd_where where;
	char bytes[40];

	bytes_text(info, bytes);
	json_object_object_add(json, "pc", json_object_new_uint64(info->pc));
	json_object_object_add(json, "text", json_object_new_string(info->text));
	json_object_object_add(json, "bytes", json_object_new_string(bytes));
	if (*info->label)
		json_object_object_add(json, "label", json_object_new_string(info->label));
	if (info->target != KCSD_NO_TARGET)
		json_object_object_add(json, "target", json_object_new_uint64(info->target));
	if (l->obj && !kcsd_object_where(l->obj, info->pc, &where, sizeof(where))) {
		if (where.function)
			json_object_object_add(json, "function",
					       json_object_new_string(where.function));
		if (where.file) {
			json_object_object_add(json, "file", json_object_new_string(where.file));
			json_object_object_add(json, "line", json_object_new_uint64(where.line));
		}
	}
	json_object_array_add(l->json, json);
	return 0;
}

static int list(const struct args *args, const struct program_file *file)
{
	struct listing l = { .args = args, .obj = file->obj };
	struct kcsd_error error;
	int ret;

	if (kcsd_args_has(args, OPT_JSON))
		l.json = json_object_new_array();
	ret = kcsd_insn_each(file->image, file->len, file->obj,
			     l.json ? add_insn : print_insn, &l, &error);
	if (!ret && l.json)
		kcsd_json_print(l.json);
	else
		json_object_put(l.json);
	return ret ? kcsd_fail("%s: %s", args->operand[0], error.text) : 0;
}

static int disasm(const struct args *args)
{
	KCSD_OPTS(kcsd_object_opts, opts, .flags = KCSD_OBJECT_UNVALIDATED);
	struct program_file file;
	int code;

	opts.program = kcsd_args_value(args, OPT_PROGRAM);
	if (args->nr_operands > 1)
		opts.program = args->operand[1];
	code = kcsd_program_open(&file, args->operand[0], &opts);
	if (code)
		return code;
	code = list(args, &file);
	kcsd_program_close(&file);
	return code;
}

const struct command kcsd_cmd_disasm = {
	.name = "disasm",
	.operands = "FILE [PROGRAM]",
	.min_operands = 1,
	.max_operands = 2,
	.summary = "show the instructions of a program",
	.detail = "FILE is an object file, an image or plain instructions; '-' is standard input.\n"
		  "The program may be invalid. Needs no drive.",
	.opts = opts,
	.nr_opts = ARRAY_SIZE(opts),
	.run = disasm,
};
