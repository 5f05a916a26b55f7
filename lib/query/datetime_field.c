// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* extract() and date_trunc(): parts of a date or timestamp. */
#include <errno.h>
#include <strings.h>

#include "../private.h"
#include "datetime.h"
#include "numeric.h"

#define JULIAN_EPOCH	2440588		/* Julian day of 1970-01-01 */
#define SIGNIFICANT	10		/* characters of a name, as in PostgreSQL */

/* A date or timestamp in its parts. */
struct parts {
	struct kcsd_civil civil;
	int64_t days;
	int64_t time;		/* us of the day */
};

enum kcsd_unit kcsd_unit_parse(const char *text, size_t len)
{
	static const struct {
		const char *names;
		enum kcsd_unit unit;
	} units[] = {
		{ "us usec usecond useconds usecs microsecon", KCSD_UNIT_MICROSECOND },
		{ "ms msec msecond mseconds msecs millisecon", KCSD_UNIT_MILLISECOND },
		{ "s sec second seconds secs", KCSD_UNIT_SECOND },
		{ "m min mins minute minutes", KCSD_UNIT_MINUTE },
		{ "h hour hours hr hrs", KCSD_UNIT_HOUR },
		{ "d day days", KCSD_UNIT_DAY },
		{ "w week weeks", KCSD_UNIT_WEEK },
		{ "mon mons month months", KCSD_UNIT_MONTH },
		{ "qtr quarter", KCSD_UNIT_QUARTER },
		{ "y year years yr yrs", KCSD_UNIT_YEAR },
		{ "dec decs decade decades", KCSD_UNIT_DECADE },
		{ "c cent century centuries", KCSD_UNIT_CENTURY },
		{ "mil mils millennia millennium", KCSD_UNIT_MILLENNIUM },
		{ "epoch", KCSD_UNIT_EPOCH },
		{ "dow", KCSD_UNIT_DOW },
		{ "doy", KCSD_UNIT_DOY },
		{ "isodow", KCSD_UNIT_ISODOW },
		{ "isoyear", KCSD_UNIT_ISOYEAR },
		{ "j jd julian", KCSD_UNIT_JULIAN },
		{ "timezone timezone_h timezone_m", KCSD_UNIT_TIMEZONE },
	};
	const char *p;
	size_t i, n;

	len = MIN(len, SIGNIFICANT);
	for (i = 0; i < ARRAY_SIZE(units); i++)
		for (p = units[i].names; *p; p += n + (p[n] == ' ')) {
			n = strcspn(p, " ");
			if (n == len && !strncasecmp(p, text, n))
				return units[i].unit;
		}
	return KCSD_UNIT_NONE;
}

static void split(enum kcsd_type type, int64_t i, struct parts *parts)
{
	parts->days = i;
	parts->time = 0;
	if (type == KCSD_TYPE_TIMESTAMP)
		parts->days = kcsd_floor_div(i, KCSD_US_PER_DAY, &parts->time);
	kcsd_civil_from_days(parts->days, &parts->civil);
}

/* Return 1 to 7, Monday to Sunday. */
static int iso_day_of_week(int64_t days)
{
	int64_t day;

	kcsd_floor_div(days + 3, 7, &day);
	return day + 1;
}

/* Return the year that the week belongs to: that of its Thursday. */
static int64_t iso_year(int64_t days)
{
	struct kcsd_civil civil;

	kcsd_civil_from_days(days - iso_day_of_week(days) + 4, &civil);
	return civil.year;
}

static int64_t iso_week(int64_t days)
{
	int64_t thursday = days - iso_day_of_week(days) + 4;

	return (thursday - kcsd_days_from_civil(iso_year(days), 1, 1)) / 7 + 1;
}

/* There is no year 0 in what users see. */
static int64_t shown_year(int64_t year)
{
	return year > 0 ? year : year - 1;
}

static int64_t decade(int64_t year)
{
	return year >= 0 ? year / 10 : -((8 - (year - 1)) / 10);
}

/* Return the century, len 100, or millennium, len 1000. */
static int64_t era(int64_t year, int len)
{
	return year > 0 ? (year + len - 1) / len : -((len - 1 - (year - 1)) / len);
}

static int date_field(enum kcsd_unit unit, const struct parts *parts, int64_t *value)
{
	const struct kcsd_civil *civil = &parts->civil;

	switch (unit) {
	case KCSD_UNIT_DAY: *value = civil->day; break;
	case KCSD_UNIT_WEEK: *value = iso_week(parts->days); break;
	case KCSD_UNIT_MONTH: *value = civil->month; break;
	case KCSD_UNIT_QUARTER: *value = (civil->month - 1) / 3 + 1; break;
	case KCSD_UNIT_YEAR: *value = shown_year(civil->year); break;
	case KCSD_UNIT_DECADE: *value = decade(civil->year); break;
	case KCSD_UNIT_CENTURY: *value = era(civil->year, 100); break;
	case KCSD_UNIT_MILLENNIUM: *value = era(civil->year, 1000); break;
	case KCSD_UNIT_DOW: *value = iso_day_of_week(parts->days) % 7; break;
	case KCSD_UNIT_ISODOW: *value = iso_day_of_week(parts->days); break;
	case KCSD_UNIT_ISOYEAR: *value = shown_year(iso_year(parts->days)); break;
	case KCSD_UNIT_DOY:
		*value = parts->days - kcsd_days_from_civil(civil->year, 1, 1) + 1;
		break;
	default: return -EINVAL;
	}
	return 0;
}

static int julian(const struct parts *parts, struct kcsd_numeric *n, struct kcsd_error *err)
{
	struct kcsd_numeric time = { parts->time, 0 }, day = { KCSD_US_PER_DAY, 0 };
	struct kcsd_numeric days = { parts->days + JULIAN_EPOCH, 0 };
	int ret = kcsd_numeric_div(&time, &day, n, err);

	return ret ? ret : kcsd_numeric_add(&days, n, n, err);
}

static int time_field(enum kcsd_unit unit, const struct parts *parts, struct kcsd_numeric *n,
		      struct kcsd_error *err)
{
	int64_t seconds = parts->time / KCSD_US_PER_SECOND;
	int64_t us = parts->time % (60 * KCSD_US_PER_SECOND);
	__int128 all = (__int128)parts->days * KCSD_US_PER_DAY + parts->time;

	switch (unit) {
	case KCSD_UNIT_MICROSECOND: return kcsd_numeric_make(us, 0, n, err);
	case KCSD_UNIT_MILLISECOND: return kcsd_numeric_make(us, 3, n, err);
	case KCSD_UNIT_SECOND: return kcsd_numeric_make(us, 6, n, err);
	case KCSD_UNIT_MINUTE: return kcsd_numeric_make(seconds / 60 % 60, 0, n, err);
	case KCSD_UNIT_HOUR: return kcsd_numeric_make(seconds / 3600, 0, n, err);
	case KCSD_UNIT_EPOCH: return kcsd_numeric_make(all, 6, n, err);
	case KCSD_UNIT_JULIAN: return julian(parts, n, err);
	default: return -EINVAL;
	}
}

static int refuse(enum kcsd_type type, bool known, const struct kcsd_text *name,
		  struct kcsd_error *err)
{
	return kcsd_error_set(err, -EINVAL, "unit \"%.*s\" not %s for type %s",
			      (int)MIN(name->len, 100), name->data,
			      known ? "supported" : "recognized",
			      type == KCSD_TYPE_DATE ? "date" : "timestamp without time zone");
}

int kcsd_datetime_extract(enum kcsd_type type, const struct kcsd_text *name, int64_t i,
			  struct kcsd_numeric *n, struct kcsd_error *err)
{
	enum kcsd_unit unit = kcsd_unit_parse(name->data, name->len);
	struct parts parts;
	int64_t value;

	split(type, i, &parts);
	if (!date_field(unit, &parts, &value))
		return kcsd_numeric_make(value, 0, n, err);
	if (unit == KCSD_UNIT_NONE || unit == KCSD_UNIT_TIMEZONE)
		return refuse(type, unit, name, err);
	if (type == KCSD_TYPE_TIMESTAMP)
		return time_field(unit, &parts, n, err);
	if (unit == KCSD_UNIT_EPOCH)
		return kcsd_numeric_make((__int128)i * 86400, 0, n, err);
	if (unit == KCSD_UNIT_JULIAN)
		return kcsd_numeric_make(i + JULIAN_EPOCH, 0, n, err);
	return refuse(type, unit, name, err);
}

/* Return the first year of a decade, century or millennium. */
static int64_t first_year(enum kcsd_unit unit, int64_t year)
{
	int len = unit == KCSD_UNIT_CENTURY ? 100 : 1000;

	if (unit == KCSD_UNIT_YEAR)
		return year;
	if (unit == KCSD_UNIT_DECADE)
		return year > 0 ? year / 10 * 10 : -((8 - (year - 1)) / 10) * 10;
	return year > 0 ? era(year, len) * len - (len - 1) : era(year, len) * len + 1;
}

static int64_t trunc_days(enum kcsd_unit unit, const struct parts *parts)
{
	const struct kcsd_civil *civil = &parts->civil;

	switch (unit) {
	case KCSD_UNIT_DAY:
		return parts->days;
	case KCSD_UNIT_WEEK:
		return parts->days - iso_day_of_week(parts->days) + 1;
	case KCSD_UNIT_MONTH:
		return kcsd_days_from_civil(civil->year, civil->month, 1);
	case KCSD_UNIT_QUARTER:
		return kcsd_days_from_civil(civil->year, (civil->month - 1) / 3 * 3 + 1, 1);
	default:
		return kcsd_days_from_civil(first_year(unit, civil->year), 1, 1);
	}
}

int kcsd_timestamp_trunc(const struct kcsd_text *name, int64_t us, int64_t *start,
			 struct kcsd_error *err)
{
	static const int64_t lengths[] = {
		[KCSD_UNIT_MICROSECOND] = 1,
		[KCSD_UNIT_MILLISECOND] = 1000,
		[KCSD_UNIT_SECOND] = KCSD_US_PER_SECOND,
		[KCSD_UNIT_MINUTE] = 60 * KCSD_US_PER_SECOND,
		[KCSD_UNIT_HOUR] = KCSD_US_PER_HOUR,
	};
	enum kcsd_unit unit = kcsd_unit_parse(name->data, name->len);
	struct parts parts;
	int64_t rest;

	if (unit == KCSD_UNIT_NONE || unit > KCSD_UNIT_MILLENNIUM)
		return refuse(KCSD_TYPE_TIMESTAMP, unit == KCSD_UNIT_TIMEZONE, name, err);
	if (unit <= KCSD_UNIT_HOUR) {
		kcsd_floor_div(us, lengths[unit], &rest);
		*start = us - rest;
		return 0;
	}
	split(KCSD_TYPE_TIMESTAMP, us, &parts);
	*start = trunc_days(unit, &parts) * KCSD_US_PER_DAY;
	return kcsd_timestamp_check(*start, err);
}
