// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Parse and print double. */
#include <errno.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "../private.h"
#include "real.h"

#define MAX_DIGITS	17	/* tell any two numbers apart */
#define MAX_FIXED	15	/* exponent from which PostgreSQL prints one */
#define MIN_FIXED	(-4)
#define MAX_POWER	23	/* 5^24 has more than 54 bits */

static locale_t c_locale;
static pthread_once_t c_locale_once = PTHREAD_ONCE_INIT;

static void make_locale(void)
{
	c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

static double parse_c(const char *text, char **end)
{
	pthread_once(&c_locale_once, make_locale);
	return c_locale ? strtod_l(text, end, c_locale) : strtod(text, end);
}

void kcsd_real_round(double d, int nr, struct kcsd_real_digits *digits)
{
	char text[64];
	const char *p;

	snprintf(text, sizeof(text), "%.*e", nr - 1, d);
	digits->negative = text[0] == '-';
	digits->nr = 0;
	/* The point is that of the locale: skip all that is no digit. */
	for (p = text; *p && *p != 'e'; p++)
		if (*p >= '0' && *p <= '9')
			digits->digit[digits->nr++] = *p;
	digits->exponent = *p ? atoi(p + 1) : 0;
	while (digits->nr > 1 && digits->digit[digits->nr - 1] == '0')
		digits->nr--;
}

static double value_of(const struct kcsd_real_digits *digits)
{
	char text[64];

	snprintf(text, sizeof(text), "%s%.*se%d", digits->negative ? "-" : "", digits->nr,
		 digits->digit, digits->exponent - (digits->nr - 1));
	return parse_c(text, NULL);
}

/*
 * True if the digits are exactly halfway between two numbers: what is parsed is then one of them,
 * but PostgreSQL does not print it so. Halfway are odd integers of 54 bits times a power of two; a
 * decimal of 16 digits is one only if it is an integer.
 */
static bool is_halfway(const struct kcsd_real_digits *digits)
{
	int power = digits->exponent - (digits->nr - 1), i;
	unsigned __int128 n = 0;

	if (power < 0 || power > MAX_POWER)
		return false;
	for (i = 0; i < digits->nr; i++)
		n = n * 10 + (digits->digit[i] - '0');
	for (i = 0; i < power; i++)
		n *= 5;
	while (n && !(n & 1))
		n >>= 1;
	return n >> 53 == 1;
}

static size_t print_exponent(const struct kcsd_real_digits *d, char *buf)
{
	return snprintf(buf, KCSD_REAL_TEXT, "%s%c%s%.*se%c%02d", d->negative ? "-" : "",
			d->digit[0], d->nr > 1 ? "." : "", d->nr - 1, d->digit + 1,
			d->exponent < 0 ? '-' : '+', abs(d->exponent));
}

static size_t print_fixed(const struct kcsd_real_digits *d, char *buf)
{
	const char *sign = d->negative ? "-" : "";
	int before = d->exponent + 1;

	if (before <= 0)
		return snprintf(buf, KCSD_REAL_TEXT, "%s0.%.*s%.*s", sign, -before, "0000", d->nr,
				d->digit);
	if (d->nr <= before)
		return snprintf(buf, KCSD_REAL_TEXT, "%s%.*s%.*s", sign, d->nr, d->digit,
				before - d->nr, "0000000000000000");
	return snprintf(buf, KCSD_REAL_TEXT, "%s%.*s.%.*s", sign, before, d->digit,
			d->nr - before, d->digit + before);
}

size_t kcsd_real_print(double d, char buf[KCSD_REAL_TEXT])
{
	/* Fewer digits than 15 follow from 15, but for numbers with fewer bits. */
	int nr = fabs(d) < DBL_MIN ? 1 : DBL_DIG;
	struct kcsd_real_digits digits;

	if (isnan(d))
		return snprintf(buf, KCSD_REAL_TEXT, "NaN");
	if (isinf(d))
		return snprintf(buf, KCSD_REAL_TEXT, d < 0 ? "-Infinity" : "Infinity");
	do
		kcsd_real_round(d, nr, &digits);
	while ((value_of(&digits) != d || is_halfway(&digits)) && nr++ < MAX_DIGITS);
	if (digits.exponent < MIN_FIXED || digits.exponent >= MAX_FIXED)
		return print_exponent(&digits, buf);
	return print_fixed(&digits, buf);
}

int kcsd_real_parse(const char *text, size_t len, double *d)
{
	char small[64], *copy = small, *end;
	int ret = 0;

	/* strtod() would skip white space. */
	if (!len || strchr(" \t\n\v\f\r", *text) || memchr(text, 0, len))
		return -EINVAL;
	if (len >= sizeof(small))
		copy = malloc(len + 1);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, text, len);
	copy[len] = 0;
	errno = 0;
	*d = parse_c(copy, &end);
	if (*end || memchr(text, '(', len))
		ret = -EINVAL;
	else if (errno == ERANGE && (*d == 0 || isinf(*d)))
		ret = -ERANGE;
	if (copy != small)
		free(copy);
	return ret;
}
