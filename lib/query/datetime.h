/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * Dates and times in the proleptic Gregorian calendar: datetime.c (calendar and arithmetic),
 * datetime_text.c, datetime_field.c (extract, date_trunc), interval.c. Days and microseconds are
 * counted from 1970-01-01.
 */
#ifndef KCSD_QUERY_DATETIME_H
#define KCSD_QUERY_DATETIME_H

#include "value.h"

#define KCSD_US_PER_SECOND	1000000ll
#define KCSD_US_PER_HOUR	(3600 * KCSD_US_PER_SECOND)
#define KCSD_US_PER_DAY		(24 * KCSD_US_PER_HOUR)
#define KCSD_DATETIME_TEXT	48	/* bytes of the longest text, with its NUL */
#define KCSD_INTERVAL_TEXT	128

struct kcsd_civil {
	int64_t year;		/* 0: 1 BC */
	int month, day;		/* from 1 */
};

/* A unit of time; those from EPOCH on are for extract() only. */
enum kcsd_unit {
	KCSD_UNIT_NONE,
	KCSD_UNIT_MICROSECOND,
	KCSD_UNIT_MILLISECOND,
	KCSD_UNIT_SECOND,
	KCSD_UNIT_MINUTE,
	KCSD_UNIT_HOUR,
	KCSD_UNIT_DAY,
	KCSD_UNIT_WEEK,
	KCSD_UNIT_MONTH,
	KCSD_UNIT_QUARTER,
	KCSD_UNIT_YEAR,
	KCSD_UNIT_DECADE,
	KCSD_UNIT_CENTURY,
	KCSD_UNIT_MILLENNIUM,
	KCSD_UNIT_EPOCH,
	KCSD_UNIT_DOW,
	KCSD_UNIT_DOY,
	KCSD_UNIT_ISODOW,
	KCSD_UNIT_ISOYEAR,
	KCSD_UNIT_JULIAN,
	KCSD_UNIT_TIMEZONE,	/* no value here has one */
};

int64_t kcsd_days_from_civil(int64_t year, int month, int day);
void kcsd_civil_from_days(int64_t days, struct kcsd_civil *civil);
int kcsd_month_len(int64_t year, int month);
/* Divide, round down; *rest is not negative. */
int64_t kcsd_floor_div(int64_t a, int64_t b, int64_t *rest);

/* -ERANGE: "date out of range", "timestamp out of range". */
int kcsd_date_check(int64_t days, struct kcsd_error *err);
int kcsd_timestamp_check(int64_t us, struct kcsd_error *err);
int kcsd_date_to_timestamp(int64_t days, int64_t *us, struct kcsd_error *err);
int64_t kcsd_timestamp_to_date(int64_t us);
int kcsd_timestamp_add(int64_t us, const struct kcsd_interval *interval, int64_t *sum,
		       struct kcsd_error *err);

/* type: DATE or TIMESTAMP, also for the message. -EINVAL, -ERANGE with PostgreSQL's sentence. */
int kcsd_datetime_parse(enum kcsd_type type, const char *text, size_t len, int64_t *i,
			struct kcsd_error *err);
size_t kcsd_date_print(int64_t days, char buf[KCSD_DATETIME_TEXT]);
size_t kcsd_timestamp_print(int64_t us, char buf[KCSD_DATETIME_TEXT]);

/* Parse '1 year 2 months', '-90 day', '1 day 02:03:04.5'. */
int kcsd_interval_parse(const char *text, size_t len, struct kcsd_interval *interval,
			struct kcsd_error *err);
size_t kcsd_interval_print(const struct kcsd_interval *interval, char buf[KCSD_INTERVAL_TEXT]);
/* -ERANGE: "interval out of range". */
int kcsd_interval_negate(const struct kcsd_interval *a, struct kcsd_interval *negative,
			 struct kcsd_error *err);

enum kcsd_unit kcsd_unit_parse(const char *text, size_t len);
/* type: DATE or TIMESTAMP. -EINVAL: no such unit of this type. */
int kcsd_datetime_extract(enum kcsd_type type, const struct kcsd_text *unit, int64_t i,
			  struct kcsd_numeric *n, struct kcsd_error *err);
int kcsd_timestamp_trunc(const struct kcsd_text *unit, int64_t us, int64_t *start,
			 struct kcsd_error *err);

#endif
