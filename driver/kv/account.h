/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What is left of the size of the store, and of the number of keys. */
#ifndef KCSD_KV_ACCOUNT_H
#define KCSD_KV_ACCOUNT_H

#include "record.h"

struct kcsd_kv;

/* A number that lanes take parts of. */
struct kcsd_kv_pool {
	spinlock_t lock;	/* serialises who takes from all lanes; a leaf */
	atomic64_t rest;
	s64 chunk;		/* what a lane takes ahead */
	struct {
		atomic64_t n;
	} ____cacheline_aligned_in_smp lane[KCSD_KV_MAX_LANES + 1];
};

void kcsd_kv_pool_init(struct kcsd_kv_pool *pool, u64 n);
/* Take n; if n is negative, give -n. Returns false if there are not so many left in all lanes. */
bool kcsd_kv_pool_take(struct kcsd_kv_pool *pool, u32 lane, s64 n);
void kcsd_kv_pool_give(struct kcsd_kv_pool *pool, u32 lane, s64 n);
s64 kcsd_kv_pool_rest(const struct kcsd_kv_pool *pool);

#endif
