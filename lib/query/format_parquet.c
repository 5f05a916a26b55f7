// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Parquet: a flat schema; the host reads the footer, a program reads the pages of one row group. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../private.h"
#include "parquet.h"

#define TAIL		8		/* bytes behind the metadata: its length, and the magic */
#define MAX_FOOTER	(64u << 20)	/* bytes of metadata */

extern const char kcsd_parquet_object[], kcsd_parquet_object_end[];

/* ---- open ---- */

static int fail(const struct table_source *source, const char *what, struct kcsd_error *err)
{
	return kcsd_error_set(err, -EINVAL, "%s: %s", source->name, what);
}

static int read_footer(struct kcsd_table *table, struct table_source *source,
		       struct parquet_file *file, struct kcsd_error *err)
{
	uint8_t tail[TAIL], *data;
	uint32_t len;
	size_t got;
	int ret;

	if (source->len < TAIL + 4)
		return fail(source, "it is too short for a Parquet file", err);
	ret = kcsd_table_read(table, source, source->len - TAIL, tail, TAIL, &got, err);
	if (ret)
		return ret;
	if (got == TAIL && !memcmp(tail + 4, "PARE", 4))
		return kcsd_error_set(err, -EOPNOTSUPP, "%s: it is encrypted, which is not supported",
				      source->name);
	if (got != TAIL || memcmp(tail + 4, "PAR1", 4))
		return fail(source, "it does not end as a Parquet file does", err);
	memcpy(&len, tail, sizeof(len));
	len = le32toh(len);
	if (len > source->len - TAIL || len > MAX_FOOTER)
		return fail(source, "its metadata has a length that is impossible", err);
	data = kcsd_arena_alloc(&table->arena, len + 1);
	if (!data)
		return kcsd_error_set(err, -ENOMEM, "out of memory");
	ret = kcsd_table_read(table, source, source->len - TAIL - len, data, len, &got, err);
	if (!ret && got != len)
		ret = fail(source, "it became shorter", err);
	return ret ? ret : kcsd_parquet_read(file, data, len, source->name, &table->arena, err);
}

/* True if all values of a type are values of another, and stored alike. */
static bool type_fits(struct kcsd_sql_type is, struct kcsd_sql_type wanted)
{
	if (is.type == KCSD_TYPE_INT4 && wanted.type == KCSD_TYPE_INT8)
		return true;
	return is.type == wanted.type && is.scale == wanted.scale &&
	       is.precision <= wanted.precision;
}

/* Find a column of the table in a file. Returns its index, or -EINVAL. */
static int find_column(const struct table_source *source, const struct parquet_file *file,
		       const struct kcsd_column *wanted, struct kcsd_error *err)
{
	const struct parquet_column *column;
	char is[64];

	for (column = file->columns; column < file->columns + file->nr_columns; column++)
		if (!strcmp(column->name, wanted->name))
			break;
	if (column == file->columns + file->nr_columns)
		return kcsd_error_set(err, -EINVAL, "%s: it has no column '%s'", source->name,
				      wanted->name);
	if (!type_fits(column->type, wanted->type)) {
		snprintf(is, sizeof(is), "%s", kcsd_type_name(column->type));
		return kcsd_error_set(err, -EINVAL, "%s: column '%s' has the type %s, not %s",
				      source->name, wanted->name, is,
				      kcsd_type_name(wanted->type));
	}
	return column - file->columns;
}

/* Bring the columns of a file into the order of those of the table. */
static int choose_columns(struct kcsd_table *table, const struct table_source *source,
			  struct parquet_file *file, struct kcsd_error *err)
{
	uint32_t nr = table->nr_columns, i, g;
	struct parquet_column *columns = kcsd_arena_alloc(&table->arena, nr * sizeof(*columns));
	struct parquet_column_chunk *chunks;
	int *found = kcsd_arena_alloc(&table->arena, nr * sizeof(*found));

	if (!columns || !found)
		return kcsd_error_set(err, -ENOMEM, "out of memory");
	for (i = 0; i < nr; i++) {
		found[i] = find_column(source, file, &table->columns[i], err);
		if (found[i] < 0)
			return found[i];
		columns[i] = file->columns[found[i]];
	}
	for (g = 0; g < file->nr_groups; g++) {
		chunks = kcsd_arena_alloc(&table->arena, nr * sizeof(*chunks));
		if (!chunks)
			return kcsd_error_set(err, -ENOMEM, "out of memory");
		for (i = 0; i < nr; i++)
			chunks[i] = file->groups[g].chunks[found[i]];
		file->groups[g].chunks = chunks;
	}
	file->columns = columns;
	file->nr_columns = nr;
	return 0;
}

static int take_columns(struct kcsd_table *table, const struct parquet_file *file,
			struct kcsd_error *err)
{
	uint32_t i;

	table->columns = kcsd_arena_alloc(&table->arena,
					  (file->nr_columns + 1) * sizeof(*table->columns));
	if (!table->columns)
		return kcsd_error_set(err, -ENOMEM, "out of memory");
	for (i = 0; i < file->nr_columns; i++) {
		table->columns[i].name = file->columns[i].name;
		table->columns[i].type = file->columns[i].type;
	}
	table->nr_columns = file->nr_columns;
	return 0;
}

static int open_source(struct kcsd_table *table, struct table_source *source, bool chosen,
		       struct kcsd_error *err)
{
	struct parquet_file *file = kcsd_arena_alloc(&table->arena, sizeof(*file));
	int ret;

	if (!file)
		return kcsd_error_set(err, -ENOMEM, "out of memory");
	source->state = file;
	ret = read_footer(table, source, file, err);
	if (!ret && !table->columns)
		ret = take_columns(table, file, err);
	if (!ret && !chosen && file->nr_columns != table->nr_columns)
		ret = fail(source, "its columns are not those of the first file", err);
	return ret ? ret : choose_columns(table, source, file, err);
}

static int open_parquet(struct kcsd_table *table, struct kcsd_error *err)
{
	bool chosen = table->columns;
	uint32_t i;
	int ret = 0;

	for (i = 0; i < table->nr_sources && !ret; i++)
		ret = open_source(table, &table->sources[i], chosen, err);
	return ret;
}

/* ---- a run ---- */

static const char *codec_name(uint32_t codec)
{
	static const char *const names[] = {
		[PARQUET_LZO] = "LZO", [PARQUET_BROTLI] = "BROTLI", [PARQUET_LZ4] = "LZ4",
		[PARQUET_LZ4_RAW] = "LZ4_RAW",
	};

	return codec < ARRAY_SIZE(names) && names[codec] ? names[codec] : NULL;
}

/* Returns the name of an encoding that is not supported, or NULL. */
static const char *refused_encoding(uint64_t encodings)
{
	static const struct {
		int encoding;
		const char *name;
	} names[] = {
		{ PARQUET_DELTA_BINARY_PACKED, "DELTA_BINARY_PACKED" },
		{ PARQUET_DELTA_LENGTH, "DELTA_LENGTH_BYTE_ARRAY" },
		{ PARQUET_DELTA_BYTE_ARRAY, "DELTA_BYTE_ARRAY" },
		{ PARQUET_BYTE_STREAM_SPLIT, "BYTE_STREAM_SPLIT" },
	};
	uint64_t possible = 1 << PARQUET_PLAIN | 1 << PARQUET_PLAIN_DICTIONARY | 1 << PARQUET_RLE |
			    1 << PARQUET_BIT_PACKED | 1 << PARQUET_RLE_DICTIONARY;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (encodings >> names[i].encoding & 1)
			return names[i].name;
	return encodings & ~possible ? "of an unknown number" : NULL;
}

static int refuse(const struct table_source *source, const struct parquet_column *column,
		  const char *what, const char *name, struct kcsd_error *err)
{
	return kcsd_error_set(err, -EOPNOTSUPP, "%s: column '%s' %s%s%s", source->name,
			      column->name, what, name, *name ? ", which is not supported" : "");
}

static int validate_chunk(const struct table_source *source, const struct parquet_column *column,
			  const struct parquet_column_chunk *chunk, struct kcsd_error *err)
{
	if (column->why)
		return refuse(source, column, column->why, "", err);
	if (codec_name(chunk->codec) || chunk->codec > PARQUET_ZSTD)
		return refuse(source, column, "has the codec ", codec_name(chunk->codec) ?:
			      "of an unknown number", err);
	if (refused_encoding(chunk->encodings))
		return refuse(source, column, "has the encoding ",
			      refused_encoding(chunk->encodings), err);
	if (chunk->elsewhere)
		return refuse(source, column, "is in another file or encrypted", "", err);
	if (chunk->offset < 4 || chunk->offset > source->len ||
	    chunk->len > source->len - chunk->offset)
		return refuse(source, column, "lies outside of the file", "", err);
	return 0;
}

static enum parquet_print print_of(enum kcsd_type type)
{
	return type == KCSD_TYPE_BOOL ? PARQUET_PRINT_BOOL : type == KCSD_TYPE_DATE ?
	       PARQUET_PRINT_DATE : type == KCSD_TYPE_TIMESTAMP ? PARQUET_PRINT_TIMESTAMP :
	       PARQUET_PRINT_NUMBER;
}

static struct parquet_chunk make_chunk(const struct parquet_column *column,
				       const struct parquet_column_chunk *chunk, uint32_t index)
{
	return (struct parquet_chunk){
		.column = index,
		.physical = column->physical,
		.kind = column->kind,
		.type_len = column->type_len,
		.codec = chunk->codec,
		.optional = column->optional,
		.scale = column->type.scale,
		.print = print_of(column->type.type),
		.factor = column->factor,
		.offset = chunk->offset,
		.len = chunk->len,
		.values = chunk->values,
	};
}

/* Returns the row group of a part: those that cannot have rows of the result are none. */
static const struct parquet_group *find_group(const struct parquet_file *file,
					      const struct kcsd_query *query, uint32_t part)
{
	uint32_t i;

	for (i = 0; i < file->nr_groups; i++)
		if (!kcsd_parquet_can_skip(file, &file->groups[i], query) && !part--)
			return &file->groups[i];
	return NULL;
}

/* Numbers in the arguments are in the order of this machine; the program runs on the same. */
static int prepare(struct kcsd_table *table, struct table_source *source, const struct plan *plan,
		   uint32_t part, struct query_params *params, struct format_args *args,
		   struct kcsd_error *err)
{
	const struct parquet_file *file = source->state;
	const struct parquet_group *group = find_group(file, plan->query, part);
	struct parquet_args *out = (struct parquet_args *)args->data;
	uint32_t i, column;
	int ret;

	(void)table;
	if (!group)
		return 1;
	*out = (struct parquet_args){ .rows = group->rows, .first = group->first };
	for (i = 0; i < params->nr_used; i++) {
		column = params->used[i];
		if (column == params->row_column)
			continue;
		ret = validate_chunk(source, &file->columns[column], &group->chunks[column], err);
		if (ret)
			return ret;
		out->chunks[out->nr_chunks++] = make_chunk(&file->columns[column],
							   &group->chunks[column], column);
	}
	args->len = sizeof(*out) + out->nr_chunks * sizeof(out->chunks[0]);
	return 0;
}

const struct format kcsd_format_parquet = {
	.name = "parquet",
	.suffixes = " .parquet .pq ",
	.object = kcsd_parquet_object,
	.object_end = kcsd_parquet_object_end,
	.program = "query_parquet",
	.is_large = true,
	.open = open_parquet,
	.prepare = prepare,
};
