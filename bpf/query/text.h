/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Functions of text and numbers that the emitted code calls. Text is valid UTF-8. */
#ifndef KCSD_QUERY_TEXT_H
#define KCSD_QUERY_TEXT_H

#include "value.h"

/* Returns room for so many bytes until the end of the row, or NULL. */
static __always_inline __u8 *query_room(__u64 len)
{
	__u8 *room = query_scratch + query_scratch_len;

	if (query_scratch_len + len > QUERY_ROW_MAX)
		return NULL;
	query_scratch_len += len;
	return room;
}

static __always_inline __u64 query_fold(const __u8 *text, __u64 len, __u8 first)
{
	__u8 *to = query_room(len);
	__u64 i, c;

	if (!to)
		return QUERY_ODD;
	for (i = 0; i < len; i++) {
		c = text[i];
		to[i] = c - first < 26 ? c ^ 0x20 : c;
	}
	query_row.text = (__u64)to;
	query_row.text_len = len;
	return QUERY_OK;
}

__attribute__((noinline)) __u64 query_lower(const __u8 *text, __u64 len)
{
	return query_fold(text, len, 'A');
}

__attribute__((noinline)) __u64 query_upper(const __u8 *text, __u64 len)
{
	return query_fold(text, len, 'a');
}

/* Returns the number of characters. */
__attribute__((noinline)) __u64 query_length(const __u8 *text, __u64 len)
{
	__u64 i, nr = 0;

	for (i = 0; i < len; i++)
		nr += (text[i] & 0xc0) != 0x80;
	return nr;
}

static __always_inline const __u8 *query_next(const __u8 *p, const __u8 *end)
{
	for (p++; p < end && (*p & 0xc0) == 0x80; p++)
		;
	return p;
}

/* Characters from the one at from on, the first is 1: count, not negative. */
__attribute__((noinline)) __u64 query_substr(const __u8 *text, __u64 len, __s64 from, __s64 count)
{
	const __u8 *p = text, *end = text + len, *begin;
	__s64 at;

	if (count < 0)
		return QUERY_ODD;
	/* Characters before the first one count. */
	if (from < 1) {
		if (from < -0x7fffffffLL)
			return QUERY_ODD;
		count = count + from - 1 > 0 ? count + from - 1 : 0;
		from = 1;
	}
	for (at = 1; at < from && p < end; at++)
		p = query_next(p, end);
	begin = p;
	for (; count && p < end; count--)
		p = query_next(p, end);
	query_row.text = (__u64)begin;
	query_row.text_len = p - begin;
	return QUERY_OK;
}

/* Returns -1, 0, 1 as the first text is below, equal to, above the second, byte by byte. */
__attribute__((noinline)) __u64 query_compare(const __u8 *a, __u64 a_len, const __u8 *b,
					      __u64 b_len)
{
	__s64 ret = kcsd_memcmp(a, b, a_len < b_len ? a_len : b_len);

	if (ret)
		return ret;
	return a_len < b_len ? -1 : a_len > b_len;
}

/*
 * True if text matches a pattern: '%' any characters, '_' one, '\\' makes the next one plain; the
 * pattern does not end with one. After a mismatch only the last '%' takes one more: never more
 * than text times pattern steps.
 */
__attribute__((noinline)) __u64 query_like(const __u8 *text, __u64 len, const __u8 *pattern,
					   __u64 pattern_len)
{
	const __u8 *p = pattern, *p_end = pattern + pattern_len, *t = text, *t_end = text + len;
	const __u8 *any = NULL, *from = NULL;
	bool plain;

	while (t < t_end || p < p_end) {
		if (p < p_end && *p == '%') {
			any = ++p;
			from = t;
			continue;
		}
		if (p < p_end && t < t_end) {
			if (*p == '_') {
				p++;
				t = query_next(t, t_end);
				continue;
			}
			plain = *p == '\\';
			if (p[plain] == *t) {
				p += 1 + plain;
				t++;
				continue;
			}
		}
		if (!any || from >= t_end)
			return 0;
		from = query_next(from, t_end);
		t = from;
		p = any;
	}
	return 1;
}

/* A product. */
__attribute__((noinline)) __u64 query_mul(__s64 a, __s64 b)
{
	__u64 x = a < 0 ? -(__u64)a : a, y = b < 0 ? -(__u64)b : b;

	if (y && x > 0x7fffffffffffffffULL / y)
		return QUERY_ODD;
	query_row.value = a * b;
	return QUERY_OK;
}

#endif
