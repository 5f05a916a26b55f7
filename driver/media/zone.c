// SPDX-License-Identifier: GPL-2.0
/* Initialise zones; move data through them: reads stop at write pointers, writes move them. */
#define pr_fmt(fmt) "kcsd: " fmt

#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/sched.h>

#include "config.h"
#include "media/lbas.h"
#include "media/store.h"

/*
 * Return how many LBAs to read from the store, of at most nlb from offset on in a zone. The LBAs
 * after them read as zeroes. A reader that sees the write pointer of a write also sees its data.
 */
static u64 written_lbas(const struct kcsd_zones *zs, u32 index, u64 offset, u64 nlb)
{
	u64 wp;

	if (kcsd_zone_is_conventional(zs, index))
		return nlb;
	wp = smp_load_acquire(&zs->zones[index].wp);
	return wp > offset ? min(nlb, wp - offset) : 0;
}

/* Read nlb LBAs from the store into iter, and advance it. */
static int move_part(struct kcsd_lbas *lbas, u64 slba, u64 nlb, struct iov_iter *iter, bool now)
{
	u64 len = nlb << lbas->lba_shift;
	struct iov_iter part = *iter;
	int ret;

	iov_iter_truncate(&part, len);
	ret = kcsd_store_read(&lbas->store, slba << lbas->lba_shift, &part, now);
	iov_iter_advance(iter, len);
	return ret;
}

/* Read LBAs of one zone. */
static int read_zone(struct kcsd_lbas *lbas, u32 index, u64 offset, u64 nlb,
		     struct iov_iter *iter, bool now)
{
	const struct kcsd_zones *zs = &lbas->zones;
	u64 data = written_lbas(zs, index, offset, nlb);
	u64 zeroes = (nlb - data) << lbas->lba_shift;
	int ret = 0;

	if (READ_ONCE(zs->zones[index].cond) == BLK_ZONE_COND_OFFLINE)
		return KCSD_SC_ZONE_OFFLINE;
	if (data)
		ret = move_part(lbas, kcsd_zone_start(zs, index) + offset, data, iter, now);
	if (!ret && zeroes && iov_iter_zero(zeroes, iter) != zeroes)
		ret = -EFAULT;
	return ret;
}

int kcsd_zone_read(struct kcsd_lbas *lbas, u64 slba, struct iov_iter *iter, bool now)
{
	const struct kcsd_zones *zs = &lbas->zones;
	u64 left = iov_iter_count(iter) >> lbas->lba_shift;
	int ret = 0;

	while (!ret && left) {
		u64 offset = slba & ((1ULL << zs->shift) - 1);
		u64 nlb = min(left, (1ULL << zs->shift) - offset);

		ret = read_zone(lbas, kcsd_zone_index(zs, slba), offset, nlb, iter, now);
		slba += nlb;
		left -= nlb;
	}
	return ret;
}

/* Validate in the order of precedence of the statuses. The caller holds the lock of the zone. */
static int validate_write(const struct kcsd_zones *zs, const struct kcsd_zone *z, u64 offset,
			  u64 nlb)
{
	int status = kcsd_zone_validate_writable(z);

	if (status)
		return status;
	if (nlb > zs->capacity || offset > zs->capacity - nlb)
		return KCSD_SC_ZONE_BOUNDARY;
	return offset == z->wp ? 0 : KCSD_SC_ZONE_INVALID_WRITE;
}

static void advance(struct kcsd_zones *zs, struct kcsd_zone *z, u32 nlb)
{
	if (z->wp + nlb < zs->capacity)
		smp_store_release(&z->wp, z->wp + nlb);
	else
		kcsd_zone_fill(zs, z);
}

/*
 * Write at an offset of a zone. The caller holds its lock. If the store fails, the write pointer
 * stays: bytes behind it are not data.
 */
static int write_at(struct kcsd_lbas *lbas, u32 index, u64 offset, struct iov_iter *iter)
{
	u64 pos = (kcsd_zone_start(&lbas->zones, index) + offset) << lbas->lba_shift;
	u64 nlb = iov_iter_count(iter) >> lbas->lba_shift;
	struct kcsd_zone *z = &lbas->zones.zones[index];
	int ret;

	ret = validate_write(&lbas->zones, z, offset, nlb);
	if (!ret)
		ret = kcsd_zone_open_for_write(&lbas->zones, z);
	if (!ret)
		ret = lbas->store.ops->write(&lbas->store, pos, iter);
	if (!ret)
		advance(&lbas->zones, z, nlb);
	return ret;
}

/* The same for an append, whose LBAs nobody knew before: trip the watches that have one of them. */
static int append_at(struct kcsd_lbas *lbas, u32 index, u64 offset, struct iov_iter *iter)
{
	kcsd_watches_trip(&lbas->watches, kcsd_zone_start(&lbas->zones, index) + offset,
			  iov_iter_count(iter) >> lbas->lba_shift, NULL);
	return write_at(lbas, index, offset, iter);
}

/* Return true if all of these LBAs are in conventional zones. */
static bool is_conventional(const struct kcsd_zones *zs, u64 slba, u64 nlb)
{
	return slba + nlb <= kcsd_zone_start(zs, zs->nr_conventional);
}

bool kcsd_zone_touches_sequential(const struct kcsd_zones *zs, u64 slba, u64 nlb)
{
	return zs->nr && !is_conventional(zs, slba, nlb);
}

int kcsd_zone_validate_write(struct kcsd_lbas *lbas, u64 slba, u64 nlb)
{
	struct kcsd_zones *zs = &lbas->zones;
	u32 index = kcsd_zone_index(zs, slba);
	struct kcsd_zone *z = &zs->zones[index];
	int ret;

	if (!kcsd_zone_touches_sequential(zs, slba, nlb))
		return 0;
	if (kcsd_zone_is_conventional(zs, index))
		return KCSD_SC_ZONE_BOUNDARY;
	kcsd_zone_lock(zs, z);
	ret = validate_write(zs, z, slba - kcsd_zone_start(zs, index), nlb);
	kcsd_zone_unlock(zs, z);
	return ret;
}

int kcsd_zone_write(struct kcsd_lbas *lbas, u64 slba, struct iov_iter *iter)
{
	u64 nlb = iov_iter_count(iter) >> lbas->lba_shift;
	struct kcsd_zones *zs = &lbas->zones;
	u32 index = kcsd_zone_index(zs, slba);
	struct kcsd_zone *z = &zs->zones[index];
	int ret;

	if (is_conventional(zs, slba, nlb))
		return lbas->store.ops->write(&lbas->store, slba << lbas->lba_shift, iter);
	if (kcsd_zone_is_conventional(zs, index))
		return KCSD_SC_ZONE_BOUNDARY;
	kcsd_zone_lock(zs, z);
	ret = write_at(lbas, index, slba - kcsd_zone_start(zs, index), iter);
	kcsd_zone_unlock(zs, z);
	return ret;
}

int kcsd_zone_append(struct kcsd_lbas *lbas, u64 zslba, struct iov_iter *iter, u64 *lba)
{
	struct kcsd_zones *zs = &lbas->zones;
	u32 index = kcsd_zone_index(zs, zslba);
	struct kcsd_zone *z = &zs->zones[index];
	u32 offset;
	int ret;

	if (zslba != kcsd_zone_start(zs, index) || kcsd_zone_is_conventional(zs, index) ||
	    iov_iter_count(iter) >> lbas->lba_shift > zs->max_append)
		return KCSD_SC_INVALID_FIELD;
	kcsd_zone_lock(zs, z);
	offset = z->wp;
	if (kcsd_lbas_are_bad(lbas, zslba + offset, iov_iter_count(iter) >> lbas->lba_shift))
		ret = KCSD_SC_WRITE_FAULT;
	else
		ret = append_at(lbas, index, offset, iter);
	kcsd_zone_unlock(zs, z);
	if (!ret)
		*lba = zslba + offset;
	return ret;
}

int kcsd_zone_zero(struct kcsd_lbas *lbas, u64 slba, u64 nlb, bool unmap)
{
	if (!is_conventional(&lbas->zones, slba, nlb))
		return -EOPNOTSUPP;
	return lbas->store.ops->zero(&lbas->store, slba << lbas->lba_shift,
				      nlb << lbas->lba_shift, unmap);
}

/* Validate options against each other. Return NULL or an error text. */
static const char *validate_options(const struct kcsd_config *c, u64 nr)
{
	if (!IS_ENABLED(CONFIG_BLK_DEV_ZONED))
		return "zone_size: this kernel has no zoned block devices";
	if (c->zone_size < c->block_size)
		return "zone_size is less than block_size";
	if (!nr)
		return "size is less than zone_size";
	if (nr > U32_MAX)
		return "size is more than 2^32 zones";
	if (c->zone_capacity > c->zone_size)
		return "zone_capacity is more than zone_size";
	if (c->zone_capacity % c->block_size)
		return "zone_capacity is not a multiple of block_size";
	if (c->conventional_zones >= nr)
		return "conventional_zones leaves no sequential zone";
	if (c->max_active_zones && c->max_open_zones > c->max_active_zones)
		return "max_open_zones is more than max_active_zones";
	return NULL;
}

/* Return true if an option about zones is set: a mistake without zone_size. */
static bool has_zone_options(const struct kcsd_config *c)
{
	return c->zone_capacity || c->conventional_zones || c->max_open_zones ||
	       c->max_active_zones;
}

/* Return the limit, or 0 if there are not enough sequential zones to exceed it. */
static u32 effective_limit(u64 limit, u32 sequential)
{
	return limit < sequential ? limit : 0;
}

static void init_geometry(struct kcsd_zones *zs, const struct kcsd_config *c, u32 lba_shift, u32 nr)
{
	zs->shift = ilog2(c->zone_size) - lba_shift;
	zs->capacity = (c->zone_capacity ?: c->zone_size) >> lba_shift;
	zs->nr_conventional = c->conventional_zones;
	zs->max_active = effective_limit(c->max_active_zones, nr - zs->nr_conventional);
	zs->max_open = effective_limit(c->max_open_zones, nr - zs->nr_conventional);
	if (!zs->max_open)
		zs->max_open = zs->max_active;	/* an open zone is active */
	zs->max_append = c->max_append >> lba_shift;
	zs->nr = nr;
}

static int alloc_zones(struct kcsd_zones *zs, const char *name)
{
	u32 i;

	if (!kcsd_config_fits_memory(name, "zones", (u64)zs->nr * sizeof(*zs->zones)))
		return -ENOMEM;
	zs->zones = kcsd_config_alloc_array(zs->nr, sizeof(*zs->zones));
	if (!zs->zones)
		return -ENOMEM;
	for (i = 0; i < zs->nr; i++) {
		struct kcsd_zone *z = &zs->zones[i];

		if (zs->blocking)
			mutex_init(&z->mutex);
		else
			spin_lock_init(&z->spin);
		INIT_LIST_HEAD(&z->lru);
		z->cond = i < zs->nr_conventional ? BLK_ZONE_COND_NOT_WP : BLK_ZONE_COND_EMPTY;
		z->counted = z->cond;
		cond_resched();
	}
	zs->count[BLK_ZONE_COND_NOT_WP] = zs->nr_conventional;
	zs->count[BLK_ZONE_COND_EMPTY] = zs->nr - zs->nr_conventional;
	return 0;
}

int kcsd_zones_init(struct kcsd_lbas *lbas, const char *name)
{
	const struct kcsd_config *c = lbas->cfg;
	struct kcsd_zones *zs = &lbas->zones;
	const char *wrong = NULL;
	u64 nr = 0;
	int ret;

	if (c->zone_size) {
		nr = lbas->store.size >> ilog2(c->zone_size);
		wrong = validate_options(c, nr);
	} else if (has_zone_options(c)) {
		wrong = "options for zones, but no zone_size";
	}
	if (wrong) {
		pr_err("%s: %s\n", name, wrong);
		return -EINVAL;
	}
	if (!nr)
		return 0;

	init_geometry(zs, c, lbas->lba_shift, nr);
	zs->blocking = lbas->store.ops->blocking;
	mutex_init(&zs->all);
	spin_lock_init(&zs->lock);
	INIT_LIST_HEAD(&zs->implicit);
	ret = alloc_zones(zs, name);
	if (ret)
		return ret;
	lbas->nsze = nr << zs->shift;
	return 0;
}

void kcsd_zones_destroy(struct kcsd_lbas *lbas)
{
	kvfree(lbas->zones.zones);
}
