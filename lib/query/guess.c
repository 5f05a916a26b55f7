// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Find the types of columns by texts of a sample. A later value that has another type is a bad
 * row: a wrong guess never makes a wrong answer.
 */
#include <string.h>

#include "../private.h"
#include "table.h"

/* What all values of a column so far could be. */
enum {
	MAY_BOOL	= 1 << 0,
	MAY_INTEGER	= 1 << 1,
	MAY_DECIMAL	= 1 << 2,
	MAY_REAL	= 1 << 3,
	MAY_DATE	= 1 << 4,
	MAY_TIMESTAMP	= 1 << 5,
	MAY_ALL		= 0x3f,
};

/* Digits of numeric(p, s) in all; as many as the drive computes with. */
#define PRECISION	18

struct guess_column {
	unsigned int may;
	bool seen;			/* there was a value */
	uint32_t before, behind;	/* the point, digits at most */
};

struct guess {
	uint32_t nr_columns;
	struct guess_column columns[];
};

struct guess *kcsd_guess_create(struct kcsd_arena *arena, uint32_t nr_columns)
{
	struct guess *guess = kcsd_arena_alloc(arena, sizeof(*guess) +
					       nr_columns * sizeof(guess->columns[0]));
	uint32_t i;

	if (!guess)
		return NULL;
	guess->nr_columns = nr_columns;
	for (i = 0; i < nr_columns; i++)
		guess->columns[i].may = MAY_ALL;
	return guess;
}

static size_t count_digits(const char *p, const char *end)
{
	const char *from = p;

	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p - from;
}

/*
 * What a text could be as a number. "007" is none: it would lose its zeroes, and what begins so is
 * rather a code. Infinity and NaN are texts, too.
 */
static unsigned int number_kind(const char *p, size_t len, struct guess_column *c)
{
	const char *end = p + len;
	size_t before, behind = 0;

	p += p < end && *p == '-';
	before = count_digits(p, end);
	if (!before || (before > 1 && *p == '0'))
		return 0;
	p += before;
	if (p < end && *p == '.') {
		behind = count_digits(p + 1, end);
		if (!behind)
			return 0;
		p += 1 + behind;
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		p += p < end && (*p == '-' || *p == '+');
		return p < end && count_digits(p, end) == (size_t)(end - p) ? MAY_REAL : 0;
	}
	if (p != end)
		return 0;
	c->before = MAX(c->before, before);
	c->behind = MAX(c->behind, behind);
	return MAY_DECIMAL | MAY_REAL | (behind ? 0 : MAY_INTEGER);
}

static bool parses(enum kcsd_type type, const char *text, size_t len)
{
	struct kcsd_value value;

	return !kcsd_value_parse((struct kcsd_sql_type){ .type = type }, text, len, &value, NULL);
}

/* Dates begin with a year of four digits: "2024-02-29". */
static unsigned int time_kind(const char *text, size_t len)
{
	if (len < 10 || count_digits(text, text + len) != 4 || text[4] != '-' || text[7] != '-')
		return 0;
	if (len == 10)
		return parses(KCSD_TYPE_DATE, text, len) ? MAY_DATE | MAY_TIMESTAMP : 0;
	return parses(KCSD_TYPE_TIMESTAMP, text, len) ? MAY_TIMESTAMP : 0;
}

static bool is_word(const char *text, size_t len, const char *word)
{
	return len == strlen(word) && !memcmp(text, word, len);
}

void kcsd_guess_take(struct guess *guess, uint32_t column, const char *text, size_t len,
		     bool plain)
{
	struct guess_column *c;
	unsigned int may = 0;

	if (column >= guess->nr_columns)
		return;
	c = &guess->columns[column];
	c->seen = true;
	if (plain && (is_word(text, len, "true") || is_word(text, len, "false")))
		may = MAY_BOOL;
	else if (plain)
		may = number_kind(text, len, c);
	c->may &= may | time_kind(text, len);
}

static struct kcsd_sql_type decimal(const struct guess_column *c)
{
	struct kcsd_sql_type type = { .type = KCSD_TYPE_NUMERIC };

	/* With more digits, any number of them. */
	if (c->before + c->behind <= PRECISION) {
		type.precision = PRECISION;
		type.scale = c->behind;
	}
	return type;
}

struct kcsd_sql_type kcsd_guess_type(const struct guess *guess, uint32_t column)
{
	const struct guess_column *c = &guess->columns[column];
	struct kcsd_sql_type type = { .type = KCSD_TYPE_TEXT };

	if (!c->seen)
		return type;
	if (c->may & MAY_BOOL)
		type.type = KCSD_TYPE_BOOL;
	else if (c->may & MAY_INTEGER && c->before <= PRECISION)
		type.type = KCSD_TYPE_INT8;
	else if (c->may & MAY_DECIMAL)
		type = decimal(c);
	else if (c->may & MAY_REAL)
		type.type = KCSD_TYPE_FLOAT8;
	else if (c->may & MAY_DATE)
		type.type = KCSD_TYPE_DATE;
	else if (c->may & MAY_TIMESTAMP)
		type.type = KCSD_TYPE_TIMESTAMP;
	return type;
}
