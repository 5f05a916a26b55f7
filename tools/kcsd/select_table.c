// SPDX-License-Identifier: GPL-2.0
/* Results as a table, for people: as psql prints it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "select.h"

#define WAITING		10000	/* cells that are looked at for the widths of columns */

/*
 * Write a text, or only find its width on a terminal. Control characters and what is no UTF-8
 * appear as \x1b.
 */
static int text_width(const char *text, size_t len, bool print)
{
	const char *p = text, *end = text + len;
	mbstate_t state = {};
	int width = 0, w;
	wchar_t wide;
	size_t n;

	while (p < end) {
		n = mbrtowc(&wide, p, end - p, &state);
		w = n && n <= (size_t)(end - p) ? wcwidth(wide) : -1;
		if (w >= 0) {
			if (print)
				fwrite(p, 1, n, stdout);
			width += w;
			p += n;
			continue;
		}
		memset(&state, 0, sizeof(state));
		if (*p == '\n' || *p == '\t')
			width += print ? printf(*p == '\n' ? "\\n" : "\\t") : 2;
		else
			width += print ? printf("\\x%02x", (unsigned char)*p) : 4;
		p++;
	}
	return width;
}

static bool is_number(struct kcsd_sql_type type)
{
	return type.type >= KCSD_TYPE_INT4 && type.type <= KCSD_TYPE_FLOAT8;
}

static void put_spaces(int nr)
{
	while (nr-- > 0)
		putchar(' ');
}

/* Names are in the middle, numbers on the right. */
static void put_cell(const struct select_output *out, uint32_t i, const char *text, size_t len,
		     bool name)
{
	int room = out->widths[i] - text_width(text, len, false);
	int before = name ? room / 2 : is_number(out->columns[i].type) ? room : 0;
	bool last = i + 1 == out->nr_columns;

	putchar(' ');
	put_spaces(before);
	text_width(text, len, true);
	if (!last || name)
		put_spaces(room - before);
	fputs(last ? name ? " \n" : "\n" : " |", stdout);
}

static void put_row(const struct select_output *out, const struct kcsd_cell *cells)
{
	uint32_t i;

	for (i = 0; i < out->nr_columns; i++)
		put_cell(out, i, cells[i].text ? cells[i].text : "",
			 cells[i].text ? cells[i].len : 0, false);
}

static void put_head(const struct select_output *out)
{
	uint32_t i;
	int j;

	for (i = 0; i < out->nr_columns; i++)
		put_cell(out, i, out->columns[i].name, strlen(out->columns[i].name), true);
	for (i = 0; i < out->nr_columns; i++) {
		if (i)
			putchar('+');
		for (j = 0; j < out->widths[i] + 2; j++)
			putchar('-');
	}
	putchar('\n');
}

static int begin(struct select_output *out)
{
	(void)out;
	return 0;
}

static int find_widths(struct select_output *out)
{
	size_t i;
	int width;

	out->widths = calloc(out->nr_columns + 1, sizeof(*out->widths));
	if (!out->widths)
		return -1;
	for (i = 0; i < out->nr_columns; i++)
		out->widths[i] = text_width(out->columns[i].name, strlen(out->columns[i].name),
					    false);
	for (i = 0; i < out->nr_cells; i++) {
		width = text_width(out->cells[i].text, out->cells[i].len, false);
		if (width > out->widths[i % out->nr_columns])
			out->widths[i % out->nr_columns] = width;
	}
	return 0;
}

/* Write the rows that wait. */
static int flush_rows(struct select_output *out)
{
	size_t i;

	if (find_widths(out))
		return -1;
	put_head(out);
	for (i = 0; i < out->nr_cells; i += out->nr_columns)
		put_row(out, out->cells + i);
	for (i = 0; i < out->nr_cells; i++)
		free((char *)out->cells[i].text);
	free(out->cells);
	out->cells = NULL;
	out->nr_cells = 0;
	return ferror(stdout) ? -1 : 0;
}

static int keep_row(struct select_output *out, const struct kcsd_cell *cells)
{
	struct kcsd_cell *grown, *to;
	uint32_t i;

	if (out->nr_cells + out->nr_columns > out->room) {
		out->room = 2 * out->room + out->nr_columns;
		grown = reallocarray(out->cells, out->room, sizeof(*grown));
		if (!grown)
			return -1;
		out->cells = grown;
	}
	for (i = 0; i < out->nr_columns; i++) {
		to = &out->cells[out->nr_cells++];
		*to = (struct kcsd_cell){ NULL, cells[i].text ? cells[i].len : 0 };
		if (!cells[i].text)
			continue;
		to->text = malloc(cells[i].len + 1);
		if (!to->text)
			return -1;
		memcpy((char *)to->text, cells[i].text, cells[i].len);
	}
	return 0;
}

static int row(struct select_output *out, const struct kcsd_cell *cells)
{
	if (!out->widths && out->nr_cells < WAITING)
		return keep_row(out, cells);
	if (!out->widths && flush_rows(out))
		return -1;
	put_row(out, cells);
	return ferror(stdout) ? -1 : 0;
}

static int end(struct select_output *out)
{
	int ret = out->widths ? 0 : flush_rows(out);

	printf("(%llu row%s)\n", (unsigned long long)out->nr_rows, out->nr_rows == 1 ? "" : "s");
	free(out->widths);
	out->widths = NULL;
	return fflush(stdout) ? -1 : ret;
}

const struct select_writer kcsd_write_table = { begin, row, end };
