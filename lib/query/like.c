// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* LIKE and ILIKE: match text with a pattern, and refuse the same patterns as PostgreSQL. */
#include <errno.h>

#include "../private.h"
#include "text.h"

enum match {
	MATCH_TRUE = 1,
	MATCH_FALSE = 0,
	MATCH_ABORT = -1,	/* false, and no later start of the text would help */
	MATCH_ERROR = -2,	/* the pattern ends with the escape character */
};

static void skip(struct kcsd_text *text, size_t n)
{
	text->data += n;
	text->len -= n;
}

static void skip_character(struct kcsd_text *text)
{
	do
		skip(text, 1);
	while (text->len && (*text->data & 0xc0) == 0x80);
}

static enum match match(struct kcsd_text t, struct kcsd_text p);

/* Match what follows a % of the pattern. */
static enum match match_rest(struct kcsd_text t, struct kcsd_text p)
{
	enum match ret;
	char first;

	/* A _ among several % takes a character. */
	for (; p.len && (*p.data == '%' || *p.data == '_'); skip(&p, 1)) {
		if (*p.data == '%')
			continue;
		if (!t.len)
			return MATCH_ABORT;
		skip_character(&t);
	}
	if (!p.len)
		return MATCH_TRUE;
	if (*p.data == '\\' && p.len < 2)
		return MATCH_ERROR;
	first = *p.data == '\\' ? p.data[1] : *p.data;
	for (; t.len; skip_character(&t)) {
		if (*t.data != first)
			continue;
		ret = match(t, p);
		if (ret != MATCH_FALSE)
			return ret;
	}
	return MATCH_ABORT;
}

static enum match match(struct kcsd_text t, struct kcsd_text p)
{
	for (; t.len && p.len; skip(&p, 1)) {
		if (*p.data == '%') {
			skip(&p, 1);
			return match_rest(t, p);
		}
		if (*p.data == '_') {
			skip_character(&t);
			continue;
		}
		if (*p.data == '\\') {
			skip(&p, 1);
			if (!p.len)
				return MATCH_ERROR;
		}
		if (*p.data != *t.data)
			return MATCH_FALSE;
		skip(&t, 1);
	}
	if (t.len)
		return MATCH_FALSE;
	while (p.len && *p.data == '%')
		skip(&p, 1);
	return p.len ? MATCH_ABORT : MATCH_TRUE;
}

/* Make a pattern whose escape character is a backslash. */
static int convert_escape(const struct kcsd_text *pattern, const struct kcsd_text *escape,
			  struct kcsd_arena *arena, struct kcsd_text *result)
{
	char *out = kcsd_arena_alloc(arena, 2 * pattern->len);
	size_t i = 0, len = 0;
	bool escaped = false;

	if (!out)
		return -ENOMEM;
	while (i < pattern->len) {
		if (escape->len && !escaped && pattern->len - i >= escape->len &&
		    !memcmp(pattern->data + i, escape->data, escape->len)) {
			out[len++] = '\\';
			i += escape->len;
			escaped = true;
			continue;
		}
		if (pattern->data[i] == '\\' && !escaped)
			out[len++] = '\\';
		out[len++] = pattern->data[i++];
		escaped = false;
	}
	*result = (struct kcsd_text){ out, len };
	return 0;
}

int kcsd_text_check_escape(const struct kcsd_text *escape, struct kcsd_error *err)
{
	if (kcsd_text_length(escape) > 1)
		return kcsd_error_set(err, -EINVAL, "invalid escape string");
	return 0;
}

int kcsd_text_like(const struct kcsd_text *text, const struct kcsd_text *pattern,
		   const struct kcsd_text *escape, struct kcsd_arena *arena,
		   struct kcsd_error *err)
{
	struct kcsd_text converted = *pattern;
	enum match ret;

	if (escape && kcsd_text_check_escape(escape, err))
		return -EINVAL;
	if (escape && (escape->len != 1 || *escape->data != '\\') &&
	    convert_escape(pattern, escape, arena, &converted))
		return -ENOMEM;
	ret = match(*text, converted);
	if (ret == MATCH_ERROR)
		return kcsd_error_set(err, -EINVAL,
				      "LIKE pattern must not end with escape character");
	return ret == MATCH_TRUE;
}

int kcsd_text_ilike(const struct kcsd_text *text, const struct kcsd_text *pattern,
		    const struct kcsd_text *escape, struct kcsd_arena *arena,
		    struct kcsd_error *err)
{
	struct kcsd_text t, p = *pattern;

	if (escape && kcsd_text_check_escape(escape, err))
		return -EINVAL;
	if (escape && convert_escape(pattern, escape, arena, &p))
		return -ENOMEM;
	if (kcsd_text_lower(text, arena, &t) || kcsd_text_lower(&p, arena, &p))
		return -ENOMEM;
	return kcsd_text_like(&t, &p, NULL, arena, err);
}
