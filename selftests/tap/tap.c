// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
#include "tap.h"

#include <stdarg.h>

static unsigned int passed, failed, skipped;

bool tap_point(bool ok, const char *fmt, ...)
{
	va_list ap;

	*(ok ? &passed : &failed) += 1;
	printf("%s %u ", ok ? "ok" : "not ok", passed + failed + skipped);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	/* Write each line at once: after a crash the output shows the last point. */
	fflush(stdout);
	return ok;
}

void tap_skip(const char *name, const char *reason)
{
	skipped++;
	printf("ok %u %s # SKIP %s\n", passed + failed + skipped, name, reason);
}

void tap_note(const char *fmt, ...)
{
	va_list ap;

	printf("#   ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

int tap_end(void)
{
	printf("1..%u\n", passed + failed + skipped);
	printf("# %u passed, %u failed, %u skipped\n", passed, failed, skipped);
	return failed || !passed;
}
