/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Texts of values that are no texts, for the host, which parses them. */
#ifndef KCSD_QUERY_PARQUET_PRINT_H
#define KCSD_QUERY_PARQUET_PRINT_H

#include "date.h"
#include "parquet_value.h"

#define PRINT_LEN	64

static __u8 print_buf[QUERY_USED][PRINT_LEN];

static struct {
	__u8 *p;		/* the next byte */
} print;

static __always_inline void print_byte(__u8 byte)
{
	*print.p++ = byte;
}

/* Print a number with at least so many digits. */
static __attribute__((noinline)) void print_number(__u64 value, __u64 digits)
{
	__u8 text[24];
	__u64 nr = 0;

	do {
		text[nr++] = '0' + value % 10;
		value /= 10;
	} while (value || nr < digits);
	while (nr)
		print_byte(text[--nr]);
}

/* Print value / 10^scale. */
static __always_inline void print_decimal(__s64 value, __u64 scale)
{
	__u64 v = value < 0 ? -(__u64)value : (__u64)value;

	if (value < 0)
		print_byte('-');
	if (!scale || scale > QUERY_DIGITS) {
		print_number(v, 1);
		if (scale) {
			/* As a number with an exponent: "12e-20". */
			print_byte('e');
			print_byte('-');
			print_number(scale, 1);
		}
		return;
	}
	print_number(v / query_power10[scale], 1);
	print_byte('.');
	print_number(v % query_power10[scale], scale);
}

static __attribute__((noinline)) void print_date(__s64 days)
{
	struct query_civil date = query_civil(days);

	print_number(date.year, 4);
	print_byte('-');
	print_number(date.month, 2);
	print_byte('-');
	print_number(date.day, 2);
}

/* The drive only has the years 1 to 9999; what is none of them is no date for the host either. */
static __always_inline bool print_is_day(__s64 days)
{
	return days >= -719162 && days <= 2932896;
}

static __attribute__((noinline)) void print_timestamp(__s64 us)
{
	__s64 days = us / 86400000000LL;
	__u64 rest;

	if (us < 0 && days * 86400000000LL != us)
		days--;
	rest = us - days * 86400000000LL;
	print_date(days);
	print_byte(' ');
	print_number(rest / 3600000000ULL, 2);
	print_byte(':');
	print_number(rest / 60000000ULL % 60, 2);
	print_byte(':');
	print_number(rest / 1000000ULL % 60, 2);
	print_byte('.');
	print_number(rest % 1000000ULL, 6);
}

static __always_inline void print_hex(__u64 value, __u64 digits)
{
	__u64 digit;

	while (digits--) {
		digit = value >> (4 * digits) & 15;
		print_byte(digit < 10 ? '0' + digit : 'a' + digit - 10);
	}
}

static __always_inline void print_word(const char *word, __u64 len)
{
	kcsd_memcpy(print.p, word, len);
	print.p += len;
}

/* Print a double by its bits, exactly: "0x1.8000000000000p1". */
static __attribute__((noinline)) void print_double(__u64 bits)
{
	__u64 mantissa = bits & 0xfffffffffffffULL;
	__s64 exponent = bits >> 52 & 0x7ff;

	if (exponent == 0x7ff && mantissa) {
		print_word("NaN", 3);
		return;
	}
	if (bits >> 63)
		print_byte('-');
	if (exponent == 0x7ff) {
		print_word("Infinity", 8);
		return;
	}
	print_word(exponent ? "0x1." : "0x0.", 4);
	print_hex(mantissa, 13);
	print_byte('p');
	exponent = exponent ? exponent - 1023 : mantissa ? -1022 : 0;
	if (exponent < 0)
		print_byte('-');
	print_number(exponent < 0 ? -exponent : exponent, 1);
}

/* The bits of a double with the value of a float. */
static __always_inline __u64 widen_float(__u64 bits)
{
	__u64 sign = bits >> 31 << 63, exponent = bits >> 23 & 0xff, mantissa = bits & 0x7fffff;

	if (exponent == 0xff)
		return sign | 0x7ffULL << 52 | mantissa << 29;
	if (exponent)
		return sign | (exponent + 896) << 52 | mantissa << 29;
	if (!mantissa)
		return sign;
	/* Subnormal: a double has it as a normal one. */
	exponent = 897;
	while (!(mantissa & 0x800000)) {
		mantissa <<= 1;
		exponent--;
	}
	return sign | exponent << 52 | (mantissa & 0x7fffff) << 29;
}

/* Print a decimal of up to 16 bytes. */
static __attribute__((noinline)) void print_long_decimal(const __u8 *p, __u64 len, __u64 scale)
{
	__u8 digits[48], bytes[16];
	__u64 negative = len && *p & 0x80, i, rest, nr = 0, any, carry = 1;

	if (len > 16 || !len) {
		/* It has more digits than any that is supported. */
		print_word("1e99", 4);
		return;
	}
	for (i = len; i--;) {
		rest = negative ? (__u8)~p[i] + carry : p[i];
		carry = negative ? rest >> 8 : 0;
		bytes[i] = rest;
	}
	do {
		rest = 0;
		any = 0;
		for (i = 0; i < len; i++) {
			rest = rest << 8 | bytes[i];
			bytes[i] = rest / 10;
			any |= bytes[i];
			rest %= 10;
		}
		digits[nr++] = '0' + rest;
	} while (any && nr < 40);
	if (negative)
		print_byte('-');
	while (nr)
		print_byte(digits[--nr]);
	print_byte('e');
	print_byte('-');
	print_number(scale, 1);
}

/* Print a value that is no text. */
static __always_inline void print_value(const struct parquet_chunk *c, const struct value *value)
{
	__s64 v = value->v;

	if (c->kind == PARQUET_REAL) {
		print_double(c->physical == PARQUET_FLOAT ? widen_float(v) : (__u64)v);
		return;
	}
	if (c->kind == PARQUET_DECIMAL && value->state == QUERY_ODD) {
		print_long_decimal((const __u8 *)value->v, value->len, c->scale);
		return;
	}
	if (c->print == PARQUET_PRINT_BOOL) {
		print_byte(v ? 't' : 'f');
		return;
	}
	if (c->print == PARQUET_PRINT_DATE && print_is_day(v)) {
		print_date(v);
		return;
	}
	if (c->print == PARQUET_PRINT_TIMESTAMP && v <= 9000000000000000000LL / c->factor &&
	    v >= -9000000000000000000LL / c->factor &&
	    v * c->factor >= -62135596800000000LL && v * c->factor <= 253402300799999999LL) {
		print_timestamp(v * c->factor);
		return;
	}
	/* A day that is none here becomes a number, which is no date. */
	print_decimal(v, c->scale);
}

#endif
