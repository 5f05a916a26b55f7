/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Test points: "ok - name" or "not ok - name". check.sh numbers and counts them. */
#ifndef KCSD_TAP_H
#define KCSD_TAP_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static inline bool tap_point(bool passed, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), unused));

static inline bool tap_point(bool passed, const char *fmt, ...)
{
	va_list ap;

	printf("%s - ", passed ? "ok" : "not ok");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
	return passed;
}

/* Both evaluated once; a difference is shown. */
#define OK(cond, ...) \
do { \
	if (!tap_point(cond, __VA_ARGS__)) \
		printf("# %s:%d: %s\n", __FILE__, __LINE__, #cond); \
} while (0)

#define IS(got, wanted, ...) \
do { \
	int64_t got_ = (int64_t)(got), wanted_ = (int64_t)(wanted); \
\
	if (!tap_point(got_ == wanted_, __VA_ARGS__)) \
		printf("# %s:%d: got %" PRId64 ", wanted %" PRId64 "\n", __FILE__, __LINE__, \
		       got_, wanted_); \
} while (0)

#define IS_TEXT(got, wanted, ...) \
do { \
	const char *got_ = (got), *wanted_ = (wanted); \
\
	if (!tap_point(!strcmp(got_, wanted_), __VA_ARGS__)) \
		printf("# %s:%d: got \"%s\", wanted \"%s\"\n", __FILE__, __LINE__, got_, wanted_); \
} while (0)

/* text has the part. */
#define SAYS(text, part) \
do { \
	const char *text_ = (text), *part_ = (part); \
\
	if (!tap_point(strstr(text_, part_), "  and says: %s", part_)) \
		printf("# %s:%d: \"%s\"\n", __FILE__, __LINE__, text_); \
} while (0)

#endif
