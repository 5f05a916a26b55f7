/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A file in memory of which power can be cut: what was written since the last sync is kept
 * sector by sector, and each of these may have reached the medium or not.
 */
#ifndef KCSD_DISK_H
#define KCSD_DISK_H

#include "journal.h"

#define DISK_MAX_PENDING	256

struct disk {
	struct kcsd_sidecar_io io;
	u64 len;
	u8 *stable;		/* as of the last sync */
	u8 *now;
	u32 pending;		/* sector writes since then, in order */
	struct pending {
		u64 sector;
		u8 data[KCSD_SIDECAR_SECTOR];
	} write[DISK_MAX_PENDING];
	u64 calls;		/* of write and sync */
	u64 syncs;
	u64 reads;
	u64 fail_at;		/* the call of this number fails, counted from 1; 0: none */
	u64 fail_until;		/* and all those up to this one */
	u64 fail_read;
	int error;		/* how */
	/* Before a sync takes effect: the moment to cut power. */
	void (*on_sync)(struct disk *d, void *arg);
	void *arg;
};

struct disk *disk_create(u64 len);
void disk_destroy(struct disk *d);
/* A copy of what a reader sees now; nothing is pending. */
struct disk *disk_copy(const struct disk *d);
/* What is on the medium if of the pending writes those with keep(i) arrived. */
struct disk *disk_cut(const struct disk *d, bool (*keep)(void *arg, u32 i), void *arg);

/* Random numbers, the same each time. */
u32 below(u32 n);
void seed(u64 n);

#endif
