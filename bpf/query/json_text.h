/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Strings and numbers of JSON (RFC 8259). */
#ifndef KCSD_QUERY_JSON_TEXT_H
#define KCSD_QUERY_JSON_TEXT_H

#include <kcsd_helpers.h>

static __always_inline bool json_is_blank(__u8 c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* Returns the first byte of [p, end) that is not blank, or end. */
static __always_inline const __u8 *json_skip_blanks(const __u8 *p, const __u8 *end)
{
	while (p < end && json_is_blank(*p))
		p++;
	return p;
}

/* True if one of the bytes is a control character. Reads up to 7 bytes behind them. */
static __always_inline bool json_has_control(const __u8 *p, __u64 len)
{
	__u64 word, high = 0x8080808080808080ULL, spaces = 0x2020202020202020ULL;

	for (; len >= 8; len -= 8, p += 8) {
		word = kcsd_load64(p);
		if ((word - spaces) & ~word & high)
			return true;
	}
	if (!len)
		return false;
	word = kcsd_load64(p) | ~0ULL << (8 * len);
	return (word - spaces) & ~word & high;
}

static __always_inline __u64 json_hex(__u8 c)
{
	if (c - (__u64)'0' < 10)
		return c - '0';
	c |= 0x20;
	return c - (__u64)'a' < 6 ? c - 'a' + 10 : 16;
}

/* Returns the unit of "\u1234", whose digits are at p; 0x10000: these are none. */
static __always_inline __u64 json_unit(const __u8 *p, const __u8 *end)
{
	__u64 unit = 0, digit, i;

	if (end - p < 4)
		return 0x10000;
	for (i = 0; i < 4; i++) {
		digit = json_hex(p[i]);
		if (digit > 15)
			return 0x10000;
		unit = unit << 4 | digit;
	}
	return unit;
}

/*
 * Read the character of "\u1234" at p, or of two of them. Returns it, and moves *p behind; 0: it is
 * none, or no text can have it.
 */
static __always_inline __u64 json_unicode(const __u8 **p, const __u8 *end)
{
	__u64 unit = json_unit(*p + 2, end), low;

	*p += 6;
	if (unit > 0xffff)
		return 0;
	if (unit - 0xd800 >= 0x800)
		return unit;
	if (unit >= 0xdc00 || end - *p < 6 || (*p)[0] != '\\' || (*p)[1] != 'u')
		return 0;
	low = json_unit(*p + 2, end);
	*p += 6;
	if (low - 0xdc00 >= 0x400)
		return 0;
	return 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
}

/* Write a character as UTF-8. Returns its length. */
static __always_inline __u64 json_put_char(__u8 *to, __u64 c)
{
	if (c < 0x80) {
		to[0] = c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = 0xc0 | c >> 6;
		to[1] = 0x80 | (c & 0x3f);
		return 2;
	}
	if (c < 0x10000) {
		to[0] = 0xe0 | c >> 12;
		to[1] = 0x80 | (c >> 6 & 0x3f);
		to[2] = 0x80 | (c & 0x3f);
		return 3;
	}
	to[0] = 0xf0 | c >> 18;
	to[1] = 0x80 | (c >> 12 & 0x3f);
	to[2] = 0x80 | (c >> 6 & 0x3f);
	to[3] = 0x80 | (c & 0x3f);
	return 4;
}

/* Returns what "\n" and its like mean by their second byte; 0: nothing. */
static __always_inline __u64 json_escape(__u8 c)
{
	switch (c) {
	case '"':
	case '\\':
	case '/':
		return c;
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	default:
		return 0;
	}
}

/*
 * Decode a string with escapes, which gets no longer by that; to has room for len bytes. Returns
 * its length, or -1: an escape is none, or stands for what no text can have.
 */
static __attribute__((noinline)) long json_decode(__u8 *to, const __u8 *p, __u64 len)
{
	const __u8 *end = p + len;
	__u64 nr = 0, c;

	while (p < end) {
		if (*p != '\\') {
			to[nr++] = *p++;
			continue;
		}
		if (end - p < 2)
			return -1;
		if (p[1] == 'u') {
			c = json_unicode(&p, end);
		} else {
			c = json_escape(p[1]);
			p += 2;
		}
		if (!c)
			return -1;
		nr += json_put_char(to + nr, c);
	}
	return nr;
}

static __always_inline const __u8 *json_digits(const __u8 *p, const __u8 *end)
{
	while (p < end && *p - (__u64)'0' < 10)
		p++;
	return p;
}

static __always_inline bool json_is_number(const __u8 *p, const __u8 *end)
{
	const __u8 *from;

	if (p < end && *p == '-')
		p++;
	from = p;
	p = json_digits(p, end);
	if (p == from || (*from == '0' && p - from > 1))
		return false;
	if (p < end && *p == '.') {
		from = ++p;
		p = json_digits(p, end);
		if (p == from)
			return false;
	}
	if (p < end && (*p | 0x20) == 'e') {
		p++;
		if (p < end && (*p == '+' || *p == '-'))
			p++;
		from = p;
		p = json_digits(p, end);
		if (p == from)
			return false;
	}
	return p == end;
}

#endif
