// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Disassemble a program to text with labels. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "disasm.h"
#include "object.h"

_Static_assert(KCSD_INSN_TEXT_LEN == KCSD_DISASM_LEN, "");
_Static_assert(KCSD_INSN_LABEL_LEN == KCSD_LABEL_LEN, "");

#define MARK_BEGINS	1	/* an instruction begins here */
#define MARK_JUMPED	2	/* an instruction jumps here */
#define MARK_FUNCTION	4	/* a function begins here */

struct listing {
	struct kcsd_image_view view;
	const struct kcsd_object *obj;	/* or NULL */
	uint8_t *marks;			/* MARK_*, for each unit of 8 bytes */
};

static void mark(struct listing *l)
{
	const struct kcsd_image_view *v = &l->view;
	char text[KCSD_DISASM_LEN];
	uint32_t pc, i, target;
	bool call;

	l->marks[0] |= MARK_FUNCTION;
	for (pc = 0; pc < v->insn_cnt; pc += kcsd_disasm(v->insns, v->insn_cnt, pc, NULL, text)) {
		l->marks[pc] |= MARK_BEGINS;
		if (kcsd_disasm_target(v->insns, v->insn_cnt, pc, &target, &call))
			l->marks[target] |= call ? MARK_FUNCTION : MARK_JUMPED;
	}
	for (i = 0; l->obj && i < l->obj->nr_functions; i++)
		if (l->obj->functions[i].start < v->insn_cnt)
			l->marks[l->obj->functions[i].start] |= MARK_FUNCTION;
}

/* True for a name that an assembler accepts as a label. */
static bool is_word(const char *name)
{
	size_t i;

	for (i = 0; name[i]; i++)
		if (!isalnum((unsigned char)name[i]) && name[i] != '_')
			return false;
	return i && i < KCSD_LABEL_LEN;
}

static const char *function_at(const struct listing *l, uint32_t pc)
{
	uint32_t i;

	for (i = 0; l->obj && i < l->obj->nr_functions; i++)
		if (l->obj->functions[i].start == pc && l->obj->functions[i].name &&
		    is_word(l->obj->functions[i].name))
			return l->obj->functions[i].name;
	return NULL;
}

/*
 * Make the label of a jump target or of the start of a function; "" for other places, and in the
 * middle of an instruction.
 */
static void make_label(const struct listing *l, uint32_t pc, char label[KCSD_LABEL_LEN])
{
	const char *name = function_at(l, pc);
	uint8_t marks = l->marks[pc];

	*label = '\0';
	if (!(marks & MARK_BEGINS) || !(marks & (MARK_FUNCTION | MARK_JUMPED)))
		return;
	if (name)
		snprintf(label, KCSD_LABEL_LEN, "%s", name);
	else
		snprintf(label, KCSD_LABEL_LEN, "%s%u", marks & MARK_FUNCTION ? "F" : "L", pc);
}

static void describe(const struct listing *l, uint32_t pc, struct kcsd_insn_info *info)
{
	const struct kcsd_image_view *v = &l->view;
	char target[KCSD_LABEL_LEN] = "";
	bool call;

	*info = (struct kcsd_insn_info){
		.pc = pc,
		.target = KCSD_NO_TARGET,
		.is_function = !!(l->marks[pc] & MARK_FUNCTION),
		.is_target = !!(l->marks[pc] & MARK_JUMPED),
	};
	make_label(l, pc, info->label);
	if (kcsd_disasm_target(v->insns, v->insn_cnt, pc, &info->target, &call))
		make_label(l, info->target, target);
	info->units = kcsd_disasm(v->insns, v->insn_cnt, pc, *target ? target : NULL, info->text);
	memcpy(info->bytes, &v->insns[pc], info->units * sizeof(*v->insns));
}

int kcsd_insn_each(const void *image, size_t len, const struct kcsd_object *obj,
		   int (*fn)(const struct kcsd_insn_info *info, void *arg), void *arg,
		   struct kcsd_error *err)
{
	struct listing l = { .obj = obj };
	struct kcsd_insn_info info;
	uint32_t pc, reason;
	int ret = 0;

	reason = kcsd_image_parse(image, len, &l.view);
	if (reason) {
		kcsd_error_set(err, -EINVAL, "not a program: %s", kcsd_verdict_text(reason));
		if (err)
			err->verdict = reason;
		return -EINVAL;
	}
	l.marks = calloc(l.view.insn_cnt, 1);
	if (!l.marks)
		return kcsd_error_set(err, -ENOMEM, "out of memory");
	mark(&l);
	for (pc = 0; pc < l.view.insn_cnt && !ret; pc += info.units) {
		describe(&l, pc, &info);
		ret = fn(&info, arg);
	}
	free(l.marks);
	return ret;
}
