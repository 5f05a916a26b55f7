// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Open, close and erase a store. */
#include "store.h"

static void init_lanes(struct kcsd_kv *kv)
{
	u32 i;

	kv->nr_lanes = kcsd_kv_lanes(kv->config.size);
	for (i = 0; i <= kv->nr_lanes; i++) {
		mutex_init(&kv->lanes[i].lock);
		mutex_init(&kv->lanes[i].write_lock);
	}
}

static void destroy_lanes(struct kcsd_kv *kv)
{
	u32 i;

	for (i = 0; i <= kv->nr_lanes; i++) {
		mutex_destroy(&kv->lanes[i].lock);
		mutex_destroy(&kv->lanes[i].write_lock);
		kcsd_free(kv->lanes[i].block);
	}
}

/* Nothing is charged yet. */
static void init_pools(struct kcsd_kv *kv)
{
	u32 transient = kv->config.max_value;

	kcsd_kv_pool_init(&kv->credit, kv->config.size);
	kcsd_kv_pool_init(&kv->keys, kv->config.max_keys);
	kcsd_kv_pool_init(&kv->entries, 2ULL * kv->config.max_keys + KCSD_KV_SPARE_ENTRIES);
	atomic64_set(&kv->transient, kcsd_kv_charge(KCSD_KV_MAX_KEY, transient));
}

static int open_medium(struct kcsd_kv *kv, char *why, size_t room)
{
	int ret;

	kv->bucket_seed[0] = kcsd_kv_random();
	kv->bucket_seed[1] = kcsd_kv_random();
	if (kv->in_file)
		return kcsd_kv_disk_open(kv, why, room);
	kv->hash_seed = kcsd_kv_random();
	kcsd_kv_geometry_choose(&kv->geometry, kv->config.size, kv->config.max_value);
	ret = kcsd_kv_segments_init(kv);
	if (!ret)
		kcsd_kv_segments_list(kv);
	return ret;
}

static void destroy(struct kcsd_kv *kv)
{
	kcsd_kv_compact_stop(kv);
	kcsd_kv_index_destroy(kv);
	kcsd_kv_segments_destroy(kv);
	if (kv->in_file)
		kcsd_kv_disk_destroy(kv);
	destroy_lanes(kv);
	mutex_destroy(&kv->flush_lock);
	mutex_destroy(&kv->round_lock);
	kcsd_free(kv);
}

int kcsd_kv_open(const struct kcsd_kv_config *config, struct kcsd_kv_medium *medium,
		 struct kcsd_kv **out, char *why, size_t room)
{
	struct kcsd_kv *kv = kcsd_alloc_own(sizeof(*kv));
	int ret;

	if (!kv)
		return -ENOMEM;
	kv->config = *config;
	kv->medium = medium;
	kv->in_file = medium && medium->ops;
	mutex_init(&kv->flush_lock);
	mutex_init(&kv->round_lock);
	spin_lock_init(&kv->segment_lock);
	init_waitqueue_head(&kv->work);
	init_waitqueue_head(&kv->room);
	init_lanes(kv);
	init_pools(kv);
	ret = kcsd_kv_index_init(kv);
	if (!ret)
		ret = open_medium(kv, why, room);
	if (!ret)
		ret = kcsd_kv_compact_start(kv);
	if (ret)
		destroy(kv);
	else
		*out = kv;
	return ret;
}

int kcsd_kv_close(struct kcsd_kv *kv)
{
	int ret = 0;

	kcsd_kv_compact_stop(kv);
	if (kv->in_file && !kv->cut)
		ret = kcsd_kv_disk_close(kv);
	destroy(kv);
	return ret;
}

void kcsd_kv_kill(struct kcsd_kv *kv)
{
	WRITE_ONCE(kv->lost, true);
	wake_up_all(&kv->room);
}

void kcsd_kv_cut(struct kcsd_kv *kv, u64 seed)
{
	kcsd_kv_compact_stop(kv);
	if (kv->in_file)
		kcsd_kv_disk_cut(kv, seed);
	kv->cut = true;
}

/* Forget all segments of the log. */
static void free_segments(struct kcsd_kv *kv)
{
	u32 i;

	for (i = 0; i <= kv->nr_lanes; i++) {
		kv->lanes[i].segment = 0;
		kv->lanes[i].full = 0;
	}
	for (i = 0; i < kv->geometry.nr; i++) {
		struct kcsd_kv_segment *s = &kv->segments[i];

		if (s->state == KCSD_KV_FREE)
			continue;
		kcsd_kv_buffer_erase(kv, s);
		kcsd_kv_segment_free(kv, s, false);
		cond_resched();
	}
}

/* With round_lock. */
static void erase_memory(struct kcsd_kv *kv)
{
	kcsd_kv_spares_free(kv);
	if (kv->in_file)
		kcsd_kv_disk_erase_memory(kv);
}

void kcsd_kv_erase_memory(struct kcsd_kv *kv)
{
	mutex_lock(&kv->round_lock);
	erase_memory(kv);
	mutex_unlock(&kv->round_lock);
	/* The thread may have been kicked meanwhile. */
	kcsd_kv_compact_kick(kv);
}

/* Erase the medium. No segment is in use. With round_lock. */
static int erase_disk(struct kcsd_kv *kv)
{
	int ret = kcsd_kv_disk_erase(kv);

	/* The space that was kept is gone, too. */
	kcsd_kv_segments_list(kv);
	kcsd_kv_segments_keep(kv);
	return ret;
}

/* With round_lock. */
static int erase(struct kcsd_kv *kv)
{
	int ret = kv->in_file ? kcsd_kv_disk_forget(kv) : 0;

	if (ret) {
		WRITE_ONCE(kv->lost, true);
		return ret;
	}
	kcsd_kv_index_clear(kv);
	free_segments(kv);
	init_pools(kv);
	erase_memory(kv);
	return kv->in_file ? erase_disk(kv) : 0;
}

int kcsd_kv_erase(struct kcsd_kv *kv)
{
	int ret = kcsd_kv_usable(kv);

	if (ret)
		return ret;
	mutex_lock(&kv->round_lock);
	ret = erase(kv);
	mutex_unlock(&kv->round_lock);
	kcsd_kv_compact_kick(kv);
	return ret;
}

/* ---- statistics ---- */

static u64 memory_of(struct kcsd_kv *kv, u64 *medium)
{
	u64 sum = sizeof(*kv) + kcsd_kv_index_memory(kv) +
		  kv->geometry.nr * (u64)sizeof(*kv->segments);
	u32 i, buffers = 0;

	for (i = 0; i < kv->geometry.nr; i++)
		buffers += READ_ONCE(kv->segments[i].state) != KCSD_KV_FREE;
	*medium = (u64)buffers << kv->geometry.shift;
	if (!kv->in_file)
		return sum;
	return sum + kcsd_kv_disk_memory(kv);
}

static u64 count_pinned(struct kcsd_kv *kv)
{
	u64 nr = 0;
	u32 i;

	for (i = 0; i < kv->geometry.nr; i++)
		nr += atomic_read(&kv->segments[i].pins) > 0;
	return nr;
}

void kcsd_kv_get_stats(struct kcsd_kv *kv, struct kcsd_kv_stats *stats)
{
	u32 i;

	*stats = (struct kcsd_kv_stats){
		.size = kv->config.size, .room = max_t(s64, kcsd_kv_pool_rest(&kv->credit), 0),
		.max_keys = kv->config.max_keys,
		.medium_size = (u64)kv->geometry.nr << kv->geometry.shift,
		.segments = kv->geometry.nr, .free_segments = READ_ONCE(kv->nr_free),
		.moved = atomic64_read(&kv->moved), .damaged = atomic64_read(&kv->damaged),
	};
	stats->memory = memory_of(kv, &stats->medium_bytes);
	stats->pinned = count_pinned(kv);
	for (i = 0; i < KCSD_KV_SHARDS; i++) {
		spin_lock(&kv->shards[i].lock);
		stats->keys += kv->shards[i].keys;
		stats->used += kv->shards[i].used;
		spin_unlock(&kv->shards[i].lock);
	}
	for (i = 0; i <= kv->nr_lanes; i++)
		stats->written += READ_ONCE(kv->lanes[i].appended);
}
