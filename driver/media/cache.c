// SPDX-License-Identifier: GPL-2.0
/*
 * Entries of a volatile write cache. All memory is allocated at power on, so that no write of
 * cached data waits for memory reclaim.
 */
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "config.h"
#include "media/cache.h"

void kcsd_cache_add(struct kcsd_cache *c, struct kcsd_cache_entry *e, u64 lba)
{
	e->lba = lba;
	hlist_add_head(&e->hash, &c->hash[kcsd_cache_bucket(c, lba)]);
	spin_lock(&c->lock);
	e->seq = ++c->seq;
	list_add_tail(&e->list, &c->dirty);
	WRITE_ONCE(c->nr_cached, c->nr_cached + 1);
	spin_unlock(&c->lock);
}

void kcsd_cache_put_free(struct kcsd_cache *c, struct kcsd_cache_entry *e)
{
	scoped_guard(spinlock, &c->lock)
		list_add(&e->list, &c->free);
	kcsd_cache_wake(c);
}

struct kcsd_cache_entry *kcsd_cache_get_free(struct kcsd_cache *c)
{
	struct kcsd_cache_entry *e;

	spin_lock(&c->lock);
	e = list_first_entry_or_null(&c->free, struct kcsd_cache_entry, list);
	if (e)
		list_del(&e->list);
	spin_unlock(&c->lock);
	return e;
}

void kcsd_cache_free(struct kcsd_cache *c)
{
	free_percpu(c->counters);
	kvfree(c->stripes);
	kvfree(c->hash);
	kvfree(c->entries);
	vfree(c->data);
	kfree(c);
}

static void init_entries(struct kcsd_cache *c)
{
	u32 i;

	for (i = 0; i < KCSD_CACHE_STRIPES; i++)
		spin_lock_init(&c->stripes[i].lock);
	for (i = 0; i < c->nr; i++) {
		c->entries[i].data = c->data + ((size_t)i << c->lba_shift);
		list_add_tail(&c->entries[i].list, &c->free);
		cond_resched();
	}
}

static u32 hash_bits_of(u32 nr)
{
	return max(order_base_2(nr), 1);
}

struct kcsd_cache *kcsd_cache_alloc(u64 size, u32 lba_shift)
{
	struct kcsd_cache *c = kzalloc(sizeof(*c), GFP_KERNEL);

	if (!c)
		return NULL;
	c->lba_shift = lba_shift;
	c->nr = size >> lba_shift;
	c->hash_bits = hash_bits_of(c->nr);
	spin_lock_init(&c->lock);
	INIT_LIST_HEAD(&c->free);
	INIT_LIST_HEAD(&c->dirty);
	INIT_LIST_HEAD(&c->claimed);
	init_waitqueue_head(&c->wait);
	c->data = vmalloc(size);
	c->entries = kcsd_config_alloc_array(c->nr, sizeof(*c->entries));
	c->hash = kcsd_config_alloc_array(1UL << c->hash_bits, sizeof(*c->hash));
	c->stripes = kvcalloc(KCSD_CACHE_STRIPES, sizeof(*c->stripes), GFP_KERNEL);
	c->counters = alloc_percpu(struct kcsd_cache_counters);
	if (!c->data || !c->entries || !c->hash || !c->stripes || !c->counters) {
		kcsd_cache_free(c);
		return NULL;
	}
	init_entries(c);
	return c;
}

u64 kcsd_cache_memory(u64 size, u32 lba_shift)
{
	u32 nr = size >> lba_shift;

	return size + (u64)nr * sizeof(struct kcsd_cache_entry) +
	       (sizeof(struct hlist_head) << hash_bits_of(nr)) +
	       KCSD_CACHE_STRIPES * sizeof(struct kcsd_cache_stripe);
}
