/* SPDX-License-Identifier: GPL-2.0 */
/* What the threads of the load share. */
#ifndef CRASH_LOAD_H
#define CRASH_LOAD_H

#include <linux/blkzoned.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "content.h"

#define MAX_ZONES	64
#define MAX_NLB		8	/* of one command */

struct zone {
	uint64_t gen;	/* of its data, or of what comes next */
	uint32_t wp;	/* LBAs from its start */
	uint8_t cond;
};

struct program {
	uint64_t puid;
	int state;	/* as facts.h's ACTIVE */
};

#define LOAD_PROGRAMS	4	/* indices that are used */

/* A drive that is up. Zones belong to one thread each, or to the appenders together. */
struct load {
	unsigned int index;	/* of kcsd<index> */
	int block;	/* O_DIRECT */
	int generic;	/* namespace 1 */
	int ctrl;
	uint32_t nr_zones, conventional;
	uint32_t zone_lbas, capacity;
	struct zone zones[MAX_ZONES];
	struct program programs[LOAD_PROGRAMS];	/* as they were found */
	_Atomic uint64_t version;	/* greater than of any earlier boot */
	uint64_t seed;
};

/* One of each thread's own. */
struct worker {
	struct load *l;
	uint32_t id;
	uint32_t first, nr;	/* its zones */
	uint64_t random;
	uint64_t seq;
	struct content *buf;	/* MAX_NLB of them */
	pthread_t thread;
};

/* say.c: to the host */
void say_open(const char *path);
/* A line at once; it has arrived when this returns. */
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);
/* A line for when what was acknowledged so far will be durable. */
__attribute__((format(printf, 1, 2))) void say_when_flushed(const char *format, ...);
/* Flush, by whichever way, then say what waited for it. 0 or an error. */
int say_flush(int (*flush)(struct load *l), struct load *l);
/* What must not be; ends the load. */
__attribute__((format(printf, 1, 2), noreturn)) void say_bad(const char *format, ...);

/* drive.c: 0, -errno or an NVMe status */
int drive_flush_block(struct load *l);
int drive_flush_command(struct load *l);
int drive_write_block(struct load *l, uint64_t lba, uint32_t nlb, const void *buf, bool dsync);
int drive_write_command(struct load *l, uint64_t lba, uint32_t nlb, const void *buf, bool fua);
int drive_append(struct load *l, uint64_t zslba, uint32_t nlb, const void *buf, bool fua,
		 uint64_t *lba);
int drive_zero(struct load *l, uint64_t lba, uint32_t nlb);
int drive_zone(struct load *l, uint32_t zone, unsigned long ioctl_of_block);
int drive_load_program(struct load *l, uint32_t pind, uint64_t puid);
int drive_unload_program(struct load *l, uint32_t pind);
int drive_activate_program(struct load *l, uint32_t pind, bool active);
/* What is there after power on, said and kept in l. */
void drive_find(struct load *l);

/* The threads. */
void *conv_worker(void *worker);
void *seq_worker(void *worker);
void *append_worker(void *worker);
/* Before the first of them. */
void append_start(struct load *l, uint32_t first, uint32_t nr);
void *program_worker(void *worker);
void *flush_worker(void *worker);

static inline uint32_t worker_random(struct worker *w, uint32_t below)
{
	w->random = w->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (w->random >> 33) % below;
}

/* zone.c */
void zone_reset(struct load *l, uint32_t zone);
void zone_finish(struct load *l, uint32_t zone);

#endif
