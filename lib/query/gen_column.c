// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Columns: get their values from the scanner, keep them in slots. */
#include "gen.h"

/* Jump by the state in r0: NULL to null, odd; go on with a value. */
static void branch_on_state(struct gen *g, asm_label null)
{
	asm_label ok = kcsd_asm_label(g->a);

	kcsd_asm_jump_if_imm(g->a, BPF_JEQ, BPF_REG_0, QUERY_OK, ok);
	kcsd_asm_jump_if_imm(g->a, BPF_JEQ, BPF_REG_0, QUERY_NULL, null);
	kcsd_asm_jump(g->a, g->odd);
	kcsd_asm_place(g->a, ok);
}

/* Call the function of the scanner that finds the value. */
static void call_scanner(struct gen *g, uint32_t column)
{
	struct kcsd_sql_type type = g->query->columns[column].type;
	enum asm_function function = ASM_query_text;

	if (g->query->columns[column].flags & KCSD_COLUMN_ROW) {
		kcsd_asm_load(g->a, BPF_REG_1, GEN_ROW, offsetof(struct query_row, number));
		kcsd_asm_store(g->a, GEN_ROW, offsetof(struct query_row, value), BPF_REG_1);
		kcsd_asm_mov_imm(g->a, BPF_REG_0, QUERY_OK);
		return;
	}
	kcsd_asm_mov_imm(g->a, BPF_REG_1, column);
	if (kcsd_plan_form(type) == PLAN_INT) {
		kcsd_asm_mov_imm(g->a, BPF_REG_2, kcsd_plan_type_scale(type));
		function = type.type == KCSD_TYPE_BOOL ? ASM_query_bool :
			   type.type == KCSD_TYPE_DATE ? ASM_query_date :
			   type.type == KCSD_TYPE_TIMESTAMP ? ASM_query_timestamp : ASM_query_int;
	}
	kcsd_asm_call(g->a, function);
}

/* Load the value that the scanner found to r0; a text to r0 and r1. */
static void load_found(struct gen *g, uint32_t column)
{
	struct kcsd_sql_type type = g->query->columns[column].type;

	if (kcsd_plan_form(type) != PLAN_INT) {
		kcsd_asm_load(g->a, BPF_REG_0, GEN_ROW, offsetof(struct query_row, text));
		kcsd_asm_load(g->a, BPF_REG_1, GEN_ROW, offsetof(struct query_row, text_len));
		return;
	}
	kcsd_asm_load(g->a, BPF_REG_0, GEN_ROW, offsetof(struct query_row, value));
	if (type.type == KCSD_TYPE_INT4)
		kcsd_gen_check_int4(g);
	else if (type.type == KCSD_TYPE_NUMERIC && type.precision < GEN_DIGITS)
		kcsd_gen_check_digits(g, type.precision);
}

static void load_column(struct gen *g, uint32_t column)
{
	bool is_text = kcsd_plan_form(g->query->columns[column].type) == PLAN_TEXT;
	asm_label null = kcsd_asm_label(g->a), end = kcsd_asm_label(g->a);
	uint32_t slot;

	if (kcsd_plan_form(g->query->columns[column].type) == PLAN_RAW)
		g->impossible = true;
	slot = kcsd_gen_take_slots(g, is_text ? 2 : 1);
	if (g->impossible)
		return;
	call_scanner(g, column);
	branch_on_state(g, null);
	load_found(g, column);
	kcsd_asm_store(g->a, BPF_REG_10, kcsd_gen_slot(slot), BPF_REG_0);
	if (is_text)
		kcsd_asm_store(g->a, BPF_REG_10, kcsd_gen_slot(slot + 1), BPF_REG_1);
	kcsd_asm_jump(g->a, end);
	kcsd_asm_place(g->a, null);
	kcsd_asm_set_bit(g->a, GEN_NULLS, slot);
	kcsd_asm_place(g->a, end);
	g->slot_of[column] = slot;
}

void kcsd_gen_load(struct gen *g, const struct kcsd_expr *expr)
{
	uint32_t i;

	if (expr->op == KCSD_EXPR_COLUMN && g->slot_of[expr->index] == GEN_NO_SLOT &&
	    !g->impossible)
		load_column(g, expr->index);
	for (i = 0; i < expr->nr_args; i++)
		kcsd_gen_load(g, expr->args[i]);
}

void kcsd_gen_column(struct gen *g, const struct kcsd_expr *expr, asm_label null)
{
	int slot = g->slot_of[expr->index];

	if (slot == GEN_NO_SLOT) {
		g->impossible = true;
		return;
	}
	kcsd_asm_jump_if_bit(g->a, GEN_NULLS, slot, null);
	kcsd_asm_load(g->a, BPF_REG_0, BPF_REG_10, kcsd_gen_slot(slot));
	if (expr->type.type == KCSD_TYPE_TEXT)
		kcsd_asm_load(g->a, BPF_REG_1, BPF_REG_10, kcsd_gen_slot(slot + 1));
}

void kcsd_gen_send_column(struct gen *g, uint32_t column)
{
	bool is_int = kcsd_plan_form(g->query->columns[column].type) == PLAN_INT;
	asm_label null = kcsd_asm_label(g->a), end = kcsd_asm_label(g->a);
	struct kcsd_expr expr = { .index = column, .type = g->query->columns[column].type };

	if (g->slot_of[column] != GEN_NO_SLOT) {
		kcsd_gen_column(g, &expr, null);
	} else {
		call_scanner(g, column);
		branch_on_state(g, null);
		load_found(g, column);
	}
	if (is_int) {
		kcsd_asm_mov(g->a, BPF_REG_1, BPF_REG_0);
	} else {
		kcsd_asm_mov(g->a, BPF_REG_2, BPF_REG_1);
		kcsd_asm_mov(g->a, BPF_REG_1, BPF_REG_0);
	}
	kcsd_asm_call(g->a, is_int ? ASM_query_values_int : ASM_query_values_text);
	kcsd_asm_jump(g->a, end);
	kcsd_asm_place(g->a, null);
	kcsd_asm_call(g->a, ASM_query_values_null);
	kcsd_asm_place(g->a, end);
}
