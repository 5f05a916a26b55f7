// SPDX-License-Identifier: GPL-2.0
/* Results as JSON: an array of objects, or an object in each line. */
#include <stdio.h>
#include <string.h>

#include "select.h"

static void put_string(const char *text, size_t len)
{
	size_t i;

	putchar('"');
	for (i = 0; i < len; i++) {
		unsigned char c = text[i];

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c == '\n')
			fputs("\\n", stdout);
		else if (c == '\t')
			fputs("\\t", stdout);
		else if (c < ' ' || c == 0x7f)
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

/* Numbers as they are printed, but what JSON has no number for. */
static void put_value(struct kcsd_sql_type type, const struct kcsd_cell *cell)
{
	bool number = type.type >= KCSD_TYPE_INT4 && type.type <= KCSD_TYPE_FLOAT8;

	if (!cell->text)
		fputs("null", stdout);
	else if (type.type == KCSD_TYPE_BOOL)
		fputs(*cell->text == 't' ? "true" : "false", stdout);
	else if (number && !strchr("NI", cell->text[*cell->text == '-']))
		fwrite(cell->text, 1, cell->len, stdout);
	else
		put_string(cell->text, cell->len);
}

static void put_row(struct select_output *out, const struct kcsd_cell *cells)
{
	uint32_t i;

	putchar('{');
	for (i = 0; i < out->nr_columns; i++) {
		if (i)
			putchar(',');
		put_string(out->columns[i].name, strlen(out->columns[i].name));
		putchar(':');
		put_value(out->columns[i].type, &cells[i]);
	}
	putchar('}');
}

static int begin_array(struct select_output *out)
{
	(void)out;
	return putchar('[') == EOF ? -1 : 0;
}

static int array_row(struct select_output *out, const struct kcsd_cell *cells)
{
	fputs(out->nr_rows ? ",\n" : "\n", stdout);
	put_row(out, cells);
	return ferror(stdout) ? -1 : 0;
}

static int end_array(struct select_output *out)
{
	fputs(out->nr_rows ? "\n]\n" : "]\n", stdout);
	return fflush(stdout) ? -1 : 0;
}

static int begin_lines(struct select_output *out)
{
	(void)out;
	return 0;
}

static int line(struct select_output *out, const struct kcsd_cell *cells)
{
	put_row(out, cells);
	return putchar('\n') == EOF ? -1 : 0;
}

static int end_lines(struct select_output *out)
{
	(void)out;
	return fflush(stdout) ? -1 : 0;
}

const struct select_writer kcsd_write_json = { begin_array, array_row, end_array };
const struct select_writer kcsd_write_json_lines = { begin_lines, line, end_lines };
