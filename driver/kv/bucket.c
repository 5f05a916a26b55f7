// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Find entries by a hash, with one step for most keys, however many there are: linear hashing,
 * which grows by one bucket for each entry, so that no change takes long.
 */
#include "store.h"

/* Multiply, and mix both halves of the product. */
static u64 mix(u64 a, u64 b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (u64)product ^ (u64)(product >> 64);
}

/*
 * Chooses the shard, by a seed that the file has. Whoever knows it can choose keys of one shard,
 * which is no worse than one lock for them.
 */
static u64 shard_hash(u64 seed, const u8 *key, u8 len)
{
	u64 a, b;

	memcpy(&a, key, sizeof(a));
	memcpy(&b, key + sizeof(a), sizeof(b));
	return mix(mix(a ^ seed, b ^ 0xa0761d6478bd642fULL) ^ len, seed | 1);
}

/* Chooses the bucket, by a secret of this power cycle: keys of one bucket cannot be chosen. */
static u32 bucket_hash(const struct kcsd_kv *kv, const u8 *key, u8 len)
{
	u64 words[3] = { 0, 0, len };

	memcpy(words, key, KCSD_KV_MAX_KEY);
	return kcsd_kv_hash(words, kv->bucket_seed);
}

struct kcsd_kv_shard *kcsd_kv_shard_of(struct kcsd_kv *kv, const u8 *key, u8 len, u32 *hash)
{
	u64 h = shard_hash(kv->hash_seed, key, len);

	*hash = bucket_hash(kv, key, len);
	return &kv->shards[h >> 32 & (KCSD_KV_SHARDS - 1)];
}

struct kcsd_kv_lane *kcsd_kv_lane_of(struct kcsd_kv *kv, const struct kcsd_kv_shard *shard)
{
	return &kv->lanes[(u32)(shard - kv->shards) % kv->nr_lanes];
}

static u32 half_of(u32 nr_buckets)
{
	return 1U << (31 - __builtin_clz(nr_buckets));
}

static u32 bucket_nr(const struct kcsd_kv_shard *shard, u32 hash)
{
	u32 half = half_of(shard->nr_buckets), nr = hash & (2 * half - 1);

	return nr < shard->nr_buckets ? nr : nr & (half - 1);
}

static bool is_key(const struct kcsd_kv_entry *e, const u8 *key, u8 len)
{
	return e->key_len == len && !memcmp(e->key, key, KCSD_KV_MAX_KEY);
}

struct kcsd_kv_entry *kcsd_kv_entry_find(struct kcsd_kv_shard *shard, u32 hash, const u8 *key,
					 u8 len)
{
	struct kcsd_kv_entry *e = *kcsd_kv_bucket(shard, bucket_nr(shard, hash));

	while (e && !is_key(e, key, len))
		e = e->next;
	return e;
}

/* Make a larger directory of pages. The lock is for readers. */
static int grow_directory(struct kcsd_kv_shard *shard, bool now)
{
	u32 room = max(2 * shard->room, 4U);
	size_t size = room * sizeof(*shard->pages);
	struct kcsd_kv_entry ***pages = now ? kcsd_kv_alloc_now(size) : kcsd_alloc_own(size);
	struct kcsd_kv_entry ***old = shard->pages;

	if (!pages)
		return now ? -EAGAIN : -ENOMEM;
	if (old)
		memcpy(pages, old, shard->room * sizeof(*pages));
	spin_lock(&shard->lock);
	shard->pages = pages;
	shard->room = room;
	spin_unlock(&shard->lock);
	kcsd_free(old);
	return 0;
}

int kcsd_kv_entry_reserve(struct kcsd_kv_shard *shard, bool now)
{
	u32 page = shard->nr_buckets / KCSD_KV_BUCKETS;
	const size_t size = KCSD_KV_BUCKETS * sizeof(**shard->pages);
	int ret;

	if (shard->entries < shard->nr_buckets)
		return 0;
	if (page == shard->room) {
		ret = grow_directory(shard, now);
		if (ret)
			return ret;
	}
	if (!shard->pages[page])
		shard->pages[page] = now ? kcsd_kv_alloc_now(size) : kcsd_alloc_own(size);
	if (!shard->pages[page])
		return now ? -EAGAIN : -ENOMEM;
	return 0;
}

/* Add a bucket: it takes from another one what has the next bit of the hash. */
static void split_bucket(struct kcsd_kv *kv, struct kcsd_kv_shard *shard)
{
	u32 nr = shard->nr_buckets, half = half_of(nr);
	struct kcsd_kv_entry **from = kcsd_kv_bucket(shard, nr - half);
	struct kcsd_kv_entry **to = kcsd_kv_bucket(shard, nr);
	struct kcsd_kv_entry *e = *from;

	*from = NULL;
	*to = NULL;
	while (e) {
		struct kcsd_kv_entry *next = e->next;
		u32 hash = bucket_hash(kv, e->key, e->key_len);
		struct kcsd_kv_entry **bucket = hash & half ? to : from;

		e->next = *bucket;
		*bucket = e;
		e = next;
	}
	shard->nr_buckets++;
}

void kcsd_kv_entry_add(struct kcsd_kv *kv, struct kcsd_kv_shard *shard, u32 hash,
		       struct kcsd_kv_entry *e)
{
	struct kcsd_kv_entry **bucket;

	if (shard->entries >= shard->nr_buckets)
		split_bucket(kv, shard);
	bucket = kcsd_kv_bucket(shard, bucket_nr(shard, hash));
	e->next = *bucket;
	*bucket = e;
	shard->entries++;
}

void kcsd_kv_entry_remove(struct kcsd_kv_shard *shard, u32 hash, struct kcsd_kv_entry *e)
{
	struct kcsd_kv_entry **at = kcsd_kv_bucket(shard, bucket_nr(shard, hash));

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	shard->entries--;
}
