// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Values of expressions: integers and decimals. */
#include "gen.h"
#include "numeric.h"

void kcsd_gen_check_int4(struct gen *g)
{
	kcsd_asm_mov(g->a, BPF_REG_1, BPF_REG_0);
	kcsd_asm_alu_imm(g->a, BPF_LSH, BPF_REG_1, 32);
	kcsd_asm_alu_imm(g->a, BPF_ARSH, BPF_REG_1, 32);
	kcsd_asm_jump_if(g->a, BPF_JNE, BPF_REG_1, BPF_REG_0, g->odd);
}

void kcsd_gen_check_digits(struct gen *g, uint32_t digits)
{
	int64_t limit = kcsd_numeric_power(MIN(digits, (uint32_t)GEN_DIGITS));

	kcsd_asm_mov_imm(g->a, BPF_REG_1, limit);
	kcsd_asm_jump_if(g->a, BPF_JSGE, BPF_REG_0, BPF_REG_1, g->odd);
	kcsd_asm_mov_imm(g->a, BPF_REG_1, -limit);
	kcsd_asm_jump_if(g->a, BPF_JSLE, BPF_REG_0, BPF_REG_1, g->odd);
}

/* Clobbers r2. */
static void jump_unless_int4(struct gen *g, uint8_t reg, asm_label label)
{
	kcsd_asm_mov(g->a, BPF_REG_2, reg);
	kcsd_asm_alu_imm(g->a, BPF_LSH, BPF_REG_2, 32);
	kcsd_asm_alu_imm(g->a, BPF_ARSH, BPF_REG_2, 32);
	kcsd_asm_jump_if(g->a, BPF_JNE, BPF_REG_2, reg, label);
}

/* r0 *= r1; digits of the product at most. */
static void multiply(struct gen *g, uint32_t digits)
{
	asm_label large = kcsd_asm_label(g->a), end = kcsd_asm_label(g->a);

	if (digits <= GEN_DIGITS) {
		kcsd_asm_alu(g->a, BPF_MUL, BPF_REG_0, BPF_REG_1);
		return;
	}
	/* Of two factors of 32 bits each product fits. */
	jump_unless_int4(g, BPF_REG_0, large);
	jump_unless_int4(g, BPF_REG_1, large);
	kcsd_asm_alu(g->a, BPF_MUL, BPF_REG_0, BPF_REG_1);
	kcsd_asm_jump(g->a, end);
	kcsd_asm_place(g->a, large);
	kcsd_asm_mov(g->a, BPF_REG_2, BPF_REG_1);
	kcsd_asm_mov(g->a, BPF_REG_1, BPF_REG_0);
	kcsd_asm_call(g->a, ASM_query_mul);
	kcsd_asm_jump_if_imm(g->a, BPF_JNE, BPF_REG_0, QUERY_OK, g->odd);
	kcsd_asm_load(g->a, BPF_REG_0, GEN_ROW, offsetof(struct query_row, value));
	kcsd_asm_place(g->a, end);
}

void kcsd_gen_scale_up(struct gen *g, uint32_t digits, uint32_t by)
{
	if (!by)
		return;
	if (by > GEN_DIGITS) {
		g->impossible = true;
		return;
	}
	kcsd_asm_mov_imm(g->a, BPF_REG_1, kcsd_numeric_power(by));
	multiply(g, digits + by);
}

/* The value with this scale. */
static void scaled_value(struct gen *g, const struct kcsd_expr *expr, uint32_t scale,
			 asm_label null)
{
	bool same = true;
	uint32_t own = kcsd_gen_scale(expr, &same);
	int64_t value;

	if (kcsd_gen_constant(expr, scale, &value)) {
		kcsd_asm_mov_imm(g->a, BPF_REG_0, value);
		return;
	}
	kcsd_gen_value(g, expr, null);
	kcsd_gen_scale_up(g, kcsd_gen_digits(expr), scale - own);
}

bool kcsd_gen_pair(struct gen *g, const struct kcsd_expr *a, const struct kcsd_expr *b,
		   uint32_t scale, asm_label null, int64_t *imm)
{
	uint32_t slot;

	if (kcsd_gen_constant(b, scale, imm)) {
		scaled_value(g, a, scale, null);
		if (*imm == (int32_t)*imm)
			return true;
		kcsd_asm_mov_imm(g->a, BPF_REG_1, *imm);
		return false;
	}
	slot = kcsd_gen_take_slots(g, 1);
	scaled_value(g, a, scale, null);
	kcsd_asm_store(g->a, BPF_REG_10, kcsd_gen_slot(slot), BPF_REG_0);
	scaled_value(g, b, scale, null);
	kcsd_asm_mov(g->a, BPF_REG_1, BPF_REG_0);
	kcsd_asm_load(g->a, BPF_REG_0, BPF_REG_10, kcsd_gen_slot(slot));
	kcsd_gen_free_slots(g, 1);
	return false;
}

/* r0 = r0 + r1, or r0 - r1: odd if that does not fit in 64 bits. */
static void add_checked(struct gen *g, uint8_t op)
{
	kcsd_asm_mov(g->a, BPF_REG_2, BPF_REG_0);
	kcsd_asm_mov(g->a, BPF_REG_3, BPF_REG_0);
	kcsd_asm_alu(g->a, op, BPF_REG_0, BPF_REG_1);
	/* a + b overflows if the sum has another sign than both; a - b if a and b differ, too. */
	kcsd_asm_alu(g->a, BPF_XOR, BPF_REG_2, BPF_REG_0);
	kcsd_asm_alu(g->a, BPF_XOR, op == BPF_ADD ? BPF_REG_1 : BPF_REG_3,
		     op == BPF_ADD ? BPF_REG_0 : BPF_REG_1);
	kcsd_asm_alu(g->a, BPF_AND, BPF_REG_2, op == BPF_ADD ? BPF_REG_1 : BPF_REG_3);
	kcsd_asm_jump_if_imm(g->a, BPF_JSLT, BPF_REG_2, 0, g->odd);
}

static void check_result(struct gen *g, const struct kcsd_expr *expr)
{
	if (expr->type.type == KCSD_TYPE_INT4)
		kcsd_gen_check_int4(g);
}

/* True if no sum of these digits leaves 64 bits. */
static bool fits(const struct kcsd_expr *expr)
{
	return expr->type.type == KCSD_TYPE_INT4 || kcsd_gen_digits(expr) <= GEN_DIGITS;
}

static void add(struct gen *g, const struct kcsd_expr *expr, asm_label null)
{
	uint8_t op = expr->op == KCSD_EXPR_ADD ? BPF_ADD : BPF_SUB;
	bool same = true;
	int64_t imm;

	if (kcsd_gen_pair(g, expr->args[0], expr->args[1], kcsd_gen_scale(expr, &same), null,
			  &imm)) {
		if (fits(expr)) {
			kcsd_asm_alu_imm(g->a, op, BPF_REG_0, imm);
			check_result(g, expr);
			return;
		}
		kcsd_asm_mov_imm(g->a, BPF_REG_1, imm);
	}
	if (fits(expr))
		kcsd_asm_alu(g->a, op, BPF_REG_0, BPF_REG_1);
	else
		add_checked(g, op);
	check_result(g, expr);
}

/* Each factor has its own scale. */
static void mul(struct gen *g, const struct kcsd_expr *expr, asm_label null)
{
	const struct kcsd_expr *a = expr->args[0], *b = expr->args[1];
	uint32_t digits = expr->type.type == KCSD_TYPE_INT4 ? 0 :
			  kcsd_gen_digits(a) + kcsd_gen_digits(b);
	uint32_t slot = kcsd_gen_take_slots(g, 1);

	kcsd_gen_value(g, a, null);
	kcsd_asm_store(g->a, BPF_REG_10, kcsd_gen_slot(slot), BPF_REG_0);
	kcsd_gen_value(g, b, null);
	kcsd_asm_load(g->a, BPF_REG_1, BPF_REG_10, kcsd_gen_slot(slot));
	kcsd_gen_free_slots(g, 1);
	multiply(g, digits);
	check_result(g, expr);
}

/* Quotients of numerics have as many digits as PostgreSQL finds good: the host knows. */
static void divide(struct gen *g, const struct kcsd_expr *expr, asm_label null)
{
	asm_label plain = kcsd_asm_label(g->a), end = kcsd_asm_label(g->a);
	bool is_mod = expr->op == KCSD_EXPR_MOD, same = true;
	uint32_t scale = kcsd_gen_scale(expr, &same);
	int64_t imm;

	if (expr->type.type == KCSD_TYPE_NUMERIC && !is_mod)
		g->impossible = true;
	if (kcsd_gen_pair(g, expr->args[0], expr->args[1], scale, null, &imm))
		kcsd_asm_mov_imm(g->a, BPF_REG_1, imm);
	kcsd_asm_jump_if_imm(g->a, BPF_JEQ, BPF_REG_1, 0, g->odd);
	/* The least integer divided by -1 does not fit. */
	kcsd_asm_jump_if_imm(g->a, BPF_JNE, BPF_REG_1, -1, plain);
	if (is_mod) {
		kcsd_asm_mov_imm(g->a, BPF_REG_0, 0);
		kcsd_asm_jump(g->a, end);
	} else {
		kcsd_asm_jump(g->a, g->odd);
	}
	kcsd_asm_place(g->a, plain);
	kcsd_asm_signed(g->a, is_mod ? BPF_MOD : BPF_DIV, BPF_REG_0, BPF_REG_1);
	kcsd_asm_place(g->a, end);
}

/* Negate r0. */
static void negate(struct gen *g)
{
	kcsd_asm_alu_imm(g->a, BPF_MUL, BPF_REG_0, -1);
}

static void negative(struct gen *g, const struct kcsd_expr *expr, asm_label null)
{
	asm_label end = kcsd_asm_label(g->a);

	kcsd_gen_value(g, expr->args[0], null);
	if (expr->op == KCSD_EXPR_ABS)
		kcsd_asm_jump_if_imm(g->a, BPF_JSGE, BPF_REG_0, 0, end);
	kcsd_asm_mov_imm(g->a, BPF_REG_1, INT64_MIN);
	kcsd_asm_jump_if(g->a, BPF_JEQ, BPF_REG_0, BPF_REG_1, g->odd);
	negate(g);
	check_result(g, expr);
	kcsd_asm_place(g->a, end);
}

/* A condition as a value. */
static void truth(struct gen *g, const struct kcsd_expr *expr, asm_label null)
{
	asm_label yes = kcsd_asm_label(g->a), no = kcsd_asm_label(g->a),
		  end = kcsd_asm_label(g->a);

	kcsd_gen_condition(g, expr, yes, no, null);
	kcsd_asm_place(g->a, yes);
	kcsd_asm_mov_imm(g->a, BPF_REG_0, 1);
	kcsd_asm_jump(g->a, end);
	kcsd_asm_place(g->a, no);
	kcsd_asm_mov_imm(g->a, BPF_REG_0, 0);
	kcsd_asm_place(g->a, end);
}

static void constant(struct gen *g, const struct kcsd_expr *expr, asm_label null)
{
	bool same = true;
	int64_t value;

	if (expr->value.null)
		kcsd_asm_jump(g->a, null);
	else if (kcsd_gen_constant(expr, kcsd_gen_scale(expr, &same), &value))
		kcsd_asm_mov_imm(g->a, BPF_REG_0, value);
	else
		g->impossible = true;
}

static void text_length(struct gen *g, const struct kcsd_expr *expr, asm_label null)
{
	kcsd_gen_text(g, expr->args[0], null);
	kcsd_asm_mov(g->a, BPF_REG_2, BPF_REG_1);
	kcsd_asm_mov(g->a, BPF_REG_1, BPF_REG_0);
	kcsd_asm_call(g->a, ASM_query_length);
}

static void arithmetic(struct gen *g, const struct kcsd_expr *expr, asm_label null)
{
	enum kcsd_type type = expr->type.type;
	bool is_time = expr->args[0]->type.type == KCSD_TYPE_DATE ||
		       expr->args[0]->type.type == KCSD_TYPE_TIMESTAMP;

	if (is_time && (expr->op == KCSD_EXPR_ADD || expr->op == KCSD_EXPR_SUB))
		kcsd_gen_time_add(g, expr, null);
	else if (type != KCSD_TYPE_INT4 && type != KCSD_TYPE_INT8 && type != KCSD_TYPE_NUMERIC)
		g->impossible = true;
	else if (expr->op == KCSD_EXPR_MUL)
		mul(g, expr, null);
	else if (expr->op == KCSD_EXPR_DIV || expr->op == KCSD_EXPR_MOD)
		divide(g, expr, null);
	else if (expr->op == KCSD_EXPR_NEG || expr->op == KCSD_EXPR_ABS)
		negative(g, expr, null);
	else
		add(g, expr, null);
}

/* Load the value if it is in a slot. */
static bool load_known(struct gen *g, const struct kcsd_expr *expr, asm_label null)
{
	uint32_t i;

	for (i = 0; i < g->nr_known; i++) {
		if (!kcsd_expr_equal(g->known[i], expr))
			continue;
		kcsd_asm_jump_if_bit(g->a, GEN_NULLS, g->known_slot[i], null);
		kcsd_asm_load(g->a, BPF_REG_0, BPF_REG_10, kcsd_gen_slot(g->known_slot[i]));
		return true;
	}
	return false;
}

void kcsd_gen_value(struct gen *g, const struct kcsd_expr *expr, asm_label null)
{
	/* Only the values of a CASE itself say their scales. */
	int8_t scale_slot = g->scale_slot;

	if (g->scale_slot == GEN_NO_SLOT && load_known(g, expr, null))
		return;
	if (expr->op != KCSD_EXPR_CASE && expr->op != KCSD_EXPR_COALESCE)
		g->scale_slot = GEN_NO_SLOT;
	if (kcsd_plan_form(expr->type) == PLAN_TEXT || expr->type.type == KCSD_TYPE_FLOAT8 ||
	    expr->type.type == KCSD_TYPE_INTERVAL)
		g->impossible = true;
	switch (expr->op) {
	case KCSD_EXPR_COLUMN:
		kcsd_gen_column(g, expr, null);
		break;
	case KCSD_EXPR_CONST:
		constant(g, expr, null);
		break;
	case KCSD_EXPR_CAST:
		kcsd_gen_cast(g, expr, null);
		break;
	case KCSD_EXPR_NEG:
	case KCSD_EXPR_ABS:
	case KCSD_EXPR_ADD:
	case KCSD_EXPR_SUB:
	case KCSD_EXPR_MUL:
	case KCSD_EXPR_DIV:
	case KCSD_EXPR_MOD:
		arithmetic(g, expr, null);
		break;
	case KCSD_EXPR_CASE:
		kcsd_gen_case(g, expr, null);
		break;
	case KCSD_EXPR_COALESCE:
		kcsd_gen_coalesce(g, expr, null);
		break;
	case KCSD_EXPR_LENGTH:
		text_length(g, expr, null);
		break;
	case KCSD_EXPR_EXTRACT:
		kcsd_gen_extract(g, expr, null);
		break;
	case KCSD_EXPR_DATE_TRUNC:
		kcsd_gen_date_trunc(g, expr, null);
		break;
	default:
		if (expr->type.type == KCSD_TYPE_BOOL)
			truth(g, expr, null);
		else
			g->impossible = true;
	}
	g->scale_slot = scale_slot;
}
