// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Set the text of an error. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "private.h"

int kcsd_error_set(struct kcsd_error *err, int ret, const char *fmt, ...)
{
	va_list ap;
	char *p;

	if (!err)
		return ret;
	memset(err, 0, sizeof(*err));
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	/*
	 * Names may come from a hostile file: replace all characters that control a terminal. UTF-8
	 * stays.
	 */
	for (p = err->text; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	return ret;
}
