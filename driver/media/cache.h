/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Parts of a volatile write cache: entries, each with an LBA of which the store below has an older
 * version, and claims on entries. store_cache.c makes a store of them; no other file uses them.
 *
 * A context that writes an entry out, or takes its data away, claims it first. Until the entry is
 * released, its data do not change, readers still find them, and writers of that LBA wait. A
 * context that holds claims does not wait for other claims, except to claim a range, from its first
 * LBA to its last.
 *
 * Lock order: lock of a stripe, cache->lock.
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
#define KCSD_CACHE_BATCH	32	/* LBAs written out together */

struct kcsd_cache_entry {
	struct hlist_node hash;		/* stripe lock; unhashed: has no LBA */
	struct list_head list;		/* cache->lock: free, dirty or claimed; or of a writer */
	struct kcsd_cache_entry *next;	/* the next entry of its claim */
	u64 lba;			/* stripe lock; constant while hashed */
	u64 seq;			/* cache->lock: order of first writes */
	bool claimed;			/* stripe lock */
	u8 *data;			/* stripe lock, unless claimed */
};

/* Entries that one context has claimed, in order of LBAs. */
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
	u32 nr;				/* number of entries */
	u32 hash_bits;
	struct kcsd_cache_entry *entries;
	u8 *data;
	struct hlist_head *hash;
	/* Stripe i protects the hash chains whose number modulo KCSD_CACHE_STRIPES is i. */
	struct kcsd_cache_stripe *stripes;
	struct kcsd_cache_counters __percpu *counters;

	spinlock_t lock;		/* protects the members up to wait */
	struct list_head free;
	struct list_head dirty;		/* ascending by seq */
	struct list_head claimed;
	u32 nr_cached;			/* entries in dirty and claimed */
	u64 seq;
	u64 failures;			/* entries released with an error */
	int error;			/* of the last failure */
	wait_queue_head_t wait;		/* for entries to be released, free or dirty */
};

/* ---- entries: cache.c ---- */

/* Allocate a cache with all the memory that it ever needs. Return NULL without memory. */
struct kcsd_cache *kcsd_cache_alloc(u64 size, u32 lba_shift);
void kcsd_cache_free(struct kcsd_cache *c);
/* Return the bytes of memory that kcsd_cache_alloc() takes. */
u64 kcsd_cache_memory(u64 size, u32 lba_shift);
/* Hash and list e as dirty. The caller owns e, has set its data, and holds the stripe lock. */
void kcsd_cache_add(struct kcsd_cache *c, struct kcsd_cache_entry *e, u64 lba);
/* Take a free entry, which the caller then owns; NULL if none is free. Or give one back. */
struct kcsd_cache_entry *kcsd_cache_get_free(struct kcsd_cache *c);
void kcsd_cache_put_free(struct kcsd_cache *c, struct kcsd_cache_entry *e);

static inline u32 kcsd_cache_bucket(const struct kcsd_cache *c, u64 lba)
{
	return hash_64(lba, c->hash_bits);
}

/* Return the stripe lock of an LBA. */
static inline spinlock_t *kcsd_cache_lock_of(const struct kcsd_cache *c, u64 lba)
{
	return &c->stripes[kcsd_cache_bucket(c, lba) % KCSD_CACHE_STRIPES].lock;
}

/* Return the entry of an LBA or NULL. The caller holds the stripe lock. */
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
/* Add this LBA to the claim. NONE: not cached. BUSY: another context has claimed it. */
enum kcsd_cache_claimed kcsd_cache_claim_lba(struct kcsd_cache *c, u64 lba,
					     struct kcsd_cache_claim *claim);
/*
 * Claim the oldest dirty entry if its seq is at most max, and entries of the LBAs that follow it,
 * KCSD_CACHE_BATCH in all. claim->nr is 0 if there is none.
 */
void kcsd_cache_claim_oldest(struct kcsd_cache *c, u64 max, struct kcsd_cache_claim *claim);
/*
 * Release all entries of a claim. Without error they become free: the store below now has their
 * contents. After an error they are dirty again.
 */
void kcsd_cache_release(struct kcsd_cache *c, struct kcsd_cache_claim *claim, int error);
/* Return true if an entry with this seq or an older one is claimed. */
bool kcsd_cache_has_older_claims(struct kcsd_cache *c, u64 seq);
bool kcsd_cache_is_claimed(const struct kcsd_cache *c, u64 lba);
/* Free a dirty entry and lose its data. */
void kcsd_cache_forget(struct kcsd_cache *c, struct kcsd_cache_entry *e);

#endif
