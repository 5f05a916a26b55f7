// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Parse and print decimals; convert between them and double. */
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdio.h>

#include "../private.h"
#include "numeric.h"
#include "real.h"

typedef unsigned __int128 u128;

#define MAX_EXPONENT	100000	/* beyond, any number but zero is out of range */

/* A number in its parts. */
struct parts {
	bool negative;
	const char *digits;	/* and at most one point among them */
	const char *end;
	int before, behind;	/* digits on each side of the point */
	int exponent;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Parse "e-5". Returns 0 or -EINVAL. */
static int split_exponent(const char *p, const char *end, int *exponent)
{
	bool negative = false;

	if (++p < end && (*p == '+' || *p == '-'))
		negative = *p++ == '-';
	if (p == end)
		return -EINVAL;
	for (; p < end && is_digit(*p); p++)
		if (*exponent < MAX_EXPONENT)
			*exponent = *exponent * 10 + *p - '0';
	if (negative)
		*exponent = -*exponent;
	return p == end ? 0 : -EINVAL;
}

static int split(const char *p, size_t len, struct parts *parts)
{
	const char *end = p + len;

	if (p < end && (*p == '+' || *p == '-'))
		parts->negative = *p++ == '-';
	parts->digits = p;
	for (; p < end && is_digit(*p); p++)
		parts->before++;
	if (p < end && *p == '.')
		for (p++; p < end && is_digit(*p); p++)
			parts->behind++;
	parts->end = p;
	if (!parts->before && !parts->behind)
		return -EINVAL;
	if (p < end && (*p == 'e' || *p == 'E'))
		return split_exponent(p, end, &parts->exponent);
	return p == end ? 0 : -EINVAL;
}

/* Append a digit. -ERANGE: more than 38; 10 times that would not fit into 128 bits. */
static int append(u128 *c, int digit)
{
	if (*c >= kcsd_numeric_power(KCSD_NUMERIC_DIGITS - 1))
		return -ERANGE;
	*c = *c * 10 + digit;
	return 0;
}

/* Take the digits whose place is not below 10^-max_scale, round by the next one. */
static int collect(const struct parts *parts, int max_scale, u128 *c)
{
	int place = parts->before - 1 + parts->exponent;
	const char *p;

	for (p = parts->digits; p < parts->end; p++) {
		if (*p == '.')
			continue;
		if (max_scale >= 0 && place < -max_scale) {
			*c += place == -max_scale - 1 && *p >= '5';
			break;
		}
		if (append(c, *p - '0'))
			return -ERANGE;
		place--;
	}
	return 0;
}

int kcsd_numeric_parse(const char *text, size_t len, int max_scale, struct kcsd_numeric *n)
{
	struct parts parts = {};
	u128 c = 0;
	int scale, ret;

	if (len > INT32_MAX / 2)
		return -EINVAL;
	ret = split(text, len, &parts);
	if (!ret)
		ret = collect(&parts, max_scale, &c);
	if (ret)
		return ret;
	scale = parts.behind - parts.exponent;
	if (max_scale >= 0)
		scale = MIN(scale, max_scale);
	for (; c && scale < 0; scale++)
		if (append(&c, 0))
			return -ERANGE;
	scale = MAX(scale, 0);
	return kcsd_numeric_make(parts.negative ? -(__int128)c : (__int128)c, scale, n, NULL);
}

size_t kcsd_numeric_print(const struct kcsd_numeric *n, char buf[KCSD_NUMERIC_TEXT])
{
	char reversed[KCSD_NUMERIC_TEXT];
	bool negative = n->coefficient < 0;
	u128 c = negative ? -(u128)n->coefficient : (u128)n->coefficient;
	size_t len = 0, i, out = 0;

	do {
		reversed[len++] = '0' + (int)(c % 10);
		c /= 10;
		if (len == n->scale)
			reversed[len++] = '.';
	} while (c || len <= n->scale || reversed[len - 1] == '.');
	if (negative)
		buf[out++] = '-';
	for (i = len; i; i--)
		buf[out++] = reversed[i - 1];
	buf[out] = 0;
	return out;
}

double kcsd_numeric_to_double(const struct kcsd_numeric *n)
{
	char text[KCSD_NUMERIC_TEXT];
	double d = 0;

	kcsd_real_parse(text, kcsd_numeric_print(n, text), &d);
	return d;
}

int kcsd_numeric_from_double(double d, struct kcsd_numeric *n, struct kcsd_error *err)
{
	struct kcsd_real_digits digits;
	char text[KCSD_REAL_TEXT + 16];
	int len;

	if (!isfinite(d))
		return kcsd_error_set(err, -ERANGE, "cannot convert %s to numeric",
				      isnan(d) ? "NaN" : "infinity");
	kcsd_real_round(d, DBL_DIG, &digits);
	len = snprintf(text, sizeof(text), "%s%.*se%d", digits.negative ? "-" : "", digits.nr,
		       digits.digit, digits.exponent - (digits.nr - 1));
	if (kcsd_numeric_parse(text, len, -1, n))
		return kcsd_error_set(err, -ERANGE,
				      "numeric value out of range: more than 38 digits");
	return 0;
}
