/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A file in memory whose power can be cut: each sector written since the last sync is recorded, and
 * may or may not have reached the disk.
 */
#ifndef KCSD_DISK_H
#define KCSD_DISK_H

#include "journal.h"

#define DISK_MAX_PENDING	256

struct disk {
	struct kcsd_sidecar_io io;
	u64 len;
	u8 *stable;		/* content at the last sync */
	u8 *now;
	u32 pending;		/* sector writes since then, in order */
	struct pending {
		u64 sector;
		u8 data[KCSD_SIDECAR_SECTOR];
	} write[DISK_MAX_PENDING];
	u64 calls;		/* calls of write and sync */
	u64 syncs;
	u64 reads;
	u64 fail_at;		/* first call that fails, counted from 1; 0: none */
	u64 fail_until;		/* last call that fails */
	u64 fail_read;
	int error;		/* error of a call that fails */
	/* Called before a sync takes effect, to cut the power there. */
	void (*on_sync)(struct disk *d, void *arg);
	void *arg;
};

struct disk *disk_create(u64 len);
void disk_destroy(struct disk *d);
/* Returns a copy of the content that a reader sees now, without pending writes. */
struct disk *disk_copy(const struct disk *d);
/*
 * Returns the content after a power cut, if those pending writes with keep(i) have reached the
 * disk.
 */
struct disk *disk_cut(const struct disk *d, bool (*keep)(void *arg, u32 i), void *arg);

/* Returns random numbers below n, the same in each run. */
u32 below(u32 n);
void seed(u64 n);

#endif
