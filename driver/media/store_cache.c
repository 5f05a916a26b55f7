// SPDX-License-Identifier: GPL-2.0
/*
 * A volatile write cache: a store on top of a store. Written data stays in memory until a flush, or
 * until its room is needed. Then it is written to the store below, adjacent LBAs together.
 */
#define pr_fmt(fmt) "kcsd: " fmt

#include <linux/bvec.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "config.h"
#include "media/cache.h"
#include "media/store.h"

/* ---- write out ---- */

static int write_out(struct kcsd_store *s, struct kcsd_cache_claim *claim)
{
	struct kcsd_cache *c = s->cache;
	u32 lba_size = 1U << c->lba_shift;
	struct bio_vec bvec[KCSD_CACHE_BATCH];
	struct kcsd_cache_entry *e;
	struct iov_iter iter;
	u32 i = 0;
	int ret;

	for (e = claim->first; e; e = e->next)
		bvec_set_page(&bvec[i++], vmalloc_to_page(e->data), lba_size,
			      offset_in_page(e->data));
	iov_iter_bvec(&iter, ITER_SOURCE, bvec, claim->nr, (size_t)claim->nr << c->lba_shift);
	ret = s->below->ops->write(s->below, claim->first->lba << c->lba_shift, &iter);
	kcsd_cache_release(c, claim, ret);
	return ret;
}

/* Make an entry free, or wait until another context frees or dirties one. Return 0 or -errno. */
static int evict(struct kcsd_store *s)
{
	struct kcsd_cache *c = s->cache;
	struct kcsd_cache_claim claim;
	int ret;

	kcsd_cache_claim_oldest(c, U64_MAX, &claim);
	if (!claim.nr) {
		wait_event(c->wait, !list_empty(&c->free) || !list_empty(&c->dirty));
		return 0;
	}
	ret = write_out(s, &claim);
	if (!ret)
		this_cpu_add(c->counters->evicted_bytes, (u64)claim.nr << c->lba_shift);
	return ret;
}

/* Write all data cached before the call, by any context, to the store below. Return 0 or -errno. */
static int write_out_all(struct kcsd_store *s)
{
	struct kcsd_cache *c = s->cache;
	struct kcsd_cache_claim claim;
	u64 seq, failures;
	int ret;

	scoped_guard(spinlock, &c->lock) {
		seq = c->seq;
		failures = c->failures;
	}
	for (;;) {
		kcsd_cache_claim_oldest(c, seq, &claim);
		if (!claim.nr)
			break;
		ret = write_out(s, &claim);
		if (ret)
			return ret;
		this_cpu_add(c->counters->flushed_bytes, (u64)claim.nr << c->lba_shift);
	}
	wait_event(c->wait, !kcsd_cache_has_older_claims(c, seq));
	/* An entry that another context failed to write out is dirty again, with a newer seq. */
	spin_lock(&c->lock);
	ret = c->failures == failures ? 0 : c->error;
	spin_unlock(&c->lock);
	return ret;
}

/* ---- the store ---- */

/* Return how many of these LBAs, counted from the first, are not cached. */
static u32 count_missing(const struct kcsd_cache *c, u64 lba, u32 nr)
{
	struct kcsd_cache_entry *e = NULL;
	u32 i;

	if (!READ_ONCE(c->nr_cached))
		return nr;
	for (i = 0; i < nr; i++) {
		scoped_guard(spinlock, kcsd_cache_lock_of(c, lba + i))
			e = kcsd_cache_find(c, lba + i);
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

/* Return 1 if read, 0 if the LBA is no longer cached, or -errno. */
static int read_cached(struct kcsd_cache *c, u64 lba, struct iov_iter *iter)
{
	spinlock_t *lock = kcsd_cache_lock_of(c, lba);
	u32 lba_size = 1U << c->lba_shift;
	struct kcsd_cache_entry *e;
	int ret = 0;

	spin_lock(lock);
	e = kcsd_cache_find(c, lba);
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
 * Write an LBA to its entry, or else to *spare, which then becomes NULL. The caller holds the
 * stripe lock. Return 1: written; 0: its entry is claimed, or it has none and *spare is NULL;
 * -errno.
 */
static int write_locked(struct kcsd_cache *c, u64 lba, struct iov_iter *iter,
			struct kcsd_cache_entry **spare)
{
	struct kcsd_cache_entry *e = kcsd_cache_find(c, lba);
	struct kcsd_cache_entry *to = e ?: *spare;
	u32 lba_size = 1U << c->lba_shift;

	if (!to || to->claimed)
		return 0;
	if (_copy_from_iter(to->data, lba_size, iter) != lba_size)
		return -EFAULT;
	if (!e) {
		kcsd_cache_add(c, *spare, lba);
		*spare = NULL;
	}
	return 1;
}

static int write_cached(struct kcsd_cache *c, u64 lba, struct iov_iter *iter,
			struct kcsd_cache_entry **spare)
{
	spinlock_t *lock = kcsd_cache_lock_of(c, lba);
	int ret;

	spin_lock(lock);
	ret = write_locked(c, lba, iter, spare);
	spin_unlock(lock);
	return ret;
}

/* Write an LBA. The caller owns *spare, an entry or NULL, and passes it on to the next LBA. */
static int write_lba(struct kcsd_store *s, u64 lba, struct iov_iter *iter,
		     struct kcsd_cache_entry **spare)
{
	struct kcsd_cache *c = s->cache;
	int ret;

	while (!(ret = write_cached(c, lba, iter, spare))) {
		wait_event(c->wait, !kcsd_cache_is_claimed(c, lba));
		if (!*spare)
			*spare = kcsd_cache_get_free(c);
		if (!*spare)
			ret = evict(s);
		if (ret)
			return ret;
	}
	kcsd_cache_wake(c);
	return min(ret, 0);
}

static int cache_write(struct kcsd_store *s, u64 pos, struct iov_iter *iter)
{
	u64 lba = pos >> s->cache->lba_shift;
	struct kcsd_cache_entry *spare = NULL;
	int ret = 0;

	while (!ret && iov_iter_count(iter))
		ret = write_lba(s, lba++, iter, &spare);
	if (spare)
		kcsd_cache_put_free(s->cache, spare);
	return ret;
}

static int cache_zero(struct kcsd_store *s, u64 pos, u64 len, bool unmap)
{
	struct kcsd_cache *c = s->cache;
	u64 lba = pos >> c->lba_shift;
	u64 end = lba + (len >> c->lba_shift);
	struct kcsd_cache_claim claim;
	int ret;

	kcsd_cache_claim_init(&claim);
	for (; READ_ONCE(c->nr_cached) > claim.nr && lba < end; lba++)
		wait_event(c->wait, kcsd_cache_claim_lba(c, lba, &claim) != KCSD_CLAIM_BUSY);
	ret = s->below->ops->zero(s->below, pos, len, unmap);
	kcsd_cache_release(c, &claim, ret);
	return ret;
}

static int cache_flush(struct kcsd_store *s)
{
	return write_out_all(s) ?: s->below->ops->flush(s->below);
}

void kcsd_store_erase_cache(struct kcsd_store *s)
{
	struct kcsd_cache *c = s->cache;
	u32 i;

	if (!s->below || WARN_ON_ONCE(READ_ONCE(c->nr_cached)))
		return;
	for (i = 0; i < c->nr; i++) {
		memset(c->data + ((size_t)i << c->lba_shift), 0, 1U << c->lba_shift);
		cond_resched();
	}
}

static void cache_close(struct kcsd_store *s)
{
	int ret = write_out_all(s);

	if (ret)
		pr_err("%s: writing back failed, %u cached LBAs are lost: error %d\n", s->name,
		       s->cache->nr_cached, ret);
	kcsd_store_close(s->below);
	kfree(s->below);
	kcsd_cache_free(s->cache);
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

int kcsd_store_cache_open(struct kcsd_store *s, struct kcsd_store *below,
			  const struct kcsd_config *c, const char *name)
{
	u64 memory = kcsd_cache_memory(c->cache_size, ilog2(c->block_size));
	struct kcsd_cache *cache;

	if (!kcsd_config_fits_memory(name, "cache_size", memory))
		return -ENOMEM;
	cache = kcsd_cache_alloc(c->cache_size, ilog2(c->block_size));
	if (!cache) {
		pr_err("%s: no memory for cache_size %llu\n", name, c->cache_size);
		return -ENOMEM;
	}
	*s = (struct kcsd_store) {
		.below = below,
		.cache = cache,
		.size = below->size,
		.memory = below->memory + memory,
		.discard_granularity = below->discard_granularity,
		.alignment = sizeof(u32),
		.volatile_cache = true,
		.ops = &store_cache_ops,
	};
	strscpy(s->name, name);
	return 0;
}

void kcsd_store_cut(struct kcsd_store *s, bool (*survives)(u64 lba, void *ctx), void *ctx)
{
	struct kcsd_cache_entry *e, *tmp;
	struct kcsd_cache *c;

	if (!s->below)
		return;
	c = s->cache;
	list_for_each_entry_safe(e, tmp, &c->dirty, list)
		if (!survives(e->lba, ctx))
			kcsd_cache_forget(c, e);
}

void kcsd_store_cache_stats(const struct kcsd_store *s, struct kcsd_cache_stats *sum)
{
	const struct kcsd_cache_counters *n;
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
