// SPDX-License-Identifier: GPL-2.0
/*
 * Run a mixed load on a zoned drive with objects until the machine dies. Report each promise that
 * follows from an acknowledged command at once.
 *
 *	crash-load INDEX RUN FACTS [CUT MS]	INDEX: of kcsd<INDEX>. RUN: greater at each boot.
 *						FACTS: port or file for the facts
 *
 * CUT: attribute that cuts the power, after so many milliseconds. The load is then on objects only.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "load.h"

#define MAX_WORKERS	32
#define OBJECT_WORKERS	3
#define VERSION_SHIFT	40	/* bits of versions in a boot; the number of the boot is above */

static int open_node(const char *format, unsigned int index, int flags)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), format, index);
	fd = open(path, flags);
	if (fd < 0) {
		perror(path);
		exit(1);
	}
	return fd;
}

static struct worker *workers[MAX_WORKERS];
static uint32_t nr_workers;

static void start(struct load *l, void *(*run)(void *), uint32_t first, uint32_t nr)
{
	struct worker *w = calloc(1, sizeof(*w));

	*w = (struct worker){ .l = l, .id = nr_workers + 1, .first = first, .nr = nr };
	w->random = l->seed + w->id;
	w->seq = l->seed << 20;
	w->buf = aligned_alloc(4096, MAX_NLB * sizeof(*w->buf));
	w->value = malloc(OBJECT_MAX);
	workers[nr_workers++] = w;
	if (pthread_create(&w->thread, NULL, run, w))
		say_bad("no thread");
}

/*
 * Start the threads: two for conventional zones, two for a part of the sequential zones, three that
 * append to the other zones, one for programs, one that flushes.
 */
static void start_lbas(struct load *l)
{
	uint32_t seq = l->conventional, nr = (l->nr_zones - seq) / 4;
	uint32_t append = seq + 2 * nr;

	start(l, conv_worker, 0, seq / 2);
	start(l, conv_worker, seq / 2, seq - seq / 2);
	start(l, seq_worker, seq, nr);
	start(l, seq_worker, seq + nr, nr);
	append_start(l, append, l->nr_zones - append);
	for (int i = 0; i < 3; i++)
		start(l, append_worker, append, l->nr_zones - append);
	start(l, program_worker, 0, 0);
	start(l, flush_worker, 0, 0);
}

/* Start the threads on objects: some that change them, one that flushes, one for the cache. */
static void start_objects(struct load *l)
{
	for (uint32_t i = 0; i < OBJECT_WORKERS; i++)
		start(l, object_worker, i * OBJECT_KEYS / OBJECT_WORKERS,
		      OBJECT_KEYS / OBJECT_WORKERS);
	start(l, object_flush_worker, 0, 0);
	start(l, cache_worker, 0, 0);
}

/* Cut the power and wait for the threads: their commands fail. */
static int cut(struct load *l, const char *attribute, uint32_t ms)
{
	int fd = open(attribute, O_WRONLY);

	worker_pause(ms);
	say_end();
	if (fd < 0 || dprintf(fd, "%llu", (unsigned long long)l->seed) < 0) {
		perror(attribute);
		return 1;
	}
	for (uint32_t i = 0; i < nr_workers; i++)
		pthread_join(workers[i]->thread, NULL);
	return 0;
}

int main(int argc, char **argv)
{
	static struct load l;

	if (argc != 4 && argc != 6) {
		fprintf(stderr, "usage: %s INDEX RUN FACTS [CUT MS]\n", argv[0]);
		return 2;
	}
	l.index = atoi(argv[1]);
	l.seed = strtoull(argv[2], NULL, 10);
	l.version = l.seed << VERSION_SHIFT;
	say_open(argv[3]);
	l.kv = open_node("/dev/kcsdg%un4", l.index, O_RDWR);
	l.ctrl = open_node("/dev/kcsd%u", l.index, O_RDWR);
	drive_find_objects(&l);
	start_objects(&l);
	if (argc == 6)
		return cut(&l, argv[4], atoi(argv[5]));
	l.block = open_node("/dev/kcsd%un1", l.index, O_RDWR | O_DIRECT);
	l.generic = open_node("/dev/kcsdg%un1", l.index, O_RDWR);
	drive_find(&l);
	start_lbas(&l);
	say("begin");
	pause();
	return 0;
}
