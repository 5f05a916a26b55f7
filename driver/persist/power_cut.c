// SPDX-License-Identifier: GPL-2.0
/*
 * Cut power: choose which writes that were not flushed survive.
 *
 * Any of them can, since a cache writes out in any order. In a sequential zone the writes below
 * some write pointer survive; it is not below the write pointer that was made durable last. The
 * choice depends only on the seed and on the contents of the cache.
 */
#define pr_fmt(fmt) "kcsd: " fmt

#include <linux/printk.h>

#include "media/lbas.h"
#include "media/store.h"
#include "persist/sidecar.h"

#define ALWAYS		256	/* a share of 256/256 */
#define ZONE_BATCH	1024u	/* zones in one record of the sidecar */

struct cut {
	const struct kcsd_lbas *lbas;
	u64 seed;
	u32 share;	/* of ALWAYS: share that survives */
};

/* Mix the seed with a number. Neighbours differ enough (the finalizer of splitmix64). */
static u64 draw(u64 seed, u64 number)
{
	u64 x = seed * 0x9e3779b97f4a7c15 + number;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

/* Return true if an LBA survives. The zones have been cut. */
static bool survives(u64 lba, void *ctx)
{
	const struct cut *cut = ctx;
	const struct kcsd_zones *zs = &cut->lbas->zones;
	u32 zone;

	if (zs->nr) {
		zone = kcsd_zone_index(zs, lba);
		if (!kcsd_zone_is_conventional(zs, zone))
			return lba - kcsd_zone_start(zs, zone) < zs->zones[zone].wp;
	}
	return draw(cut->seed, lba) % ALWAYS < cut->share;
}

static void cut_zone(struct kcsd_zones *zs, u32 index, u64 seed)
{
	struct kcsd_zone *z = &zs->zones[index];
	u32 unsure;

	if (z->wp <= z->committed)
		return;
	unsure = z->wp - z->committed;
	kcsd_zone_cut(zs, z, z->committed + draw(~seed, index) % (unsure + 1));
}

static int write_zones(struct kcsd_lbas *lbas)
{
	unsigned int token = lbas->journal->begin(lbas);
	struct kcsd_zones *zs = &lbas->zones;
	int ret = 0;
	u32 i;

	for (i = zs->nr_conventional; !ret && i < zs->nr; i += min(zs->nr - i, ZONE_BATCH))
		ret = lbas->journal->record(lbas, i, min(zs->nr - i, ZONE_BATCH));
	lbas->journal->end(lbas, token);
	return ret;
}

void kcsd_sidecar_cut(struct kcsd_lbas *lbas, u64 seed)
{
	struct cut cut = {
		.lbas = lbas, .seed = seed, .share = draw(seed, U64_MAX) % (ALWAYS + 1),
	};
	u32 i;
	int ret;

	for (i = lbas->zones.nr_conventional; i < lbas->zones.nr; i++)
		cut_zone(&lbas->zones, i, seed);
	kcsd_store_cut(&lbas->store, survives, &cut);
	ret = write_zones(lbas);
	if (ret)
		pr_err("kcsd%u: write pointers after the power cut could not be written: error %d\n",
		       lbas->index, ret);
	kcsd_sidecar_abandon(lbas);
}
