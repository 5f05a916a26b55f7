/* SPDX-License-Identifier: GPL-2.0 */
/* Show on a terminal that a long command goes on. */
#ifndef KCSD_PROGRESS_H
#define KCSD_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	uint64_t start_ms;
	uint64_t shown_ms;	/* of the last line */
	bool shown;
};

void kcsd_progress_begin(struct progress *p);
/*
 * Show "[===   ]  50 %, TEXT" on standard error if that is a terminal and the command has run
 * for a second; total 0: without the bar. Cheap if called often.
 */
void kcsd_progress_show(struct progress *p, uint64_t done, uint64_t total, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* Return how long the command has run. */
unsigned int kcsd_progress_seconds(const struct progress *p);
/* Clear the line. */
void kcsd_progress_end(struct progress *p);

#endif
