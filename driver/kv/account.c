// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * What is left of the size of the store, and of the number of keys. Each lane has a part of it, so
 * that commands of several CPUs share no counter.
 */
#include "store.h"

static bool take(atomic64_t *from, s64 n)
{
	s64 old = atomic64_read(from);

	do {
		if (old < n)
			return false;
	} while (!atomic64_try_cmpxchg(from, &old, old - n));
	return true;
}

void kcsd_kv_pool_init(struct kcsd_kv_pool *pool, u64 n)
{
	u32 i;

	spin_lock_init(&pool->lock);
	atomic64_set(&pool->rest, n);
	pool->chunk = min_t(u64, n / 256, 256 << 10);
	for (i = 0; i <= KCSD_KV_MAX_LANES; i++)
		atomic64_set(&pool->lane[i].n, 0);
}

/* Take from all lanes. With the lock, so that two callers do not find half each. */
static bool gather(struct kcsd_kv_pool *pool, s64 n)
{
	s64 sum = 0;
	u32 i;

	for (i = 0; i <= KCSD_KV_MAX_LANES; i++)
		sum += atomic64_xchg(&pool->lane[i].n, 0);
	atomic64_add(sum, &pool->rest);
	return take(&pool->rest, n);
}

bool kcsd_kv_pool_take(struct kcsd_kv_pool *pool, u32 lane, s64 n)
{
	bool taken;

	if (n <= 0) {
		kcsd_kv_pool_give(pool, lane, -n);
		return true;
	}
	if (take(&pool->lane[lane].n, n))
		return true;
	if (take(&pool->rest, n + pool->chunk)) {
		atomic64_add(pool->chunk, &pool->lane[lane].n);
		return true;
	}
	spin_lock(&pool->lock);
	taken = gather(pool, n);
	spin_unlock(&pool->lock);
	return taken;
}

void kcsd_kv_pool_give(struct kcsd_kv_pool *pool, u32 lane, s64 n)
{
	atomic64_t *mine = &pool->lane[lane].n;

	if (n > pool->chunk || atomic64_read(mine) > 2 * pool->chunk)
		mine = &pool->rest;
	atomic64_add(n, mine);
}

s64 kcsd_kv_pool_rest(const struct kcsd_kv_pool *pool)
{
	s64 sum = atomic64_read(&pool->rest);
	u32 i;

	for (i = 0; i <= KCSD_KV_MAX_LANES; i++)
		sum += atomic64_read(&pool->lane[i].n);
	return sum;
}
