// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Parse, print, compare and hash values. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <strings.h>

#include "../private.h"
#include "datetime.h"
#include "expr.h"
#include "numeric.h"
#include "real.h"
#include "text.h"

#define SHOWN	100	/* bytes of a text in a message */

static int invalid(const char *type, const struct kcsd_text *text, struct kcsd_error *err)
{
	return kcsd_error_set(err, -EINVAL, "invalid input syntax for type %s: \"%.*s\"", type,
			      (int)MIN(text->len, SHOWN), text->data);
}

static int out_of_range(const char *type, const struct kcsd_text *text, struct kcsd_error *err)
{
	return kcsd_error_set(err, -ERANGE, "value \"%.*s\" is out of range for type %s",
			      (int)MIN(text->len, SHOWN), text->data, type);
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct kcsd_text trim(struct kcsd_text text)
{
	while (text.len && is_space(*text.data)) {
		text.data++;
		text.len--;
	}
	while (text.len && is_space(text.data[text.len - 1]))
		text.len--;
	return text;
}

/* ---- parse ---- */

static int parse_int(enum kcsd_type type, const struct kcsd_text *text, int64_t *i,
		     struct kcsd_error *err)
{
	const char *name = kcsd_type_word(type), *p, *end;
	struct kcsd_text t = trim(*text);
	int64_t value = 0, min = type == KCSD_TYPE_INT4 ? INT32_MIN : INT64_MIN;
	bool negative = false;

	p = t.data;
	end = p + t.len;
	if (t.len && (*p == '-' || *p == '+'))
		negative = *p++ == '-';
	if (p == end)
		return invalid(name, text, err);
	for (; p < end; p++) {
		int digit = *p - '0';

		if (digit < 0 || digit > 9)
			return invalid(name, text, err);
		/* Count down: there is one more number below zero. */
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_sub_overflow(value, digit, &value) || value < min)
			return out_of_range(name, text, err);
	}
	if (!negative && value == min)
		return out_of_range(name, text, err);
	if (!negative)
		value = -value;
	*i = value;
	return 0;
}

static int parse_numeric(struct kcsd_sql_type type, const struct kcsd_text *text,
			 struct kcsd_numeric *n, struct kcsd_error *err)
{
	struct kcsd_text t = trim(*text);
	int ret = kcsd_numeric_parse(t.data, t.len, type.precision ? type.scale : -1, n);
	double d;

	if (ret == -EINVAL && kcsd_real_parse(t.data, t.len, &d) == 0 && !isfinite(d))
		return kcsd_error_set(err, ret, "numeric value \"%.*s\" is not supported",
				      (int)t.len, t.data);
	if (ret == -EINVAL)
		return invalid("numeric", text, err);
	if (ret == -ERANGE)
		return kcsd_error_set(err, ret, type.precision ? "numeric field overflow" :
				      "numeric value out of range: more than 38 digits");
	return type.precision ? kcsd_numeric_fit(n, type.precision, type.scale, err) : 0;
}

static int parse_float(const struct kcsd_text *text, double *d, struct kcsd_error *err)
{
	struct kcsd_text t = trim(*text);
	int ret = kcsd_real_parse(t.data, t.len, d);

	if (ret == -EINVAL)
		return invalid("double precision", text, err);
	if (ret == -ERANGE)
		return kcsd_error_set(err, ret,
				      "\"%.*s\" is out of range for type double precision",
				      (int)MIN(t.len, SHOWN), t.data);
	return ret;
}

/* Take any beginning of a word that tells it from the others. */
static int parse_bool(const struct kcsd_text *text, int64_t *i, struct kcsd_error *err)
{
	static const struct {
		const char *word;
		size_t min;
		bool value;
	} words[] = {
		{ "true", 1, true }, { "false", 1, false }, { "yes", 1, true }, { "no", 1, false },
		{ "on", 2, true }, { "off", 2, false }, { "1", 1, true }, { "0", 1, false },
	};
	struct kcsd_text t = trim(*text);
	size_t w;

	for (w = 0; w < ARRAY_SIZE(words); w++)
		if (t.len >= words[w].min && t.len <= strlen(words[w].word) &&
		    !strncasecmp(t.data, words[w].word, t.len)) {
			*i = words[w].value;
			return 0;
		}
	return invalid("boolean", text, err);
}

static int parse_text(const struct kcsd_text *text, struct kcsd_error *err)
{
	if (kcsd_text_is_valid(text->data, text->len))
		return 0;
	return kcsd_error_set(err, -EINVAL, "invalid byte sequence for encoding \"UTF8\"");
}

int kcsd_value_parse(struct kcsd_sql_type type, const char *data, size_t len,
		     struct kcsd_value *value, struct kcsd_error *err)
{
	struct kcsd_text text = { data, len };

	memset(value, 0, sizeof(*value));
	value->type = type.type;
	switch (type.type) {
	case KCSD_TYPE_BOOL:
		return parse_bool(&text, &value->i, err);
	case KCSD_TYPE_INT4:
	case KCSD_TYPE_INT8:
		return parse_int(type.type, &text, &value->i, err);
	case KCSD_TYPE_NUMERIC:
		return parse_numeric(type, &text, &value->n, err);
	case KCSD_TYPE_FLOAT8:
		return parse_float(&text, &value->d, err);
	case KCSD_TYPE_DATE:
	case KCSD_TYPE_TIMESTAMP:
		return kcsd_datetime_parse(type.type, data, len, &value->i, err);
	case KCSD_TYPE_INTERVAL:
		return kcsd_interval_parse(data, len, &value->interval, err);
	default:
		value->text = text;
		return parse_text(&text, err);
	}
}

/* ---- print ---- */

/* Returns the length, or -1: the text is that of the value. */
static int print(const struct kcsd_value *value, char buf[KCSD_INTERVAL_TEXT])
{
	switch (value->type) {
	case KCSD_TYPE_BOOL:
		buf[0] = value->i ? 't' : 'f';
		return 1;
	case KCSD_TYPE_INT4:
	case KCSD_TYPE_INT8:
		return snprintf(buf, KCSD_INTERVAL_TEXT, "%lld", (long long)value->i);
	case KCSD_TYPE_NUMERIC:
		return kcsd_numeric_print(&value->n, buf);
	case KCSD_TYPE_FLOAT8:
		return kcsd_real_print(value->d, buf);
	case KCSD_TYPE_DATE:
		return kcsd_date_print(value->i, buf);
	case KCSD_TYPE_TIMESTAMP:
		return kcsd_timestamp_print(value->i, buf);
	case KCSD_TYPE_INTERVAL:
		return kcsd_interval_print(&value->interval, buf);
	default:
		return -1;
	}
}

int kcsd_value_print(const struct kcsd_value *value, struct kcsd_arena *arena,
		     struct kcsd_cell *cell)
{
	char buf[KCSD_INTERVAL_TEXT];
	int len;

	*cell = (struct kcsd_cell){};
	if (value->null)
		return 0;
	len = print(value, buf);
	if (len < 0) {
		/* A text of no bytes is not NULL. */
		cell->text = value->text.data ? value->text.data : "";
		cell->len = value->text.len;
		return 0;
	}
	cell->text = kcsd_arena_copy(arena, buf, len);
	cell->len = len;
	return cell->text ? 0 : -ENOMEM;
}

/* ---- compare ---- */

/* NaN is equal to itself, and the greatest. */
static int compare_float(double a, double b)
{
	if (isnan(a) || isnan(b))
		return isnan(a) - isnan(b);
	return a < b ? -1 : a > b;
}

int kcsd_value_compare(const struct kcsd_value *a, const struct kcsd_value *b)
{
	switch (a->type) {
	case KCSD_TYPE_FLOAT8:
		return compare_float(a->d, b->d);
	case KCSD_TYPE_NUMERIC:
		return kcsd_numeric_compare(&a->n, &b->n);
	case KCSD_TYPE_TEXT:
	case KCSD_TYPE_UNKNOWN:
		return kcsd_text_compare(&a->text, &b->text);
	case KCSD_TYPE_INTERVAL:
		return memcmp(&a->interval, &b->interval, sizeof(a->interval));
	default:
		return a->i < b->i ? -1 : a->i > b->i;
	}
}

/* ---- hash ---- */

static uint64_t mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15ull;
	return h ^ h >> 29;
}

static uint64_t hash_bytes(const char *p, size_t len)
{
	uint64_t h = len, word;

	for (; len >= sizeof(word); p += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		h = mix(h, word);
	}
	word = 0;
	if (len)
		memcpy(&word, p, len);
	return mix(h, word);
}

static uint64_t hash_float(double d)
{
	uint64_t bits = 0;

	if (isnan(d))
		return 1;
	if (d)
		memcpy(&bits, &d, sizeof(bits));
	return mix(0, bits);
}

uint64_t kcsd_value_hash(const struct kcsd_value *value)
{
	struct kcsd_numeric n;

	if (value->null)
		return mix(0, ~0ull);
	switch (value->type) {
	case KCSD_TYPE_FLOAT8:
		return hash_float(value->d);
	case KCSD_TYPE_NUMERIC:
		n = value->n;
		kcsd_numeric_strip(&n);
		return mix(mix(n.scale, n.coefficient), n.coefficient >> 64);
	case KCSD_TYPE_TEXT:
	case KCSD_TYPE_UNKNOWN:
		return hash_bytes(value->text.data, value->text.len);
	case KCSD_TYPE_INTERVAL:
		return hash_bytes((const char *)&value->interval, sizeof(value->interval));
	default:
		return mix(0, value->i);
	}
}
