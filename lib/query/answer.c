// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Read the messages of a program. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../private.h"
#include "answer.h"
#include "gen.h"

#define MAX_MESSAGE	(1u << 20)	/* bytes; the program has no room for longer ones */

/* The rest of a message. */
struct reader {
	const uint8_t *p, *end;
	bool failed;			/* it ended too early, or is nonsense */
};

static uint64_t get_number(struct reader *r, size_t len)
{
	uint64_t value = 0;

	if ((size_t)(r->end - r->p) < len) {
		r->failed = true;
		return 0;
	}
	memcpy(&value, r->p, len);
	r->p += len;
	return le64toh(value);
}

/* Returns QUERY_OK or QUERY_NULL. */
static enum query_state get_state(struct reader *r)
{
	uint64_t state = get_number(r, 1);

	if (state > QUERY_NULL)
		r->failed = true;
	return r->failed ? QUERY_NULL : (enum query_state)state;
}

static struct kcsd_text get_text(struct reader *r)
{
	uint64_t len = get_number(r, 4);
	const uint8_t *p = r->p;

	if ((uint64_t)(r->end - p) < len) {
		r->failed = true;
		return (struct kcsd_text){};
	}
	r->p += len;
	return (struct kcsd_text){ (const char *)p, len };
}

static void set_integer(struct kcsd_value *value, int64_t i, uint32_t scale)
{
	if (value->type == KCSD_TYPE_NUMERIC)
		value->n = (struct kcsd_numeric){ i, scale };
	else
		value->i = i;
}

/* Get a value of this type; its integer has this scale. */
static void get_value(struct reader *r, enum kcsd_type type, uint32_t scale,
		      struct kcsd_value *value)
{
	*value = (struct kcsd_value){ .type = type, .null = get_state(r) == QUERY_NULL };
	if (value->null)
		return;
	if (type == KCSD_TYPE_TEXT)
		value->text = get_text(r);
	else
		set_integer(value, get_number(r, 8), scale);
}

static int protocol(struct answer *a)
{
	return kcsd_error_set(a->err, -EPROTO, "%s: the program sent nonsense", a->source);
}

/* ---- rows ---- */

int kcsd_answer_bad_row(struct answer *a, uint64_t number, uint64_t at, const char *reason)
{
	struct kcsd_bad_row row = { a->source, number, at, reason };

	if (!(a->opts->flags & KCSD_QUERY_SKIP_BAD))
		return kcsd_error_set(a->err, -EILSEQ, "%s: row %llu, byte %llu: %s", a->source,
				      (unsigned long long)number, (unsigned long long)at, reason);
	a->stats->bad_rows++;
	if (a->opts->bad_row)
		a->opts->bad_row(&row, a->opts->arg);
	return 0;
}

static int host_row(struct answer *a, bool all)
{
	int ret = kcsd_host_row(a->host, a->columns, all, a->err);

	if (ret == 1)
		a->enough = true;
	return MIN(ret, 0);
}

static int take_values(struct answer *a, struct reader *r)
{
	const struct kcsd_query *query = a->plan->query;
	uint32_t i, column;

	for (i = 0; i < a->plan->params.nr_used; i++) {
		column = a->plan->params.used[i];
		if (a->plan->sent >> i & 1)
			get_value(r, query->columns[column].type.type,
				  kcsd_plan_type_scale(query->columns[column].type),
				  &a->columns[column]);
	}
	return r->failed ? protocol(a) : host_row(a, false);
}

/* Parse the text of a cell. Returns 1 with a sentence if it is no value of its column. */
static int parse_cell(struct answer *a, struct reader *r, uint32_t column, struct kcsd_error *why)
{
	const struct kcsd_column *c = &a->plan->query->columns[column];
	struct kcsd_value *value = &a->columns[column];
	struct kcsd_error err = {};
	struct kcsd_text text;
	int ret;

	*value = (struct kcsd_value){ .type = c->type.type, .null = get_state(r) == QUERY_NULL };
	if (value->null)
		return 0;
	text = get_text(r);
	if (r->failed)
		return 0;
	ret = kcsd_value_parse(c->type, text.data, text.len, value, &err);
	if (ret == -ENOMEM)
		return kcsd_error_set(a->err, ret, "out of memory");
	if (ret)
		kcsd_error_set(why, ret, "column \"%s\": %s", c->name, err.text);
	return !!ret;
}

static int take_cells(struct answer *a, struct reader *r)
{
	uint64_t number = get_number(r, 8), at = get_number(r, 8);
	struct kcsd_error why = {};
	uint32_t i;
	int ret;

	a->stats->odd_rows++;
	for (i = 0; i < a->plan->params.nr_used; i++) {
		ret = parse_cell(a, r, a->plan->params.used[i], &why);
		if (ret < 0)
			return ret;
		if (ret) {
			/* The program took it for a row. */
			a->no_rows++;
			r->p = r->end;
			return kcsd_answer_bad_row(a, number, at, why.text);
		}
	}
	return r->failed ? protocol(a) : host_row(a, true);
}

static const char *bad_reason(uint64_t bad)
{
	static const char *const reasons[] = {
		[QUERY_BAD_FEW] = "it has too few cells",
		[QUERY_BAD_MANY] = "it has too many cells",
		[QUERY_BAD_QUOTE] = "a quote is not closed, or not at the edge of a cell",
		[QUERY_BAD_LONG] = "it, or what the question uses of it, is longer than 262144 bytes",
		[QUERY_BAD_SYNTAX] = "it is no valid JSON object",
		[QUERY_BAD_DEEP] = "it is nested too deep",
		[QUERY_BAD_PARTS] = "it has more than 65536 brackets, quotes, colons and commas",
		[QUERY_BAD_LINES] = "it has several lines, which only objects in an array may have",
		[QUERY_BAD_PAGE] = "a page is damaged",
		[QUERY_BAD_ENCODING] = "a page has an encoding that is not supported",
		[QUERY_BAD_MEMORY] = "its pages are too large for the memory of a program: "
					  "a larger arena_size of the drive helps",
	};

	return bad < ARRAY_SIZE(reasons) ? reasons[bad] : NULL;
}

static int take_bad(struct answer *a, struct reader *r)
{
	uint64_t number = get_number(r, 8), at = get_number(r, 8);
	const char *reason = bad_reason(get_number(r, 8));

	if (r->failed || !reason)
		return protocol(a);
	return kcsd_answer_bad_row(a, number, at, reason);
}

/* ---- groups ---- */

/* Bring a sum, whose values all had the greatest scale, to the scale they need. */
static int fit_sum(struct kcsd_partial *partial, uint32_t scale, uint32_t seen)
{
	partial->scale = scale;
	if (seen > scale)
		return -EPROTO;
	for (; partial->scale > seen; partial->scale--)
		partial->sum /= 10;
	return 0;
}

static int get_partial(struct reader *r, const struct kcsd_expr *aggregate,
		       struct kcsd_partial *partial)
{
	const struct kcsd_expr *arg = aggregate->nr_args ? aggregate->args[0] : NULL;
	uint64_t count = get_number(r, 8), low = get_number(r, 8), high = get_number(r, 8);
	uint64_t seen = get_number(r, 8);
	bool same = true;
	uint32_t scale = arg ? kcsd_gen_scale(arg, &same) : 0;

	*partial = (struct kcsd_partial){ .count = count, .scale = scale };
	if (aggregate->op == KCSD_EXPR_SUM || aggregate->op == KCSD_EXPR_AVG) {
		partial->sum = (__int128)((unsigned __int128)high << 64 | low);
		return same ? 0 : fit_sum(partial, scale, seen);
	}
	if (aggregate->op == KCSD_EXPR_MIN || aggregate->op == KCSD_EXPR_MAX) {
		partial->extreme.type = arg->type.type;
		partial->extreme.null = !count;
		if (count)
			set_integer(&partial->extreme, low, scale);
	}
	return 0;
}

static int take_group(struct answer *a, struct reader *r)
{
	const struct kcsd_query *query = a->plan->query;
	bool same = true;
	uint32_t i;

	for (i = 0; i < query->nr_groups; i++)
		get_value(r, query->groups[i]->type.type, kcsd_gen_scale(query->groups[i], &same),
			  &a->keys[i]);
	for (i = 0; i < query->nr_aggregates; i++)
		if (get_partial(r, query->aggregates[i], &a->partials[i]))
			r->failed = true;
	if (r->failed || !a->plan->grouped)
		return protocol(a);
	return kcsd_host_group(a->host, a->keys, a->partials, a->err);
}

/* ---- messages ---- */

static int take_end(struct answer *a, struct reader *r)
{
	a->stats->rows += get_number(r, 8) - a->no_rows;
	/* Bad rows were counted one by one. */
	get_number(r, 8);
	a->next = get_number(r, 8);
	a->state = get_number(r, 8);
	a->ended = true;
	return r->failed ? protocol(a) : 0;
}

static int take_message(struct answer *a, uint32_t kind, struct reader *r)
{
	int ret;

	a->took = true;
	switch (kind) {
	case QUERY_VALUES:
		ret = take_values(a, r);
		break;
	case QUERY_CELLS:
		ret = take_cells(a, r);
		break;
	case QUERY_GROUP:
		ret = take_group(a, r);
		break;
	case QUERY_BAD:
		ret = take_bad(a, r);
		break;
	case QUERY_END:
		ret = take_end(a, r);
		break;
	default:
		return protocol(a);
	}
	return !ret && r->p != r->end ? protocol(a) : ret;
}

/* Take whole messages. Returns how many bytes they have. */
static size_t take_all(struct answer *a, const uint8_t *bytes, size_t len)
{
	struct query_head head;
	struct reader r;
	size_t done = 0;

	while (!a->ret && !a->enough && len - done >= sizeof(head)) {
		memcpy(&head, bytes + done, sizeof(head));
		head.len = le32toh(head.len);
		if (head.len > MAX_MESSAGE || a->ended) {
			a->ret = protocol(a);
			break;
		}
		if (head.len > len - done - sizeof(head))
			break;
		r = (struct reader){ .p = bytes + done + sizeof(head) };
		r.end = r.p + head.len;
		a->ret = take_message(a, le32toh(head.kind), &r);
		done += sizeof(head) + head.len;
	}
	return done;
}

/* Keep the beginning of a message. */
static int keep(struct answer *a, const uint8_t *bytes, size_t len)
{
	uint8_t *part;

	if (len > a->part_room - a->part_len) {
		part = realloc(a->part, a->part_len + len);
		if (!part)
			return kcsd_error_set(a->err, -ENOMEM, "out of memory");
		a->part = part;
		a->part_room = a->part_len + len;
	}
	memcpy(a->part + a->part_len, bytes, len);
	a->part_len += len;
	return 0;
}

int kcsd_answer_take(struct answer *a, const void *bytes, size_t len)
{
	const uint8_t *from = bytes;
	size_t done;

	if (a->part_len) {
		a->ret = a->ret ? a->ret : keep(a, from, len);
		done = a->ret ? 0 : take_all(a, a->part, a->part_len);
		memmove(a->part, a->part + done, a->part_len - done);
		a->part_len -= done;
	} else {
		done = take_all(a, from, len);
		if (!a->ret && !a->enough && done < len)
			a->ret = keep(a, from + done, len - done);
	}
	return a->ret ? a->ret : a->enough;
}

void kcsd_answer_begin(struct answer *a, const char *source)
{
	a->source = source;
	a->part_len = 0;
	a->no_rows = 0;
	a->took = false;
	a->ended = false;
	a->next = QUERY_NO_NEXT;
}

int kcsd_answer_init(struct answer *a)
{
	const struct kcsd_query *query = a->plan->query;

	a->columns = calloc(query->nr_columns + 1, sizeof(*a->columns));
	a->keys = calloc(query->nr_groups + 1, sizeof(*a->keys));
	a->partials = calloc(query->nr_aggregates + 1, sizeof(*a->partials));
	return a->columns && a->keys && a->partials ? 0 :
	       kcsd_error_set(a->err, -ENOMEM, "out of memory");
}

void kcsd_answer_destroy(struct answer *a)
{
	free(a->columns);
	free(a->keys);
	free(a->partials);
	free(a->part);
}
