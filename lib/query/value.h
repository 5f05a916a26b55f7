/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Values of SQL, in the memory of the host. */
#ifndef KCSD_QUERY_VALUE_H
#define KCSD_QUERY_VALUE_H

#include <libkcsd.h>

#include "arena.h"

/* A decimal: coefficient / 10^scale. The coefficient has at most 38 digits. */
struct kcsd_numeric {
	__int128 coefficient;
	uint32_t scale;			/* digits behind the point, 0 to 38 */
};

struct kcsd_interval {
	int32_t months;
	int32_t days;
	int64_t us;
};

struct kcsd_text {
	const char *data;		/* UTF-8, not NUL-terminated; of an arena or the caller */
	size_t len;			/* bytes */
};

struct kcsd_value {
	enum kcsd_type type;
	bool null;
	union {
		int64_t i;		/* BOOL, INT4, INT8; DATE days, TIMESTAMP us from 1970 */
		double d;
		struct kcsd_numeric n;
		struct kcsd_interval interval;
		struct kcsd_text text;
	};
};

/*
 * Parse the text of a cell as PostgreSQL's input function of the type does. Text is not copied.
 * Returns 0, or -EINVAL with a sentence ("'12x' is no integer"), -ERANGE: out of range.
 */
int kcsd_value_parse(struct kcsd_sql_type type, const char *text, size_t len,
		     struct kcsd_value *value, struct kcsd_error *err);
/* Print as PostgreSQL's output function; NULL gives no text. Returns -ENOMEM if memory is short. */
int kcsd_value_print(const struct kcsd_value *value, struct kcsd_arena *arena,
		     struct kcsd_cell *cell);
/* Compare two values of one type that are not NULL: below, 0, or above 0. Text byte by byte. */
int kcsd_value_compare(const struct kcsd_value *a, const struct kcsd_value *b);
/* Returns a hash; equal values (numeric 1.0 and 1.00, too) have equal hashes. NULL has one, too. */
uint64_t kcsd_value_hash(const struct kcsd_value *value);

#endif
