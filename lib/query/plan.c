// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Decide what the drive does of a query: as much as the generator has code for. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gen.h"

enum plan_form kcsd_plan_form(struct kcsd_sql_type type)
{
	switch (type.type) {
	case KCSD_TYPE_BOOL:
	case KCSD_TYPE_INT4:
	case KCSD_TYPE_INT8:
	case KCSD_TYPE_DATE:
	case KCSD_TYPE_TIMESTAMP:
		return PLAN_INT;
	case KCSD_TYPE_NUMERIC:
		return type.precision && type.scale <= GEN_DIGITS ? PLAN_INT : PLAN_RAW;
	case KCSD_TYPE_TEXT:
		return PLAN_TEXT;
	default:
		return PLAN_RAW;
	}
}

uint32_t kcsd_plan_type_scale(struct kcsd_sql_type type)
{
	return type.type == KCSD_TYPE_NUMERIC ? type.scale : 0;
}

bool kcsd_plan_is_text(const struct kcsd_expr *expr, const char *text)
{
	const struct kcsd_text *t = &expr->value.text;

	return expr->op == KCSD_EXPR_CONST && expr->type.type == KCSD_TYPE_TEXT &&
	       !expr->value.null && t->len == strlen(text) && !memcmp(t->data, text, t->len);
}

/* ---- columns ---- */

static void mark_columns(const struct kcsd_expr *expr, bool *columns)
{
	uint32_t i;

	if (expr->op == KCSD_EXPR_COLUMN)
		columns[expr->index] = true;
	for (i = 0; i < expr->nr_args; i++)
		mark_columns(expr->args[i], columns);
}

/* Mark what results are made of, from rows. */
static void mark_results(const struct kcsd_query *query, bool *columns)
{
	uint32_t i;

	for (i = 0; i < query->nr_groups; i++)
		mark_columns(query->groups[i], columns);
	for (i = 0; i < query->nr_aggregates; i++)
		mark_columns(query->aggregates[i], columns);
	for (i = 0; !query->grouped && i < query->nr_results; i++)
		mark_columns(query->results[i].expr, columns);
	for (i = 0; !query->grouped && i < query->nr_orders; i++)
		mark_columns(query->orders[i].expr, columns);
}

static int find_used(struct plan *plan, struct kcsd_error *err)
{
	const struct kcsd_query *query = plan->query;
	struct query_params *params = &plan->params;
	bool columns[QUERY_COLUMNS] = {};
	uint32_t i;

	if (query->nr_columns > QUERY_COLUMNS)
		return kcsd_error_set(err, -E2BIG, "the table has %u columns: at most %u are possible",
				      query->nr_columns, QUERY_COLUMNS);
	mark_results(query, columns);
	for (i = 0; i < query->nr_wheres; i++)
		mark_columns(query->wheres[i], columns);
	for (i = 0; i < query->nr_columns; i++) {
		if (!columns[i])
			continue;
		if (params->nr_used == QUERY_USED)
			return kcsd_error_set(err, -E2BIG, "the query uses more than %u columns",
					      QUERY_USED);
		params->used[params->nr_used++] = i;
	}
	return 0;
}

/* The host needs columns of results, and of conditions that are left to it. */
static void find_sent(struct plan *plan)
{
	const struct kcsd_query *query = plan->query;
	bool columns[QUERY_COLUMNS] = {};
	uint32_t i;

	mark_results(query, columns);
	for (i = 0; i < query->nr_wheres; i++)
		if (plan->host_wheres >> i & 1)
			mark_columns(query->wheres[i], columns);
	plan->cells = false;
	for (i = 0; i < plan->params.nr_used; i++) {
		if (!columns[plan->params.used[i]])
			continue;
		plan->sent |= 1ull << i;
		if (kcsd_plan_form(query->columns[plan->params.used[i]].type) == PLAN_RAW)
			plan->cells = true;
	}
}

/* ---- code ---- */

static void gen_wheres(struct plan *plan, struct gen *g, asm_label out)
{
	const struct kcsd_query *query = plan->query;
	uint32_t i;

	for (i = 0; i < query->nr_wheres; i++) {
		struct gen_mark mark = kcsd_gen_mark(g);
		asm_label next = kcsd_asm_label(g->a);

		kcsd_gen_load(g, query->wheres[i]);
		kcsd_gen_condition(g, query->wheres[i], next, out, out);
		if (g->impossible) {
			kcsd_gen_rewind(g, mark);
			plan->host_wheres |= 1ull << i;
		} else {
			kcsd_asm_place(g->a, next);
		}
	}
}

/* Returns false if the host has to group. */
static bool gen_groups(struct plan *plan, struct gen *g)
{
	struct gen_mark mark = kcsd_gen_mark(g);

	if (!plan->query->grouped || plan->host_wheres)
		return false;
	kcsd_gen_group(g);
	if (g->impossible) {
		kcsd_gen_rewind(g, mark);
		return false;
	}
	plan->grouped = true;
	plan->params.groups_len = plan->query->nr_aggregates * sizeof(struct query_sum);
	return true;
}

/* Send a row. With values that the drive cannot parse, it goes as an odd one. */
static void gen_row(struct plan *plan, struct gen *g)
{
	uint32_t i;

	find_sent(plan);
	if (plan->cells) {
		kcsd_asm_jump(g->a, g->odd);
		return;
	}
	kcsd_asm_call(g->a, ASM_query_values_begin);
	for (i = 0; i < plan->params.nr_used; i++)
		if (plan->sent >> i & 1)
			kcsd_gen_send_column(g, plan->params.used[i]);
	kcsd_asm_call(g->a, ASM_query_values_end);
	kcsd_asm_exit(g->a);
}

static void find_limit(struct plan *plan)
{
	const struct kcsd_query *query = plan->query;

	plan->params.limit = UINT64_MAX;
	if (plan->host_wheres || plan->cells || query->grouped || query->nr_orders ||
	    query->distinct || !query->limited || query->offset > UINT64_MAX - query->limit)
		return;
	plan->limited = true;
	plan->params.limit = query->limit + query->offset;
}

/* Make the body of query_take(). host_only: without conditions. */
static void gen_all(struct plan *plan, struct gen *g, bool host_only)
{
	asm_label out = kcsd_asm_label(g->a);

	g->odd = kcsd_asm_label(g->a);
	kcsd_asm_mov(g->a, GEN_ROW, BPF_REG_1);
	kcsd_asm_mov_imm(g->a, GEN_NULLS, 0);
	if (host_only)
		plan->host_wheres = UINT64_MAX;
	else
		gen_wheres(plan, g, out);
	if (!gen_groups(plan, g))
		gen_row(plan, g);
	kcsd_asm_place(g->a, out);
	kcsd_asm_mov_imm(g->a, BPF_REG_0, QUERY_OK);
	kcsd_asm_exit(g->a);
	kcsd_asm_place(g->a, g->odd);
	kcsd_asm_mov_imm(g->a, BPF_REG_0, QUERY_ODD);
	kcsd_asm_exit(g->a);
	kcsd_asm_finish(g->a);
	find_limit(plan);
}

static int generate(struct plan *plan, bool host_only)
{
	const struct kcsd_query *query = plan->query;
	struct gen g = {
		.a = &plan->code,
		.query = query,
		.scale_slot = GEN_NO_SLOT,
		.slot_of = malloc(query->nr_columns + 1),
	};

	if (!g.slot_of)
		return -ENOMEM;
	memset(g.slot_of, GEN_NO_SLOT, query->nr_columns + 1);
	gen_all(plan, &g, host_only);
	free(g.slot_of);
	return plan->code.failed ? -E2BIG : 0;
}

int kcsd_plan_create(struct plan *plan, const struct kcsd_query *query, bool host_only,
		     struct kcsd_error *err)
{
	int ret;

	*plan = (struct plan){ .query = query };
	ret = find_used(plan, err);
	if (ret)
		return ret;
	ret = generate(plan, host_only);
	/* Too much code: the host does it all. */
	if (ret == -E2BIG && !host_only) {
		kcsd_plan_destroy(plan);
		return kcsd_plan_create(plan, query, true, err);
	}
	if (ret) {
		kcsd_plan_destroy(plan);
		return kcsd_error_set(err, -ENOMEM, "out of memory");
	}
	return 0;
}

void kcsd_plan_destroy(struct plan *plan)
{
	kcsd_asm_destroy(&plan->code);
}
