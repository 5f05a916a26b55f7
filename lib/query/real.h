/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Text of double, whatever the locale of the process: real.c. */
#ifndef KCSD_QUERY_REAL_H
#define KCSD_QUERY_REAL_H

#include <stdbool.h>
#include <stddef.h>

#define KCSD_REAL_TEXT	32	/* bytes of the longest text, with its NUL */

/* A finite number in scientific notation: d.ddd * 10^exponent. */
struct kcsd_real_digits {
	bool negative;
	char digit[20];		/* without a zero at the end, unless it is the only one */
	int nr;
	int exponent;
};

/* Round to nr digits, at most 17. */
void kcsd_real_round(double d, int nr, struct kcsd_real_digits *digits);
/* Print the shortest text that is parsed as the same number, as PostgreSQL does. */
size_t kcsd_real_print(double d, char buf[KCSD_REAL_TEXT]);
/* Parse without white space around. -EINVAL: no number; -ERANGE: too large or too small. */
int kcsd_real_parse(const char *text, size_t len, double *d);

#endif
