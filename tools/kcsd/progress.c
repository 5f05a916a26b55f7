// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "progress.h"

#define QUIET_MS	1000	/* shorter commands show no progress */
#define STEP_MS		200	/* between two lines */
#define BAR_FULL	"========================================"
#define BAR		((int)sizeof(BAR_FULL) - 1)

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ULL + ts.tv_nsec / 1000000;
}

void kcsd_progress_begin(struct progress *p)
{
	*p = (struct progress){ .start_ms = now_ms() };
}

static void print_bar(uint64_t done, uint64_t total)
{
	int width = (double)done / total * BAR;

	fprintf(stderr, "[%.*s%*s] %3d %%, ", width, BAR_FULL, BAR - width, "",
		(int)((double)done / total * 100));
}

void kcsd_progress_show(struct progress *p, uint64_t done, uint64_t total, const char *fmt, ...)
{
	uint64_t now = now_ms();
	va_list ap;

	if (now - p->start_ms < QUIET_MS || (p->shown && now - p->shown_ms < STEP_MS) ||
	    !isatty(STDERR_FILENO))
		return;
	p->shown = true;
	p->shown_ms = now;
	fputs("\r\033[K", stderr);
	if (total && done <= total)
		print_bar(done, total);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
}

unsigned int kcsd_progress_seconds(const struct progress *p)
{
	return (now_ms() - p->start_ms) / 1000;
}

void kcsd_progress_end(struct progress *p)
{
	if (p->shown)
		fputs("\r\033[K", stderr);
	p->shown = false;
}
