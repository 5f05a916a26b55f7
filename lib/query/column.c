// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Find columns by name. */
#include <errno.h>
#include <strings.h>

#include "../private.h"
#include "bind.h"

#define MAX_NAME	64	/* bytes of names that are compared for a suggestion */
#define MAX_DISTANCE	3	/* of one that is near */

int kcsd_column_find(const struct kcsd_query *query, const char *name, uint32_t *index)
{
	bool found = false;
	uint32_t i;

	for (i = 0; i < query->nr_columns; i++) {
		if (strcmp(query->columns[i].name, name))
			continue;
		if (found)
			return -EEXIST;
		found = true;
		*index = i;
	}
	return found ? 0 : -ENOENT;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c ^ 0x20 : c;
}

/* Count the characters to insert, delete or replace; the case does not matter. */
static size_t distance(const char *a, const char *b)
{
	size_t row[MAX_NAME + 1], len_a = strlen(a), len_b = strlen(b), i, j;

	if (len_a > MAX_NAME || len_b > MAX_NAME)
		return SIZE_MAX;
	for (j = 0; j <= len_b; j++)
		row[j] = j;
	for (i = 1; i <= len_a; i++) {
		size_t corner = row[0];

		row[0] = i;
		for (j = 1; j <= len_b; j++) {
			size_t replace = corner + (lower(a[i - 1]) != lower(b[j - 1]));

			corner = row[j];
			row[j] = MIN(replace, MIN(row[j], row[j - 1]) + 1);
		}
	}
	return row[len_b];
}

/* Return the name that is nearest, or NULL. */
static const char *suggest(const struct kcsd_query *query, const char *name)
{
	size_t best = MIN(strlen(name) / 2, MAX_DISTANCE) + 1, d;
	const char *found = NULL;
	uint32_t i;

	for (i = 0; i < query->nr_columns; i++) {
		d = distance(name, query->columns[i].name);
		if (d < best) {
			best = d;
			found = query->columns[i].name;
		}
	}
	return found;
}

struct kcsd_expr *kcsd_column_bind(struct kcsd_bind *b, const struct kcsd_expr *expr)
{
	struct kcsd_query *query = b->query;
	struct kcsd_expr *column;
	const char *near;
	uint32_t index;
	int ret = kcsd_column_find(query, expr->name, &index);

	if (ret == -EEXIST)
		return kcsd_bind_fail(b, -EINVAL, expr->at, "column reference \"%s\" is ambiguous",
				      expr->name);
	if (ret) {
		near = suggest(query, expr->name);
		return kcsd_bind_fail(b, -EINVAL, expr->at, "column \"%s\" does not exist%s%s%s",
				      expr->name, near ? "; there is \"" : "", near ? near : "",
				      near ? "\"" : "");
	}
	column = kcsd_bind_call(b, KCSD_EXPR_COLUMN, KCSD_TYPE_UNKNOWN, NULL, 0, expr->at);
	if (!column)
		return NULL;
	column->name = query->columns[index].name;
	column->type = query->columns[index].type;
	column->index = index;
	return column;
}
