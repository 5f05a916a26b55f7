// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Parse and print intervals. */
#include <errno.h>
#include <stdio.h>
#include <strings.h>

#include "../private.h"
#include "datetime.h"

struct cursor {
	const char *p, *end;
};

static bool is_digit(const struct cursor *c)
{
	return c->p < c->end && *c->p >= '0' && *c->p <= '9';
}

static void skip_spaces(struct cursor *c)
{
	while (c->p < c->end && strchr(" \t\n\v\f\r", *c->p))
		c->p++;
}

static int take_digits(struct cursor *c, int64_t *value)
{
	if (!is_digit(c))
		return -EINVAL;
	for (*value = 0; is_digit(c); c->p++)
		if (__builtin_mul_overflow(*value, 10, value) ||
		    __builtin_add_overflow(*value, *c->p - '0', value))
			return -ERANGE;
	return 0;
}

/* Parse ".25" as microseconds. */
static int64_t take_fraction(struct cursor *c)
{
	int64_t us = 0, unit = 100000;

	if (c->p == c->end || *c->p != '.')
		return 0;
	for (c->p++; is_digit(c); c->p++) {
		us += (*c->p - '0') * unit;
		unit /= 10;
	}
	return us;
}

static int add(struct kcsd_interval *interval, int sign, int64_t months, int64_t days, int64_t us)
{
	int64_t m, d;

	if (__builtin_mul_overflow(months, sign, &m) || __builtin_mul_overflow(days, sign, &d) ||
	    __builtin_add_overflow(m, interval->months, &m) || m != (int32_t)m ||
	    __builtin_add_overflow(d, interval->days, &d) || d != (int32_t)d ||
	    __builtin_mul_overflow(us, sign, &us) ||
	    __builtin_add_overflow(interval->us, us, &interval->us))
		return -ERANGE;
	interval->months = m;
	interval->days = d;
	return 0;
}

/* Add nr units and a fraction of a second. */
static int add_units(struct kcsd_interval *interval, int sign, enum kcsd_unit unit, int64_t nr,
		     int64_t fraction)
{
	static const int64_t months[] = {
		[KCSD_UNIT_MONTH] = 1, [KCSD_UNIT_QUARTER] = 3, [KCSD_UNIT_YEAR] = 12,
		[KCSD_UNIT_DECADE] = 120, [KCSD_UNIT_CENTURY] = 1200,
		[KCSD_UNIT_MILLENNIUM] = 12000,
	};
	static const int64_t times[] = {
		[KCSD_UNIT_MICROSECOND] = 1, [KCSD_UNIT_MILLISECOND] = 1000,
		[KCSD_UNIT_SECOND] = KCSD_US_PER_SECOND, [KCSD_UNIT_MINUTE] = 60000000,
		[KCSD_UNIT_HOUR] = KCSD_US_PER_HOUR,
	};
	int64_t value;

	if (unit == KCSD_UNIT_NONE || unit > KCSD_UNIT_MILLENNIUM ||
	    (fraction && unit != KCSD_UNIT_SECOND))
		return -EINVAL;
	if (unit >= KCSD_UNIT_MONTH)
		return __builtin_mul_overflow(nr, months[unit], &value) ?
			-ERANGE : add(interval, sign, value, 0, 0);
	if (unit >= KCSD_UNIT_DAY)
		return __builtin_mul_overflow(nr, unit == KCSD_UNIT_WEEK ? 7 : 1, &value) ?
			-ERANGE : add(interval, sign, 0, value, 0);
	if (__builtin_mul_overflow(nr, times[unit], &value) ||
	    __builtin_add_overflow(value, fraction, &value))
		return -ERANGE;
	return add(interval, sign, 0, 0, value);
}

/* Parse ":03:04.5" of a time of day, after its hours. */
static int take_time(struct cursor *c, struct kcsd_interval *interval, int sign, int64_t hours)
{
	int64_t minutes, seconds = 0, fraction = 0;

	c->p++;
	if (take_digits(c, &minutes) || minutes > 59)
		return -EINVAL;
	if (c->p < c->end && *c->p == ':') {
		c->p++;
		if (take_digits(c, &seconds) || seconds > 59)
			return -EINVAL;
		fraction = take_fraction(c);
	}
	return add_units(interval, sign, KCSD_UNIT_HOUR, hours, 0) ? -ERANGE :
	       add(interval, sign, 0, 0, (minutes * 60 + seconds) * KCSD_US_PER_SECOND + fraction);
}

/* Parse "2 months", "-3 days", "04:05:06", or a number of seconds at the end. */
static int take_part(struct cursor *c, struct kcsd_interval *interval)
{
	const char *start;
	int64_t nr, fraction;
	int sign = 1, ret;

	if (*c->p == '+' || *c->p == '-')
		sign = *c->p++ == '-' ? -1 : 1;
	ret = take_digits(c, &nr);
	if (ret)
		return ret;
	if (c->p < c->end && *c->p == ':')
		return take_time(c, interval, sign, nr);
	fraction = take_fraction(c);
	skip_spaces(c);
	start = c->p;
	while (c->p < c->end && ((*c->p | 0x20) >= 'a' && (*c->p | 0x20) <= 'z'))
		c->p++;
	return add_units(interval, sign,
			 c->p == c->end && c->p == start ? KCSD_UNIT_SECOND :
			 kcsd_unit_parse(start, c->p - start), nr, fraction);
}

int kcsd_interval_parse(const char *text, size_t len, struct kcsd_interval *interval,
			struct kcsd_error *err)
{
	struct cursor c = { text, text + len };
	int ret = 0, shown = MIN(len, 100);

	memset(interval, 0, sizeof(*interval));
	skip_spaces(&c);
	if (c.p == c.end)
		ret = -EINVAL;
	while (!ret && c.p < c.end) {
		ret = take_part(&c, interval);
		skip_spaces(&c);
		if (!ret && c.end - c.p == 3 && !strncasecmp(c.p, "ago", 3)) {
			c.p = c.end;
			ret = kcsd_interval_negate(interval, interval, NULL);
		}
	}
	if (ret == -ERANGE)
		return kcsd_error_set(err, ret, "interval field value out of range: \"%.*s\"",
				      shown, text);
	if (ret)
		return kcsd_error_set(err, ret,
				      "invalid input syntax for type interval: \"%.*s\"", shown,
				      text);
	return 0;
}

size_t kcsd_interval_print(const struct kcsd_interval *interval, char buf[KCSD_INTERVAL_TEXT])
{
	uint64_t us = interval->us < 0 ? -(uint64_t)interval->us : (uint64_t)interval->us;

	return snprintf(buf, KCSD_INTERVAL_TEXT, "%d mons %d days %s%llu:%02d:%02d.%06d",
			interval->months, interval->days, interval->us < 0 ? "-" : "",
			(unsigned long long)(us / KCSD_US_PER_HOUR), (int)(us / 60000000 % 60),
			(int)(us / 1000000 % 60), (int)(us % 1000000));
}

int kcsd_interval_negate(const struct kcsd_interval *a, struct kcsd_interval *negative,
			 struct kcsd_error *err)
{
	if (__builtin_sub_overflow(0, a->months, &negative->months) ||
	    __builtin_sub_overflow(0, a->days, &negative->days) ||
	    __builtin_sub_overflow(0, a->us, &negative->us))
		return kcsd_error_set(err, -ERANGE, "interval out of range");
	return 0;
}
