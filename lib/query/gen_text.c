// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Texts: functions of them, and how they compare. */
#include "gen.h"

/* Keep the text in r0, r1 in two slots. */
static void keep_text(struct gen *g, uint32_t slot)
{
	kcsd_asm_store(g->a, BPF_REG_10, kcsd_gen_slot(slot), BPF_REG_0);
	kcsd_asm_store(g->a, BPF_REG_10, kcsd_gen_slot(slot + 1), BPF_REG_1);
}

/* Pass the text in r0, r1 as the first two arguments. */
static void pass_text(struct gen *g)
{
	kcsd_asm_mov(g->a, BPF_REG_2, BPF_REG_1);
	kcsd_asm_mov(g->a, BPF_REG_1, BPF_REG_0);
}

/* Take the text that a function of the scanner made. */
static void take_text(struct gen *g)
{
	kcsd_asm_jump_if_imm(g->a, BPF_JNE, BPF_REG_0, QUERY_OK, g->odd);
	kcsd_asm_load(g->a, BPF_REG_0, GEN_ROW, offsetof(struct query_row, text));
	kcsd_asm_load(g->a, BPF_REG_1, GEN_ROW, offsetof(struct query_row, text_len));
}

static void fold(struct gen *g, const struct kcsd_expr *expr, asm_label null)
{
	kcsd_gen_text(g, expr->args[0], null);
	pass_text(g);
	kcsd_asm_call(g->a, expr->op == KCSD_EXPR_LOWER ? ASM_query_lower : ASM_query_upper);
	take_text(g);
}

/* All the rest of a text: more than any has. */
#define NO_COUNT	(1 << 30)

static void substr(struct gen *g, const struct kcsd_expr *expr, asm_label null)
{
	uint32_t slot = kcsd_gen_take_slots(g, 3);

	kcsd_gen_text(g, expr->args[0], null);
	keep_text(g, slot);
	kcsd_gen_value(g, expr->args[1], null);
	kcsd_asm_store(g->a, BPF_REG_10, kcsd_gen_slot(slot + 2), BPF_REG_0);
	if (expr->nr_args > 2) {
		kcsd_gen_value(g, expr->args[2], null);
		kcsd_asm_mov(g->a, BPF_REG_4, BPF_REG_0);
	} else {
		/* Characters before the first one do not count then. */
		asm_label positive = kcsd_asm_label(g->a);

		kcsd_asm_jump_if_imm(g->a, BPF_JSGT, BPF_REG_0, 0, positive);
		kcsd_asm_store_imm(g->a, BPF_REG_10, kcsd_gen_slot(slot + 2), 1);
		kcsd_asm_place(g->a, positive);
		kcsd_asm_mov_imm(g->a, BPF_REG_4, NO_COUNT);
	}
	kcsd_asm_load(g->a, BPF_REG_1, BPF_REG_10, kcsd_gen_slot(slot));
	kcsd_asm_load(g->a, BPF_REG_2, BPF_REG_10, kcsd_gen_slot(slot + 1));
	kcsd_asm_load(g->a, BPF_REG_3, BPF_REG_10, kcsd_gen_slot(slot + 2));
	kcsd_asm_call(g->a, ASM_query_substr);
	take_text(g);
	kcsd_gen_free_slots(g, 3);
}

static void constant(struct gen *g, const struct kcsd_expr *expr, asm_label null)
{
	if (expr->value.null) {
		kcsd_asm_jump(g->a, null);
		return;
	}
	kcsd_asm_text(g->a, BPF_REG_0, expr->value.text.data, expr->value.text.len);
	kcsd_asm_mov_imm(g->a, BPF_REG_1, expr->value.text.len);
}

void kcsd_gen_text(struct gen *g, const struct kcsd_expr *expr, asm_label null)
{
	if (expr->type.type != KCSD_TYPE_TEXT)
		g->impossible = true;
	switch (expr->op) {
	case KCSD_EXPR_COLUMN:
		kcsd_gen_column(g, expr, null);
		break;
	case KCSD_EXPR_CONST:
		constant(g, expr, null);
		break;
	case KCSD_EXPR_LOWER:
	case KCSD_EXPR_UPPER:
		fold(g, expr, null);
		break;
	case KCSD_EXPR_SUBSTR:
		substr(g, expr, null);
		break;
	case KCSD_EXPR_CASE:
		kcsd_gen_case(g, expr, null);
		break;
	case KCSD_EXPR_COALESCE:
		kcsd_gen_coalesce(g, expr, null);
		break;
	default:
		g->impossible = true;
	}
}

void kcsd_gen_is_text(struct gen *g, const char *text, size_t len, asm_label yes, asm_label no)
{
	kcsd_asm_jump_if_imm(g->a, BPF_JNE, BPF_REG_1, len, no);
	if (!len) {
		kcsd_asm_jump(g->a, yes);
		return;
	}
	kcsd_asm_mov(g->a, BPF_REG_1, BPF_REG_0);
	kcsd_asm_text(g->a, BPF_REG_2, text, len);
	kcsd_asm_mov_imm(g->a, BPF_REG_3, len);
	kcsd_asm_helper(g->a, KCSD_HELPER_memcmp);
	kcsd_asm_jump_if_imm(g->a, BPF_JEQ, BPF_REG_0, 0, yes);
	kcsd_asm_jump(g->a, no);
}

static bool is_constant(const struct kcsd_expr *expr)
{
	return expr->op == KCSD_EXPR_CONST && !expr->value.null;
}

void kcsd_gen_compare_text(struct gen *g, enum kcsd_expr_op op, const struct kcsd_expr *a,
			   const struct kcsd_expr *b, asm_label yes, asm_label no,
			   asm_label null)
{
	const struct kcsd_text *text = &b->value.text;
	uint32_t slot;

	if ((op == KCSD_EXPR_EQ || op == KCSD_EXPR_NE) && is_constant(b)) {
		kcsd_gen_text(g, a, null);
		if (op == KCSD_EXPR_EQ)
			kcsd_gen_is_text(g, text->data, text->len, yes, no);
		else
			kcsd_gen_is_text(g, text->data, text->len, no, yes);
		return;
	}
	slot = kcsd_gen_take_slots(g, 2);
	kcsd_gen_text(g, a, null);
	keep_text(g, slot);
	kcsd_gen_text(g, b, null);
	kcsd_asm_mov(g->a, BPF_REG_3, BPF_REG_0);
	kcsd_asm_mov(g->a, BPF_REG_4, BPF_REG_1);
	kcsd_asm_load(g->a, BPF_REG_1, BPF_REG_10, kcsd_gen_slot(slot));
	kcsd_asm_load(g->a, BPF_REG_2, BPF_REG_10, kcsd_gen_slot(slot + 1));
	kcsd_gen_free_slots(g, 2);
	kcsd_asm_call(g->a, ASM_query_compare);
	kcsd_gen_compare(g, op, true, 0, yes, no);
}
