/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * Values from the text of cells. Each function takes a column and returns enum query_state; with
 * QUERY_OK the value is in query_row. Whatever is not plain is QUERY_ODD: the host knows all
 * spellings, and what is none.
 *
 * A scanner defines query_cell() before it includes this file.
 */
#ifndef KCSD_QUERY_VALUE_H
#define KCSD_QUERY_VALUE_H

#include "out.h"

#define QUERY_DIGITS	18	/* of an integer that always fits in 64 bits */

static const __u64 query_power10[] = {
	1ULL, 10ULL, 100ULL, 1000ULL, 10000ULL, 100000ULL, 1000000ULL, 10000000ULL, 100000000ULL,
	1000000000ULL, 10000000000ULL, 100000000000ULL, 1000000000000ULL, 10000000000000ULL,
	100000000000000ULL, 1000000000000000ULL, 10000000000000000ULL, 100000000000000000ULL,
	1000000000000000000ULL,
};

/* Text that functions of this row made. */
static __u8 query_scratch[QUERY_ROW_MAX + 64];
static __u64 query_scratch_len;

/* Read digits. Returns where they end. */
static __always_inline const __u8 *query_digits(const __u8 *p, const __u8 *end, __u64 *value)
{
	__u64 digit, sum = *value;

	for (; p < end; p++) {
		digit = (__u64)*p - '0';
		if (digit > 9)
			break;
		sum = sum * 10 + digit;
	}
	*value = sum;
	return p;
}

/* Integer times 10^scale. */
static __always_inline enum query_state query_number(const __u8 *p, __u64 len, __u64 scale)
{
	const __u8 *end = p + len, *from, *point;
	__u64 value = 0, digits, behind = 0;
	bool negative = len && *p == '-';

	p += negative;
	from = p;
	if (end - p > QUERY_DIGITS + 1)
		return QUERY_ODD;
	p = query_digits(p, end, &value);
	digits = p - from;
	if (scale && p < end && *p == '.') {
		point = ++p;
		p = query_digits(p, end, &value);
		behind = p - point;
	}
	digits += scale;
	if (p != end || behind > scale || digits > QUERY_DIGITS || digits == scale)
		return QUERY_ODD;
	value *= query_power10[scale - behind];
	query_row.value = negative ? -value : value;
	return QUERY_OK;
}

/* Two digits. Returns 100 or more if they are none. */
static __always_inline __u64 query_two(const __u8 *p)
{
	__u64 high = (__u64)p[0] - '0', low = (__u64)p[1] - '0';

	return high > 9 || low > 9 ? 100 : high * 10 + low;
}

/* Days since 1970-01-01 of a valid day; the years are 1 to 9999. */
static __always_inline __s64 query_days(__u64 year, __u64 month, __u64 day)
{
	__u64 y = month <= 2 ? year - 1 : year;
	__u64 m = month > 2 ? month - 3 : month + 9;

	return (__s64)(365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1) - 719468;
}

static __always_inline __u64 query_month_days(__u64 year, __u64 month)
{
	if (month == 2)
		return year % 4 || (!(year % 100) && year % 400) ? 28 : 29;
	return 30 + ((month + (month >> 3)) & 1);
}

/* "2024-02-29": at least 10 bytes. */
static __always_inline enum query_state query_day(const __u8 *p)
{
	__u64 century = query_two(p), year = query_two(p + 2), month = query_two(p + 5),
	      day = query_two(p + 8);

	if (century > 99 || year > 99 || p[4] != '-' || p[7] != '-')
		return QUERY_ODD;
	year += 100 * century;
	if (!year || month - 1 > 11 || !day || day > query_month_days(year, month))
		return QUERY_ODD;
	query_row.value = query_days(year, month, day);
	return QUERY_OK;
}

/* "12:34:56" and up to 6 digits behind a point: len bytes. */
static __always_inline enum query_state query_clock(const __u8 *p, __u64 len)
{
	__u64 hour = query_two(p), minute = query_two(p + 3), second = query_two(p + 6), us = 0;
	const __u8 *end = p + len;

	if (hour > 23 || minute > 59 || second > 59 || p[2] != ':' || p[5] != ':')
		return QUERY_ODD;
	if (len > 8) {
		if (len < 10 || len > 15 || p[8] != '.' || query_digits(p + 9, end, &us) != end)
			return QUERY_ODD;
		us *= query_power10[15 - len];
	}
	query_row.value = query_row.value * 86400000000LL +
			  ((hour * 60 + minute) * 60 + second) * 1000000 + us;
	return QUERY_OK;
}

/* True if all bytes are ASCII and none is 0. Reads up to 7 bytes behind them. */
static __always_inline bool query_ascii(const __u8 *p, __u64 len)
{
	__u64 word, high = 0x8080808080808080ULL, ones = 0x0101010101010101ULL;

	for (; len >= 8; len -= 8, p += 8) {
		word = kcsd_load64(p);
		if ((word | (word - ones)) & high)
			return false;
	}
	if (!len)
		return true;
	word = kcsd_load64(p) | ~0ULL << (8 * len);
	word &= ~(high & ~0ULL << (8 * len));
	return !((word | (word - ones)) & high);
}

/* Length of the character at p in bytes; 0: it is none. RFC 3629: no surrogates, no long forms. */
static __always_inline __u64 query_char(const __u8 *p, const __u8 *end)
{
	__u64 c = *p, len, i, second;

	if (c < 0x80)
		return c ? 1 : 0;
	len = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
	if (c < 0xc2 || c > 0xf4 || (__u64)(end - p) < len)
		return 0;
	for (i = 1; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	second = p[1];
	if ((c == 0xe0 && second < 0xa0) || (c == 0xed && second > 0x9f) ||
	    (c == 0xf0 && second < 0x90) || (c == 0xf4 && second > 0x8f))
		return 0;
	return len;
}

static __attribute__((noinline)) bool query_utf8(const __u8 *p, __u64 len)
{
	const __u8 *end = p + len;
	__u64 n;

	while (p < end) {
		n = query_char(p, end);
		if (!n)
			return false;
		p += n;
	}
	return true;
}

#ifndef QUERY_TYPED	/* a scanner whose values are no texts has functions of its own */
/* ---- called by the emitted code ---- */

/* An integer; with a scale a decimal, times 10^scale. */
__attribute__((noinline)) __u64 query_int(__u64 column, __u64 scale)
{
	const __u8 *text;
	__u64 len;
	enum query_state state = query_cell(column, &text, &len);

	return state ? state : query_number(text, len, scale);
}

__attribute__((noinline)) __u64 query_bool(__u64 column)
{
	const __u8 *p;
	__u64 len;
	enum query_state state = query_cell(column, &p, &len);

	if (state)
		return state;
	if (len == 1 && (*p == 't' || *p == 'f'))
		query_row.value = *p == 't';
	else if (len == 4 && !kcsd_memcmp(p, "true", 4))
		query_row.value = 1;
	else if (len == 5 && !kcsd_memcmp(p, "false", 5))
		query_row.value = 0;
	else
		return QUERY_ODD;
	return QUERY_OK;
}

__attribute__((noinline)) __u64 query_date(__u64 column)
{
	const __u8 *text;
	__u64 len;
	enum query_state state = query_cell(column, &text, &len);

	if (state)
		return state;
	return len == 10 ? query_day(text) : QUERY_ODD;
}

__attribute__((noinline)) __u64 query_timestamp(__u64 column)
{
	const __u8 *p;
	__u64 len;
	enum query_state state = query_cell(column, &p, &len);

	if (state)
		return state;
	if (len < 19 || (p[10] != ' ' && p[10] != 'T') || query_day(p))
		return QUERY_ODD;
	return query_clock(p + 11, len - 11);
}

/* Text; valid UTF-8 without NUL. */
__attribute__((noinline)) __u64 query_text(__u64 column)
{
	const __u8 *text;
	__u64 len;
	enum query_state state = query_cell(column, &text, &len);

	if (state)
		return state;
	if (!query_ascii(text, len) && !query_utf8(text, len))
		return QUERY_ODD;
	query_row.text = (__u64)text;
	query_row.text_len = len;
	return QUERY_OK;
}

/* The text of a cell, whatever it is: the host parses it. */
__attribute__((noinline)) __u64 query_raw(__u64 column)
{
	const __u8 *text;
	__u64 len;
	enum query_state state = query_cell(column, &text, &len);

	query_row.text = (__u64)text;
	query_row.text_len = len;
	return state;
}

#else
__u64 query_int(__u64 column, __u64 scale);
__u64 query_bool(__u64 column);
__u64 query_date(__u64 column);
__u64 query_timestamp(__u64 column);
__u64 query_text(__u64 column);
__u64 query_raw(__u64 column);
#endif

#endif
