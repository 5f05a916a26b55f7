// SPDX-License-Identifier: GPL-2.0
/* Erase the store. Data of read-only and offline zones is erased, too. */
#include <linux/math64.h>
#include <linux/nvme.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "media/badblocks.h"
#include "media/erase.h"
#include "media/lbas.h"
#include "media/store.h"
#include "stats/counters.h"

#define WRITE_PIECE	SZ_64K
#define ZERO_PIECE	SZ_1M

struct erasing {
	struct kcsd_lbas *lbas;
	const struct kcsd_erase *how;
	u32 pass;	/* passes done, the one that zeroes included */
	u32 rounds;	/* passes in all */
};

static int before_piece(const struct erasing *e)
{
	if (READ_ONCE(e->lbas->dead) || e->how->stopped(e->how->ctx))
		return -ECANCELED;
	cond_resched();
	return 0;
}

/*
 * Report progress. Scales done within one pass: for the largest files the size times the number of
 * passes does not fit 64 bits.
 */
static void after_piece(const struct erasing *e, u64 done)
{
	u64 of_pass = mul_u64_u64_div_u64(done, 65536, e->lbas->store.size);
	u32 share = (e->pass * 65536 + (u32)of_pass) / e->rounds;

	if (e->how->progress)
		e->how->progress(e->how->ctx, e->pass, min(share, 65535U));
}

static int zero_piece(struct erasing *e, u64 pos, u64 len, void *pattern)
{
	struct kcsd_store *store = &e->lbas->store;

	return store->ops->zero(store, pos, len, !e->how->keep);
}

static int write_piece(struct erasing *e, u64 pos, u64 len, void *pattern)
{
	struct kvec kvec = { .iov_base = pattern, .iov_len = len };
	struct kcsd_store *store = &e->lbas->store;
	struct iov_iter iter;
	int ret;

	iov_iter_kvec(&iter, ITER_SOURCE, &kvec, 1, len);
	ret = store->ops->write(store, pos, &iter);
	if (!ret)
		kcsd_stat_add(e->lbas, media_write_bytes, len);
	return ret;
}

static int each_piece(struct erasing *e, u64 most, void *pattern,
		      int (*fn)(struct erasing *e, u64 pos, u64 len, void *pattern))
{
	u64 size = e->lbas->store.size, pos, len;
	int ret = 0;

	for (pos = 0; pos < size; pos += len) {
		ret = before_piece(e);
		if (ret)
			break;
		len = min(size - pos, most);
		ret = fn(e, pos, len, pattern);
		if (ret)
			break;
		after_piece(e, pos + len);
	}
	return ret;
}

static int overwrite(struct erasing *e)
{
	__le32 *pattern = kvmalloc(WRITE_PIECE, GFP_KERNEL);
	u32 value, i;
	int ret = 0;

	if (!pattern)
		return -ENOMEM;
	for (; !ret && e->pass < e->how->passes; e->pass += !ret) {
		value = e->how->invert && e->pass % 2 ? ~e->how->pattern : e->how->pattern;
		for (i = 0; i < WRITE_PIECE / sizeof(*pattern); i++)
			pattern[i] = cpu_to_le32(value);
		ret = each_piece(e, WRITE_PIECE, pattern, write_piece);
		/* Commit each pass: a cache would write only the last one. */
		if (!ret)
			ret = e->lbas->journal->commit(e->lbas);
	}
	kvfree(pattern);
	return ret;
}

static int erase_zones(struct kcsd_lbas *lbas)
{
	int ret = lbas->zones.nr ? kcsd_zone_manage_all(lbas, NVME_ZONE_RESET) : 0;

	return ret > 0 ? -ECANCELED : ret;
}

/* Trip all watches, also those armed meanwhile. The gate is still closed. */
static void trip_watches(struct kcsd_lbas *lbas)
{
	int token = kcsd_watches_enter(&lbas->watches);

	kcsd_watches_trip(&lbas->watches, 0, lbas->nsze, NULL);
	kcsd_watches_exit(&lbas->watches, token);
}

int kcsd_erase(struct kcsd_lbas *lbas, const struct kcsd_erase *how)
{
	bool zero = !how->passes || !how->keep;
	struct erasing e = {
		.lbas = lbas, .how = how,
		.rounds = how->passes + zero,
	};
	int ret = READ_ONCE(lbas->data_lost) ? -EIO : 0;

	if (!ret)
		ret = erase_zones(lbas);
	if (!ret)
		ret = overwrite(&e);
	if (!ret && zero)
		ret = each_piece(&e, ZERO_PIECE, NULL, zero_piece);
	if (!ret)
		ret = lbas->journal->commit(lbas);
	if (!ret)
		ret = kcsd_badblocks_clear(lbas, &lbas->retained->uncorrectable, 0, lbas->nsze);
	if (ret && ret != -ECANCELED)
		kcsd_stat_inc(lbas, media_errors);
	trip_watches(lbas);
	return ret;
}
