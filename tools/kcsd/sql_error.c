// SPDX-License-Identifier: GPL-2.0
/* Show where a question is wrong. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "sql.h"

#define SHOWN	72	/* bytes of a line that are shown before and behind the place, at most */

static bool is_start(char c)
{
	return (c & 0xc0) != 0x80;
}

/* Returns the columns of the character at *p on a terminal, and moves *p behind it. */
static int take_char(const char **p, const char *end)
{
	mbstate_t state = {};
	wchar_t wide;
	size_t len = mbrtowc(&wide, *p, end - *p, &state);
	int width;

	if (!len || len > (size_t)(end - *p)) {
		for ((*p)++; *p < end && !is_start(**p); (*p)++)
			;
		return 1;
	}
	*p += len;
	width = wcwidth(wide);
	return width < 0 ? 1 : width;
}

/* Print a part of a line without control characters. */
static void print_part(const char *p, const char *end)
{
	for (; p < end; p++)
		fputc((unsigned char)*p < ' ' || *p == 0x7f ? ' ' : *p, stderr);
}

static void show(const char *text, int at)
{
	const char *place = text + at, *from = place, *to = place, *p;
	int columns = 0;

	while (from > text && from[-1] != '\n' && (place - from < SHOWN || !is_start(*from)))
		from--;
	while (*to && *to != '\n' && (to - place < SHOWN || !is_start(*to)))
		to++;
	for (p = from; p < place;)
		columns += take_char(&p, place);
	fputs("  ", stderr);
	print_part(from, to);
	fprintf(stderr, "\n  %*s^\n", columns, "");
}

int kcsd_sql_fail(const char *text, int at, const char *fmt, ...)
{
	char buf[KCSD_ERROR_LEN], shown[KCSD_ERROR_LEN];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	/* It may have text of a file. */
	kcsd_fail("%s", kcsd_printable(buf, shown, sizeof(shown)));
	if (at >= 0 && (size_t)at <= strlen(text))
		show(text, at);
	return KCSD_EXIT_FAILED;
}
