/* SPDX-License-Identifier: GPL-2.0 */
/* Definitions that the threads of the load share. */
#ifndef CRASH_LOAD_H
#define CRASH_LOAD_H

#include <linux/blkzoned.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "content.h"

#define MAX_ZONES	64
#define MAX_NLB		8	/* LBAs of one command */

struct zone {
	uint64_t gen;	/* generation of its data, or of its next data */
	uint32_t wp;	/* LBAs from the start of the zone */
	uint8_t cond;
};

struct program {
	uint64_t puid;
	int state;	/* the values of ACTIVE in facts.h */
};

#define LOAD_PROGRAMS	4	/* program indices that the load uses */

/* A powered drive. One thread owns each zone, or all appenders own it together. */
struct load {
	unsigned int index;	/* of kcsd<index> */
	int block;	/* O_DIRECT */
	int generic;	/* namespace 1 */
	int ctrl;
	uint32_t nr_zones, conventional;
	uint32_t zone_lbas, capacity;
	struct zone zones[MAX_ZONES];
	struct program programs[LOAD_PROGRAMS];	/* state after power on */
	_Atomic uint64_t version;	/* greater than all versions of earlier boots */
	uint64_t seed;
};

/* State of a thread, which alone uses it. */
struct worker {
	struct load *l;
	uint32_t id;
	uint32_t first, nr;	/* zones of this thread */
	uint64_t random;
	uint64_t seq;
	struct content *buf;	/* MAX_NLB LBAs */
	pthread_t thread;
};

/* say.c: send lines to the host */
void say_open(const char *path);
/* Send a line at once. It has arrived when this returns. */
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);
/* Queue a line until a flush has made all data durable that is acknowledged now. */
__attribute__((format(printf, 1, 2))) void say_when_flushed(const char *format, ...);
/* Call flush(), then send the lines that were queued before it. Return 0 or its error. */
int say_flush(int (*flush)(struct load *l), struct load *l);
/* Report an error of the drive and exit. */
__attribute__((format(printf, 1, 2), noreturn)) void say_bad(const char *format, ...);

/* drive.c: each function returns 0, -errno or an NVMe status */
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
/* find.c: report the state after power on and save it in l. */
void drive_find(struct load *l);

/* workers.c: functions of the threads. */
void *conv_worker(void *worker);
void *seq_worker(void *worker);
void *append_worker(void *worker);
/* Choose the first zone to append to. Call it before the first append_worker(). */
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
