// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Functions of text. */
#include <errno.h>

#include "../private.h"
#include "text.h"

static bool is_continuation(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

/* Return the bytes of the valid character at p, 0: there is none. */
static size_t character_len(const unsigned char *p, size_t len)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t n, i;

	if (!*p)
		return 0;
	if (*p < 0x80)
		return 1;
	if (*p < 0xc2 || *p > 0xf4)
		return 0;
	n = *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4;
	/* Neither overlong, nor a surrogate, nor above U+10FFFF. */
	if (*p == 0xe0)
		low = 0xa0;
	else if (*p == 0xed)
		high = 0x9f;
	else if (*p == 0xf0)
		low = 0x90;
	else if (*p == 0xf4)
		high = 0x8f;
	if (n > len || p[1] < low || p[1] > high)
		return 0;
	for (i = 2; i < n; i++)
		if (!is_continuation(p[i]))
			return 0;
	return n;
}

bool kcsd_text_is_valid(const char *data, size_t len)
{
	const unsigned char *p = (const unsigned char *)data;
	size_t n;

	for (; len; p += n, len -= n) {
		n = character_len(p, len);
		if (!n)
			return false;
	}
	return true;
}

size_t kcsd_text_length(const struct kcsd_text *text)
{
	size_t i, n = 0;

	for (i = 0; i < text->len; i++)
		n += !is_continuation(text->data[i]);
	return n;
}

int kcsd_text_compare(const struct kcsd_text *a, const struct kcsd_text *b)
{
	size_t len = MIN(a->len, b->len);
	int ret = len ? memcmp(a->data, b->data, len) : 0;

	if (ret)
		return ret;
	return a->len < b->len ? -1 : a->len > b->len;
}

static int convert(const struct kcsd_text *text, char first, char last, struct kcsd_arena *arena,
		   struct kcsd_text *result)
{
	char *data = kcsd_arena_copy(arena, text->data, text->len);
	size_t i;

	if (!data)
		return -ENOMEM;
	for (i = 0; i < text->len; i++)
		if (data[i] >= first && data[i] <= last)
			data[i] ^= 'a' ^ 'A';
	*result = (struct kcsd_text){ data, text->len };
	return 0;
}

int kcsd_text_lower(const struct kcsd_text *text, struct kcsd_arena *arena,
		    struct kcsd_text *result)
{
	return convert(text, 'A', 'Z', arena, result);
}

int kcsd_text_upper(const struct kcsd_text *text, struct kcsd_arena *arena,
		    struct kcsd_text *result)
{
	return convert(text, 'a', 'z', arena, result);
}

int kcsd_text_concat(const struct kcsd_text *a, const struct kcsd_text *b,
		     struct kcsd_arena *arena, struct kcsd_text *result)
{
	char *data = kcsd_arena_alloc(arena, a->len + b->len);

	if (!data)
		return -ENOMEM;
	if (a->len)
		memcpy(data, a->data, a->len);
	if (b->len)
		memcpy(data + a->len, b->data, b->len);
	*result = (struct kcsd_text){ data, a->len + b->len };
	return 0;
}

/* Return the offset of a character, or the length. */
static size_t offset_of(const struct kcsd_text *text, int64_t character)
{
	size_t i = 0;

	while (i < text->len && character) {
		for (i++; i < text->len && is_continuation(text->data[i]); i++)
			;
		character--;
	}
	return i;
}

int kcsd_text_substr(const struct kcsd_text *text, int32_t from, const int32_t *count,
		     struct kcsd_text *result, struct kcsd_error *err)
{
	int64_t start = from > 1 ? from - 1 : 0, end;
	struct kcsd_text rest;
	size_t at;

	if (count && *count < 0)
		return kcsd_error_set(err, -EINVAL, "negative substring length not allowed");
	at = offset_of(text, start);
	rest = (struct kcsd_text){ text->data + at, text->len - at };
	*result = rest;
	if (!count)
		return 0;
	end = (int64_t)from - 1 + *count;
	result->len = end <= start ? 0 : offset_of(&rest, end - start);
	return 0;
}
