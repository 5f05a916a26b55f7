// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* The calendar, and arithmetic of dates and timestamps. */
#include <errno.h>

#include "../private.h"
#include "datetime.h"

#define MIN_DATE	(-2440588ll)		/* 4714-11-24 BC, Julian day 0 */
#define END_DATE	2145042906ll		/* 5874898-01-01: after the last date */
#define MIN_TIMESTAMP	(MIN_DATE * KCSD_US_PER_DAY)
#define DAYS_PER_ERA	146097			/* 400 years */
#define EPOCH_DAYS	719468			/* from 0000-03-01 to 1970-01-01 */

int64_t kcsd_floor_div(int64_t a, int64_t b, int64_t *rest)
{
	int64_t q = a / b, r = a % b;

	if (r < 0) {
		r += b;
		q--;
	}
	if (rest)
		*rest = r;
	return q;
}

/* Years begin in March: the leap day is the last one. */
int64_t kcsd_days_from_civil(int64_t year, int month, int day)
{
	int64_t year_of_era, day_of_year, era;

	year -= month <= 2;
	era = kcsd_floor_div(year, 400, &year_of_era);
	day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * DAYS_PER_ERA + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
	       day_of_year - EPOCH_DAYS;
}

void kcsd_civil_from_days(int64_t days, struct kcsd_civil *civil)
{
	int64_t day, year, month, era = kcsd_floor_div(days + EPOCH_DAYS, DAYS_PER_ERA, &day);

	year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	day -= 365 * year + year / 4 - year / 100;
	month = (5 * day + 2) / 153;
	civil->day = day - (153 * month + 2) / 5 + 1;
	civil->month = month + (month < 10 ? 3 : -9);
	civil->year = year + era * 400 + (civil->month <= 2);
}

int kcsd_month_len(int64_t year, int month)
{
	static const int8_t len[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = year % 4 == 0 && (year % 100 || year % 400 == 0);

	return len[month - 1] + (month == 2 && leap);
}

int kcsd_date_check(int64_t days, struct kcsd_error *err)
{
	if (days < MIN_DATE || days >= END_DATE)
		return kcsd_error_set(err, -ERANGE, "date out of range");
	return 0;
}

/* The last one is 294247-01-10: that of int64_t since 1970. */
int kcsd_timestamp_check(int64_t us, struct kcsd_error *err)
{
	if (us < MIN_TIMESTAMP)
		return kcsd_error_set(err, -ERANGE, "timestamp out of range");
	return 0;
}

int kcsd_date_to_timestamp(int64_t days, int64_t *us, struct kcsd_error *err)
{
	if (__builtin_mul_overflow(days, KCSD_US_PER_DAY, us))
		return kcsd_error_set(err, -ERANGE, "date out of range for timestamp");
	return 0;
}

int64_t kcsd_timestamp_to_date(int64_t us)
{
	return kcsd_floor_div(us, KCSD_US_PER_DAY, NULL);
}

/* Add months; a day that the month has not becomes its last. */
static int64_t add_months(int64_t days, int32_t months)
{
	struct kcsd_civil civil;
	int64_t month;

	kcsd_civil_from_days(days, &civil);
	civil.year = kcsd_floor_div(civil.year * 12 + civil.month - 1 + months, 12, &month);
	civil.month = month + 1;
	civil.day = MIN(civil.day, kcsd_month_len(civil.year, civil.month));
	return kcsd_days_from_civil(civil.year, civil.month, civil.day);
}

int kcsd_timestamp_add(int64_t us, const struct kcsd_interval *interval, int64_t *sum,
		       struct kcsd_error *err)
{
	int64_t time, days = kcsd_floor_div(us, KCSD_US_PER_DAY, &time);

	if (interval->months)
		days = add_months(days, interval->months);
	days += interval->days;
	if (__builtin_mul_overflow(days, KCSD_US_PER_DAY, sum) ||
	    __builtin_add_overflow(*sum, time, sum) ||
	    __builtin_add_overflow(*sum, interval->us, sum))
		return kcsd_error_set(err, -ERANGE, "timestamp out of range");
	return kcsd_timestamp_check(*sum, err);
}
