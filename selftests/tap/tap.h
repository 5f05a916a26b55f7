/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Print one TAP stream for all tests of a program that does not use the harness of kselftest. */
#ifndef KST_TAP_H
#define KST_TAP_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Print a point: passed if ok. Returns ok. Explain a failure after it, by tap_note(). */
bool tap_point(bool ok, const char *fmt, ...) __attribute__((__format__(__printf__, 2, 3)));
void tap_skip(const char *name, const char *reason);
/* Print why the point before it failed, or what to know about it. */
void tap_note(const char *fmt, ...) __attribute__((__format__(__printf__, 1, 2)));
/* Print plan and summary. Returns the exit status: 0 if something passed and nothing failed. */
int tap_end(void);

/* A point that passes if cond is true; else shows it. The last arguments: format, name. */
#define OK(cond, ...) \
do { \
	if (!tap_point(cond, __VA_ARGS__)) \
		tap_note("%s:%d: expected %s", __FILE__, __LINE__, #cond); \
} while (0)

/* A point that passes if both numbers are equal; evaluates each once. */
#define IS(got, wanted, ...) \
do { \
	int64_t got_ = (int64_t)(got), wanted_ = (int64_t)(wanted); \
\
	if (!tap_point(got_ == wanted_, __VA_ARGS__)) \
		tap_note("%s:%d: expected %" PRId64 ", got %" PRId64, __FILE__, __LINE__, \
			 wanted_, got_); \
} while (0)

/* A point that passes if both texts are equal. */
#define IS_TEXT(got, wanted, ...) \
do { \
	const char *got_ = (got), *wanted_ = (wanted); \
\
	if (!tap_point(!strcmp(got_, wanted_), __VA_ARGS__)) \
		tap_note("%s:%d: expected \"%s\", got \"%s\"", __FILE__, __LINE__, wanted_, got_); \
} while (0)

/* A point that passes if the text has the part. */
#define SAYS(text, part) \
do { \
	const char *text_ = (text), *part_ = (part); \
\
	if (!tap_point(strstr(text_, part_), "  and says: %s", part_)) \
		tap_note("%s:%d: got \"%s\"", __FILE__, __LINE__, text_); \
} while (0)

#endif
