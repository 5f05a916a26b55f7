/* SPDX-License-Identifier: GPL-2.0 */
/* kcsd top: take two samples of the counters of drives and show the difference. */
#ifndef KCSD_TOP_H
#define KCSD_TOP_H

#include <stdio.h>

#include "cmd.h"

#define TOP_MAX_DRIVES	256
#define TOP_COUNTER_LEN	64

struct counter {
	char name[TOP_COUNTER_LEN];	/* as kcsd_stats_each() names it */
	uint64_t value;
	uint64_t id;			/* kcsd_stats_id() of its directory */
};

/* Counters of a drive at one time, sorted by name. */
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
/* Sample one drive, or all (NULL). Return as libkcsd. The caller releases it in any case. */
int kcsd_top_sample(struct samples *samples, const char *drive);
void kcsd_top_release(struct samples *samples);
/* Return a counter by its name, NULL if there is none. */
const struct counter *kcsd_top_counter(const struct sample *sample, const char *name);
/* Return the sample of a drive, NULL if samples has none. */
const struct sample *kcsd_top_find(const struct samples *samples, const char *drive);

/* top_show.c */
void kcsd_top_show(FILE *to, const struct samples *before, const struct samples *now);
json_object *kcsd_top_json(const struct samples *before, const struct samples *now);

#endif
