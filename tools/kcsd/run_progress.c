// SPDX-License-Identifier: GPL-2.0
/* Show on a terminal that a run goes on. */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "run.h"

#define QUIET_MS	1000	/* shorter runs show no progress */

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ULL + ts.tv_nsec / 1000000;
}

static uint64_t media_read_bytes(const struct run *run)
{
	uint64_t bytes = 0;

	kcsd_stats_get(run->drv ? kcsd_drive_name(run->drv) : run->drive_name,
		       "stats/media_read_bytes", &bytes);
	return bytes;
}

void kcsd_run_begin_progress(struct run *run)
{
	run->start_ms = now_ms();
	run->read_before = media_read_bytes(run);
}

void kcsd_run_show_progress(struct run *run)
{
	uint64_t ms = now_ms() - run->start_ms;
	char human[KCSD_HUMAN_LEN];

	if (ms < QUIET_MS || !isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "\r\033[Krunning for %llu s, %s read", (unsigned long long)ms / 1000,
		kcsd_human_bytes(media_read_bytes(run) - run->read_before, human));
	run->progress_shown = true;
}

void kcsd_run_end_progress(struct run *run)
{
	if (run->progress_shown)
		fputs("\r\033[K", stderr);
	run->progress_shown = false;
}
