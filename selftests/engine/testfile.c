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

/* Sections whose value is on one line; others have any number of lines. */
static const bool one_line[NR_SECTIONS] = {
	[SECTION_BSS] = true,
	[SECTION_HEAP] = true,
	[SECTION_CPARAMS] = true,
	[SECTION_OUT_MAX] = true,
	[SECTION_BUDGET] = true,
	[SECTION_STOP] = true,
	[SECTION_RESULT] = true,
	[SECTION_REFUSED] = true,
	[SECTION_FAULT] = true,
	[SECTION_IN] = true,
	[SECTION_INSNS] = true,
	[SECTION_TICKS] = true,
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

/* Cut the comment of a line and the space around it. */
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

bool test_file_open(struct test_file *file, const char *path)
{
	*file = (struct test_file){ .number = 1 };
	file->text = read_file(path);
	file->next = file->text;
	return file->text;
}

void test_file_close(struct test_file *file)
{
	free(file->text);
	free(file->names);
}

/* Take the next line, trimmed. Returns NULL at the end of the file. */
static char *next_line(struct test_file *file)
{
	char *line = strsep(&file->next, "\n");

	file->number += !!line;
	return line ? trim(line) : NULL;
}

static bool at_case(const struct test_file *file)
{
	return file->next && !strncmp(file->next, "==", 2);
}

/* Keep the first error of a case. number: of the line. */
static bool fail(struct test *test, u32 number, const char *what, const char *line)
{
	if (test->error[0])
		return false;
	snprintf(test->error, sizeof(test->error), "%s: %s", what, line);
	test->error_number = number;
	return false;
}

static bool add_line(struct test *test, enum section section, u32 number, const char *text)
{
	if (!*text)
		return true;
	if (test->nr_lines == TEST_MAX_LINES)
		return fail(test, number, "too many lines", text);
	test->lines[test->nr_lines++] = (struct test_line){ section, number, text };
	return true;
}

/* Find the section of "-- name ...". Returns the text after the name, or NULL. */
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

/* Take a line of a case; *section is that of the line before. */
static bool read_line(struct test *test, enum section *section, u32 number, char *line)
{
	char *rest;

	if (strncmp(line, "-- ", 3)) {
		if (*line && *section == NR_SECTIONS)
			return fail(test, number, "before any section", line);
		return add_line(test, *section, number, line);
	}
	rest = find_section(line, section);
	if (!rest)
		return fail(test, number, "unknown section", line);
	if (test_has(test, *section))
		return fail(test, number, "a second time", line);
	test->begins[*section] = number;
	return add_line(test, *section, number, rest);
}

static void add_name(struct test_file *file, struct test *test)
{
	u32 i;

	for (i = 0; i < file->nr_names; i++)
		if (!strcmp(file->names[i], test->name))
			fail(test, test->number, "a second case of this name", test->name);
	file->names = realloc(file->names, (file->nr_names + 1) * sizeof(*file->names));
	assert(file->names);
	file->names[file->nr_names++] = test->name;
}

/* "== name" or "== name: description" */
static void read_name(struct test_file *file, struct test *test, char *line)
{
	size_t len;
	char *name;

	assert(line);
	name = line + 2 + strspn(line + 2, " \t");
	len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-");
	test->name = name;
	if (line[2] != ' ' || !len || (name[len] && strncmp(name + len, ": ", 2)))
		fail(test, test->number, "bad name", line);
	name[len] = 0;
	add_name(file, test);
}

static bool has_one(const struct test *test, enum section a, enum section b, enum section c)
{
	return test_has(test, a) + test_has(test, b) + test_has(test, c) == 1;
}

static u32 count_lines(const struct test *test, enum section section)
{
	u32 i, nr = 0;

	for (i = 0; i < test->nr_lines; i++)
		nr += test->lines[i].section == section;
	return nr;
}

static void check_sections(struct test *test)
{
	u32 i;

	for (i = 0; i < NR_SECTIONS; i++)
		if (one_line[i] && test_has(test, i) && count_lines(test, i) != 1)
			fail(test, test->begins[i], "needs one line", names[i]);
	if (!has_one(test, SECTION_RESULT, SECTION_REFUSED, SECTION_FAULT))
		fail(test, test->number, "needs one of", "result, refused, fault");
	if (test_has(test, SECTION_ASM) == test_has(test, SECTION_IMAGE))
		fail(test, test->number, "needs one of", "asm, image");
	if (test_has(test, SECTION_ARGS_AFTER) && !test_has(test, SECTION_ARGS))
		fail(test, test->number, "args-after", "without args");
}

/* Skip empty lines. Returns a line that is before any case, or NULL. */
static char *skip_empty(struct test_file *file)
{
	char *line;

	while (!at_case(file) && (line = next_line(file)))
		if (*line)
			return line;
	return NULL;
}

bool test_next(struct test_file *file, struct test *test)
{
	enum section section = NR_SECTIONS;
	char *line;

	memset(test, 0, sizeof(*test));
	test->name = "";
	line = skip_empty(file);
	if (!line && !at_case(file))
		return false;
	if (line)
		fail(test, file->number - 1, "before any case", line);
	test->number = line ? file->number - 1 : file->number;
	if (!line)
		read_name(file, test, next_line(file));
	while (!at_case(file) && (line = next_line(file)))
		read_line(test, &section, file->number - 1, line);
	check_sections(test);
	return true;
}

static const struct test_line *find_line(const struct test *test, enum section section, u32 n)
{
	u32 i;

	for (i = 0; i < test->nr_lines; i++)
		if (test->lines[i].section == section && !n--)
			return &test->lines[i];
	return NULL;
}

const char *test_line(const struct test *test, enum section section, u32 n)
{
	const struct test_line *line = find_line(test, section, n);

	return line ? line->text : NULL;
}

u32 test_line_number(const struct test *test, enum section section, u32 n)
{
	const struct test_line *line = find_line(test, section, n);

	if (line)
		return line->number;
	if (section < NR_SECTIONS && test_has(test, section))
		return test->begins[section];
	return test->number;
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
