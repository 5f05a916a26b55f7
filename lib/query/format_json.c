// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * JSON Lines, or one array of objects: find the columns of a table, and tell the scanner about
 * them. The column a.b is the value of "b" in the object "a".
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "../private.h"
#include "query/json_path.h"
#include "table.h"

#define MAX_NAME	63	/* bytes of the name of a column; as in PostgreSQL */
#define MAX_DEPTH	64	/* of objects in the sample */

extern const char kcsd_json_object[], kcsd_json_object_end[];

static int no_memory(struct kcsd_error *err)
{
	return kcsd_error_set(err, -ENOMEM, "out of memory");
}

/* ---- columns ---- */

/* Columns that the sample has so far, and the values of a pass over them. */
struct finder {
	struct kcsd_table *table;
	struct guess *guess;		/* NULL: in the first pass, which finds the names */
	int ret;
};

/* Returns the index of a column, or -1. */
static int find_column(const struct kcsd_table *table, const char *name)
{
	uint32_t i;

	for (i = 0; i < table->nr_columns; i++)
		if (!strcmp(table->columns[i].name, name))
			return i;
	return -1;
}

static void add_column(struct finder *f, const char *name)
{
	struct kcsd_table *table = f->table;
	struct kcsd_column *grown;

	if (find_column(table, name) >= 0 || table->nr_columns == QUERY_COLUMNS)
		return;
	grown = kcsd_arena_grow(&table->arena, table->columns, table->nr_columns, sizeof(*grown));
	if (!grown) {
		f->ret = -ENOMEM;
		return;
	}
	table->columns = grown;
	grown[table->nr_columns].name = kcsd_arena_copy(&table->arena, name, strlen(name));
	if (!grown[table->nr_columns++].name)
		f->ret = -ENOMEM;
}

static void take_value(struct finder *f, const char *name, json_object *value)
{
	bool text = json_object_is_type(value, json_type_string);
	int i;

	if (!f->guess) {
		add_column(f, name);
		return;
	}
	i = find_column(f->table, name);
	if (i < 0 || !value)
		return;
	if (text)
		kcsd_guess_take(f->guess, i, json_object_get_string(value),
				json_object_get_string_len(value), false);
	else if (json_object_is_type(value, json_type_array))
		kcsd_guess_take(f->guess, i, "[", 1, false);
	else
		kcsd_guess_take(f->guess, i, json_object_get_string(value),
				strlen(json_object_get_string(value)), true);
}

/*
 * Take the members of an object whose path is in name, len bytes of it. Keys that are empty or have
 * a point, and paths that are too long, are left out: no column can be named so.
 */
static void take_members(struct finder *f, json_object *object, char name[MAX_NAME + 1],
			 size_t len, unsigned int parts)
{
	json_object_object_foreach(object, key, value) {
		size_t key_len = strlen(key);

		if (!key_len || strchr(key, '.') || len + key_len > MAX_NAME)
			continue;
		memcpy(name + len, key, key_len + 1);
		if (!json_object_is_type(value, json_type_object)) {
			take_value(f, name, value);
		} else if (parts < JSON_PARTS && len + key_len < MAX_NAME) {
			name[len + key_len] = '.';
			take_members(f, value, name, len + key_len + 1, parts + 1);
		}
	}
}

/* ---- the sample ---- */

/* Returns the byte at which the next object begins, or end. */
static const char *next_object(const char *p, const char *end)
{
	while (p < end && strchr(" \t\r\n,[", *p) && *p)
		p++;
	return p < end && *p == '{' ? p : end;
}

/* Take all whole objects of a sample. */
static void take_sample(struct finder *f, const char *p, const char *end)
{
	struct json_tokener *tokener = json_tokener_new_ex(MAX_DEPTH);
	char name[MAX_NAME + 1];
	json_object *object;

	if (!tokener) {
		f->ret = -ENOMEM;
		return;
	}
	for (p = next_object(p, end); p < end && !f->ret; p = next_object(p, end)) {
		json_tokener_reset(tokener);
		object = json_tokener_parse_ex(tokener, p, end - p);
		/* Cut, or malformed: the run will tell. */
		if (!object)
			break;
		take_members(f, object, name, 0, 1);
		json_object_put(object);
		p += json_tokener_get_parse_end(tokener);
	}
	json_tokener_free(tokener);
}

static int find_columns(struct kcsd_table *table, const char *sample, size_t len,
			struct kcsd_error *err)
{
	struct finder f = { .table = table };
	uint32_t i;

	take_sample(&f, sample, sample + len);
	if (!f.ret && !table->nr_columns)
		return kcsd_error_set(err, -EINVAL, "%s: no object with values begins it, so it tells "
				      "no columns: name them", table->sources[0].name);
	f.guess = f.ret ? NULL : kcsd_guess_create(&table->arena, table->nr_columns);
	if (!f.guess)
		return no_memory(err);
	take_sample(&f, sample, sample + len);
	for (i = 0; i < table->nr_columns; i++)
		table->columns[i].type = kcsd_guess_type(f.guess, i);
	return f.ret ? no_memory(err) : 0;
}

static int open_json(struct kcsd_table *table, struct kcsd_error *err)
{
	size_t len = 0;
	char *sample;
	int ret;

	if (table->columns)
		return 0;
	sample = malloc(TABLE_SAMPLE);
	if (!sample)
		return no_memory(err);
	ret = kcsd_table_read(table, &table->sources[0], 0, sample, TABLE_SAMPLE, &len, err);
	if (!ret && len >= 3 && !memcmp(sample, "\xef\xbb\xbf", 3))
		memset(sample, ' ', 3);
	if (!ret)
		ret = find_columns(table, sample, len, err);
	free(sample);
	return ret;
}

/* ---- the scanner ---- */

static bool put32(struct format_args *args, uint32_t value)
{
	value = htole32(value);
	if (args->len + sizeof(value) > KCSD_MAX_ARGS)
		return false;
	memcpy(args->data + args->len, &value, sizeof(value));
	args->len += sizeof(value);
	return true;
}

static bool put_key(struct format_args *args, const char *key, size_t len)
{
	size_t padded = (len + 3) & ~(size_t)3;

	if (!put32(args, len) || args->len + padded > KCSD_MAX_ARGS)
		return false;
	memset(args->data + args->len, 0, padded);
	memcpy(args->data + args->len, key, len);
	args->len += padded;
	return true;
}

static uint32_t count_parts(const char *name)
{
	uint32_t parts = 1;

	for (; *name; name++)
		parts += *name == '.';
	return parts;
}

/* Write the path of a column. */
static bool put_path(struct format_args *args, uint32_t column, const char *name)
{
	size_t len;

	if (!put32(args, column) || !put32(args, count_parts(name)))
		return false;
	for (;; name += len + 1) {
		len = strcspn(name, ".");
		if (!put_key(args, name, len))
			return false;
		if (!name[len])
			return true;
	}
}

static int prepare(struct kcsd_table *table, struct table_source *source, const struct plan *plan,
		   uint32_t part, struct query_params *params, struct format_args *args,
		   struct kcsd_error *err)
{
	const char *name;
	uint32_t i, nr;
	bool fits;

	(void)plan;
	if (part)
		return 1;
	params->padded = source->kind == TABLE_LBAS;
	/* A row number, the last one, has no path. */
	nr = params->nr_used;
	if (nr && params->used[nr - 1] == params->row_column)
		nr--;
	fits = put32(args, nr);
	for (i = 0; i < nr && fits; i++) {
		name = table->columns[params->used[i]].name;
		if (count_parts(name) > JSON_PARTS)
			return kcsd_error_set(err, -EINVAL, "column \"%s\" is nested too deep: at most "
					      "%u names are possible", name, JSON_PARTS);
		fits = put_path(args, params->used[i], name);
	}
	return fits ? 0 : kcsd_error_set(err, -E2BIG, "the names of the columns are too long");
}

const struct format kcsd_format_json = {
	.name = "json",
	.suffixes = " .json .jsonl .ndjson ",
	.object = kcsd_json_object,
	.object_end = kcsd_json_object_end,
	.program = "query_json",
	.open = open_json,
	.prepare = prepare,
};
