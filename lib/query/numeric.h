/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Decimals of 38 digits, with PostgreSQL's rules for scale: numeric.c, numeric_text.c. */
#ifndef KCSD_QUERY_NUMERIC_H
#define KCSD_QUERY_NUMERIC_H

#include "value.h"

#define KCSD_NUMERIC_DIGITS	38
#define KCSD_NUMERIC_TEXT	48	/* bytes of the longest text, with its NUL */

/* 10^n, n up to 38. */
unsigned __int128 kcsd_numeric_power(unsigned int n);
/* Make a number. -ERANGE: more than 38 digits. */
int kcsd_numeric_make(__int128 coefficient, uint32_t scale, struct kcsd_numeric *n,
		      struct kcsd_error *err);
void kcsd_numeric_from_int(int64_t i, struct kcsd_numeric *n);
/* -ERANGE: more than 38 digits, or not finite. Takes 15 digits, as PostgreSQL's cast does. */
int kcsd_numeric_from_double(double d, struct kcsd_numeric *n, struct kcsd_error *err);
/* Round half away from zero. -ERANGE: beyond int64_t; sets no text. */
int kcsd_numeric_to_int(const struct kcsd_numeric *n, int64_t *i);
double kcsd_numeric_to_double(const struct kcsd_numeric *n);

/* -ERANGE: more than 38 digits. -EDOM: division by zero. */
int kcsd_numeric_add(const struct kcsd_numeric *a, const struct kcsd_numeric *b,
		     struct kcsd_numeric *n, struct kcsd_error *err);
int kcsd_numeric_sub(const struct kcsd_numeric *a, const struct kcsd_numeric *b,
		     struct kcsd_numeric *n, struct kcsd_error *err);
int kcsd_numeric_mul(const struct kcsd_numeric *a, const struct kcsd_numeric *b,
		     struct kcsd_numeric *n, struct kcsd_error *err);
int kcsd_numeric_div(const struct kcsd_numeric *a, const struct kcsd_numeric *b,
		     struct kcsd_numeric *n, struct kcsd_error *err);
int kcsd_numeric_mod(const struct kcsd_numeric *a, const struct kcsd_numeric *b,
		     struct kcsd_numeric *n, struct kcsd_error *err);
int kcsd_numeric_compare(const struct kcsd_numeric *a, const struct kcsd_numeric *b);
/* Remove zeros at the end: equal numbers become the same. */
void kcsd_numeric_strip(struct kcsd_numeric *n);
/* Convert to numeric(precision, scale). -ERANGE: it has more digits. */
int kcsd_numeric_fit(struct kcsd_numeric *n, uint32_t precision, uint32_t scale,
		     struct kcsd_error *err);

/*
 * Parse without white space around. max_scale: round there; -1: keep all digits. -EINVAL: no
 * number; -ERANGE: more than 38 digits. Sets no text.
 */
int kcsd_numeric_parse(const char *text, size_t len, int max_scale, struct kcsd_numeric *n);
/* Print with all digits of the scale; returns the length. */
size_t kcsd_numeric_print(const struct kcsd_numeric *n, char buf[KCSD_NUMERIC_TEXT]);

#endif
