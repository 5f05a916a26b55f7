/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A file in memory whose power can be cut: of each block written since the last sync, any number of
 * its sectors may have reached the disk. It can fail, fill up, and count.
 */
#ifndef KCSD_KV_DISK_H
#define KCSD_KV_DISK_H

#include "medium.h"

struct disk {
	struct kcsd_kv_medium medium;
	pthread_mutex_t lock;	/* protects the rest */
	u64 len;
	u8 *now;
	u8 *stable;		/* content at the last sync */
	u8 *changed;		/* of each block: since then */
	u8 *used;		/* of each block: has space */
	u64 blocks;		/* used */
	u64 room;		/* blocks that there are; 0: any number */
	bool reserves;
	u64 calls;		/* of write, sync, discard */
	u64 syncs;
	u64 fail_at;		/* first call that fails, counted from 1; 0: none */
	u64 fail_until;		/* last one */
	int error;		/* of a call that fails */
	int sync_error;		/* of each sync; 0: none */
	int write_error;	/* of each write; 0: none */
	u64 dead_at;		/* first call that has no effect: power is cut; 0: none */
	bool dead;
	u64 bad;		/* block that cannot be read; 0: with bad_error, the first */
	int bad_error;		/* of that; 0: all can */
	bool cached;		/* reads need not wait */
};

struct disk *disk_create(u64 len);
void disk_destroy(struct disk *d);
/* Power was cut: the disk has what reached it. */
void disk_crash(struct disk *d);
void disk_copy(struct disk *to, const struct disk *from);

/* Return random numbers below n, the same in each run. */
u32 below(u32 n);
void seed(u64 n);

#endif
