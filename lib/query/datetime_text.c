// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Parse and print dates and timestamps: ISO 8601, as PostgreSQL with DateStyle ISO. */
#include <errno.h>
#include <stdio.h>
#include <strings.h>

#include "../private.h"
#include "datetime.h"

#define MAX_YEAR	6000000		/* above the last date */

struct cursor {
	const char *p, *end;
};

/* A date and a time of day, as read. */
struct moment {
	int64_t year;
	int month, day;
	int hour, minute, second;
	int us;
};

/* Parse min to max digits. */
static int take_number(struct cursor *c, int min, int max, int64_t *value)
{
	int nr = 0;

	*value = 0;
	for (; c->p < c->end && *c->p >= '0' && *c->p <= '9' && nr < max; c->p++, nr++)
		*value = *value * 10 + *c->p - '0';
	return nr >= min ? 0 : -EINVAL;
}

static bool take(struct cursor *c, char ch)
{
	if (c->p == c->end || *c->p != ch)
		return false;
	c->p++;
	return true;
}

static int take_small(struct cursor *c, int *value)
{
	int64_t v;
	int ret = take_number(c, 1, 2, &v);

	*value = v;
	return ret;
}

static void skip_spaces(struct cursor *c)
{
	while (c->p < c->end && strchr(" \t\n\v\f\r", *c->p))
		c->p++;
}

/* Parse "2020-02-29" or "20200229". */
static int take_date(struct cursor *c, struct moment *m)
{
	const char *start = c->p;
	int64_t v;

	if (take_number(c, 3, 8, &m->year))
		return -EINVAL;
	if (take(c, '-'))
		return take_small(c, &m->month) || !take(c, '-') || take_small(c, &m->day) ?
			-EINVAL : 0;
	if (c->p - start != 8)
		return -EINVAL;
	v = m->year;
	m->year = v / 10000;
	m->month = v / 100 % 100;
	m->day = v % 100;
	return 0;
}

/* Parse the digits behind the point of a second; round to microseconds. */
static int take_fraction(struct cursor *c, int *us)
{
	int unit = 100000, nr = 0;

	for (; c->p < c->end && *c->p >= '0' && *c->p <= '9'; c->p++, nr++) {
		*us += (*c->p - '0') * unit;
		if (nr == 6)
			*us += *c->p >= '5';
		unit /= 10;
	}
	return 0;
}

static int take_time(struct cursor *c, struct moment *m)
{
	if (take_small(c, &m->hour) || !take(c, ':') || take_small(c, &m->minute))
		return -EINVAL;
	if (!take(c, ':'))
		return 0;
	if (take_small(c, &m->second))
		return -EINVAL;
	return take(c, '.') ? take_fraction(c, &m->us) : 0;
}

/* Skip "Z", "+02", "-03:30": a type without time zone ignores it, as in PostgreSQL. */
static int skip_zone(struct cursor *c)
{
	int64_t v;

	if (take(c, 'Z') || take(c, 'z'))
		return 0;
	if (!take(c, '+') && !take(c, '-'))
		return 0;
	if (take_number(c, 2, 4, &v))
		return -EINVAL;
	while (take(c, ':'))
		if (take_number(c, 2, 2, &v))
			return -EINVAL;
	return 0;
}

static int parse_moment(struct cursor *c, struct moment *m)
{
	int ret;

	skip_spaces(c);
	ret = take_date(c, m);
	if (ret)
		return ret;
	if (take(c, 'T') || take(c, 't')) {
		ret = take_time(c, m);
	} else {
		skip_spaces(c);
		if (c->p < c->end && *c->p >= '0' && *c->p <= '9')
			ret = take_time(c, m);
	}
	if (ret)
		return ret;
	if (skip_zone(c))
		return -EINVAL;
	skip_spaces(c);
	if (c->end - c->p >= 2 && !strncasecmp(c->p, "BC", 2)) {
		/* 1 BC is the year 0. No date is in a year 0 of its own. */
		m->year = m->year ? 1 - m->year : MAX_YEAR;
		c->p += 2;
		skip_spaces(c);
	} else if (!m->year) {
		m->year = MAX_YEAR;
	}
	return c->p == c->end ? 0 : -EINVAL;
}

static int check_moment(const struct moment *m)
{
	if (m->year >= MAX_YEAR || m->month < 1 || m->month > 12 || m->day < 1 ||
	    m->day > kcsd_month_len(m->year, m->month))
		return -ERANGE;
	if (m->hour == 24)
		return m->minute || m->second || m->us ? -ERANGE : 0;
	return m->hour > 24 || m->minute > 59 || m->second > 60 || (m->second == 60 && m->us) ?
		-ERANGE : 0;
}

static int convert(enum kcsd_type type, const struct moment *m, int64_t *i)
{
	int64_t days = kcsd_days_from_civil(m->year, m->month, m->day), us;

	if (type == KCSD_TYPE_DATE) {
		*i = days;
		return kcsd_date_check(days, NULL);
	}
	us = ((m->hour * 60ll + m->minute) * 60 + m->second) * KCSD_US_PER_SECOND + m->us;
	if (__builtin_mul_overflow(days, KCSD_US_PER_DAY, i) || __builtin_add_overflow(*i, us, i))
		return -ERANGE;
	return kcsd_timestamp_check(*i, NULL);
}

static bool is_infinity(struct cursor c)
{
	skip_spaces(&c);
	if (c.p < c.end && (*c.p == '-' || *c.p == '+'))
		c.p++;
	return c.end - c.p >= 8 && !strncasecmp(c.p, "infinity", 8);
}

int kcsd_datetime_parse(enum kcsd_type type, const char *text, size_t len, int64_t *i,
			struct kcsd_error *err)
{
	const char *name = type == KCSD_TYPE_DATE ? "date" : "timestamp";
	struct cursor c = { text, text + len };
	struct moment m = {};
	int shown = MIN(len, 100);

	if (is_infinity(c))
		return kcsd_error_set(err, -EINVAL, "%s \"%.*s\" is not supported", name, shown,
				      text);
	if (parse_moment(&c, &m))
		return kcsd_error_set(err, -EINVAL, "invalid input syntax for type %s: \"%.*s\"",
				      name, shown, text);
	if (check_moment(&m))
		return kcsd_error_set(err, -ERANGE,
				      "date/time field value out of range: \"%.*s\"", shown, text);
	if (convert(type, &m, i))
		return kcsd_error_set(err, -ERANGE, "%s out of range: \"%.*s\"", name, shown,
				      text);
	return 0;
}

size_t kcsd_date_print(int64_t days, char buf[KCSD_DATETIME_TEXT])
{
	struct kcsd_civil civil;
	bool bc;

	kcsd_civil_from_days(days, &civil);
	bc = civil.year <= 0;
	return snprintf(buf, KCSD_DATETIME_TEXT, "%04lld-%02d-%02d%s",
			(long long)(bc ? 1 - civil.year : civil.year), civil.month, civil.day,
			bc ? " BC" : "");
}

size_t kcsd_timestamp_print(int64_t us, char buf[KCSD_DATETIME_TEXT])
{
	int64_t time, days = kcsd_floor_div(us, KCSD_US_PER_DAY, &time);
	int second = time / KCSD_US_PER_SECOND, fraction = time % KCSD_US_PER_SECOND;
	char date[KCSD_DATETIME_TEXT];
	size_t len = kcsd_date_print(days, date), date_len = len;
	bool bc = len > 3 && !strcmp(date + len - 3, " BC");

	if (bc)
		date_len -= 3;
	len = snprintf(buf, KCSD_DATETIME_TEXT, "%.*s %02d:%02d:%02d", (int)date_len, date,
		       second / 3600, second / 60 % 60, second % 60);
	if (fraction) {
		len += snprintf(buf + len, KCSD_DATETIME_TEXT - len, ".%06d", fraction);
		while (buf[len - 1] == '0')
			len--;
	}
	if (bc)
		len += snprintf(buf + len, KCSD_DATETIME_TEXT - len, " BC");
	buf[len] = 0;
	return len;
}
