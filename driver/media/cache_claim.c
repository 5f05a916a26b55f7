// SPDX-License-Identifier: GPL-2.0
/* Claim and release entries of a volatile write cache. */
#include "media/cache.h"

void kcsd_cache_claim_init(struct kcsd_cache_claim *claim)
{
	claim->first = NULL;
	claim->end = &claim->first;
	claim->nr = 0;
}

/* Claim an entry. The caller holds the stripe lock. */
static enum kcsd_cache_claimed claim_locked(struct kcsd_cache *c, u64 lba,
					    struct kcsd_cache_claim *claim)
{
	struct kcsd_cache_entry *e = kcsd_cache_find(c, lba);

	if (!e)
		return KCSD_CLAIM_NONE;
	if (e->claimed)
		return KCSD_CLAIM_BUSY;
	e->claimed = true;
	e->next = NULL;
	*claim->end = e;
	claim->end = &e->next;
	claim->nr++;
	spin_lock(&c->lock);
	list_move_tail(&e->list, &c->claimed);
	spin_unlock(&c->lock);
	return KCSD_CLAIM_TAKEN;
}

enum kcsd_cache_claimed kcsd_cache_claim_lba(struct kcsd_cache *c, u64 lba,
					     struct kcsd_cache_claim *claim)
{
	spinlock_t *lock = kcsd_cache_lock_of(c, lba);
	enum kcsd_cache_claimed ret;

	spin_lock(lock);
	ret = claim_locked(c, lba, claim);
	spin_unlock(lock);
	return ret;
}

void kcsd_cache_claim_oldest(struct kcsd_cache *c, u64 max, struct kcsd_cache_claim *claim)
{
	struct kcsd_cache_entry *e;
	u64 lba;

	kcsd_cache_claim_init(claim);
	while (!claim->nr) {
		scoped_guard(spinlock, &c->lock) {
			e = list_first_entry_or_null(&c->dirty, struct kcsd_cache_entry, list);
			if (!e || e->seq > max)
				return;
			lba = e->lba;
		}
		while (claim->nr < KCSD_CACHE_BATCH &&
		       kcsd_cache_claim_lba(c, lba + claim->nr, claim) == KCSD_CLAIM_TAKEN)
			;
	}
}

/*
 * Make an entry dirty again after an error, as the newest, since older entries are written out
 * first. A flush that began before does not write it again, and fails because c->failures changed.
 * A flush that begins later does write it. So seq and failures change together, under c->lock.
 */
static void entry_put_back(struct kcsd_cache *c, struct kcsd_cache_entry *e, int error)
{
	e->seq = ++c->seq;
	c->failures++;
	c->error = error;
	list_move_tail(&e->list, &c->dirty);
}

static void free_entry(struct kcsd_cache *c, struct kcsd_cache_entry *e)
{
	WRITE_ONCE(c->nr_cached, c->nr_cached - 1);
	list_move_tail(&e->list, &c->free);
}

static void release_entry(struct kcsd_cache *c, struct kcsd_cache_entry *e, int error)
{
	spinlock_t *lock = kcsd_cache_lock_of(c, e->lba);

	spin_lock(lock);
	e->claimed = false;
	if (!error)
		hlist_del_init(&e->hash);
	spin_lock(&c->lock);
	if (error)
		entry_put_back(c, e, error);
	else
		free_entry(c, e);
	spin_unlock(&c->lock);
	spin_unlock(lock);
}

void kcsd_cache_release(struct kcsd_cache *c, struct kcsd_cache_claim *claim, int error)
{
	struct kcsd_cache_entry *e = claim->first;

	while (e) {
		struct kcsd_cache_entry *done = e;

		e = e->next;	/* another context may claim an entry once it is released */
		release_entry(c, done, error);
	}
	kcsd_cache_wake(c);
}

void kcsd_cache_forget(struct kcsd_cache *c, struct kcsd_cache_entry *e)
{
	release_entry(c, e, 0);
}

bool kcsd_cache_has_older_claims(struct kcsd_cache *c, u64 seq)
{
	const struct kcsd_cache_entry *e;
	bool any = false;

	spin_lock(&c->lock);
	list_for_each_entry(e, &c->claimed, list)
		any |= e->seq <= seq;
	spin_unlock(&c->lock);
	return any;
}

bool kcsd_cache_is_claimed(const struct kcsd_cache *c, u64 lba)
{
	spinlock_t *lock = kcsd_cache_lock_of(c, lba);
	const struct kcsd_cache_entry *e;
	bool claimed;

	spin_lock(lock);
	e = kcsd_cache_find(c, lba);
	claimed = e && e->claimed;
	spin_unlock(lock);
	return claimed;
}
