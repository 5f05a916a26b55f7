// SPDX-License-Identifier: GPL-2.0
/*
 * Sum a number that is a member of the outermost object of each line. Members of inner objects and
 * text in strings may look the same.
 */
#include "text.h"

#define LINE_MAX	160

static __u8 text[65536];
static __u64 text_len;
static __u8 field[8];
static __u64 field_len;

static __u8 *add_line(__u8 *p, __u32 nr, __u64 *random)
{
	p = text_string(p, "{\"id\": ");
	p = text_decimal(p, nr);
	p = text_string(p, ", \"message\": \"\\\"bytes\\\": ");
	p += text_word(p, bench_below(random, TEXT_WORDS));
	p = text_string(p, "\", \"client\": {\"bytes\": ");
	p = text_decimal(p, bench_below(random, 1000));
	p = text_string(p, ", \"name\": \"");
	p += text_word(p, bench_below(random, TEXT_WORDS));
	p = text_string(p, "\"}, \"bytes\": ");
	p = text_decimal(p, bench_below(random, 1000000));
	p = text_string(p, ", \"ok\": true}\n");
	return p;
}

static void setup(__u64 seed)
{
	__u8 *p = text, *last = text + sizeof(text) - LINE_MAX;
	__u32 nr;

	for (nr = 0; p < last; nr++)
		p = add_line(p, nr, &seed);
	text_len = p - text;
	field_len = text_string(field, seed ? "bytes" : "id") - field;
}

/* Return the closing quote of a string, or end. p is behind the opening quote. */
static inline const __u8 *string_end(const __u8 *p, const __u8 *end)
{
	for (; p < end && *p != '"'; p++)
		if (*p == '\\')
			p++;
	return p < end ? p : end;
}

static inline bool is_field(const __u8 *p, __u64 len)
{
	__u64 i;

	if (len != field_len)
		return false;
	for (i = 0; i < len; i++)
		if (p[i] != field[i])
			return false;
	return true;
}

static inline __u64 number(const __u8 *p, const __u8 *end)
{
	__u64 value = 0;

	while (p < end && (*p == ':' || *p == ' '))
		p++;
	for (; p < end && (__u8)(*p - '0') < 10; p++)
		value = value * 10 + (*p - '0');
	return value;
}

static noinline __u64 kernel(void)
{
	const __u8 *p = text, *end = text + text_len, *close;
	__u64 sum = 0;
	__u32 depth = 0;

	for (; p < end; p++) {
		if (*p == '{' || *p == '[') {
			depth++;
		} else if (*p == '}' || *p == ']') {
			depth--;
		} else if (*p == '"') {
			close = string_end(p + 1, end);
			if (depth == 1 && is_field(p + 1, close - p - 1))
				sum += number(close + 1, end);
			p = close;
		}
	}
	return sum;
}

BENCH(json)
