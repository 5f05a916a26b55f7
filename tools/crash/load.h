/* SPDX-License-Identifier: GPL-2.0 */
/* Definitions that the threads of the load share. */
#ifndef CRASH_LOAD_H
#define CRASH_LOAD_H

#include <linux/blkzoned.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "content.h"
#include "object.h"

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
	int kv;		/* namespace 4 */
	int ctrl;
	uint32_t nr_zones, conventional;
	uint32_t zone_lbas, capacity;
	struct zone zones[MAX_ZONES];
	struct program programs[LOAD_PROGRAMS];	/* state after power on */
	uint64_t objects[OBJECT_KEYS];	/* version of each; 0: it does not exist */
	/* Odd while the volatile write cache is certainly off. */
	_Atomic unsigned int cache_epoch;
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
	struct object_value *value;	/* OBJECT_MAX bytes */
	pthread_t thread;
};

/* say.c: send lines to the host */
void say_open(const char *path);
/* Send a line at once. It has arrived when this returns. */
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);
/* What a flush makes durable. */
enum say_of { SAY_LBAS, SAY_OBJECTS, SAY_KINDS };
/* Queue a line until a flush has made all data durable that is acknowledged now. */
__attribute__((format(printf, 2, 3)))
void say_when_flushed(enum say_of of, const char *format, ...);
/* Call flush(), then send the lines that were queued before it. Return 0 or its error. */
int say_flush(enum say_of of, int (*flush)(struct load *l), struct load *l);
/* From now on commands may fail: a thread that reports an error ends without a line. */
void say_end(void);
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
/* object_drive.c: likewise */
int drive_flush_objects(struct load *l);
int drive_set_cache(struct load *l, bool on);
int drive_store(struct load *l, uint32_t nr, const void *value, uint32_t len);
int drive_retrieve(struct load *l, uint32_t nr, void *value, uint32_t room, uint32_t *len);
int drive_delete(struct load *l, uint32_t nr);
int drive_exist(struct load *l, uint32_t nr);
int drive_list(struct load *l, const struct object_key *from, void *list, uint32_t room);
/* object_find.c: report the objects after power on, and save their versions in l. */
void drive_find_objects(struct load *l);

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
/* object_workers.c */
void *object_worker(void *worker);
void *object_flush_worker(void *worker);
void *cache_worker(void *worker);

static inline uint32_t worker_random(struct worker *w, uint32_t below)
{
	w->random = w->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (w->random >> 33) % below;
}

static inline void worker_pause(uint32_t ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&ts, NULL);
}

/* zone.c */
void zone_reset(struct load *l, uint32_t zone);
void zone_finish(struct load *l, uint32_t zone);

#endif
