// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>

#include "testfile.h"

#define MAX_FILE	(1 << 20)

static const char * const names[NR_SECTIONS] = {
	[SECTION_ASM] = "asm",
	[SECTION_IMAGE] = "image",
	[SECTION_DATA] = "data",
	[SECTION_BSS] = "bss",
	[SECTION_HEAP] = "heap",
	[SECTION_ARGS] = "args",
	[SECTION_CPARAMS] = "cparams",
	[SECTION_GRANTS] = "grants",
	[SECTION_RANGES] = "ranges",
	[SECTION_OUT_MAX] = "out-max",
	[SECTION_BUDGET] = "budget",
	[SECTION_STOP] = "stop",
	[SECTION_RESULT] = "result",
	[SECTION_REFUSED] = "refused",
	[SECTION_FAULT] = "fault",
	[SECTION_IN] = "in",
	[SECTION_INSNS] = "insns",
	[SECTION_TICKS] = "ticks",
	[SECTION_HELPERS] = "helpers",
	[SECTION_ARGS_AFTER] = "args-after",
	[SECTION_EMITTED] = "emitted",
};

static char *read_file(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text;
	size_t len;

	if (!f)
		return NULL;
	text = malloc(MAX_FILE);
	assert(text);
	len = fread(text, 1, MAX_FILE, f);
	fclose(f);
	if (len == MAX_FILE || memchr(text, 0, len)) {
		free(text);
		return NULL;
	}
	text[len] = 0;
	return text;
}

/* Cuts a line's comment and the space around it. */
static char *trim(char *line)
{
	char *end;

	end = strchr(line, '#');
	if (!end)
		end = line + strlen(line);
	while (end > line && isspace((unsigned char)end[-1]))
		end--;
	*end = 0;
	while (isspace((unsigned char)*line))
		line++;
	return line;
}

static bool fail(struct test *test, const char *what, const char *line)
{
	snprintf(test->error, sizeof(test->error), "%s: %s", what, line);
	return false;
}

static bool add_line(struct test *test, enum section section, const char *text)
{
	if (!*text)
		return true;
	if (test->nr_lines == TEST_MAX_LINES)
		return fail(test, "too many lines", text);
	test->lines[test->nr_lines++] = (struct test_line){ section, text };
	return true;
}

/* "-- name ...": what follows the name, or NULL. */
static char *find_section(char *line, enum section *section)
{
	char *name = line + 3;
	size_t len = strcspn(name, " \t");
	u32 i;

	for (i = 0; i < NR_SECTIONS; i++) {
		if (strlen(names[i]) != len || strncmp(names[i], name, len))
			continue;
		*section = i;
		return trim(name + len);
	}
	return NULL;
}

static bool check_ending(struct test *test)
{
	u32 nr = test->has[SECTION_RESULT] + test->has[SECTION_REFUSED] + test->has[SECTION_FAULT];

	if (nr != 1)
		return fail(test, "needs one of", "result, refused, fault");
	if (test->has[SECTION_ASM] == test->has[SECTION_IMAGE])
		return fail(test, "needs one of", "asm, image");
	if (test->has[SECTION_ARGS_AFTER] && !test->has[SECTION_ARGS])
		return fail(test, "args-after", "without args");
	return true;
}

bool test_read(struct test *test, const char *path)
{
	enum section section = NR_SECTIONS;
	char *next, *line, *rest;

	memset(test, 0, sizeof(*test));
	test->text = read_file(path);
	if (!test->text)
		return fail(test, "cannot read", path);
	for (next = test->text; (line = strsep(&next, "\n"));) {
		line = trim(line);
		if (strncmp(line, "-- ", 3)) {
			if (*line && section == NR_SECTIONS)
				return fail(test, "before any section", line);
			if (!add_line(test, section, line))
				return false;
			continue;
		}
		rest = find_section(line, &section);
		if (!rest || test->has[section])
			return fail(test, rest ? "a second time" : "unknown section", line);
		test->has[section] = true;
		if (!add_line(test, section, rest))
			return false;
	}
	return check_ending(test);
}

void test_exit(struct test *test)
{
	free(test->text);
}

const char *test_line(const struct test *test, enum section section, u32 n)
{
	u32 i;

	for (i = 0; i < test->nr_lines; i++)
		if (test->lines[i].section == section && !n--)
			return test->lines[i].text;
	return NULL;
}

static void add_byte(struct bytes *bytes, u8 byte, u32 count)
{
	bytes->p = realloc(bytes->p, bytes->len + count);
	assert(bytes->p);
	memset(bytes->p + bytes->len, byte, count);
	bytes->len += count;
}

static bool add_hex(struct bytes *bytes, const char *p)
{
	unsigned int byte, count;
	int used;

	for (; *p; p += strspn(p, " \t")) {
		if (sscanf(p, "%2x%n", &byte, &used) != 1 || used != 2)
			return false;
		p += used;
		count = 1;
		if (*p == '*') {
			if (sscanf(p, "*%u%n", &count, &used) != 1 || !count || count > MAX_FILE)
				return false;
			p += used;
		}
		add_byte(bytes, byte, count);
	}
	return true;
}

bool test_bytes(const struct test *test, enum section section, struct bytes *bytes)
{
	const char *line;
	u32 n;

	*bytes = (struct bytes){};
	for (n = 0; (line = test_line(test, section, n)); n++)
		if (!add_hex(bytes, line))
			return false;
	return true;
}
