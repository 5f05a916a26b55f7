// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The index: entries of all keys. bucket.c finds them, order.c lists them. */
#include "store.h"

/* ---- memory ---- */

#ifdef __KERNEL__
static struct kmem_cache *cache;

int kcsd_kv_init(void)
{
	cache = KMEM_CACHE(kcsd_kv_entry, 0);
	return cache ? 0 : -ENOMEM;
}

void kcsd_kv_exit(void)
{
	kmem_cache_destroy(cache);
}

struct kcsd_kv_entry *kcsd_kv_entry_alloc(bool now)
{
	return kmem_cache_zalloc(cache, now ? GFP_NOWAIT | __GFP_NOWARN : GFP_KERNEL);
}

void kcsd_kv_entry_free(struct kcsd_kv_entry *e)
{
	kmem_cache_free(cache, e);
}
#else
struct kcsd_kv_entry *kcsd_kv_entry_alloc(bool now)
{
	(void)now;
	return kcsd_alloc_own(sizeof(struct kcsd_kv_entry));
}

void kcsd_kv_entry_free(struct kcsd_kv_entry *e)
{
	kcsd_free(e);
}
#endif

/* ---- use ---- */

/* After a crash, deleted objects that were forgotten may be back: those of one batch of victims. */
static u64 most_entries(const struct kcsd_kv *kv)
{
	u64 batch = (u64)KCSD_KV_BATCH * kcsd_kv_segment_len(&kv->geometry) / (2 * KCSD_KV_ALIGN);

	return 2ULL * kv->config.max_keys + KCSD_KV_SPARE_ENTRIES + batch;
}

int kcsd_kv_entry_found(struct kcsd_kv *kv, const u8 *key, u8 len, u64 *nr,
			struct kcsd_kv_entry **out)
{
	u32 hash;
	struct kcsd_kv_shard *shard = kcsd_kv_shard_of(kv, key, len, &hash);
	struct kcsd_kv_entry *e;

	if (++*nr > most_entries(kv))
		return -E2BIG;
	if (kcsd_kv_entry_reserve(shard, false))
		return -ENOMEM;
	e = kcsd_kv_entry_alloc(false);
	if (!e)
		return -ENOMEM;
	memcpy(e->key, key, sizeof(e->key));
	e->key_len = len;
	e->deleted = true;
	kcsd_kv_entry_add(kv, shard, hash, e);
	*out = e;
	return 0;
}

bool kcsd_kv_exists(struct kcsd_kv *kv, const struct kcsd_kv_name *name)
{
	u32 hash;
	struct kcsd_kv_shard *shard = kcsd_kv_shard_of(kv, name->key, name->len, &hash);
	struct kcsd_kv_entry *e;
	bool exists;

	spin_lock(&shard->lock);
	e = kcsd_kv_entry_find(shard, hash, name->key, name->len);
	exists = e && !e->deleted;
	spin_unlock(&shard->lock);
	return exists;
}

/* ---- all of it ---- */

static void clear_bucket(struct kcsd_kv_entry **bucket)
{
	struct kcsd_kv_entry *e = *bucket;

	*bucket = NULL;
	while (e) {
		struct kcsd_kv_entry *next = e->next;

		/* While a file is replayed, some have no pieces yet. */
		if (!e->deleted && kcsd_kv_is_large(e->len) && !(e->place & KCSD_KV_NO_PIECES))
			kcsd_free(e->pieces);
		kcsd_kv_entry_free(e);
		e = next;
	}
}

void kcsd_kv_index_clear(struct kcsd_kv *kv)
{
	u32 i, nr;

	for (i = 0; i < KCSD_KV_SHARDS; i++) {
		struct kcsd_kv_shard *shard = &kv->shards[i];

		for (nr = 0; nr < shard->nr_buckets; nr++) {
			clear_bucket(kcsd_kv_bucket(shard, nr));
			cond_resched();
		}
		shard->tree = RB_ROOT;
		shard->entries = 0;
		shard->keys = 0;
		shard->used = 0;
		shard->deleted = 0;
	}
}

static void destroy_shard(struct kcsd_kv_shard *shard)
{
	u32 i;

	for (i = 0; i < shard->room; i++)
		kcsd_free(shard->pages[i]);
	kcsd_free(shard->pages);
}

void kcsd_kv_index_destroy(struct kcsd_kv *kv)
{
	u32 i;

	if (kv->shards) {
		kcsd_kv_index_clear(kv);
		for (i = 0; i < KCSD_KV_SHARDS; i++)
			destroy_shard(&kv->shards[i]);
	}
	kcsd_free(kv->shards);
}

int kcsd_kv_index_init(struct kcsd_kv *kv)
{
	u32 i;
	int ret;

	kv->shards = kcsd_alloc_own(KCSD_KV_SHARDS * sizeof(*kv->shards));
	if (!kv->shards)
		return -ENOMEM;
	for (i = 0; i < KCSD_KV_SHARDS; i++) {
		struct kcsd_kv_shard *shard = &kv->shards[i];

		spin_lock_init(&shard->lock);
		shard->tree = RB_ROOT;
		ret = kcsd_kv_entry_reserve(shard, false);
		if (ret)
			return ret;
		shard->nr_buckets = 1;
	}
	return 0;
}

u64 kcsd_kv_index_memory(const struct kcsd_kv *kv)
{
	u64 sum = KCSD_KV_SHARDS * sizeof(*kv->shards);
	u32 i;

	for (i = 0; i < KCSD_KV_SHARDS; i++) {
		const struct kcsd_kv_shard *shard = &kv->shards[i];

		sum += READ_ONCE(shard->entries) * (u64)sizeof(struct kcsd_kv_entry);
		sum += round_up((u64)READ_ONCE(shard->nr_buckets), KCSD_KV_BUCKETS) *
		       sizeof(struct kcsd_kv_entry *);
		sum += READ_ONCE(shard->room) * (u64)sizeof(*shard->pages);
	}
	return sum;
}
