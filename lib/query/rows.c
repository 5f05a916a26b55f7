// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Keep and sort rows of a result. */
#include <errno.h>
#include <stdlib.h>

#include "../private.h"
#include "rows.h"

struct kcsd_row {
	uint64_t number;	/* order of arrival: decides between equal rows */
	struct kcsd_value values[];
};

void kcsd_rows_init(struct kcsd_rows *rows, const struct kcsd_query *query)
{
	memset(rows, 0, sizeof(*rows));
	rows->query = query;
	if (!query->limited ||
	    __builtin_add_overflow(query->limit, query->offset, &rows->max))
		rows->max = UINT64_MAX;
}

void kcsd_rows_destroy(struct kcsd_rows *rows)
{
	size_t i;

	for (i = 0; i < rows->nr; i++)
		free(rows->rows[i]);
	free(rows->rows);
	memset(rows, 0, sizeof(*rows));
}

static uint32_t nr_values(const struct kcsd_query *query)
{
	return query->nr_results + query->nr_orders;
}

static bool is_text(const struct kcsd_value *value)
{
	return value->type == KCSD_TYPE_TEXT && !value->null;
}

/* Copy a row into one piece of memory. */
static struct kcsd_row *copy(const struct kcsd_rows *rows, const struct kcsd_value *values)
{
	uint32_t nr = nr_values(rows->query), i;
	struct kcsd_row *row;
	size_t len = 0;
	char *text;

	for (i = 0; i < nr; i++)
		len += is_text(&values[i]) ? values[i].text.len : 0;
	row = malloc(sizeof(*row) + nr * sizeof(*values) + len);
	if (!row)
		return NULL;
	row->number = rows->added;
	memcpy(row->values, values, nr * sizeof(*values));
	text = (char *)(row->values + nr);
	for (i = 0; i < nr; i++) {
		if (!is_text(&values[i]))
			continue;
		if (values[i].text.len)
			memcpy(text, values[i].text.data, values[i].text.len);
		row->values[i].text.data = text;
		text += values[i].text.len;
	}
	return row;
}

static int compare_keys(const struct kcsd_query *query, const struct kcsd_value *a,
			const struct kcsd_value *b)
{
	uint32_t i;

	for (i = 0; i < query->nr_orders; i++) {
		uint32_t flags = query->orders[i].flags;
		const struct kcsd_value *x = &a[query->nr_results + i];
		const struct kcsd_value *y = &b[query->nr_results + i];
		int c;

		if (x->null || y->null) {
			c = x->null - y->null;
			c = flags & KCSD_ORDER_NULLS_FIRST ? -c : c;
		} else {
			c = kcsd_value_compare(x, y);
			c = flags & KCSD_ORDER_DESC ? -(c > 0) + (c < 0) : c;
		}
		if (c)
			return c;
	}
	return 0;
}

static int compare(const struct kcsd_query *query, const struct kcsd_row *a,
		   const struct kcsd_row *b)
{
	int c = compare_keys(query, a->values, b->values);

	return c ? c : a->number < b->number ? -1 : a->number > b->number;
}

/* ---- the heap: the row that comes last in the result is the first one ---- */

static void swap(struct kcsd_rows *rows, size_t a, size_t b)
{
	struct kcsd_row *row = rows->rows[a];

	rows->rows[a] = rows->rows[b];
	rows->rows[b] = row;
}

static void move_up(struct kcsd_rows *rows, size_t i)
{
	for (; i; i = (i - 1) / 2) {
		if (compare(rows->query, rows->rows[i], rows->rows[(i - 1) / 2]) <= 0)
			return;
		swap(rows, i, (i - 1) / 2);
	}
}

static void move_down(struct kcsd_rows *rows)
{
	size_t i = 0, child;

	for (; 2 * i + 1 < rows->nr; i = child) {
		child = 2 * i + 1;
		if (child + 1 < rows->nr &&
		    compare(rows->query, rows->rows[child + 1], rows->rows[child]) > 0)
			child++;
		if (compare(rows->query, rows->rows[child], rows->rows[i]) <= 0)
			return;
		swap(rows, i, child);
	}
}

/* ---- rows ---- */

static int make_room(struct kcsd_rows *rows)
{
	size_t room = rows->room ? 2 * rows->room : 64;
	struct kcsd_row **grown;

	if (rows->nr < rows->room)
		return 0;
	grown = reallocarray(rows->rows, room, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	rows->rows = grown;
	rows->room = room;
	return 0;
}

/* Replace the last row of the result, if the new one comes before it. */
static int replace_last(struct kcsd_rows *rows, const struct kcsd_value *values)
{
	struct kcsd_row *row;

	if (!rows->max || compare_keys(rows->query, values, rows->rows[0]->values) >= 0)
		return 0;
	row = copy(rows, values);
	if (!row)
		return -ENOMEM;
	free(rows->rows[0]);
	rows->rows[0] = row;
	move_down(rows);
	return 0;
}

int kcsd_rows_add(struct kcsd_rows *rows, const struct kcsd_value *values)
{
	bool sorted = rows->query->nr_orders;
	struct kcsd_row *row;

	rows->added++;
	if (rows->nr >= rows->max)
		return sorted ? replace_last(rows, values) : 1;
	if (make_room(rows))
		return -ENOMEM;
	row = copy(rows, values);
	if (!row)
		return -ENOMEM;
	rows->rows[rows->nr++] = row;
	if (sorted && rows->max != UINT64_MAX)
		move_up(rows, rows->nr - 1);
	return !sorted && rows->nr >= rows->max;
}

static int by_keys(const void *a, const void *b, void *query)
{
	return compare(query, *(struct kcsd_row *const *)a, *(struct kcsd_row *const *)b);
}

int kcsd_rows_each(struct kcsd_rows *rows,
		   int (*fn)(const struct kcsd_value *results, void *arg), void *arg)
{
	size_t i;
	int ret = 0;

	if (rows->query->nr_orders && rows->nr)
		qsort_r(rows->rows, rows->nr, sizeof(*rows->rows), by_keys, (void *)rows->query);
	for (i = rows->query->offset; i < rows->nr && !ret; i++)
		ret = fn(rows->rows[i]->values, arg);
	return ret;
}
