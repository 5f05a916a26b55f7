// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Entries of keys. Found by a hash with one step for most keys, however many there are: linear
 * hashing, which grows by one bucket for each entry, so that no change takes long. Objects are in a
 * tree, too, which List goes along.
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

/* ---- buckets ---- */

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

/* ---- order ---- */

static int compare(const struct kcsd_kv_entry *e, const u8 *key, u8 len)
{
	int ret = memcmp(e->key, key, KCSD_KV_MAX_KEY);

	return ret ? ret : (int)e->key_len - len;
}

void kcsd_kv_entry_show(struct kcsd_kv_shard *shard, struct kcsd_kv_entry *e)
{
	struct rb_node **at = &shard->tree.rb_node, *parent = NULL;

	while (*at) {
		parent = *at;
		if (compare(rb_entry(parent, struct kcsd_kv_entry, node), e->key, e->key_len) > 0)
			at = &parent->rb_left;
		else
			at = &parent->rb_right;
	}
	rb_link_node(&e->node, parent, at);
	rb_insert_color(&e->node, &shard->tree);
}

void kcsd_kv_entry_show_last(struct kcsd_kv_shard *shard, struct kcsd_kv_entry *e,
			     struct rb_node **last)
{
	rb_link_node(&e->node, *last, *last ? &(*last)->rb_right : &shard->tree.rb_node);
	rb_insert_color(&e->node, &shard->tree);
	*last = &e->node;
}

void kcsd_kv_entry_hide(struct kcsd_kv_shard *shard, struct kcsd_kv_entry *e)
{
	rb_erase(&e->node, &shard->tree);
}

/* Return the first object not before a key. */
static struct kcsd_kv_entry *seek(struct kcsd_kv_shard *shard, const struct kcsd_kv_name *name)
{
	struct rb_node *at = shard->tree.rb_node;
	struct kcsd_kv_entry *found = NULL;

	while (at) {
		struct kcsd_kv_entry *e = rb_entry(at, struct kcsd_kv_entry, node);

		if (compare(e, name->key, name->len) >= 0) {
			found = e;
			at = at->rb_left;
		} else {
			at = at->rb_right;
		}
	}
	return found;
}

static struct kcsd_kv_entry *next_object(struct kcsd_kv_entry *e)
{
	struct rb_node *next = rb_next(&e->node);

	return next ? rb_entry(next, struct kcsd_kv_entry, node) : NULL;
}

static bool is_before(const struct kcsd_kv_entry *e, const struct kcsd_kv_name *name)
{
	return compare(e, name->key, name->len) < 0;
}

/* Insert a key into nr sorted ones; if there is no room, the last of them goes. */
static u32 insert_name(struct kcsd_kv_name *names, u32 nr, u32 room,
		       const struct kcsd_kv_entry *e)
{
	u32 at;

	if (nr == room)
		nr--;
	for (at = nr; at && is_before(e, &names[at - 1]); at--)
		names[at] = names[at - 1];
	names[at].len = e->key_len;
	memcpy(names[at].key, e->key, sizeof(names[at].key));
	return nr + 1;
}

/* Merge the keys of all shards, of each one those before the last of nr that were found so far. */
u32 kcsd_kv_keys(struct kcsd_kv *kv, const struct kcsd_kv_name *from, struct kcsd_kv_name *names,
		 u32 nr)
{
	struct kcsd_kv_entry *e;
	u32 i, done = 0;

	for (i = 0; nr && i < KCSD_KV_SHARDS; i++) {
		spin_lock(&kv->shards[i].lock);
		e = seek(&kv->shards[i], from);
		while (e && (done < nr || is_before(e, &names[nr - 1]))) {
			done = insert_name(names, done, nr, e);
			e = next_object(e);
		}
		spin_unlock(&kv->shards[i].lock);
	}
	return done;
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
