// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Read the footer of a Parquet file: schema, row groups. Numbers of fields: parquet.thrift. */
#include <errno.h>
#include <string.h>

#include "../private.h"
#include "parquet.h"
#include "thrift.h"

#define MAX_NAME	63
#define REPEATED	2
#define OPTIONAL	1

/* What is read so far. */
struct footer {
	struct thrift t;
	struct parquet_file *file;
	struct kcsd_arena *arena;
	const char *name;
	struct kcsd_error *err;
	uint32_t nr_order;		/* columns whose order was named */
	bool no_memory;
};

/* An element of the schema, as it is in the file. */
struct element {
	int64_t physical, type_len, repetition, children, converted, scale, precision;
	const char *name;
	size_t name_len;
	int logical;			/* field of LogicalType; 0: none */
	int64_t logical_scale, logical_precision, unit, bits;
	bool utc, is_signed;
};

/* ---- the schema ---- */

static void read_time_unit(struct thrift *t, struct element *e)
{
	struct thrift_field f = {};

	while (kcsd_thrift_field(t, &f)) {
		e->unit = f.id;
		kcsd_thrift_skip(t, f.type);
	}
}

static void read_logical_fields(struct thrift *t, struct element *e)
{
	struct thrift_field f = {};

	while (kcsd_thrift_field(t, &f)) {
		if (e->logical == 5 && f.id == 1)
			e->logical_scale = kcsd_thrift_int(t, &f);
		else if (e->logical == 5 && f.id == 2)
			e->logical_precision = kcsd_thrift_int(t, &f);
		else if (e->logical == 8 && f.id == 1)
			e->utc = kcsd_thrift_bool(t, &f);
		else if (e->logical == 8 && f.id == 2 && f.type == THRIFT_STRUCT)
			read_time_unit(t, e);
		else if (e->logical == 10 && f.id == 1)
			e->bits = kcsd_thrift_int(t, &f);
		else if (e->logical == 10 && f.id == 2)
			e->is_signed = kcsd_thrift_bool(t, &f);
		else
			kcsd_thrift_skip(t, f.type);
	}
}

static void read_logical(struct thrift *t, struct element *e)
{
	struct thrift_field f = {};

	while (kcsd_thrift_field(t, &f)) {
		e->logical = f.id;
		if (f.type == THRIFT_STRUCT)
			read_logical_fields(t, e);
		else
			kcsd_thrift_skip(t, f.type);
	}
}

static void read_element(struct thrift *t, struct element *e)
{
	struct thrift_field f = {};

	*e = (struct element){ .physical = -1, .converted = -1 };
	while (kcsd_thrift_field(t, &f)) {
		switch (f.id) {
		case 1:
			e->physical = kcsd_thrift_int(t, &f);
			break;
		case 2:
			e->type_len = kcsd_thrift_int(t, &f);
			break;
		case 3:
			e->repetition = kcsd_thrift_int(t, &f);
			break;
		case 4:
			e->name = kcsd_thrift_binary(t, &f, &e->name_len);
			break;
		case 5:
			e->children = kcsd_thrift_int(t, &f);
			break;
		case 6:
			e->converted = kcsd_thrift_int(t, &f);
			break;
		case 7:
			e->scale = kcsd_thrift_int(t, &f);
			break;
		case 8:
			e->precision = kcsd_thrift_int(t, &f);
			break;
		case 10:
			if (f.type == THRIFT_STRUCT) {
				read_logical(t, e);
				break;
			}
			/* fall through */
		default:
			kcsd_thrift_skip(t, f.type);
		}
	}
}

/* ---- types ---- */

/* Converted types, of older writers, by number; 0: none. As fields of LogicalType. */
static int logical_of(struct element *e)
{
	static const struct {
		int logical;
		int bits;
		bool is_signed;
		int unit;
	} converted[] = {
		[0] = { 1, 0, false, 0 },	/* UTF8 */
		[4] = { 4, 0, false, 0 },	/* ENUM */
		[5] = { 5, 0, false, 0 },	/* DECIMAL */
		[6] = { 6, 0, false, 0 },	/* DATE */
		[7] = { 7, 0, false, 1 },	/* TIME_MILLIS */
		[8] = { 7, 0, false, 2 },	/* TIME_MICROS */
		[9] = { 8, 0, false, 1 },	/* TIMESTAMP_MILLIS */
		[10] = { 8, 0, false, 2 },	/* TIMESTAMP_MICROS */
		[11] = { 10, 8, false, 0 }, [12] = { 10, 16, false, 0 },
		[13] = { 10, 32, false, 0 }, [14] = { 10, 64, false, 0 },
		[15] = { 10, 8, true, 0 }, [16] = { 10, 16, true, 0 },
		[17] = { 10, 32, true, 0 }, [18] = { 10, 64, true, 0 },
		[19] = { 12, 0, false, 0 },	/* JSON */
		[20] = { 13, 0, false, 0 },	/* BSON */
		[21] = { 99, 0, false, 0 },	/* INTERVAL */
	};

	if (e->logical || e->converted < 0)
		return e->logical;
	if (e->converted >= (int)ARRAY_SIZE(converted) || !converted[e->converted].logical)
		return 99;
	e->bits = converted[e->converted].bits;
	e->is_signed = converted[e->converted].is_signed;
	e->unit = converted[e->converted].unit;
	e->logical_scale = e->scale;
	e->logical_precision = e->precision;
	return converted[e->converted].logical;
}

static const char *set_decimal(struct parquet_column *c, const struct element *e)
{
	if (e->logical_precision < 1 || e->logical_precision > 38 || e->logical_scale < 0 ||
	    e->logical_scale > e->logical_precision)
		return "has a decimal of more than 38 digits";
	c->type = (struct kcsd_sql_type){ .type = KCSD_TYPE_NUMERIC,
					  .precision = e->logical_precision,
					  .scale = e->logical_scale };
	c->kind = c->physical == PARQUET_INT32 || c->physical == PARQUET_INT64 ? PARQUET_NUMBER :
		  PARQUET_DECIMAL;
	if (c->kind == PARQUET_DECIMAL && c->physical != PARQUET_BYTE_ARRAY &&
	    c->physical != PARQUET_FIXED)
		return "has a decimal in another type than the format allows";
	c->ordered = c->kind == PARQUET_NUMBER;
	return NULL;
}

static const char *set_timestamp(struct parquet_column *c, const struct element *e)
{
	if (c->physical != PARQUET_INT64)
		return "has a timestamp in another type than the format allows";
	if (e->unit != 1 && e->unit != 2)
		return "has timestamps in nanoseconds";
	c->type.type = KCSD_TYPE_TIMESTAMP;
	c->factor = e->unit == 1 ? 1000 : 1;
	return NULL;
}

static const char *set_integer(struct parquet_column *c, const struct element *e)
{
	bool small = e->bits <= 16 || (e->bits == 32 && e->is_signed);

	if (c->physical != (e->bits == 64 ? PARQUET_INT64 : PARQUET_INT32))
		return "has an integer in another type than the format allows";
	c->type.type = small ? KCSD_TYPE_INT4 : KCSD_TYPE_INT8;
	if (e->is_signed)
		return NULL;
	if (e->bits == 64)
		return "has unsigned integers of 64 bits";
	c->kind = PARQUET_UNSIGNED;
	c->ordered = false;
	return NULL;
}

/* A column without an annotation. */
static const char *set_plain(struct parquet_column *c)
{
	switch (c->physical) {
	case PARQUET_BOOLEAN:
		c->type.type = KCSD_TYPE_BOOL;
		c->ordered = false;
		return NULL;
	case PARQUET_INT32:
		c->type.type = KCSD_TYPE_INT4;
		return NULL;
	case PARQUET_INT64:
		c->type.type = KCSD_TYPE_INT8;
		return NULL;
	case PARQUET_FLOAT:
	case PARQUET_DOUBLE:
		c->type.type = KCSD_TYPE_FLOAT8;
		c->kind = PARQUET_REAL;
		c->ordered = false;
		return NULL;
	case PARQUET_BYTE_ARRAY:
		c->type.type = KCSD_TYPE_TEXT;
		c->kind = PARQUET_TEXT;
		return NULL;
	case PARQUET_INT96:
		return "has the type INT96, which is deprecated";
	default:
		return "has bytes of a fixed length that are no decimal";
	}
}

/* Set the type of a column. Returns NULL, or why it cannot be read. */
static const char *set_type(struct parquet_column *c, struct element *e)
{
	c->kind = PARQUET_NUMBER;
	c->factor = 1;
	c->ordered = true;
	if (e->physical < 0 || e->physical > PARQUET_FIXED)
		return "has no type";
	c->physical = e->physical;
	c->type_len = e->type_len > 0 && e->type_len <= 1024 ? e->type_len : 0;
	if (c->physical == PARQUET_FIXED && !c->type_len)
		return "has bytes of a length that is impossible";
	switch (logical_of(e)) {
	case 0:
		return set_plain(c);
	case 1:
	case 4:
	case 12:
		c->type.type = KCSD_TYPE_TEXT;
		c->kind = PARQUET_TEXT;
		return c->physical == PARQUET_BYTE_ARRAY ? NULL :
		       "has a text in another type than the format allows";
	case 5:
		return set_decimal(c, e);
	case 6:
		c->type.type = KCSD_TYPE_DATE;
		return c->physical == PARQUET_INT32 ? NULL :
		       "has a date in another type than the format allows";
	case 8:
		return set_timestamp(c, e);
	case 10:
		return set_integer(c, e);
	default:
		return "has a type that is not supported";
	}
}

static void add_column(struct footer *f, struct element *e)
{
	struct parquet_file *file = f->file;
	struct parquet_column *grown, *c;

	grown = kcsd_arena_grow(f->arena, file->columns, file->nr_columns, sizeof(*grown));
	if (!grown) {
		f->no_memory = true;
		return;
	}
	file->columns = grown;
	c = &grown[file->nr_columns++];
	*c = (struct parquet_column){ .optional = e->repetition == OPTIONAL };
	c->name = kcsd_arena_copy(f->arena, e->name ? e->name : "", e->name_len);
	f->no_memory |= !c->name;
	c->why = e->repetition == REPEATED ? "is repeated" : set_type(c, e);
	if (c->why)
		c->type = (struct kcsd_sql_type){ .type = KCSD_TYPE_TEXT };
}

/* Read the elements, in depth-first order. Only a flat schema is supported. */
static int read_schema(struct footer *f, const struct thrift_field *field)
{
	uint32_t nr = kcsd_thrift_list(&f->t, field, THRIFT_STRUCT), i;
	struct element e;

	for (i = 0; i < nr && !f->t.failed && !f->no_memory; i++) {
		read_element(&f->t, &e);
		if (!i)
			continue;
		if (e.children)
			return kcsd_error_set(f->err, -EOPNOTSUPP, "%s: column '%.*s' is nested, which "
					      "is not supported", f->name, (int)MIN(e.name_len, 63),
					      e.name ? e.name : "");
		if (f->file->nr_columns == QUERY_COLUMNS)
			return kcsd_error_set(f->err, -EOPNOTSUPP, "%s: it has more than %u columns",
					      f->name, QUERY_COLUMNS);
		add_column(f, &e);
	}
	return 0;
}

/* ---- row groups ---- */

static void read_statistics(struct footer *f, struct parquet_column_chunk *c,
			    const struct parquet_column *column)
{
	struct parquet_statistics *s = &c->statistics;
	struct thrift_field field = {};
	/* The old fields have an order only where all agree on it: numbers with a sign. */
	bool old = column->kind == PARQUET_NUMBER && column->physical != PARQUET_BOOLEAN;
	const uint8_t *bytes;
	size_t len;

	while (kcsd_thrift_field(&f->t, &field)) {
		if (field.id == 3) {
			s->nulls = kcsd_thrift_int(&f->t, &field);
			continue;
		}
		if (field.type != THRIFT_BINARY || field.id > 6 || field.id == 4) {
			kcsd_thrift_skip(&f->t, field.type);
			continue;
		}
		bytes = (const uint8_t *)kcsd_thrift_binary(&f->t, &field, &len);
		if (field.id == 5 || (field.id == 1 && old && !s->max)) {
			s->max = bytes;
			s->max_len = len;
		} else if (field.id == 6 || (field.id == 2 && old && !s->min)) {
			s->min = bytes;
			s->min_len = len;
		}
	}
}

static uint64_t read_encodings(struct footer *f, const struct thrift_field *field)
{
	uint32_t nr = kcsd_thrift_list(&f->t, field, THRIFT_I32);
	struct thrift_field one = { .type = THRIFT_I32 };
	uint64_t encodings = 0;
	int64_t encoding;

	for (; nr && !f->t.failed; nr--) {
		encoding = kcsd_thrift_int(&f->t, &one);
		encodings |= 1ull << (encoding >= 0 && encoding < 63 ? encoding : 63);
	}
	return encodings;
}

static void read_metadata(struct footer *f, struct parquet_column_chunk *c,
			  const struct parquet_column *column)
{
	struct thrift_field field = {};
	int64_t data = -1, dictionary = -1;

	while (kcsd_thrift_field(&f->t, &field)) {
		switch (field.id) {
		case 2:
			c->encodings = read_encodings(f, &field);
			break;
		case 4:
			c->codec = kcsd_thrift_int(&f->t, &field);
			break;
		case 5:
			c->values = kcsd_thrift_int(&f->t, &field);
			break;
		case 7:
			c->len = kcsd_thrift_int(&f->t, &field);
			break;
		case 9:
			data = kcsd_thrift_int(&f->t, &field);
			break;
		case 11:
			dictionary = kcsd_thrift_int(&f->t, &field);
			break;
		case 12:
			if (field.type == THRIFT_STRUCT) {
				read_statistics(f, c, column);
				break;
			}
			/* fall through */
		default:
			kcsd_thrift_skip(&f->t, field.type);
		}
	}
	/* Some writers say 0 if there is no dictionary. */
	c->offset = dictionary > 0 && dictionary < data ? dictionary : data;
}

static void read_chunk(struct footer *f, struct parquet_column_chunk *c,
		       const struct parquet_column *column)
{
	struct thrift_field field = {};

	c->statistics.nulls = -1;
	c->elsewhere = true;
	while (kcsd_thrift_field(&f->t, &field)) {
		if (field.id == 3 && field.type == THRIFT_STRUCT) {
			c->elsewhere = false;
			read_metadata(f, c, column);
		} else {
			/* Data in another file, or encrypted. */
			if (field.id == 1 || field.id == 8)
				c->elsewhere = true;
			kcsd_thrift_skip(&f->t, field.type);
		}
	}
}

static void read_group(struct footer *f, struct parquet_group *group)
{
	struct parquet_file *file = f->file;
	struct thrift_field field = {};
	uint32_t nr, i;

	while (kcsd_thrift_field(&f->t, &field)) {
		if (field.id == 3) {
			group->rows = kcsd_thrift_int(&f->t, &field);
		} else if (field.id == 1) {
			nr = kcsd_thrift_list(&f->t, &field, THRIFT_STRUCT);
			group->chunks = kcsd_arena_alloc(f->arena, (nr + 1) *
							 sizeof(*group->chunks));
			f->no_memory |= !group->chunks;
			f->t.failed |= nr != file->nr_columns;
			for (i = 0; i < nr && !f->t.failed && !f->no_memory; i++)
				read_chunk(f, &group->chunks[i], &file->columns[i]);
		} else {
			kcsd_thrift_skip(&f->t, field.type);
		}
	}
	f->t.failed |= !group->chunks || group->rows > INT64_MAX / 2;
}

static void read_groups(struct footer *f, const struct thrift_field *field)
{
	struct parquet_file *file = f->file;
	uint64_t first = 1;
	uint32_t i;

	file->nr_groups = kcsd_thrift_list(&f->t, field, THRIFT_STRUCT);
	file->groups = kcsd_arena_alloc(f->arena, (file->nr_groups + 1) * sizeof(*file->groups));
	f->no_memory |= !file->groups;
	for (i = 0; i < file->nr_groups && !f->t.failed && !f->no_memory; i++) {
		read_group(f, &file->groups[i]);
		file->groups[i].first = first;
		first += file->groups[i].rows;
	}
}

/* The order of least and greatest values, of each column: field 1 is that of its type. */
static void read_orders(struct footer *f, const struct thrift_field *field)
{
	uint32_t nr = kcsd_thrift_list(&f->t, field, THRIFT_STRUCT), i;

	for (i = 0; i < nr && !f->t.failed; i++) {
		struct thrift_field order = {};
		bool typed = false;

		while (kcsd_thrift_field(&f->t, &order)) {
			typed |= order.id == 1;
			kcsd_thrift_skip(&f->t, order.type);
		}
		if (i < f->file->nr_columns && !typed)
			f->file->columns[i].ordered = false;
	}
	f->nr_order = nr;
}

static int read_all(struct footer *f)
{
	struct thrift_field field = {};
	int ret = 0;

	while (!ret && !f->no_memory && kcsd_thrift_field(&f->t, &field)) {
		if (field.id == 2)
			ret = read_schema(f, &field);
		else if (field.id == 4)
			read_groups(f, &field);
		else if (field.id == 7)
			read_orders(f, &field);
		else if (field.id == 8)
			ret = kcsd_error_set(f->err, -EOPNOTSUPP, "%s: it is encrypted, which is not "
					     "supported", f->name);
		else
			kcsd_thrift_skip(&f->t, field.type);
	}
	return ret;
}

int kcsd_parquet_read(struct parquet_file *file, const uint8_t *data, size_t len, const char *name,
		      struct kcsd_arena *arena, struct kcsd_error *err)
{
	struct footer f = { .t = { .p = data, .end = data + len }, .file = file, .arena = arena,
			    .name = name, .err = err };
	uint32_t i;
	int ret;

	*file = (struct parquet_file){};
	ret = read_all(&f);
	if (ret)
		return ret;
	if (f.no_memory)
		return kcsd_error_set(err, -ENOMEM, "out of memory");
	if (f.t.failed || !file->nr_columns || !file->groups)
		return kcsd_error_set(err, -EINVAL, "%s: its metadata is damaged", name);
	/* Without orders, what is least and greatest of texts is not defined. */
	for (i = f.nr_order; i < file->nr_columns; i++)
		if (file->columns[i].kind != PARQUET_NUMBER)
			file->columns[i].ordered = false;
	return 0;
}
