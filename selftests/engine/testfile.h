/* SPDX-License-Identifier: GPL-2.0 */
/* Reads files of named test cases; tests/README.md describes their format. */
#ifndef KCSD_TESTFILE_H
#define KCSD_TESTFILE_H

#include <stdio.h>

#include "asm.h"

#define TEST_MAX_LINES	512	/* of one case */

enum section {
	SECTION_ASM,
	SECTION_IMAGE,
	SECTION_DATA,
	SECTION_BSS,
	SECTION_HEAP,
	SECTION_ARGS,
	SECTION_CPARAMS,
	SECTION_GRANTS,
	SECTION_RANGES,
	SECTION_OUT_MAX,
	SECTION_BUDGET,
	SECTION_STOP,
	SECTION_RESULT,
	SECTION_REFUSED,
	SECTION_FAULT,
	SECTION_IN,
	SECTION_INSNS,
	SECTION_TICKS,
	SECTION_HELPERS,
	SECTION_ARGS_AFTER,
	SECTION_EMITTED,
	NR_SECTIONS
};

struct test_line {
	enum section section;
	u32 number;		/* in the file, from 1 */
	const char *text;	/* without comment and surrounding space, not empty */
};

/* One case. Strings belong to the file. */
struct test {
	const char *name;
	u32 number;			/* of its first line */
	struct test_line lines[TEST_MAX_LINES];
	u32 nr_lines;
	u32 begins[NR_SECTIONS];	/* line number of each section, 0: not there */
	char error[ASM_ERROR_LEN];	/* of the first line that is wrong; empty: none is */
	u32 error_number;
};

struct test_file {
	char *text;			/* cut into lines as it is read */
	char *next;			/* NULL: at the end */
	u32 number;			/* of the line at next */
	const char **names;		/* of the cases so far */
	u32 nr_names;
};

struct bytes {
	u8 *p;			/* malloc'ed, NULL if there are none */
	u32 len;
};

/* Returns false if the file cannot be read or is not text. Call test_file_close() in any case. */
bool test_file_open(struct test_file *file, const char *path);
void test_file_close(struct test_file *file);
/*
 * Read the next case. Returns false at the end of the file. A case that is wrong, or a line
 * before the first case, is returned with test->error set; the cases after it can be read.
 */
bool test_next(struct test_file *file, struct test *test);

static inline bool test_has(const struct test *test, enum section section)
{
	return test->begins[section];
}

/* Returns the nth line of a section, or NULL. */
const char *test_line(const struct test *test, enum section section, u32 n);
/*
 * Returns the number of that line; else that of the section or,
 * also for NR_SECTIONS, of the case.
 */
u32 test_line_number(const struct test *test, enum section section, u32 n);
/* Get all bytes of a section. Returns false if a digit is wrong. */
bool test_bytes(const struct test *test, enum section section, struct bytes *bytes);

#endif
