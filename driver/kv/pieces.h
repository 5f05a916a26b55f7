/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Values that are in several pieces. */
#ifndef KCSD_KV_PIECES_H
#define KCSD_KV_PIECES_H

#include "record.h"

struct kcsd_kv;

/* The pieces of a value. Counted: by its entry or large store, and by each reader. */
struct kcsd_kv_pieces {
	atomic_t refs;
	/* It pins the segment of each piece: no entry does that any more. Set under shard.lock. */
	bool pinned;
	u32 nr;
	u32 missing;		/* while a file is read: pieces not yet found */
	u64 first;		/* version of the pieces */
	u64 head;		/* place of the head; changed under shard.lock */
	u64 place[];		/* of each piece; changed under shard.lock; 0: lost */
};

/* Marks the place of a large value without pieces, while a file is replayed. */
#define KCSD_KV_NO_PIECES	1ULL

static inline bool kcsd_kv_is_large(u32 len)
{
	return len > KCSD_KV_PIECE;
}

/* NULL without memory. */
struct kcsd_kv_pieces *kcsd_kv_pieces_alloc(u32 len, bool now);
/*
 * True if readers have them. The barrier: a reader that has put them reads no more. With
 * shard.lock.
 */
static inline bool kcsd_kv_pieces_shared(struct kcsd_kv_pieces *p)
{
	return atomic_fetch_add(0, &p->refs) > 1;
}

void kcsd_kv_pieces_put(struct kcsd_kv *kv, struct kcsd_kv_pieces *p);
/*
 * The entry gives its reference up: readers keep the segments. With shard.lock; put it after that.
 */
void kcsd_kv_pieces_release(struct kcsd_kv *kv, struct kcsd_kv_pieces *p);
/* Count all pieces dead. */
void kcsd_kv_pieces_kill(struct kcsd_kv *kv, const struct kcsd_kv_pieces *p, u32 len, u32 done);

#endif
