// SPDX-License-Identifier: GPL-2.0
/* kcsd top: read the counters. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "top.h"

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct counter *)a)->name, ((const struct counter *)b)->name);
}

/* Return the id of the directory of a counter; mostly the same as of the counter before. */
static uint64_t id_of(const struct sample *sample, const char *name)
{
	const struct counter *last = sample->nr ? &sample->counters[sample->nr - 1] : NULL;
	const char *slash = strrchr(name, '/');
	char dir[TOP_COUNTER_LEN];
	uint64_t id = 0;

	if (!slash)
		return 0;
	if (last && !strncmp(last->name, name, slash + 1 - name) &&
	    !strchr(last->name + (slash + 1 - name), '/'))
		return last->id;
	snprintf(dir, sizeof(dir), "%.*s", (int)(slash - name), name);
	kcsd_stats_id(sample->drive, dir, &id);
	return id;
}

static int add_counter(const char *name, uint64_t value, void *arg)
{
	struct sample *sample = arg;
	uint64_t id = id_of(sample, name);
	struct counter *counters;

	/* Grow by 64 counters. */
	if (sample->nr % 64 == 0) {
		counters = realloc(sample->counters, (sample->nr + 64) * sizeof(*counters));
		if (!counters)
			return -ENOMEM;
		sample->counters = counters;
	}
	counters = &sample->counters[sample->nr++];
	snprintf(counters->name, sizeof(counters->name), "%s", name);
	counters->value = value;
	counters->id = id;
	return 0;
}

static int add_drive(const char *name, void *arg)
{
	struct samples *samples = arg;
	struct sample *sample = &samples->drive[samples->nr];
	int ret;

	if (samples->nr == TOP_MAX_DRIVES)
		return 0;
	snprintf(sample->drive, sizeof(sample->drive), "%s", name);
	samples->nr++;
	ret = kcsd_stats_each(name, add_counter, sample);
	qsort(sample->counters, sample->nr, sizeof(*sample->counters), by_name);
	return ret;
}

/* Add a drive; skip one that was removed meanwhile. */
static int add_any_drive(const char *name, void *arg)
{
	int ret = add_drive(name, arg);

	return ret == -ENOENT ? 0 : ret;
}

int kcsd_top_sample(struct samples *samples, const char *drive)
{
	struct timespec ts;

	*samples = (struct samples){};
	clock_gettime(CLOCK_MONOTONIC, &ts);
	samples->time_ns = ts.tv_sec * 1000000000ULL + ts.tv_nsec;
	return drive ? add_drive(drive, samples) : kcsd_drive_each(add_any_drive, samples);
}

void kcsd_top_release(struct samples *samples)
{
	while (samples->nr)
		free(samples->drive[--samples->nr].counters);
}

const struct counter *kcsd_top_counter(const struct sample *sample, const char *name)
{
	struct counter key;

	if (!sample || !sample->nr)
		return NULL;
	snprintf(key.name, sizeof(key.name), "%s", name);
	return bsearch(&key, sample->counters, sample->nr, sizeof(key), by_name);
}

const struct sample *kcsd_top_find(const struct samples *samples, const char *drive)
{
	size_t i;

	for (i = 0; i < samples->nr; i++)
		if (!strcmp(samples->drive[i].drive, drive))
			return &samples->drive[i];
	return NULL;
}
