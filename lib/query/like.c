// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* LIKE and ILIKE: match text with a pattern, and refuse the same patterns as PostgreSQL. */
#include <errno.h>

#include "../private.h"
#include "text.h"

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

/* What is left of text and pattern, and where to go on after a mismatch. */
struct match {
	struct kcsd_text t, p;
	bool retry;			/* there was a %: */
	struct kcsd_text retry_t;	/* text that the rest of the pattern was tried at */
	struct kcsd_text retry_p;	/* the rest, behind the last % */
};

/* Find where the pattern behind a % may begin. Returns false: nowhere. */
static bool find_start(struct match *m)
{
	char first = *m->p.data == '\\' ? m->p.data[1] : *m->p.data;

	while (m->t.len && *m->t.data != first)
		skip_character(&m->t);
	m->retry = true;
	m->retry_t = m->t;
	m->retry_p = m->p;
	return m->t.len;
}

/* Only the last % is tried again: if it finds nothing, those before would not help. */
static bool try_again(struct match *m)
{
	if (!m->retry)
		return false;
	m->t = m->retry_t;
	m->p = m->retry_p;
	skip_character(&m->t);
	return find_start(m);
}

/* Take %, and each _ behind it, which takes a character. Returns as match(); 2: go on. */
static int take_percent(struct match *m)
{
	for (; m->p.len && (*m->p.data == '%' || *m->p.data == '_'); skip(&m->p, 1)) {
		if (*m->p.data == '%')
			continue;
		if (!m->t.len)
			return 0;
		skip_character(&m->t);
	}
	if (!m->p.len)
		return 1;
	if (*m->p.data == '\\' && m->p.len < 2)
		return -EINVAL;
	return find_start(m) ? 2 : 0;
}

/* Take a byte or _ of the pattern. Returns likewise; -EINVAL: nothing is behind a backslash. */
static int take_one(struct match *m)
{
	if (*m->p.data == '_') {
		skip(&m->p, 1);
		skip_character(&m->t);
		return 2;
	}
	if (*m->p.data == '\\') {
		skip(&m->p, 1);
		if (!m->p.len)
			return -EINVAL;
	}
	if (*m->p.data != *m->t.data)
		return try_again(m) ? 2 : 0;
	skip(&m->p, 1);
	skip(&m->t, 1);
	return 2;
}

/* Returns 1, 0, or -EINVAL: the pattern ends with the escape character. */
static int match(struct kcsd_text text, struct kcsd_text pattern)
{
	struct match m = { .t = text, .p = pattern };
	int ret;

	while (m.t.len) {
		if (!m.p.len)
			ret = try_again(&m) ? 2 : 0;
		else
			ret = *m.p.data == '%' ? take_percent(&m) : take_one(&m);
		if (ret != 2)
			return ret;
	}
	while (m.p.len && *m.p.data == '%')
		skip(&m.p, 1);
	return !m.p.len;
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
	int ret;

	if (escape && kcsd_text_check_escape(escape, err))
		return -EINVAL;
	if (escape && (escape->len != 1 || *escape->data != '\\') &&
	    convert_escape(pattern, escape, arena, &converted))
		return -ENOMEM;
	ret = match(*text, converted);
	if (ret < 0)
		return kcsd_error_set(err, ret, "LIKE pattern must not end with escape character");
	return ret;
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
