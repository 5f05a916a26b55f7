/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Text: UTF-8 in collation C. text.c; like.c. */
#ifndef KCSD_QUERY_TEXT_H
#define KCSD_QUERY_TEXT_H

#include "value.h"

/* True if it is valid UTF-8 without a NUL. */
bool kcsd_text_is_valid(const char *data, size_t len);
/* Return the number of characters; the text is valid. */
size_t kcsd_text_length(const struct kcsd_text *text);
int kcsd_text_compare(const struct kcsd_text *a, const struct kcsd_text *b);
/* Convert ASCII letters. -ENOMEM. */
int kcsd_text_lower(const struct kcsd_text *text, struct kcsd_arena *arena,
		    struct kcsd_text *result);
int kcsd_text_upper(const struct kcsd_text *text, struct kcsd_arena *arena,
		    struct kcsd_text *result);
int kcsd_text_concat(const struct kcsd_text *a, const struct kcsd_text *b,
		     struct kcsd_arena *arena, struct kcsd_text *result);
/* Cut without a copy. count NULL: to the end. -EINVAL: a negative count. */
int kcsd_text_substr(const struct kcsd_text *text, int32_t from, const int32_t *count,
		     struct kcsd_text *result, struct kcsd_error *err);

/* -EINVAL: the text of ESCAPE has more than one character. */
int kcsd_text_check_escape(const struct kcsd_text *escape, struct kcsd_error *err);
/*
 * Match a pattern of % and _. escape NULL: a backslash. Returns 1, 0, -EINVAL (a pattern ends with
 * the escape character, an escape of more than one character), -ENOMEM.
 */
int kcsd_text_like(const struct kcsd_text *text, const struct kcsd_text *pattern,
		   const struct kcsd_text *escape, struct kcsd_arena *arena,
		   struct kcsd_error *err);
/* The same, whatever the case of ASCII letters. */
int kcsd_text_ilike(const struct kcsd_text *text, const struct kcsd_text *pattern,
		    const struct kcsd_text *escape, struct kcsd_arena *arena,
		    struct kcsd_error *err);

#endif
