/* SPDX-License-Identifier: GPL-2.0 */
/* kcsd top: counters of drives, twice, and what happened in between. */
#ifndef KCSD_TOP_H
#define KCSD_TOP_H

#include <stdio.h>

#include "cmd.h"

#define TOP_MAX_DRIVES	256
#define TOP_COUNTER_LEN	64

struct counter {
	char name[TOP_COUNTER_LEN];	/* as kcsd_stats_each() */
	uint64_t value;
	uint64_t id;			/* kcsd_stats_id() of where it is */
};

/* A drive's counters at one time, by name. */
struct sample {
	char drive[KCSD_DRIVE_NAME_LEN];
	struct counter *counters;	/* owned */
	size_t nr;
};

struct samples {
	uint64_t time_ns;		/* CLOCK_MONOTONIC */
	struct sample drive[TOP_MAX_DRIVES];
	size_t nr;
};

/* top_sample.c */
/* Of one drive, or of all (NULL). Returns 0 or as libkcsd; release in any case. */
int kcsd_top_sample(struct samples *samples, const char *drive);
void kcsd_top_release(struct samples *samples);
/* NULL if there is no such counter. */
const struct counter *kcsd_top_counter(const struct sample *sample, const char *name);
/* The same drive in another's samples; NULL if it was not there. */
const struct sample *kcsd_top_find(const struct samples *samples, const char *drive);

/* top_show.c */
void kcsd_top_show(FILE *to, const struct samples *before, const struct samples *now);
json_object *kcsd_top_json(const struct samples *before, const struct samples *now);

#endif
