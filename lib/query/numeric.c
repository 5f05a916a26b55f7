// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Compute with decimals of 38 digits. */
#include <errno.h>

#include "../private.h"
#include "numeric.h"

typedef unsigned __int128 u128;

#define MIN_SIGNIFICANT	16	/* digits of a quotient, at least */
#define GROUP		4	/* digits of PostgreSQL's digit: base 10000 */

u128 kcsd_numeric_power(unsigned int n)
{
	static const uint64_t powers[] = {
		1ull, 10ull, 100ull, 1000ull, 10000ull, 100000ull, 1000000ull, 10000000ull,
		100000000ull, 1000000000ull, 10000000000ull, 100000000000ull, 1000000000000ull,
		10000000000000ull, 100000000000000ull, 1000000000000000ull, 10000000000000000ull,
		100000000000000000ull, 1000000000000000000ull, 10000000000000000000ull,
	};

	return n < 20 ? powers[n] : (u128)powers[19] * powers[n - 19];
}

static int too_long(struct kcsd_error *err)
{
	return kcsd_error_set(err, -ERANGE, "numeric value out of range: more than 38 digits");
}

static u128 magnitude(const struct kcsd_numeric *n)
{
	return n->coefficient < 0 ? -(u128)n->coefficient : (u128)n->coefficient;
}

static unsigned int count_digits(u128 c)
{
	unsigned int n = 0;

	while (n <= KCSD_NUMERIC_DIGITS && c >= kcsd_numeric_power(n))
		n++;
	return n;
}

/* Set n to c / 10^scale with this sign. */
static int set(bool negative, u128 c, uint32_t scale, struct kcsd_numeric *n,
	       struct kcsd_error *err)
{
	if (scale > KCSD_NUMERIC_DIGITS || c >= kcsd_numeric_power(KCSD_NUMERIC_DIGITS))
		return too_long(err);
	n->coefficient = negative ? -(__int128)c : (__int128)c;
	n->scale = scale;
	return 0;
}

int kcsd_numeric_make(__int128 coefficient, uint32_t scale, struct kcsd_numeric *n,
		      struct kcsd_error *err)
{
	bool negative = coefficient < 0;

	return set(negative, negative ? -(u128)coefficient : (u128)coefficient, scale, n, err);
}

void kcsd_numeric_from_int(int64_t i, struct kcsd_numeric *n)
{
	n->coefficient = i;
	n->scale = 0;
}

/* ---- 256 bits ---- */

static void multiply(u128 a, u128 b, u128 *high, u128 *low)
{
	uint64_t a0 = a, a1 = a >> 64, b0 = b, b1 = b >> 64;
	u128 low_low = (u128)a0 * b0, low_high = (u128)a0 * b1, high_low = (u128)a1 * b0;
	u128 middle = (low_low >> 64) + (uint64_t)low_high + (uint64_t)high_low;

	*low = middle << 64 | (uint64_t)low_low;
	*high = (u128)a1 * b1 + (low_high >> 64) + (high_low >> 64) + (middle >> 64);
}

/* Divide high:low by d, high < d. Returns the quotient. */
static u128 divide(u128 high, u128 low, u128 d, u128 *rest)
{
	int i;

	if (!high) {
		*rest = low % d;
		return low / d;
	}
	for (i = 0; i < 128; i++) {
		bool carry = high >> 127;

		high = high << 1 | low >> 127;
		low <<= 1;
		if (carry || high >= d) {
			high -= d;
			low |= 1;
		}
	}
	*rest = high;
	return low;
}

/* ---- operations ---- */

/* Set c to the coefficient of n at a scale that is not smaller. */
static int scale_up(const struct kcsd_numeric *n, uint32_t scale, __int128 *c)
{
	__int128 factor = kcsd_numeric_power(scale - n->scale);

	return __builtin_mul_overflow(n->coefficient, factor, c) ? -ERANGE : 0;
}

int kcsd_numeric_add(const struct kcsd_numeric *a, const struct kcsd_numeric *b,
		     struct kcsd_numeric *n, struct kcsd_error *err)
{
	uint32_t scale = MAX(a->scale, b->scale);
	__int128 x, y;

	if (scale_up(a, scale, &x) || scale_up(b, scale, &y) || __builtin_add_overflow(x, y, &x))
		return too_long(err);
	return kcsd_numeric_make(x, scale, n, err);
}

int kcsd_numeric_sub(const struct kcsd_numeric *a, const struct kcsd_numeric *b,
		     struct kcsd_numeric *n, struct kcsd_error *err)
{
	struct kcsd_numeric negative = { -b->coefficient, b->scale };

	return kcsd_numeric_add(a, &negative, n, err);
}

int kcsd_numeric_mul(const struct kcsd_numeric *a, const struct kcsd_numeric *b,
		     struct kcsd_numeric *n, struct kcsd_error *err)
{
	bool negative = (a->coefficient < 0) != (b->coefficient < 0);
	u128 c;

	if (__builtin_mul_overflow(magnitude(a), magnitude(b), &c))
		return too_long(err);
	return set(negative, c, a->scale + b->scale, n, err);
}

/* Find the first digit of base 10000, and its place. */
static int first_digit(const struct kcsd_numeric *n, int *weight)
{
	u128 c = magnitude(n);
	int digits = count_digits(c), top = digits - 1 - (int)n->scale, keep;

	*weight = 0;
	if (!c)
		return 0;
	*weight = top >= 0 ? top / GROUP : -((-top + GROUP - 1) / GROUP);
	keep = top - *weight * GROUP + 1;
	if (keep >= digits)
		return c * kcsd_numeric_power(keep - digits);
	return c / kcsd_numeric_power(digits - keep);
}

/* PostgreSQL's select_div_scale(). */
static uint32_t quotient_scale(const struct kcsd_numeric *a, const struct kcsd_numeric *b)
{
	int weight_a, weight_b, weight, scale;
	int first_a = first_digit(a, &weight_a), first_b = first_digit(b, &weight_b);

	weight = weight_a - weight_b - (first_a <= first_b);
	scale = MIN_SIGNIFICANT - weight * GROUP;
	scale = MAX(scale, (int)MAX(a->scale, b->scale));
	return MAX(scale, 0);
}

int kcsd_numeric_div(const struct kcsd_numeric *a, const struct kcsd_numeric *b,
		     struct kcsd_numeric *n, struct kcsd_error *err)
{
	bool negative = (a->coefficient < 0) != (b->coefficient < 0);
	u128 x = magnitude(a), d = magnitude(b), high, low, rest;
	uint32_t scale, shift;

	if (!d)
		return kcsd_error_set(err, -EDOM, "division by zero");
	scale = quotient_scale(a, b);
	shift = scale + b->scale - a->scale;
	/* The divisor has 38 digits at most. */
	if (scale > KCSD_NUMERIC_DIGITS || count_digits(x) + shift > 2 * KCSD_NUMERIC_DIGITS)
		return x ? too_long(err) : set(false, 0, scale, n, err);
	if (shift > KCSD_NUMERIC_DIGITS) {
		x *= kcsd_numeric_power(shift - KCSD_NUMERIC_DIGITS);
		shift = KCSD_NUMERIC_DIGITS;
	}
	multiply(x, kcsd_numeric_power(shift), &high, &low);
	if (high >= d)
		return too_long(err);
	low = divide(high, low, d, &rest);
	return set(negative, low + (2 * rest >= d), scale, n, err);
}

int kcsd_numeric_mod(const struct kcsd_numeric *a, const struct kcsd_numeric *b,
		     struct kcsd_numeric *n, struct kcsd_error *err)
{
	uint32_t scale = MAX(a->scale, b->scale);
	u128 x = magnitude(a), d = magnitude(b), high, low;

	if (!d)
		return kcsd_error_set(err, -EDOM, "division by zero");
	if (b->scale < scale) {
		multiply(d, kcsd_numeric_power(scale - b->scale), &high, &low);
		/* A divisor beyond 128 bits is above the dividend. */
		x = high ? x : x % low;
	} else {
		multiply(x, kcsd_numeric_power(scale - a->scale), &high, &low);
		divide(high % d, low, d, &x);
	}
	return set(a->coefficient < 0, x, scale, n, err);
}

int kcsd_numeric_compare(const struct kcsd_numeric *a, const struct kcsd_numeric *b)
{
	uint32_t scale = MAX(a->scale, b->scale);
	__int128 x, y;

	/* A number that cannot be scaled up is further from zero than the other one. */
	if (scale_up(a, scale, &x))
		return a->coefficient < 0 ? -1 : 1;
	if (scale_up(b, scale, &y))
		return b->coefficient < 0 ? 1 : -1;
	return x < y ? -1 : x > y;
}

void kcsd_numeric_strip(struct kcsd_numeric *n)
{
	while (n->scale && n->coefficient % 10 == 0) {
		n->coefficient /= 10;
		n->scale--;
	}
}

/* Round half away from zero to a scale that is smaller. */
static u128 round_to(const struct kcsd_numeric *n, uint32_t scale)
{
	u128 power = kcsd_numeric_power(n->scale - scale), c = magnitude(n);

	return c / power + (c % power >= power - c % power);
}

int kcsd_numeric_fit(struct kcsd_numeric *n, uint32_t precision, uint32_t scale,
		     struct kcsd_error *err)
{
	bool negative = n->coefficient < 0;
	u128 c = magnitude(n);

	if (n->scale > scale)
		c = round_to(n, scale);
	else if (__builtin_mul_overflow(c, kcsd_numeric_power(scale - n->scale), &c))
		return kcsd_error_set(err, -ERANGE, "numeric field overflow");
	if (c >= kcsd_numeric_power(precision))
		return kcsd_error_set(err, -ERANGE, "numeric field overflow");
	return set(negative, c, scale, n, err);
}

int kcsd_numeric_to_int(const struct kcsd_numeric *n, int64_t *i)
{
	bool negative = n->coefficient < 0;
	u128 c = round_to(n, 0);

	if (c > (u128)INT64_MAX + negative)
		return -ERANGE;
	*i = negative ? (int64_t)-c : (int64_t)c;
	return 0;
}
