// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Open, close and erase the file of a store. */
#include "compact.h"
#include "replay.h"
#include "super.h"

static int alloc_windows(struct kcsd_kv *kv)
{
	u32 i;

	kv->windows = kcsd_alloc_own(KCSD_KV_WINDOWS * sizeof(*kv->windows));
	if (!kv->windows)
		return -ENOMEM;
	for (i = 0; i < KCSD_KV_WINDOWS; i++)
		mutex_init(&kv->windows[i].lock);
	for (i = 0; i < KCSD_KV_WINDOWS; i++) {
		kv->windows[i].mem = kcsd_alloc_own(KCSD_KV_WINDOW_LEN);
		if (!kv->windows[i].mem)
			return -ENOMEM;
	}
	return 0;
}

static int alloc_memory(struct kcsd_kv *kv)
{
	u32 i;

	kv->super = kcsd_alloc_own(sizeof(*kv->super));
	kv->block = kcsd_alloc_own(KCSD_KV_BLOCK);
	kv->zeroes = kcsd_alloc_own(KCSD_KV_BLOCK);
	if (!kv->super || !kv->block || !kv->zeroes)
		return -ENOMEM;
	for (i = 0; i <= kv->nr_lanes; i++) {
		kv->lanes[i].block = kcsd_alloc_own(2 * KCSD_KV_BLOCK);
		if (!kv->lanes[i].block)
			return -ENOMEM;
	}
	return alloc_windows(kv);
}

void kcsd_kv_disk_destroy(struct kcsd_kv *kv)
{
	u32 i;

	for (i = 0; kv->windows && i < KCSD_KV_WINDOWS; i++) {
		kcsd_free(kv->windows[i].mem);
		mutex_destroy(&kv->windows[i].lock);
	}
	kcsd_free(kv->windows);
	kcsd_free(kv->super);
	kcsd_free(kv->block);
	kcsd_free(kv->zeroes);
}

u64 kcsd_kv_disk_memory(const struct kcsd_kv *kv)
{
	u64 sum = KCSD_KV_WINDOWS * (u64)KCSD_KV_WINDOW_LEN + 2 * KCSD_KV_BLOCK;
	u32 i;

	for (i = 0; i < kv->geometry.nr; i++)
		if (READ_ONCE(kv->segments[i].state) == KCSD_KV_OPEN ||
		    READ_ONCE(kv->segments[i].state) == KCSD_KV_FULL)
			sum += kcsd_kv_segment_len(&kv->geometry);
	return sum;
}

static int write_super(struct kcsd_kv *kv, bool clean)
{
	kv->super->clean = cpu_to_le32(clean);
	return kcsd_kv_super_write(kv->medium, kv->super, kv->block);
}

/*
 * Let the file reach to the end of its segments, so that one that is cut short is found out. Then
 * the superblock may say so. Returns 0, also if there is no room; -errno of a sync.
 */
static int reach(struct kcsd_kv *kv)
{
	u64 end = (u64)(kv->geometry.nr + 1) << kv->geometry.shift;
	const struct kcsd_kv_medium_ops *ops = kv->medium->ops;
	int ret;

	if (kv->medium->len < end &&
	    ops->write(kv->medium, end - KCSD_KV_BLOCK, kv->zeroes, KCSD_KV_BLOCK))
		return 0;
	ret = ops->sync(kv->medium);
	if (!ret)
		kv->super->reaches = cpu_to_le32(kv->geometry.nr);
	return ret;
}

/* ---- a new file ---- */

static int create(struct kcsd_kv *kv)
{
	struct kcsd_kv_super *super = kv->super;
	u64 half[2] = { kcsd_kv_random(), kcsd_kv_random() };

	kcsd_kv_geometry_choose(&kv->geometry, kv->config.size, kv->config.max_value);
	memset(super, 0, sizeof(*super));
	memcpy(super->magic, KCSD_KV_SUPER_MAGIC, sizeof(super->magic));
	memcpy(super->uuid, half, sizeof(super->uuid));
	kv->hash_seed = kcsd_kv_random();
	super->hash_seed = cpu_to_le64(kv->hash_seed);
	super->shift = cpu_to_le32(kv->geometry.shift);
	super->size = cpu_to_le64(kv->config.size);
	super->nr_segments = cpu_to_le32(kv->geometry.nr);
	/* First of all it is a store: power may fail. */
	return kcsd_kv_segments_init(kv) ?: write_super(kv, false) ?: reach(kv) ?:
	       write_super(kv, false);
}

/* ---- an old file ---- */

/*
 * Return true if the file has no more segments than a store of this size can, nor needs too many.
 */
static bool fits(const struct kcsd_kv *kv, char *why, size_t room)
{
	struct kcsd_kv_geometry most = { .shift = kv->geometry.shift };

	kcsd_kv_geometry_choose(&most, kv->config.size, KCSD_KV_LONGEST);
	if (le32_to_cpu(kv->super->nr_segments) > most.nr) {
		snprintf(why, room, "it has too many segments");
		return false;
	}
	if (kv->geometry.nr > KCSD_KV_MAX_SEGMENTS) {
		snprintf(why, room, "it was made for a store too small to grow to this size");
		return false;
	}
	return true;
}

/* Take sizes over. The store may be larger than before. */
static int adapt(struct kcsd_kv *kv, char *why, size_t room)
{
	struct kcsd_kv_super *super = kv->super;
	u64 size = le64_to_cpu(super->size);

	if (size > kv->config.size) {
		snprintf(why, room, "it was made for %llu bytes: set kv_size to that or more",
			 (unsigned long long)size);
		return -EINVAL;
	}
	kv->hash_seed = le64_to_cpu(super->hash_seed);
	kv->geometry.shift = le32_to_cpu(super->shift);
	kcsd_kv_geometry_choose(&kv->geometry, kv->config.size, kv->config.max_value);
	if (!fits(kv, why, room))
		return -EUCLEAN;
	kv->geometry.nr = max(kv->geometry.nr, le32_to_cpu(super->nr_segments));
	return kcsd_kv_segments_init(kv);
}

/* The file is used from now on: it has no index that counts, and perhaps more segments. */
static int begin_use(struct kcsd_kv *kv)
{
	u64 index = (u64)(le32_to_cpu(kv->super->nr_segments) + 1) << kv->geometry.shift;
	int ret;

	kv->super->size = cpu_to_le64(kv->config.size);
	kv->super->nr_segments = cpu_to_le32(kv->geometry.nr);
	kv->super->index_len = 0;
	ret = le32_to_cpu(kv->super->reaches) < kv->geometry.nr ? reach(kv) : 0;
	if (!ret)
		ret = write_super(kv, false);
	if (ret)
		return ret;
	/*
	 * There may be one that does not count: power failed here, or while it was written. New
	 * segments may begin where it was: what they say first is that they are not.
	 */
	ret = kv->medium->ops->discard(kv->medium, index, KCSD_KV_WHOLE_FILE - index);
	return kcsd_kv_is_full(ret) ? 0 : ret;
}

static int load(struct kcsd_kv *kv, char *why, size_t room)
{
	int ret = adapt(kv, why, room);

	if (ret)
		return ret;
	ret = le32_to_cpu(kv->super->clean) ? kcsd_kv_index_read(kv) : -ENODATA;
	if (ret && ret != -ENOMEM)
		ret = kcsd_kv_replay(kv);
	if (ret == -EUCLEAN)
		snprintf(why, room, "its records say what cannot be");
	if (ret == -EIO)
		snprintf(why, room, "what was stored last cannot be read: copy what can be to a new file");
	if (ret == -E2BIG)
		snprintf(why, room, "it has more objects than kv_max_keys %u: set more",
			 kv->config.max_keys);
	return ret ? ret : begin_use(kv);
}

/* The segments are known. */
static int begin(struct kcsd_kv *kv)
{
	kcsd_kv_segments_list(kv);
	kcsd_kv_segments_keep(kv);
	return 0;
}

int kcsd_kv_disk_open(struct kcsd_kv *kv, char *why, size_t room)
{
	u32 damaged = 0;
	int ret = alloc_memory(kv);

	if (ret)
		return ret;
	if (!kv->medium->len) {
		ret = create(kv);
		return ret ? ret : begin(kv);
	}
	ret = kcsd_kv_super_read(kv->medium, kv->super, kv->block, &damaged);
	if (ret == -EUCLEAN)
		snprintf(why, room,
			 "it has %llu bytes, but no valid superblock; only an empty file becomes a new store",
			 (unsigned long long)kv->medium->len);
	if (!ret && !kcsd_kv_super_reaches(kv->medium, kv->super)) {
		snprintf(why, room, "it has %llu bytes, less than before: it was cut short",
			 (unsigned long long)kv->medium->len);
		ret = -EUCLEAN;
	}
	atomic64_set(&kv->damaged, damaged);
	if (!ret)
		ret = load(kv, why, room);
	return ret ? ret : begin(kv);
}

/* ---- close and erase ---- */

/* Close the open segments. */
static int close_lanes(struct kcsd_kv *kv)
{
	u32 i;
	int ret;

	for (i = 0; i <= kv->nr_lanes; i++) {
		struct kcsd_kv_lane *lane = &kv->lanes[i];

		mutex_lock(&lane->write_lock);
		ret = kcsd_kv_write_full(kv, lane);
		if (!ret) {
			kcsd_kv_log_close(kv, lane);
			ret = kcsd_kv_write_full(kv, lane);
		}
		mutex_unlock(&lane->write_lock);
		if (ret)
			return ret;
	}
	return 0;
}

/* Without the index, which a full disk may have no room for, the next open reads the log. */
int kcsd_kv_disk_close(struct kcsd_kv *kv)
{
	int ret = kcsd_kv_sync(kv);

	if (!ret)
		ret = close_lanes(kv);
	if (!ret)
		ret = kcsd_kv_sync(kv);
	if (ret)
		return ret;
	if (!kcsd_kv_index_write(kv))
		write_super(kv, true);
	return 0;
}

int kcsd_kv_disk_clear(struct kcsd_kv *kv, const struct kcsd_kv_segment *s)
{
	const struct kcsd_kv_medium_ops *ops = kv->medium->ops;
	u64 pos = kcsd_kv_segment_pos(kv, s);
	u32 last = kcsd_kv_segment_len(&kv->geometry) - KCSD_KV_BLOCK;
	int ret = ops->write(kv->medium, pos, kv->zeroes, KCSD_KV_BLOCK);

	return ret ? ret : ops->write(kv->medium, pos + last, kv->zeroes, KCSD_KV_BLOCK);
}

int kcsd_kv_disk_forget(struct kcsd_kv *kv)
{
	u64 half[2] = { kcsd_kv_random(), kcsd_kv_random() };

	memcpy(kv->super->uuid, half, sizeof(kv->super->uuid));
	return write_super(kv, false);
}

void kcsd_kv_disk_erase_memory(struct kcsd_kv *kv)
{
	u32 i;

	for (i = 0; i < KCSD_KV_WINDOWS; i++) {
		mutex_lock(&kv->windows[i].lock);
		memset(kv->windows[i].mem, 0, KCSD_KV_WINDOW_LEN);
		mutex_unlock(&kv->windows[i].lock);
	}
	for (i = 0; i <= kv->nr_lanes; i++) {
		mutex_lock(&kv->lanes[i].write_lock);
		memset(kv->lanes[i].block, 0, 2 * KCSD_KV_BLOCK);
		mutex_unlock(&kv->lanes[i].write_lock);
	}
	memset(kv->compactor->chunk, 0, KCSD_KV_CHUNK);
	kv->compactor->chunk_len = 0;
}

int kcsd_kv_disk_erase(struct kcsd_kv *kv)
{
	u64 start = 1ULL << kv->geometry.shift;
	int ret = kv->medium->ops->discard(kv->medium, start, KCSD_KV_WHOLE_FILE - start);

	kv->unsynced = 0;
	kv->nr_unsynced = 0;
	return ret ? ret : kv->medium->ops->sync(kv->medium);
}
