/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a volatile write cache is made of: entries, each an LBA that the store below has an older
 * version of, and claims on them. store_cache.c makes a store of it; nobody else knows it.
 *
 * Who writes an entry out, or takes its data away, claims it first: until it is released its data
 * do not change, readers still find them, and who would write that LBA waits. Who holds claims
 * waits for no other, but to claim a range, which is done from its first LBA to its last.
 *
 * Lock order: a stripe's, cache->lock.
 */
#ifndef KCSD_CACHE_H
#define KCSD_CACHE_H

#include <linux/cache.h>
#include <linux/hash.h>
#include <linux/list.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>

#define KCSD_CACHE_STRIPES	256
#define KCSD_CACHE_BATCH	32	/* LBAs written out at once */

struct kcsd_cache_entry {
	struct hlist_node hash;		/* stripe's lock; unhashed: no LBA's */
	struct list_head list;		/* cache->lock: in free, dirty or claimed, or a writer's */
	struct kcsd_cache_entry *next;	/* in its claim */
	u64 lba;			/* stripe's lock; constant while hashed */
	u64 seq;			/* cache->lock: the order of first writes */
	bool claimed;			/* stripe's lock */
	u8 *data;			/* stripe's lock, unless claimed */
};

/* Entries that one context has claimed, in the order of their LBAs. */
struct kcsd_cache_claim {
	struct kcsd_cache_entry *first;
	struct kcsd_cache_entry **end;
	u32 nr;
};

struct kcsd_cache_stripe {
	spinlock_t lock;
} ____cacheline_aligned_in_smp;

struct kcsd_cache_counters {
	u64 hit_bytes;
	u64 evicted_bytes;
	u64 flushed_bytes;
};

struct kcsd_cache {
	u32 lba_shift;
	u32 nr;				/* entries */
	u32 hash_bits;
	struct kcsd_cache_entry *entries;
	u8 *data;
	struct hlist_head *hash;
	/* Each guards the hash chains that have its number, modulo. */
	struct kcsd_cache_stripe *stripes;
	struct kcsd_cache_counters __percpu *counters;

	spinlock_t lock;		/* up to wait */
	struct list_head free;
	struct list_head dirty;		/* by seq, ascending */
	struct list_head claimed;
	u32 nr_cached;			/* entries in the last two */
	u64 seq;
	u64 failures;			/* entries that were released with an error */
	int error;			/* that of the last one */
	wait_queue_head_t wait;		/* for claims to end, for entries to be free or dirty */
};

/* ---- entries: cache.c ---- */

/* All memory that it ever needs. NULL without. */
struct kcsd_cache *kcsd_cache_alloc(u64 size, u32 lba_shift);
void kcsd_cache_free(struct kcsd_cache *c);
/* Bytes of memory that kcsd_cache_alloc() takes. */
u64 kcsd_cache_memory(u64 size, u32 lba_shift);
/* e has its data, and is the caller's; from now on it is dirty. The stripe's lock is held. */
void kcsd_cache_add(struct kcsd_cache *c, struct kcsd_cache_entry *e, u64 lba);
/* An entry becomes the caller's, or nobody's. NULL: none is free. */
struct kcsd_cache_entry *kcsd_cache_get_free(struct kcsd_cache *c);
void kcsd_cache_put_free(struct kcsd_cache *c, struct kcsd_cache_entry *e);

static inline u32 kcsd_cache_bucket(const struct kcsd_cache *c, u64 lba)
{
	return hash_64(lba, c->hash_bits);
}

/* The lock of an LBA's stripe. */
static inline spinlock_t *kcsd_cache_lock_of(const struct kcsd_cache *c, u64 lba)
{
	return &c->stripes[kcsd_cache_bucket(c, lba) % KCSD_CACHE_STRIPES].lock;
}

/* The stripe's lock is held. */
static inline struct kcsd_cache_entry *kcsd_cache_find(const struct kcsd_cache *c, u64 lba)
{
	struct kcsd_cache_entry *e;

	hlist_for_each_entry(e, &c->hash[kcsd_cache_bucket(c, lba)], hash)
		if (e->lba == lba)
			return e;
	return NULL;
}

static inline void kcsd_cache_wake(struct kcsd_cache *c)
{
	if (wq_has_sleeper(&c->wait))
		wake_up_all(&c->wait);
}

/* ---- claims: cache_claim.c ---- */

enum kcsd_cache_claimed { KCSD_CLAIM_NONE, KCSD_CLAIM_TAKEN, KCSD_CLAIM_BUSY };

void kcsd_cache_claim_init(struct kcsd_cache_claim *claim);
/* Add this LBA to the claim. NONE: it is not cached. BUSY: it is another's. */
enum kcsd_cache_claimed kcsd_cache_claim_lba(struct kcsd_cache *c, u64 lba,
					     struct kcsd_cache_claim *claim);
/* The oldest that is dirty, if its seq is not above max, and those of the LBAs behind it. */
void kcsd_cache_claim_oldest(struct kcsd_cache *c, u64 max, struct kcsd_cache_claim *claim);
/* error: what was to be done with them has failed. Else the store below has what they should be. */
void kcsd_cache_release(struct kcsd_cache *c, struct kcsd_cache_claim *claim, int error);
/* Is an entry claimed that was written before? */
bool kcsd_cache_has_older_claims(struct kcsd_cache *c, u64 seq);
bool kcsd_cache_is_claimed(const struct kcsd_cache *c, u64 lba);
/* A dirty entry is none any more, and its data are lost. */
void kcsd_cache_forget(struct kcsd_cache *c, struct kcsd_cache_entry *e);

#endif
