// SPDX-License-Identifier: GPL-2.0
/*
 * A volatile write cache: a store upon a store. What is written stays in memory until a flush, or
 * until its room is needed; then it is written to the store below, runs of adjacent LBAs at once.
 *
 * All memory is taken when the drive is powered on, so that nothing on the way of data to the
 * medium waits for memory to be reclaimed.
 *
 * An entry is an LBA that the store below has an older version of. Who writes it out, or takes its
 * data away, claims it first: until it is released its data do not change, readers still
 * find them, and who would write that LBA waits. Who holds claims waits for no other, but to
 * claim a range, which is done from its first LBA to its last.
 *
 * Lock order: a stripe's, cache->lock.
 */
#define pr_fmt(fmt) "kcsd: " fmt

#include <linux/bvec.h>
#include <linux/cache.h>
#include <linux/hash.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/vmalloc.h>
#include <linux/wait.h>

#include "config.h"
#include "store.h"

#define STRIPES		256
#define BATCH		32	/* LBAs written at once */

struct cache_entry {
	struct hlist_node hash;		/* stripe's lock; unhashed: no LBA's */
	struct list_head list;		/* cache->lock: in free, dirty or claimed, or a writer's */
	struct cache_entry *next;	/* in its claim */
	u64 lba;			/* stripe's lock; constant while hashed */
	u64 seq;			/* cache->lock: the order of first writes */
	bool claimed;			/* stripe's lock */
	u8 *data;			/* stripe's lock, unless claimed */
};

/* Entries that one context has claimed, in the order of their LBAs. */
struct cache_claim {
	struct cache_entry *first;
	struct cache_entry **end;
	u32 nr;
};

struct cache_stripe {
	spinlock_t lock;
} ____cacheline_aligned_in_smp;

struct cache_counters {
	u64 hit_bytes;
	u64 evicted_bytes;
	u64 flushed_bytes;
};

struct kcsd_cache {
	u32 lba_shift;
	u32 nr;				/* entries */
	u32 hash_bits;
	struct cache_entry *entries;
	u8 *data;
	struct hlist_head *hash;
	struct cache_stripe *stripes;	/* each guards the hash chains that have its number, modulo */
	struct cache_counters __percpu *counters;

	spinlock_t lock;		/* up to wait */
	struct list_head free;
	struct list_head dirty;		/* by seq, ascending */
	struct list_head claimed;
	u32 nr_cached;			/* entries in the last two */
	u64 seq;
	u64 failures;			/* claims that were released with an error */
	int error;			/* that of the last one */
	wait_queue_head_t wait;		/* for claims to end, for entries to be free or dirty */
};

/* ---- entries ---- */

static u32 bucket_of(const struct kcsd_cache *c, u64 lba)
{
	return hash_64(lba, c->hash_bits);
}

static spinlock_t *stripe_lock(const struct kcsd_cache *c, u64 lba)
{
	return &c->stripes[bucket_of(c, lba) % STRIPES].lock;
}

/* The stripe's lock is held. */
static struct cache_entry *find_entry(const struct kcsd_cache *c, u64 lba)
{
	struct cache_entry *e;

	hlist_for_each_entry(e, &c->hash[bucket_of(c, lba)], hash)
		if (e->lba == lba)
			return e;
	return NULL;
}

/* Likewise. e has its data; from now on it is dirty. */
static void add_entry(struct kcsd_cache *c, struct cache_entry *e, u64 lba)
{
	e->lba = lba;
	hlist_add_head(&e->hash, &c->hash[bucket_of(c, lba)]);
	spin_lock(&c->lock);
	e->seq = ++c->seq;
	list_add_tail(&e->list, &c->dirty);
	WRITE_ONCE(c->nr_cached, c->nr_cached + 1);
	spin_unlock(&c->lock);
}

static void wake(struct kcsd_cache *c)
{
	if (wq_has_sleeper(&c->wait))
		wake_up_all(&c->wait);
}

static void put_free(struct kcsd_cache *c, struct cache_entry *e)
{
	scoped_guard(spinlock, &c->lock)
		list_add(&e->list, &c->free);
	wake(c);
}

static struct cache_entry *get_free(struct kcsd_cache *c)
{
	struct cache_entry *e;

	spin_lock(&c->lock);
	e = list_first_entry_or_null(&c->free, struct cache_entry, list);
	if (e)
		list_del(&e->list);
	spin_unlock(&c->lock);
	return e;
}

/* ---- claims ---- */

enum claimed { CLAIM_NONE, CLAIM_TAKEN, CLAIM_BUSY };

static void claim_init(struct cache_claim *claim)
{
	claim->first = NULL;
	claim->end = &claim->first;
	claim->nr = 0;
}

/* The stripe's lock is held. */
static enum claimed claim_locked(struct kcsd_cache *c, u64 lba, struct cache_claim *claim)
{
	struct cache_entry *e = find_entry(c, lba);

	if (!e)
		return CLAIM_NONE;
	if (e->claimed)
		return CLAIM_BUSY;
	e->claimed = true;
	e->next = NULL;
	*claim->end = e;
	claim->end = &e->next;
	claim->nr++;
	spin_lock(&c->lock);
	list_move_tail(&e->list, &c->claimed);
	spin_unlock(&c->lock);
	return CLAIM_TAKEN;
}

static enum claimed claim_lba(struct kcsd_cache *c, u64 lba, struct cache_claim *claim)
{
	spinlock_t *lock = stripe_lock(c, lba);
	enum claimed ret;

	spin_lock(lock);
	ret = claim_locked(c, lba, claim);
	spin_unlock(lock);
	return ret;
}

/* The oldest that is dirty, if its seq is not above max, and those of the LBAs behind it. */
static void claim_oldest(struct kcsd_cache *c, u64 max, struct cache_claim *claim)
{
	struct cache_entry *e;
	u64 lba;

	claim_init(claim);
	while (!claim->nr) {
		scoped_guard(spinlock, &c->lock) {
			e = list_first_entry_or_null(&c->dirty, struct cache_entry, list);
			if (!e || e->seq > max)
				return;
			lba = e->lba;
		}
		while (claim->nr < BATCH && claim_lba(c, lba + claim->nr, claim) == CLAIM_TAKEN)
			;
	}
}

/* Keep: it stays dirty, as the newest of all, since older ones are first to be written out. */
static void release_entry(struct kcsd_cache *c, struct cache_entry *e, bool keep)
{
	spinlock_t *lock = stripe_lock(c, e->lba);

	spin_lock(lock);
	e->claimed = false;
	if (!keep)
		hlist_del_init(&e->hash);
	spin_lock(&c->lock);
	if (keep)
		e->seq = ++c->seq;
	else
		WRITE_ONCE(c->nr_cached, c->nr_cached - 1);
	list_move_tail(&e->list, keep ? &c->dirty : &c->free);
	spin_unlock(&c->lock);
	spin_unlock(lock);
}

/* error: what was to be done with them has failed. Else the store below has what they should be. */
static void release(struct kcsd_cache *c, struct cache_claim *claim, int error)
{
	struct cache_entry *e = claim->first;

	if (error) {
		spin_lock(&c->lock);
		c->failures++;
		c->error = error;
		spin_unlock(&c->lock);
	}
	while (e) {
		struct cache_entry *next = e->next;	/* it may be another's once released */

		release_entry(c, e, error);
		e = next;
	}
	wake(c);
}

/* ---- writing out ---- */

static int write_out(struct kcsd_store *s, struct cache_claim *claim)
{
	struct kcsd_cache *c = s->cache;
	u32 lba_size = 1U << c->lba_shift;
	struct bio_vec bvec[BATCH];
	struct cache_entry *e;
	struct iov_iter iter;
	u32 i = 0;
	int ret;

	for (e = claim->first; e; e = e->next)
		bvec_set_page(&bvec[i++], vmalloc_to_page(e->data), lba_size,
			      offset_in_page(e->data));
	iov_iter_bvec(&iter, ITER_SOURCE, bvec, claim->nr, (size_t)claim->nr << c->lba_shift);
	ret = s->below->ops->write(s->below, claim->first->lba << c->lba_shift, &iter);
	release(c, claim, ret);
	return ret;
}

/* Make an entry free, or find that others do. 0 or -errno. */
static int evict(struct kcsd_store *s)
{
	struct kcsd_cache *c = s->cache;
	struct cache_claim claim;
	int ret;

	claim_oldest(c, U64_MAX, &claim);
	if (!claim.nr) {
		wait_event(c->wait, !list_empty(&c->free) || !list_empty(&c->dirty));
		return 0;
	}
	ret = write_out(s, &claim);
	if (!ret)
		this_cpu_add(c->counters->evicted_bytes, (u64)claim.nr << c->lba_shift);
	return ret;
}

/* Is an entry claimed that was written before? */
static bool has_older_claims(struct kcsd_cache *c, u64 seq)
{
	const struct cache_entry *e;
	bool any = false;

	spin_lock(&c->lock);
	list_for_each_entry(e, &c->claimed, list)
		any |= e->seq <= seq;
	spin_unlock(&c->lock);
	return any;
}

/* All that was written before, by whomever, has come to the store below when this returns 0. */
static int write_out_all(struct kcsd_store *s)
{
	struct kcsd_cache *c = s->cache;
	struct cache_claim claim;
	u64 seq, failures;
	int ret;

	scoped_guard(spinlock, &c->lock) {
		seq = c->seq;
		failures = c->failures;
	}
	for (;;) {
		claim_oldest(c, seq, &claim);
		if (!claim.nr)
			break;
		ret = write_out(s, &claim);
		if (ret)
			return ret;
		this_cpu_add(c->counters->flushed_bytes, (u64)claim.nr << c->lba_shift);
	}
	wait_event(c->wait, !has_older_claims(c, seq));
	/* What another failed to write out is dirty again, and newer than seq. */
	spin_lock(&c->lock);
	ret = c->failures == failures ? 0 : c->error;
	spin_unlock(&c->lock);
	return ret;
}

/* ---- the store ---- */

/* Of these LBAs, how many are first that are not cached? */
static u32 count_missing(const struct kcsd_cache *c, u64 lba, u32 nr)
{
	struct cache_entry *e = NULL;
	u32 i;

	if (!READ_ONCE(c->nr_cached))
		return nr;
	for (i = 0; i < nr; i++) {
		scoped_guard(spinlock, stripe_lock(c, lba + i))
			e = find_entry(c, lba + i);
		if (e)
			break;
	}
	return i;
}

static int read_below(struct kcsd_store *s, u64 lba, u32 nr, struct iov_iter *iter)
{
	size_t len = (size_t)nr << s->cache->lba_shift;
	struct iov_iter part = *iter;
	int ret;

	iov_iter_truncate(&part, len);
	ret = s->below->ops->read(s->below, lba << s->cache->lba_shift, &part);
	iov_iter_advance(iter, len);
	return ret;
}

/* 1: read; 0: it is not cached any more; -errno. */
static int read_cached(struct kcsd_cache *c, u64 lba, struct iov_iter *iter)
{
	spinlock_t *lock = stripe_lock(c, lba);
	u32 lba_size = 1U << c->lba_shift;
	struct cache_entry *e;
	int ret = 0;

	spin_lock(lock);
	e = find_entry(c, lba);
	if (e)
		ret = _copy_to_iter(e->data, lba_size, iter) == lba_size ? 1 : -EFAULT;
	spin_unlock(lock);
	if (ret > 0)
		this_cpu_add(c->counters->hit_bytes, lba_size);
	return ret;
}

static int cache_read(struct kcsd_store *s, u64 pos, struct iov_iter *iter)
{
	struct kcsd_cache *c = s->cache;
	u32 left = iov_iter_count(iter) >> c->lba_shift;
	u64 lba = pos >> c->lba_shift;
	int ret = 0;

	while (left && ret >= 0) {
		u32 nr = count_missing(c, lba, left);

		if (nr) {
			ret = read_below(s, lba, nr, iter);
		} else {
			ret = read_cached(c, lba, iter);
			nr = ret > 0;
		}
		lba += nr;
		left -= nr;
	}
	return min(ret, 0);
}

/*
 * The stripe's lock is held. 1: written; 0: *spare is needed or, if it is there, the LBA is claimed; -errno. A spare that was
 * used is NULL afterwards.
 */
static int write_locked(struct kcsd_cache *c, u64 lba, struct iov_iter *iter,
			struct cache_entry **spare)
{
	struct cache_entry *e = find_entry(c, lba);
	struct cache_entry *to = e ?: *spare;
	u32 lba_size = 1U << c->lba_shift;

	if (!to || to->claimed)
		return 0;
	if (_copy_from_iter(to->data, lba_size, iter) != lba_size)
		return -EFAULT;
	if (!e) {
		add_entry(c, *spare, lba);
		*spare = NULL;
	}
	return 1;
}

static int write_cached(struct kcsd_cache *c, u64 lba, struct iov_iter *iter,
			struct cache_entry **spare)
{
	spinlock_t *lock = stripe_lock(c, lba);
	int ret;

	spin_lock(lock);
	ret = write_locked(c, lba, iter, spare);
	spin_unlock(lock);
	return ret;
}

static bool is_claimed(const struct kcsd_cache *c, u64 lba)
{
	spinlock_t *lock = stripe_lock(c, lba);
	const struct cache_entry *e;
	bool claimed;

	spin_lock(lock);
	e = find_entry(c, lba);
	claimed = e && e->claimed;
	spin_unlock(lock);
	return claimed;
}

/* *spare: an entry of the caller's, from one LBA to the next. */
static int write_lba(struct kcsd_store *s, u64 lba, struct iov_iter *iter,
		     struct cache_entry **spare)
{
	struct kcsd_cache *c = s->cache;
	int ret;

	while (!(ret = write_cached(c, lba, iter, spare))) {
		wait_event(c->wait, !is_claimed(c, lba));
		if (!*spare)
			*spare = get_free(c);
		if (!*spare)
			ret = evict(s);
		if (ret)
			return ret;
	}
	wake(c);
	return min(ret, 0);
}

static int cache_write(struct kcsd_store *s, u64 pos, struct iov_iter *iter)
{
	u64 lba = pos >> s->cache->lba_shift;
	struct cache_entry *spare = NULL;
	int ret = 0;

	while (!ret && iov_iter_count(iter))
		ret = write_lba(s, lba++, iter, &spare);
	if (spare)
		put_free(s->cache, spare);
	return ret;
}

static int cache_zero(struct kcsd_store *s, u64 pos, u64 len, bool unmap)
{
	struct kcsd_cache *c = s->cache;
	u64 lba = pos >> c->lba_shift;
	u64 end = lba + (len >> c->lba_shift);
	struct cache_claim claim;
	int ret;

	claim_init(&claim);
	for (; READ_ONCE(c->nr_cached) > claim.nr && lba < end; lba++)
		wait_event(c->wait, claim_lba(c, lba, &claim) != CLAIM_BUSY);
	ret = s->below->ops->zero(s->below, pos, len, unmap);
	release(c, &claim, ret);
	return ret;
}

static int cache_flush(struct kcsd_store *s)
{
	return write_out_all(s) ?: s->below->ops->flush(s->below);
}

static void free_cache(struct kcsd_cache *c)
{
	free_percpu(c->counters);
	kvfree(c->stripes);
	kvfree(c->hash);
	kvfree(c->entries);
	vfree(c->data);
	kfree(c);
}

static void cache_close(struct kcsd_store *s)
{
	int ret = write_out_all(s);

	if (ret)
		pr_err("%s: writing back failed, %u cached LBAs are lost: error %d\n", s->name,
		       s->cache->nr_cached, ret);
	kcsd_store_close(s->below);
	kfree(s->below);
	free_cache(s->cache);
}

static const struct kcsd_store_ops store_cache_ops = {
	.name		= "cache",
	.blocking	= true,
	.close		= cache_close,
	.read		= cache_read,
	.write		= cache_write,
	.zero		= cache_zero,
	.flush		= cache_flush,
};

/* ---- power ---- */

static void init_entries(struct kcsd_cache *c)
{
	u32 i;

	for (i = 0; i < STRIPES; i++)
		spin_lock_init(&c->stripes[i].lock);
	for (i = 0; i < c->nr; i++) {
		c->entries[i].data = c->data + ((size_t)i << c->lba_shift);
		list_add_tail(&c->entries[i].list, &c->free);
	}
}

static struct kcsd_cache *alloc_cache(u64 size, u32 lba_shift)
{
	struct kcsd_cache *c = kzalloc(sizeof(*c), GFP_KERNEL);

	if (!c)
		return NULL;
	c->lba_shift = lba_shift;
	c->nr = size >> lba_shift;
	c->hash_bits = max(order_base_2(c->nr), 1);
	spin_lock_init(&c->lock);
	INIT_LIST_HEAD(&c->free);
	INIT_LIST_HEAD(&c->dirty);
	INIT_LIST_HEAD(&c->claimed);
	init_waitqueue_head(&c->wait);
	c->data = vmalloc(size);
	c->entries = kvcalloc(c->nr, sizeof(*c->entries), GFP_KERNEL);
	c->hash = kvcalloc(1UL << c->hash_bits, sizeof(*c->hash), GFP_KERNEL);
	c->stripes = kvcalloc(STRIPES, sizeof(*c->stripes), GFP_KERNEL);
	c->counters = alloc_percpu(struct cache_counters);
	if (!c->data || !c->entries || !c->hash || !c->stripes || !c->counters) {
		free_cache(c);
		return NULL;
	}
	init_entries(c);
	return c;
}

static u64 memory_of(const struct kcsd_cache *c)
{
	return ((u64)c->nr << c->lba_shift) + c->nr * sizeof(*c->entries) +
	       (sizeof(*c->hash) << c->hash_bits) + STRIPES * sizeof(*c->stripes);
}

int kcsd_store_cache_open(struct kcsd_store *s, struct kcsd_store *below,
			  const struct kcsd_config *c, const char *name)
{
	struct kcsd_cache *cache;

	if (!kcsd_config_fits_memory(name, "cache_size", c->cache_size))
		return -ENOMEM;
	cache = alloc_cache(c->cache_size, ilog2(c->block_size));
	if (!cache) {
		pr_err("%s: no memory for cache_size %llu\n", name, c->cache_size);
		return -ENOMEM;
	}
	*s = (struct kcsd_store) {
		.below = below,
		.cache = cache,
		.size = below->size,
		.memory = below->memory + memory_of(cache),
		.discard_granularity = below->discard_granularity,
		.alignment = sizeof(u32),
		.ops = &store_cache_ops,
	};
	strscpy(s->name, name);
	return 0;
}

void kcsd_store_cut(struct kcsd_store *s, bool (*survives)(u64 lba, void *ctx), void *ctx)
{
	struct cache_entry *e, *tmp;
	struct kcsd_cache *c;

	if (!s->below)
		return;
	c = s->cache;
	list_for_each_entry_safe(e, tmp, &c->dirty, list)
		if (!survives(e->lba, ctx))
			release_entry(c, e, false);
}

void kcsd_store_cache_stats(const struct kcsd_store *s, struct kcsd_cache_stats *sum)
{
	const struct cache_counters *n;
	int cpu;

	*sum = (struct kcsd_cache_stats){};
	if (!s->below)
		return;
	sum->size = (u64)s->cache->nr << s->cache->lba_shift;
	sum->dirty_bytes = (u64)READ_ONCE(s->cache->nr_cached) << s->cache->lba_shift;
	for_each_possible_cpu(cpu) {
		n = per_cpu_ptr(s->cache->counters, cpu);
		sum->hit_bytes += READ_ONCE(n->hit_bytes);
		sum->evicted_bytes += READ_ONCE(n->evicted_bytes);
		sum->flushed_bytes += READ_ONCE(n->flushed_bytes);
	}
}
