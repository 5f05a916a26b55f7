// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Describe what the drive does of a query, and what the host. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../private.h"
#include "link.h"

static void line(FILE *f, const char *who, const char *what, const char *detail)
{
	fprintf(f, "%s: %s%s%s\n", who, what, *detail ? " " : "", detail);
}

/* "a, b, c" */
static void list_exprs(FILE *f, const char *who, const char *what,
		       struct kcsd_expr *const *exprs, uint32_t nr, struct kcsd_arena *arena)
{
	uint32_t i;

	if (!nr)
		return;
	fprintf(f, "%s: %s ", who, what);
	for (i = 0; i < nr; i++)
		fprintf(f, "%s%s", i ? ", " : "", kcsd_expr_text(exprs[i], arena) ?: "?");
	fputc('\n', f);
}

static void list_columns(FILE *f, const struct plan *plan)
{
	const struct query_params *params = &plan->params;
	const char *comma = "";
	uint32_t i;

	fprintf(f, "drive: sends ");
	for (i = 0; i < params->nr_used; i++) {
		if (!(plan->sent >> i & 1) && !plan->cells)
			continue;
		fprintf(f, "%s%s", comma, plan->query->columns[params->used[i]].name);
		comma = ", ";
	}
	fprintf(f, "%s%s\n", *comma ? "" : "rows without columns",
		plan->cells ? " as text" : "");
}

static void explain_wheres(FILE *f, const struct plan *plan, bool host, struct kcsd_arena *arena)
{
	const struct kcsd_query *query = plan->query;
	uint32_t i;

	for (i = 0; i < query->nr_wheres; i++)
		if ((plan->host_wheres >> i & 1) == host)
			line(f, host ? "host" : "drive", "filters by",
			     kcsd_expr_text(query->wheres[i], arena) ?: "?");
}

static void explain_drive(FILE *f, const struct plan *plan, struct kcsd_arena *arena)
{
	const struct kcsd_query *query = plan->query;

	explain_wheres(f, plan, false, arena);
	if (plan->grouped) {
		list_exprs(f, "drive", "groups by", query->groups, query->nr_groups, arena);
		list_exprs(f, "drive", "computes", query->aggregates, query->nr_aggregates, arena);
		return;
	}
	list_columns(f, plan);
	if (plan->limited)
		fprintf(f, "drive: stops after %llu rows of each source\n",
			(unsigned long long)plan->params.limit);
}

static void explain_host(FILE *f, const struct plan *plan, struct kcsd_arena *arena)
{
	const struct kcsd_query *query = plan->query;
	uint32_t i;

	explain_wheres(f, plan, true, arena);
	if (query->grouped && !plan->grouped) {
		list_exprs(f, "host", "groups by", query->groups, query->nr_groups, arena);
		list_exprs(f, "host", "computes", query->aggregates, query->nr_aggregates, arena);
	} else if (plan->grouped) {
		line(f, "host", "merges groups", "");
	}
	if (query->having)
		line(f, "host", "filters groups by", kcsd_expr_text(query->having, arena) ?: "?");
	for (i = 0; i < query->nr_results; i++)
		if (query->results[i].expr->op != KCSD_EXPR_COLUMN)
			line(f, "host", "evaluates",
			     kcsd_expr_text(query->results[i].expr, arena) ?: "?");
	if (query->distinct)
		line(f, "host", "removes equal rows", "");
	for (i = 0; i < query->nr_orders; i++)
		line(f, "host", query->orders[i].flags & KCSD_ORDER_DESC ? "sorts, descending, by" :
		     "sorts by", kcsd_expr_text(query->orders[i].expr, arena) ?: "?");
	if (query->limited)
		fprintf(f, "host: stops after %llu rows\n", (unsigned long long)query->limit);
	if (query->offset)
		fprintf(f, "host: skips %llu rows\n", (unsigned long long)query->offset);
}

static int print_insn(const struct kcsd_insn_info *info, void *arg)
{
	if (info->is_function || *info->label)
		fprintf(arg, "%s:\n", info->label);
	fprintf(arg, "%6u  %s\n", info->pc, info->text);
	return 0;
}

static int list_program(FILE *f, struct kcsd_table *table, const struct plan *plan,
			struct kcsd_error *err)
{
	struct query_params params = plan->params;
	struct format_args args = { .data = malloc(KCSD_MAX_ARGS) };
	struct kcsd_object *obj = NULL;
	const void *image;
	size_t len;
	int ret;

	if (!args.data)
		return kcsd_error_set(err, -ENOMEM, "out of memory");
	kcsd_table_set_params(table, &params);
	ret = table->format->prepare(table, &table->sources[0], plan, 0, &params, &args, err);
	if (ret >= 0)
		ret = kcsd_query_link(table->format, plan, &params, 0, &obj, err);
	free(args.data);
	if (ret)
		return ret;
	image = kcsd_object_image(obj, &len);
	ret = kcsd_insn_each(image, len, obj, print_insn, f, err);
	kcsd_object_close(obj);
	return ret;
}

int kcsd_query_explain(struct kcsd_query *query, struct kcsd_table *table, bool listing,
		       char **text, struct kcsd_error *err)
{
	struct kcsd_arena arena = {};
	struct plan plan;
	size_t len;
	FILE *f;
	int ret;

	*text = NULL;
	if (!query->bound || !table->open)
		return kcsd_error_set(err, -EINVAL, "the table is not open, or the query not bound");
	f = open_memstream(text, &len);
	if (!f)
		return kcsd_error_set(err, -ENOMEM, "out of memory");
	ret = kcsd_plan_create(&plan, query, false, err);
	if (!ret) {
		explain_drive(f, &plan, &arena);
		explain_host(f, &plan, &arena);
		if (listing)
			ret = list_program(f, table, &plan, err);
		kcsd_plan_destroy(&plan);
	}
	kcsd_arena_destroy(&arena);
	if (fclose(f) && !ret)
		ret = kcsd_error_set(err, -ENOMEM, "out of memory");
	if (ret) {
		free(*text);
		*text = NULL;
	}
	return ret;
}
