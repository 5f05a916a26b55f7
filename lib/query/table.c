// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Tables: their sources and options. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../private.h"
#include "table.h"

static const struct format *const formats[__KCSD_FORMAT_END] = {
	[KCSD_FORMAT_CSV] = &kcsd_format_csv,
	[KCSD_FORMAT_JSON] = &kcsd_format_json,
	[KCSD_FORMAT_PARQUET] = &kcsd_format_parquet,
};

static int no_memory(struct kcsd_error *err)
{
	return kcsd_error_set(err, -ENOMEM, "out of memory");
}

/* ---- options ---- */

static int copy_columns(struct kcsd_table *t, const struct kcsd_table_opts *o,
			struct kcsd_error *err)
{
	uint32_t i;

	if (!o->columns)
		return 0;
	if (!o->nr_columns || o->nr_columns > QUERY_COLUMNS)
		return kcsd_error_set(err, -EINVAL, "nr_columns: %u: 1 to %u are possible",
				      o->nr_columns, QUERY_COLUMNS);
	t->columns = kcsd_arena_alloc(&t->arena, o->nr_columns * sizeof(*t->columns));
	for (i = 0; t->columns && i < o->nr_columns; i++) {
		t->columns[i] = o->columns[i];
		t->columns[i].name = kcsd_arena_copy(&t->arena, o->columns[i].name,
						     strlen(o->columns[i].name));
	}
	t->nr_columns = o->nr_columns;
	return t->arena.failed ? no_memory(err) : 0;
}

static int copy_opts(struct kcsd_table *t, const struct kcsd_table_opts *opts,
		     struct kcsd_error *err)
{
	struct kcsd_table_opts o;
	int ret = kcsd_opts_copy(&o, sizeof(o), opts);

	if (ret)
		return kcsd_error_set(err, ret, "kcsd_table_opts: impossible size");
	if (o.flags & ~(KCSD_TABLE_NO_HEADER | KCSD_TABLE_ROW_NUMBERS))
		return kcsd_error_set(err, -EINVAL, "flags: no such flag: %#x", o.flags);
	if (o.format >= __KCSD_FORMAT_END || (o.format && !formats[o.format]))
		return kcsd_error_set(err, -EINVAL, "format: no such format: %u", o.format);
	if (o.delimiter > 0x7f || o.delimiter == '"' || o.delimiter == '\n' || o.delimiter == '\r')
		return kcsd_error_set(err, -EINVAL, "delimiter: any ASCII character is possible "
				      "but '\"' and ends of lines");
	if (o.null_text && strlen(o.null_text) > QUERY_NULL_LEN)
		return kcsd_error_set(err, -EINVAL, "null_text: at most %u bytes are possible",
				      QUERY_NULL_LEN);
	t->drive = o.drive;
	t->format = formats[o.format];
	t->flags = o.flags;
	t->delimiter = o.delimiter;
	if (o.null_text) {
		t->null_len = strlen(o.null_text);
		memcpy(t->null_text, o.null_text, t->null_len);
	}
	return copy_columns(t, &o, err);
}

int kcsd_table_create(const struct kcsd_table_opts *opts, struct kcsd_table **table,
		      struct kcsd_error *err)
{
	struct kcsd_table *t = calloc(1, sizeof(*t));
	int ret;

	*table = NULL;
	if (!t)
		return no_memory(err);
	ret = copy_opts(t, opts, err);
	if (ret) {
		kcsd_table_destroy(t);
		return ret;
	}
	*table = t;
	return 0;
}

void kcsd_table_destroy(struct kcsd_table *table)
{
	if (!table)
		return;
	kcsd_arena_destroy(&table->arena);
	free(table);
}

/* ---- sources ---- */

static int add_source(struct kcsd_table *t, const struct table_source *source,
		      struct kcsd_error *err)
{
	struct table_source *grown;

	if (t->open)
		return kcsd_error_set(err, -EBUSY, "the table is open already");
	if (source->kind != TABLE_FILE && !t->drive)
		return kcsd_error_set(err, -EINVAL, "%s: only a drive has objects and LBAs",
				      source->name);
	grown = kcsd_arena_grow(&t->arena, t->sources, t->nr_sources, sizeof(*grown));
	if (!grown || !source->name)
		return no_memory(err);
	t->sources = grown;
	grown[t->nr_sources++] = *source;
	return 0;
}

int kcsd_table_add_file(struct kcsd_table *table, int fd, const char *name,
			struct kcsd_error *err)
{
	struct table_source source = { .kind = TABLE_FILE, .fd = fd };
	struct stat st;

	if (fstat(fd, &st))
		return kcsd_error_set(err, -errno, "%s: %s", name, kcsd_error_text(-errno));
	if (!S_ISREG(st.st_mode))
		return kcsd_error_set(err, -EINVAL, "%s: it is not a regular file", name);
	source.len = st.st_size;
	source.name = kcsd_arena_copy(&table->arena, name, strlen(name));
	return add_source(table, &source, err);
}

int kcsd_table_add_key(struct kcsd_table *table, const struct kcsd_kv_key *key,
		       struct kcsd_error *err)
{
	struct table_source source = { .kind = TABLE_KEY, .key = *key };
	char text[KCSD_KV_KEY_TEXT_LEN];

	kcsd_kv_key_text(key, text);
	source.name = kcsd_arena_copy(&table->arena, text, strlen(text));
	return add_source(table, &source, err);
}

int kcsd_table_add_lbas(struct kcsd_table *table, uint64_t slba, uint64_t nlb,
			struct kcsd_error *err)
{
	struct table_source source = { .kind = TABLE_LBAS, .slba = slba, .nlb = nlb };
	char text[64];

	if (!nlb)
		return kcsd_error_set(err, -EINVAL, "a source of LBAs has no LBA");
	snprintf(text, sizeof(text), "LBAs %llu+%llu", (unsigned long long)slba,
		 (unsigned long long)nlb);
	source.name = kcsd_arena_copy(&table->arena, text, strlen(text));
	return add_source(table, &source, err);
}

/* ---- bytes of sources ---- */

static int read_file(const struct table_source *source, uint64_t off, void *buf, size_t len,
		     size_t *got, struct kcsd_error *err)
{
	ssize_t n;

	while (*got < len) {
		n = pread(source->fd, (char *)buf + *got, len - *got, off + *got);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return kcsd_error_set(err, -errno, "%s: %s", source->name,
					      kcsd_error_text(-errno));
		if (!n)
			break;
		*got += n;
	}
	return 0;
}

/* LBAs that the bytes are in are read whole. */
static int read_lbas(struct kcsd_table *t, const struct table_source *source, uint64_t off,
		     void *buf, size_t len, size_t *got, struct kcsd_error *err)
{
	uint32_t size = kcsd_drive_lba_size(t->drive);
	uint64_t first = off / size, skip = off % size, nlb = (skip + len + size - 1) / size;
	void *lbas;
	int ret;

	if (first >= source->nlb)
		return 0;
	nlb = MIN(nlb, source->nlb - first);
	lbas = malloc(nlb * size);
	if (!lbas)
		return no_memory(err);
	ret = kcsd_lba_read(t->drive, source->slba + first, lbas, nlb * size);
	if (!ret) {
		*got = MIN(len, nlb * size - skip);
		memcpy(buf, (char *)lbas + skip, *got);
		t->link_bytes += nlb * size;
	}
	free(lbas);
	return ret ? kcsd_error_set(err, ret, "%s: %s", source->name, kcsd_error_text(ret)) : 0;
}

/* A value can only be read from its beginning. */
static int read_key(struct kcsd_table *t, const struct table_source *source, uint64_t off,
		    void *buf, size_t len, size_t *got, struct kcsd_error *err)
{
	uint64_t value_len = 0;
	char *value = malloc(off + len + 1);
	int ret;

	if (!value)
		return no_memory(err);
	ret = kcsd_kv_retrieve(t->drive, &source->key, value, off + len, &value_len, err);
	if (!ret && value_len > off) {
		*got = MIN(len, value_len - off);
		memcpy(buf, value + off, *got);
	}
	t->link_bytes += MIN(off + len, value_len);
	free(value);
	return ret;
}

int kcsd_table_read(struct kcsd_table *table, const struct table_source *source, uint64_t off,
		    void *buf, size_t len, size_t *got, struct kcsd_error *err)
{
	*got = 0;
	switch (source->kind) {
	case TABLE_FILE:
		return read_file(source, off, buf, len, got, err);
	case TABLE_KEY:
		return read_key(table, source, off, buf, len, got, err);
	default:
		return read_lbas(table, source, off, buf, len, got, err);
	}
}

/* ---- open ---- */

/* True if suffix is one of the words of a list " .csv .tsv ". */
static bool has_suffix(const struct format *format, const char *suffix)
{
	char word[16];

	return snprintf(word, sizeof(word), " %s ", suffix) < (int)sizeof(word) &&
	       strstr(format->suffixes, word);
}

static int find_format(struct kcsd_table *t, struct kcsd_error *err)
{
	const char *name = t->sources[0].name, *suffix = strrchr(name, '.');
	size_t i;

	for (i = 0; suffix && !t->format && i < ARRAY_SIZE(formats); i++)
		if (formats[i] && has_suffix(formats[i], suffix))
			t->format = formats[i];
	return t->format ? 0 : kcsd_error_set(err, -EINVAL, "%s: its name does not tell the format: "
					      "name one", name);
}

/* Find the lengths of sources. */
static int find_lengths(struct kcsd_table *t, struct kcsd_error *err)
{
	struct table_source *source;
	int ret = 0;

	for (source = t->sources; !ret && source < t->sources + t->nr_sources; source++) {
		if (source->kind == TABLE_LBAS)
			source->len = source->nlb * kcsd_drive_lba_size(t->drive);
		else if (source->kind == TABLE_KEY)
			ret = kcsd_kv_stat(t->drive, &source->key, &source->len, err);
	}
	return ret;
}

static int add_row_numbers(struct kcsd_table *t, struct kcsd_error *err)
{
	struct kcsd_column *columns;

	if (t->nr_columns == QUERY_COLUMNS)
		return kcsd_error_set(err, -EINVAL, "%u columns: there is no room for _row",
				      t->nr_columns);
	columns = kcsd_arena_alloc(&t->arena, (t->nr_columns + 1) * sizeof(*columns));
	if (!columns)
		return no_memory(err);
	memcpy(columns, t->columns, t->nr_columns * sizeof(*columns));
	columns[t->nr_columns++] = (struct kcsd_column){
		.name = "_row", .type.type = KCSD_TYPE_INT8, .flags = KCSD_COLUMN_ROW,
	};
	t->columns = columns;
	return 0;
}

void kcsd_table_set_params(const struct kcsd_table *table, struct query_params *params)
{
	bool has_row = table->flags & KCSD_TABLE_ROW_NUMBERS;

	params->nr_columns = table->nr_columns - has_row;
	params->row_column = has_row ? params->nr_columns : UINT32_MAX;
}

int kcsd_table_open(struct kcsd_table *table, struct kcsd_error *err)
{
	int ret;

	if (table->open)
		return kcsd_error_set(err, -EBUSY, "the table is open already");
	if (!table->nr_sources)
		return kcsd_error_set(err, -EINVAL, "the table has no source");
	ret = table->format ? 0 : find_format(table, err);
	if (!ret)
		ret = find_lengths(table, err);
	if (!ret)
		ret = table->format->open(table, err);
	if (!ret && table->flags & KCSD_TABLE_ROW_NUMBERS)
		ret = add_row_numbers(table, err);
	table->open = !ret;
	return ret;
}

const struct kcsd_column *kcsd_table_columns(const struct kcsd_table *table, uint32_t *nr)
{
	*nr = table->open ? table->nr_columns : 0;
	return table->columns;
}
