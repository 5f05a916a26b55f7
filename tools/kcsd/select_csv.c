// SPDX-License-Identifier: GPL-2.0
/* Results as CSV, RFC 4180: NULL is an empty cell, text without characters is "". */
#include <stdio.h>
#include <string.h>

#include "select.h"

static bool needs_quotes(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (strchr(",\"\r\n", text[i]))
			return true;
	return !len;
}

static void put(const char *text, size_t len)
{
	size_t i;

	if (!needs_quotes(text, len)) {
		fwrite(text, 1, len, stdout);
		return;
	}
	putchar('"');
	for (i = 0; i < len; i++) {
		if (text[i] == '"')
			putchar('"');
		putchar(text[i]);
	}
	putchar('"');
}

static int begin(struct select_output *out)
{
	uint32_t i;

	for (i = 0; i < out->nr_columns; i++) {
		if (i)
			putchar(',');
		put(out->columns[i].name, strlen(out->columns[i].name));
	}
	return putchar('\n') == EOF ? -1 : 0;
}

static int row(struct select_output *out, const struct kcsd_cell *cells)
{
	uint32_t i;

	for (i = 0; i < out->nr_columns; i++) {
		if (i)
			putchar(',');
		if (cells[i].text)
			put(cells[i].text, cells[i].len);
	}
	return putchar('\n') == EOF ? -1 : 0;
}

static int end(struct select_output *out)
{
	(void)out;
	return fflush(stdout) ? -1 : 0;
}

const struct select_writer kcsd_write_csv = { begin, row, end };
