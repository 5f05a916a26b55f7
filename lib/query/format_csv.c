// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* CSV (RFC 4180): find the columns of a table, and tell the scanner about them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../private.h"
#include "table.h"

#define MAX_NAME	63	/* bytes of the name of a column; as in PostgreSQL */
#define BOM		"\xef\xbb\xbf"
#define BOM_LEN		3

extern const char kcsd_csv_object[], kcsd_csv_object_end[];

/* The first bytes of a source. */
struct sample {
	const struct kcsd_table *table;
	const struct table_source *source;
	struct kcsd_arena *arena;
	const char *p, *end;
	bool whole;			/* the source ends there */
};

struct cell {
	const char *text;		/* of the sample, or of the arena */
	size_t len;
	bool quoted;
};

static int no_memory(struct kcsd_error *err)
{
	return kcsd_error_set(err, -ENOMEM, "out of memory");
}

static char delimiter_of(const struct kcsd_table *table)
{
	return table->delimiter ? (char)table->delimiter : ',';
}

/* ---- rows of the sample ---- */

/* Remove the second one of doubled quotes. */
static int unquote(struct sample *s, struct cell *cell)
{
	char *copy = kcsd_arena_copy(s->arena, cell->text, cell->len);
	size_t i, len = 0;

	if (!copy)
		return -ENOMEM;
	for (i = 0; i < cell->len; i++) {
		i += copy[i] == '"';
		copy[len++] = copy[i];
	}
	cell->text = copy;
	cell->len = len;
	return 0;
}

/* Find the quote that ends a text, *doubled: there are others. Returns NULL: there is none. */
static const char *quote_end(const char *p, const char *end, bool *doubled)
{
	*doubled = false;
	for (; p < end; p++) {
		if (*p != '"')
			continue;
		if (p + 1 == end || p[1] != '"')
			return p;
		*doubled = true;
		p++;
	}
	return NULL;
}

static int take_quoted(struct sample *s, struct cell *cell)
{
	const char *p = s->p + 1;
	bool doubled;

	cell->text = p;
	cell->quoted = true;
	p = quote_end(p, s->end, &doubled);
	if (!p)
		return 0;
	cell->len = p - cell->text;
	s->p = p + 1;
	return doubled ? unquote(s, cell) : 1;
}

/*
 * Take the cell at s->p, and move behind it. Returns 1; 0: the sample ends before the cell does;
 * -ENOMEM; *last: it is the last of its row. What stands behind a quote is for the scanner to find.
 */
static int take_cell(struct sample *s, struct cell *cell, bool *last)
{
	const char *from = s->p;
	int ret = 1;

	*cell = (struct cell){ .text = from };
	if (from < s->end && *from == '"') {
		ret = take_quoted(s, cell);
		if (ret < 0 || (!ret && s->p == from))
			return ret;
	}
	while (s->p < s->end && *s->p != '\n' && *s->p != delimiter_of(s->table))
		s->p++;
	if (!cell->quoted)
		cell->len = s->p - from;
	if (s->p == s->end) {
		*last = true;
		return s->whole;
	}
	*last = *s->p++ == '\n';
	if (*last && !cell->quoted && cell->len && cell->text[cell->len - 1] == '\r')
		cell->len--;
	return 1;
}

static bool is_blank_line(const struct sample *s)
{
	return *s->p == '\n' || (*s->p == '\r' && s->p + 1 < s->end && s->p[1] == '\n');
}

/* True if no row begins here: the sample ends, or with zeroes what was stored in LBAs. */
static bool at_end(const struct sample *s)
{
	return s->p == s->end || (s->source->kind == TABLE_LBAS && !*s->p);
}

/*
 * Take a row of at most QUERY_COLUMNS cells. Returns their number; 0: no further row ends in the
 * sample; or an error.
 */
static int take_row(struct sample *s, struct cell *cells, uint32_t nr_wanted)
{
	const char *from;
	bool last = false;
	int nr = 0, ret;

	while (nr_wanted != 1 && !at_end(s) && is_blank_line(s))
		s->p += *s->p == '\r' ? 2 : 1;
	from = s->p;
	if (at_end(s))
		return 0;
	while (!last) {
		if (nr == QUERY_COLUMNS)
			return -E2BIG;
		ret = take_cell(s, &cells[nr++], &last);
		if (ret <= 0) {
			s->p = from;
			return ret;
		}
	}
	return nr;
}

static int open_sample(struct kcsd_table *table, const struct table_source *source, size_t room,
		       struct sample *s, struct kcsd_error *err)
{
	char *buf = kcsd_arena_alloc(&table->arena, room);
	size_t len = 0;
	int ret;

	if (!buf)
		return no_memory(err);
	ret = kcsd_table_read(table, source, 0, buf, room, &len, err);
	if (ret)
		return ret;
	*s = (struct sample){ table, source, &table->arena, buf, buf + len, len < room };
	if (len >= BOM_LEN && !memcmp(buf, BOM, BOM_LEN))
		s->p += BOM_LEN;
	return 0;
}

static int fail_row(const struct sample *s, int ret, struct kcsd_error *err)
{
	const char *name = s->source->name;

	if (ret == -ENOMEM)
		return no_memory(err);
	if (ret == -E2BIG)
		return kcsd_error_set(err, -EINVAL, "%s: a row has more than %u cells", name,
				      QUERY_COLUMNS);
	if (s->p == s->end)
		return kcsd_error_set(err, -EINVAL, "%s: it is empty, so it tells no columns: name "
				      "them", name);
	return kcsd_error_set(err, -EINVAL, "%s: its first row does not end within %u bytes: name the "
			      "columns", name, TABLE_SAMPLE);
}

/* ---- columns ---- */

static int take_names(struct kcsd_table *table, const struct sample *s, const struct cell *cells,
		      struct kcsd_error *err)
{
	uint32_t i, j;

	for (i = 0; i < table->nr_columns; i++) {
		const struct cell *cell = &cells[i];

		if (!cell->len || cell->len > MAX_NAME || memchr(cell->text, 0, cell->len))
			return kcsd_error_set(err, -EINVAL, "%s: column %u has %s: name the columns",
					      s->source->name, i + 1, cell->len > MAX_NAME ?
					      "a name of more than 63 bytes" :
					      cell->len ? "no text as its name" : "no name");
		table->columns[i].name = kcsd_arena_copy(&table->arena, cell->text, cell->len);
		if (!table->columns[i].name)
			return no_memory(err);
		for (j = 0; j < i; j++)
			if (!strcmp(table->columns[i].name, table->columns[j].name))
				return kcsd_error_set(err, -EINVAL, "%s: columns %u and %u have the "
						      "same name, \"%s\": name the columns",
						      s->source->name, j + 1, i + 1,
						      table->columns[i].name);
	}
	return 0;
}

/* "c1", "c2", ... */
static int make_names(struct kcsd_table *table, struct kcsd_error *err)
{
	char name[16];
	uint32_t i;

	for (i = 0; i < table->nr_columns; i++) {
		snprintf(name, sizeof(name), "c%u", i + 1);
		table->columns[i].name = kcsd_arena_copy(&table->arena, name, strlen(name));
		if (!table->columns[i].name)
			return no_memory(err);
	}
	return 0;
}

static bool is_null(const struct kcsd_table *table, const struct cell *cell)
{
	return !cell->quoted && cell->len == table->null_len &&
	       !memcmp(cell->text, table->null_text, cell->len);
}

/* Find the types by the rows that are left. cells: those of the first row if it is one. */
static int guess_types(struct kcsd_table *table, struct sample *s, struct cell *cells,
		       bool has_row, struct kcsd_error *err)
{
	struct guess *guess = kcsd_guess_create(&table->arena, table->nr_columns);
	int nr = has_row ? (int)table->nr_columns : 0;
	uint32_t i;

	if (!guess)
		return no_memory(err);
	do {
		/* Rows of another length are bad: the run will tell. */
		for (i = 0; nr == (int)table->nr_columns && i < table->nr_columns; i++)
			if (!is_null(table, &cells[i]))
				kcsd_guess_take(guess, i, cells[i].text, cells[i].len,
						!cells[i].quoted);
		nr = take_row(s, cells, table->nr_columns);
	} while (nr > 0);
	if (nr == -ENOMEM)
		return no_memory(err);
	for (i = 0; i < table->nr_columns; i++)
		table->columns[i].type = kcsd_guess_type(guess, i);
	return 0;
}

static int find_columns(struct kcsd_table *table, struct sample *s, struct cell *cells,
			struct kcsd_error *err)
{
	bool no_header = table->flags & KCSD_TABLE_NO_HEADER;
	int ret, nr = take_row(s, cells, 0);

	if (nr <= 0)
		return fail_row(s, nr, err);
	table->nr_columns = nr;
	table->columns = kcsd_arena_alloc(&table->arena, nr * sizeof(*table->columns));
	if (!table->columns)
		return no_memory(err);
	ret = no_header ? make_names(table, err) : take_names(table, s, cells, err);
	return ret ? ret : guess_types(table, s, cells, no_header, err);
}

/* Refuse a source whose header is another one. */
static int compare_header(struct kcsd_table *table, struct sample *s, struct cell *cells,
			  struct kcsd_error *err)
{
	int i, nr = take_row(s, cells, 0);

	if (!nr && s->p == s->end)
		return 0;
	if (nr <= 0)
		return fail_row(s, nr, err);
	for (i = 0; i < nr && i < (int)table->nr_columns; i++)
		if (cells[i].len != strlen(table->columns[i].name) ||
		    memcmp(cells[i].text, table->columns[i].name, cells[i].len))
			break;
	if (i == nr && nr == (int)table->nr_columns)
		return 0;
	return kcsd_error_set(err, -EINVAL, "%s: its columns are not those of %s: the header differs "
			      "in column %d", s->source->name, table->sources[0].name, i + 1);
}

static int open_with(struct kcsd_table *table, struct cell *cells, struct kcsd_error *err)
{
	bool given = table->columns;
	struct sample s;
	uint32_t i;
	int ret = 0;

	for (i = 0; i < table->nr_sources && !ret && !given; i++) {
		ret = open_sample(table, &table->sources[i], TABLE_SAMPLE, &s, err);
		if (!ret && !i)
			ret = find_columns(table, &s, cells, err);
		else if (!ret && !(table->flags & KCSD_TABLE_NO_HEADER))
			ret = compare_header(table, &s, cells, err);
		else
			break;
	}
	return ret;
}

static int open_csv(struct kcsd_table *table, struct kcsd_error *err)
{
	struct cell *cells = calloc(QUERY_COLUMNS, sizeof(*cells));
	const char *suffix = strrchr(table->sources[0].name, '.');
	int ret;

	if (!cells)
		return no_memory(err);
	if (!table->delimiter && suffix && !strcmp(suffix, ".tsv"))
		table->delimiter = '\t';
	ret = open_with(table, cells, err);
	free(cells);
	return ret;
}

static int prepare(struct kcsd_table *table, struct table_source *source, const struct plan *plan,
		   uint32_t part, struct query_params *params, struct format_args *args,
		   struct kcsd_error *err)
{
	(void)plan, (void)args, (void)err;
	if (part)
		return 1;
	params->header = !(table->flags & KCSD_TABLE_NO_HEADER);
	params->delimiter = (unsigned char)delimiter_of(table);
	params->padded = source->kind == TABLE_LBAS;
	params->null_len = table->null_len;
	memcpy(params->null_text, table->null_text, table->null_len);
	return 0;
}

const struct format kcsd_format_csv = {
	.name = "csv",
	.suffixes = " .csv .tsv ",
	.object = kcsd_csv_object,
	.object_end = kcsd_csv_object_end,
	.program = "query_csv",
	.open = open_csv,
	.prepare = prepare,
};
