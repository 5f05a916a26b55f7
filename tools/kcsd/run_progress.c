// SPDX-License-Identifier: GPL-2.0
/* Show on a terminal that a run goes on. */
#include <endian.h>
#include <stdio.h>
#include <sys/stat.h>

#include "run.h"

static uint64_t media_read_bytes(const struct run *run)
{
	uint64_t bytes = 0;

	kcsd_stats_get(run->drv ? kcsd_drive_name(run->drv) : run->drive_name,
		       "stats/media_read_bytes", &bytes);
	return bytes;
}

/* Return the bytes of the files. */
static uint64_t files_len(const struct run *run)
{
	uint64_t len = 0;
	struct stat st;
	uint32_t i;

	for (i = 0; i < run->nr_fds; i++)
		len += fstat(run->fds[i], &st) ? 0 : st.st_size;
	return len;
}

/* Return the bytes of the LBAs that the program may read. */
static uint64_t grants_len(const struct run *run)
{
	uint64_t nlb = 0;
	uint32_t i;

	for (i = 0; i < run->opts.nr_grants; i++)
		if (run->grants[i].access & KCSD_GRANT_READ)
			nlb += le32toh(run->grants[i].nlb);
	return run->drv ? nlb * kcsd_drive_lba_size(run->drv) : 0;
}

void kcsd_run_begin_progress(struct run *run)
{
	kcsd_progress_begin(&run->progress);
	run->read_before = run->on_host ? 0 : media_read_bytes(run);
	run->stream_len = run->nr_fds ? files_len(run) : grants_len(run);
	if (run->opts.flags & KCSD_RUN_LEN)
		run->stream_len = run->opts.stream_len;
}

void kcsd_run_show_bytes(struct run *run, uint64_t done)
{
	unsigned int seconds = kcsd_progress_seconds(&run->progress);
	char read[KCSD_HUMAN_LEN], len[KCSD_HUMAN_LEN];

	kcsd_human_bytes(done, read);
	/* A program may read its stream twice, or less of it than is granted. */
	if (done <= run->stream_len && done)
		kcsd_progress_show(&run->progress, done, run->stream_len, "%s of %s, %u s",
				   read, kcsd_human_bytes(run->stream_len, len), seconds);
	else
		kcsd_progress_show(&run->progress, 0, 0, "running for %u s, %s read",
				   seconds, read);
}

void kcsd_run_show_progress(struct run *run)
{
	kcsd_run_show_bytes(run, media_read_bytes(run) - run->read_before);
}

void kcsd_run_end_progress(struct run *run)
{
	kcsd_progress_end(&run->progress);
}
