// SPDX-License-Identifier: GPL-2.0
#include "disk.h"

#define SECTOR	512

static u64 random_state = 1;

void seed(u64 n)
{
	random_state = n * 0x9e3779b97f4a7c15ULL | 1;
}

u32 below(u32 n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (random_state >> 20) % n;
}

u64 kcsd_kv_random(void)
{
	static u64 nr;

	return __atomic_add_fetch(&nr, 0x9e3779b97f4a7c15ULL, __ATOMIC_RELAXED) *
	       0xbf58476d1ce4e5b9ULL;
}

static struct disk *to_disk(struct kcsd_kv_medium *m)
{
	return container_of(m, struct disk, medium);
}

/* Count a call. Returns its error; *effect: it does something. */
static int begin_call(struct disk *d, bool *effect)
{
	d->calls++;
	if (d->dead_at && d->calls >= d->dead_at)
		d->dead = true;
	*effect = !d->dead;
	if (d->fail_at && d->calls >= d->fail_at && d->calls <= d->fail_until) {
		*effect = false;
		return d->error;
	}
	return 0;
}

static int take_space(struct disk *d, u64 pos, u64 len)
{
	u64 first = pos / KCSD_KV_BLOCK, end = first + len / KCSD_KV_BLOCK, need = 0, i;

	for (i = first; i < end; i++)
		need += !d->used[i];
	if (d->room && d->blocks + need > d->room)
		return -ENOSPC;
	memset(d->used + first, 1, end - first);
	d->blocks += need;
	return 0;
}

static void check_place(u64 pos, u64 len)
{
	if (pos % KCSD_KV_BLOCK || len % KCSD_KV_BLOCK)
		abort();
}

/* Return how many bytes are there. */
static u64 clip(const struct disk *d, u64 pos, u64 len)
{
	return pos >= d->len ? 0 : min(len, d->len - pos);
}

static int disk_read(struct kcsd_kv_medium *m, u64 pos, void *to, u32 len, bool now)
{
	struct disk *d = to_disk(m);

	u64 there = clip(d, pos, len);

	check_place(pos, len);
	if (now && !d->cached)
		return -EAGAIN;
	if (d->bad_error && d->bad >= pos / KCSD_KV_BLOCK && d->bad < (pos + len) / KCSD_KV_BLOCK)
		return d->bad_error;
	pthread_mutex_lock(&d->lock);
	if (there)
		memcpy(to, d->now + pos, there);
	memset((u8 *)to + there, 0, len - there);
	pthread_mutex_unlock(&d->lock);
	return 0;
}

static int disk_write(struct kcsd_kv_medium *m, u64 pos, const void *from, u32 len)
{
	struct disk *d = to_disk(m);
	bool effect;
	int ret;

	check_place(pos, len);
	if (clip(d, pos, len) < len)
		return -EFBIG;
	pthread_mutex_lock(&d->lock);
	ret = begin_call(d, &effect);
	if (d->write_error) {
		ret = d->write_error;
		effect = false;
	}
	if (effect)
		ret = take_space(d, pos, len);
	if (effect && !ret) {
		memcpy(d->now + pos, from, len);
		memset(d->changed + pos / KCSD_KV_BLOCK, 1, len / KCSD_KV_BLOCK);
	}
	pthread_mutex_unlock(&d->lock);
	return ret;
}

static int disk_sync(struct kcsd_kv_medium *m)
{
	struct disk *d = to_disk(m);
	bool effect;
	u64 i;
	int ret;

	pthread_mutex_lock(&d->lock);
	ret = begin_call(d, &effect);
	if (d->sync_error) {
		ret = d->sync_error;
		effect = false;
	}
	d->syncs++;
	if (effect)
		d->medium.len = d->len;
	for (i = 0; effect && i < d->len / KCSD_KV_BLOCK; i++)
		if (d->changed[i]) {
			memcpy(d->stable + i * KCSD_KV_BLOCK, d->now + i * KCSD_KV_BLOCK,
			       KCSD_KV_BLOCK);
			d->changed[i] = 0;
		}
	pthread_mutex_unlock(&d->lock);
	return ret;
}

static int disk_discard(struct kcsd_kv_medium *m, u64 pos, u64 len)
{
	struct disk *d = to_disk(m);
	bool effect;
	u64 i;
	int ret;

	len = clip(d, pos, len);
	check_place(pos, len);
	pthread_mutex_lock(&d->lock);
	ret = begin_call(d, &effect);
	for (i = pos / KCSD_KV_BLOCK; effect && i < (pos + len) / KCSD_KV_BLOCK; i++) {
		if (!d->used[i])
			continue;
		memset(d->now + i * KCSD_KV_BLOCK, 0, KCSD_KV_BLOCK);
		d->changed[i] = 1;
		d->used[i] = 0;
		d->blocks--;
	}
	pthread_mutex_unlock(&d->lock);
	return ret;
}

static int disk_reserve(struct kcsd_kv_medium *m, u64 pos, u64 len)
{
	struct disk *d = to_disk(m);
	int ret;

	check_place(pos, len);
	if (!d->reserves)
		return -EOPNOTSUPP;
	if (clip(d, pos, len) < len)
		return -EFBIG;
	pthread_mutex_lock(&d->lock);
	ret = take_space(d, pos, len);
	pthread_mutex_unlock(&d->lock);
	return ret;
}

static const struct kcsd_kv_medium_ops disk_ops = {
	.read = disk_read, .write = disk_write, .sync = disk_sync, .discard = disk_discard,
	.reserve = disk_reserve,
};

struct disk *disk_create(u64 len)
{
	struct disk *d = calloc(1, sizeof(*d));

	if (!d)
		abort();
	pthread_mutex_init(&d->lock, NULL);
	d->medium.ops = &disk_ops;
	d->len = len;
	d->reserves = true;
	d->now = calloc(1, len);
	d->stable = calloc(1, len);
	d->changed = calloc(1, len / KCSD_KV_BLOCK);
	d->used = calloc(1, len / KCSD_KV_BLOCK);
	if (!d->now || !d->stable || !d->changed || !d->used)
		abort();
	return d;
}

void disk_destroy(struct disk *d)
{
	free(d->now);
	free(d->stable);
	free(d->changed);
	free(d->used);
	pthread_mutex_destroy(&d->lock);
	free(d);
}

/* Let sectors of a block reach the disk: none, all, some. */
static void settle_block(struct disk *d, u64 at)
{
	u32 how = below(3), i;

	for (i = 0; i < KCSD_KV_BLOCK; i += SECTOR)
		if (how == 1 || (how == 2 && below(2)))
			memcpy(d->stable + at + i, d->now + at + i, SECTOR);
}

void disk_crash(struct disk *d)
{
	u64 i;

	for (i = 0; i < d->len / KCSD_KV_BLOCK; i++) {
		if (!d->changed[i])
			continue;
		settle_block(d, i * KCSD_KV_BLOCK);
		memcpy(d->now + i * KCSD_KV_BLOCK, d->stable + i * KCSD_KV_BLOCK, KCSD_KV_BLOCK);
		d->changed[i] = 0;
	}
	d->dead = false;
	d->dead_at = 0;
	d->fail_at = 0;
}

void disk_copy(struct disk *to, const struct disk *from)
{
	memcpy(to->now, from->now, to->len);
	memcpy(to->stable, from->now, to->len);
	memset(to->changed, 0, to->len / KCSD_KV_BLOCK);
	memcpy(to->used, from->used, to->len / KCSD_KV_BLOCK);
	to->blocks = from->blocks;
	to->medium.len = from->medium.len;
}
