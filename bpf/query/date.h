/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Fields of dates, days since 1970-01-01 of the years 1 to 9999. */
#ifndef KCSD_QUERY_DATE_H
#define KCSD_QUERY_DATE_H

#include "value.h"

struct query_civil {
	__u64 year, month, day;
};

/* Find year, month and day. Years begin in March here, so that leap days are their last. */
static __always_inline struct query_civil query_civil(__s64 days)
{
	__u64 since = days + 719468, era = since / 146097, of_era = since % 146097;
	__u64 year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	__u64 of_year = of_era - (365 * year + year / 4 - year / 100);
	__u64 month = (5 * of_year + 2) / 153;

	return (struct query_civil){
		.year = era * 400 + year + (month >= 10),
		.month = month < 10 ? month + 3 : month - 9,
		.day = of_year - (153 * month + 2) / 5 + 1,
	};
}

/* ---- called by the emitted code ---- */

__attribute__((noinline)) __u64 query_date_field(__s64 days, __u64 field)
{
	struct query_civil date = query_civil(days);

	switch (field) {
	case QUERY_YEAR:
		return date.year;
	case QUERY_QUARTER:
		return (date.month + 2) / 3;
	case QUERY_MONTH:
		return date.month;
	case QUERY_DAY:
		return date.day;
	case QUERY_DOY:
		return days - query_days(date.year, 1, 1) + 1;
	default:
		/* 1970-01-01 was a Thursday. */
		return ((__u64)days + 719468 + 3) % 7;
	}
}

/* The first day of the year, quarter or month. */
__attribute__((noinline)) __u64 query_date_trunc(__s64 days, __u64 field)
{
	struct query_civil date = query_civil(days);

	if (field == QUERY_YEAR)
		date.month = 1;
	else if (field == QUERY_QUARTER)
		date.month = (date.month - 1) / 3 * 3 + 1;
	return query_days(date.year, date.month, 1);
}

#endif
