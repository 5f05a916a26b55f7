// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Do the part of a query that the drive leaves: from rows and groups to results. */
#include <errno.h>
#include <stdlib.h>

#include "../private.h"
#include "group.h"
#include "rows.h"

struct kcsd_host {
	const struct kcsd_query *query;
	uint64_t wheres;		/* bit i: the drive has not looked at condition i */
	struct kcsd_arena scratch;	/* of one row or group */
	struct kcsd_groups groups;
	struct kcsd_value_map distinct;	/* results so far */
	struct kcsd_rows rows;
	struct kcsd_value *values;	/* of results, then of ORDER BY; owned */
	struct kcsd_value *keys;	/* of GROUP BY; owned */
	struct kcsd_value *aggregates;	/* owned */
	int at;
};

int kcsd_host_create(const struct kcsd_query *query, uint64_t wheres, struct kcsd_host **host)
{
	struct kcsd_host *h;

	if (!query->bound)
		return -EINVAL;
	h = calloc(1, sizeof(*h));
	if (!h)
		return -ENOMEM;
	h->query = query;
	h->wheres = wheres;
	h->at = -1;
	h->values = calloc(query->nr_results + query->nr_orders, sizeof(*h->values));
	h->keys = calloc(MAX(query->nr_groups, 1), sizeof(*h->keys));
	h->aggregates = calloc(MAX(query->nr_aggregates, 1), sizeof(*h->aggregates));
	kcsd_groups_init(&h->groups, query, h->keys);
	kcsd_map_init(&h->distinct, query->nr_results, 0);
	kcsd_rows_init(&h->rows, query);
	if (!h->values || !h->keys || !h->aggregates) {
		kcsd_host_destroy(h);
		return -ENOMEM;
	}
	*host = h;
	return 0;
}

void kcsd_host_destroy(struct kcsd_host *host)
{
	if (!host)
		return;
	kcsd_groups_destroy(&host->groups);
	kcsd_map_destroy(&host->distinct);
	kcsd_rows_destroy(&host->rows);
	kcsd_arena_destroy(&host->scratch);
	free(host->values);
	free(host->keys);
	free(host->aggregates);
	free(host);
}

int kcsd_host_at(const struct kcsd_host *host)
{
	return host->at;
}

/* Returns 1: the condition is true; 0: it is false or NULL. */
static int test(const struct kcsd_expr *condition, struct kcsd_eval *eval)
{
	struct kcsd_value value;
	int ret = kcsd_expr_eval(condition, eval, &value);

	return ret ? ret : !value.null && value.i;
}

/* Make a row of the result. Returns 1: there are enough. */
static int add_result(struct kcsd_host *host, struct kcsd_eval *eval)
{
	const struct kcsd_query *query = host->query;
	struct kcsd_map_entry *entry;
	uint32_t i;
	int ret;

	for (i = 0; i < query->nr_results; i++) {
		ret = kcsd_expr_eval(query->results[i].expr, eval, &host->values[i]);
		if (ret)
			return ret;
	}
	for (i = 0; i < query->nr_orders; i++) {
		ret = kcsd_expr_eval(query->orders[i].expr, eval,
				     &host->values[query->nr_results + i]);
		if (ret)
			return ret;
	}
	if (query->distinct) {
		ret = kcsd_map_get(&host->distinct, host->values, &entry);
		if (ret <= 0)
			return ret;
	}
	return kcsd_rows_add(&host->rows, host->values);
}

/* True if there cannot be a result: nothing is evaluated then, as in PostgreSQL. */
static bool is_empty(const struct kcsd_query *query)
{
	const struct kcsd_expr *having = query->having;

	if (having && having->op == KCSD_EXPR_CONST && (having->value.null || !having->value.i))
		return true;
	return query->limited && !query->limit;
}

/* True if the result has one row, whatever the rows of the table. */
static bool is_constant(const struct kcsd_query *query)
{
	return query->grouped && !query->nr_groups && !query->nr_aggregates;
}

static struct kcsd_eval begin(struct kcsd_host *host, struct kcsd_error *err)
{
	kcsd_arena_reset(&host->scratch);
	return (struct kcsd_eval){
		.arena = &host->scratch,
		.query = host->query,
		.err = err,
		.at = -1,
	};
}

/* Keep the place of an error. A lack of memory has no sentence yet. */
static int end(struct kcsd_host *host, const struct kcsd_eval *eval, int ret)
{
	if (ret == -ENOMEM)
		kcsd_error_set(eval->err, ret, "out of memory");
	if (ret < 0)
		host->at = eval->at;
	return ret;
}

static int take_row(struct kcsd_host *host, struct kcsd_eval *eval, bool all)
{
	const struct kcsd_query *query = host->query;
	uint32_t i;
	int ret;

	for (i = 0; i < query->nr_wheres; i++) {
		if (!all && !(host->wheres >> i & 1))
			continue;
		ret = test(query->wheres[i], eval);
		if (ret <= 0)
			return ret;
	}
	return query->grouped ? kcsd_groups_add(&host->groups, eval) : add_result(host, eval);
}

int kcsd_host_row(struct kcsd_host *host, const struct kcsd_value *columns, bool all,
		  struct kcsd_error *err)
{
	struct kcsd_eval eval = begin(host, err);

	if (is_empty(host->query) || is_constant(host->query))
		return 1;
	eval.columns = columns;
	return end(host, &eval, take_row(host, &eval, all));
}

int kcsd_host_group(struct kcsd_host *host, const struct kcsd_value *groups,
		    const struct kcsd_partial *partials, struct kcsd_error *err)
{
	struct kcsd_eval eval = begin(host, err);

	if (!host->query->grouped)
		return kcsd_error_set(err, -EINVAL, "the query has no groups");
	return end(host, &eval,
		   kcsd_groups_merge(&host->groups, groups, partials, &eval.at, err));
}

static int take_group(struct kcsd_host *host, struct kcsd_eval *eval,
		      const struct kcsd_map_entry *group)
{
	int ret = kcsd_group_values(&host->groups, group, host->aggregates, &eval->at, eval->err);

	if (ret)
		return ret;
	eval->aggregates = host->aggregates;
	eval->groups = group->keys;
	if (host->query->having) {
		ret = test(host->query->having, eval);
		if (ret <= 0)
			return ret;
	}
	return add_result(host, eval);
}

static int finish_groups(struct kcsd_host *host, struct kcsd_error *err)
{
	const struct kcsd_map_entry *group;
	struct kcsd_eval eval = begin(host, err);
	int ret = end(host, &eval, kcsd_groups_complete(&host->groups));

	for (group = host->groups.table.first; group && !ret; group = group->next) {
		eval = begin(host, err);
		ret = end(host, &eval, take_group(host, &eval, group));
	}
	return MIN(ret, 0);
}

int kcsd_host_finish(struct kcsd_host *host,
		     int (*fn)(const struct kcsd_value *results, void *arg), void *arg,
		     struct kcsd_error *err)
{
	int ret = 0;

	if (host->query->grouped && !is_empty(host->query))
		ret = finish_groups(host, err);
	return ret ? ret : kcsd_rows_each(&host->rows, fn, arg);
}
