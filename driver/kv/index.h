/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Keys: entries found by hash, and in order. */
#ifndef KCSD_KV_INDEX_H
#define KCSD_KV_INDEX_H

#include "kv.h"
#include "pieces.h"
#include <linux/rbtree.h>

struct kcsd_kv;
struct kcsd_kv_lane;

#define KCSD_KV_SHARDS		64
#define KCSD_KV_BUCKETS		512	/* of a page of buckets */
/* Entries of deleted objects, besides as many as there may be keys. */
#define KCSD_KV_SPARE_ENTRIES	4096

/* A key: an object or, in a file, a delete that older records of the key need. */
struct kcsd_kv_entry {
	struct rb_node node;		/* in shard.tree; of objects */
	struct kcsd_kv_entry *next;	/* in the bucket */
	union {
		u64 place;		/* of the record */
		struct kcsd_kv_pieces *pieces;	/* of a value longer than KCSD_KV_PIECE */
	};
	/*
	 * While a file is replayed: of the record. Then: stale counts records from this version on.
	 */
	u64 version;
	u32 len;			/* of the value */
	u32 stale;			/* heads of the key in the file besides this one */
	u8 key[KCSD_KV_MAX_KEY];
	u8 key_len;
	bool deleted;
};

/*
 * Entries are found by hash, and objects listed in order. Changed under the lock of the lane, too.
 */
struct kcsd_kv_shard {
	spinlock_t lock;	/* protects all but version */
	struct rb_root tree;
	struct kcsd_kv_entry ***pages;	/* of buckets: linear hashing */
	u32 room;		/* of pages */
	u32 nr_buckets;
	u32 entries;
	u32 keys;		/* objects */
	u64 used;		/* bytes of keys and values */
	u64 deleted;		/* entries of deleted objects */
	u64 version;		/* last one given; lock of the lane */
} ____cacheline_aligned_in_smp;

/* ---- index.c ---- */

int kcsd_kv_index_init(struct kcsd_kv *kv);
void kcsd_kv_index_destroy(struct kcsd_kv *kv);
/* Delete all entries. Nothing else happens. */
void kcsd_kv_index_clear(struct kcsd_kv *kv);
u64 kcsd_kv_index_memory(const struct kcsd_kv *kv);

/* Zeroed; NULL without memory. */
struct kcsd_kv_entry *kcsd_kv_entry_alloc(bool now);
void kcsd_kv_entry_free(struct kcsd_kv_entry *e);
struct kcsd_kv_shard *kcsd_kv_shard_of(struct kcsd_kv *kv, const u8 *key, u8 len, u32 *hash);
struct kcsd_kv_lane *kcsd_kv_lane_of(struct kcsd_kv *kv, const struct kcsd_kv_shard *shard);
/* With the lock of the shard, or that of its lane. */
struct kcsd_kv_entry *kcsd_kv_entry_find(struct kcsd_kv_shard *shard, u32 hash, const u8 *key,
					 u8 len);
/* Make room for one more entry. With the lock of the lane. Returns 0, -ENOMEM or, now, -EAGAIN. */
int kcsd_kv_entry_reserve(struct kcsd_kv_shard *shard, bool now);
/* Both with the locks of lane and shard. */
void kcsd_kv_entry_add(struct kcsd_kv *kv, struct kcsd_kv_shard *shard, u32 hash,
		       struct kcsd_kv_entry *e);
/*
 * Add the entry of a key that a file has, as one that is deleted. *nr: there are so many.
 * Returns 0; -ENOMEM; -E2BIG: kv_max_keys is less than when they were made.
 */
int kcsd_kv_entry_found(struct kcsd_kv *kv, const u8 *key, u8 len, u64 *nr,
			struct kcsd_kv_entry **out);
void kcsd_kv_entry_remove(struct kcsd_kv_shard *shard, u32 hash, struct kcsd_kv_entry *e);
static inline struct kcsd_kv_entry **kcsd_kv_bucket(const struct kcsd_kv_shard *shard, u32 nr)
{
	return &shard->pages[nr / KCSD_KV_BUCKETS][nr % KCSD_KV_BUCKETS];
}

/* Place of the head of an entry. */
static inline u64 kcsd_kv_entry_place(const struct kcsd_kv_entry *e)
{
	return !e->deleted && kcsd_kv_is_large(e->len) ? e->pieces->head : e->place;
}

/* ---- order.c ---- */

/* Show and hide an object in the order. With the locks of lane and shard. */
void kcsd_kv_entry_show(struct kcsd_kv_shard *shard, struct kcsd_kv_entry *e);
void kcsd_kv_entry_hide(struct kcsd_kv_shard *shard, struct kcsd_kv_entry *e);
/* As show(), for objects that come in order: after all others. */
void kcsd_kv_entry_show_last(struct kcsd_kv_shard *shard, struct kcsd_kv_entry *e,
			     struct rb_node **last);

#endif
