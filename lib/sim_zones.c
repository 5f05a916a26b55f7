// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Zones of a simulated drive: write pointers in memory of the caller, no limits of open zones. */
#include <errno.h>
#include <stdbool.h>

#include "sim.h"

static u64 first_of(const struct kcsd_sim_opts *o, u64 lba)
{
	return lba & ~(o->zone_size - 1);
}

static uint64_t *wp_of(const struct kcsd_sim_opts *o, u64 lba)
{
	return &o->zone_wp[lba / o->zone_size];
}

static u64 end_of(const struct kcsd_sim_opts *o, u64 lba)
{
	return first_of(o, lba) + o->zone_cap;
}

int kcsd_sim_zones_validate(struct kcsd_sim_opts *o, struct kcsd_error *err)
{
	u64 lba;

	if (!o->zone_size)
		return o->zone_cap || o->zone_wp ?
		       kcsd_error_set(err, -EINVAL, "zones: they have no size") : 0;
	if (!o->zone_cap)
		o->zone_cap = o->zone_size;
	if (o->zone_size & (o->zone_size - 1) || o->nsze % o->zone_size)
		return kcsd_error_set(err, -EINVAL, "zones: %llu LBAs are no power of two that "
				      "divides the size", (unsigned long long)o->zone_size);
	if (o->zone_cap > o->zone_size)
		return kcsd_error_set(err, -EINVAL, "zones: the capacity is more than the size");
	if (!o->zone_wp)
		return kcsd_error_set(err, -EINVAL, "zones: they have no write pointers");
	for (lba = 0; lba < o->nsze; lba += o->zone_size)
		if (*wp_of(o, lba) < lba || *wp_of(o, lba) > end_of(o, lba))
			return kcsd_error_set(err, -EINVAL, "zone %llu: its write pointer is in "
					      "another one",
					      (unsigned long long)(lba / o->zone_size));
	return 0;
}

s64 kcsd_sim_zone_write(const struct kcsd_sim_opts *o, u64 slba, u64 nlb)
{
	u64 end = end_of(o, slba);
	uint64_t *wp = wp_of(o, slba);

	if (*wp == end || nlb > o->zone_cap || slba > end - nlb)
		return -KCSD_ENOSPC;
	if (slba != *wp)
		return -KCSD_ESPIPE;
	*wp += nlb;
	return 0;
}

u64 kcsd_sim_zone_written(const struct kcsd_sim_opts *o, u64 lba)
{
	u64 wp = *wp_of(o, lba);

	return lba < wp ? wp - lba : 0;
}

bool kcsd_sim_zone_can_append(const struct kcsd_sim_opts *o, u64 zslba, u64 len)
{
	return o->zone_size && len && !(len % o->lba_size) && len <= KCSD_SIM_MAX_APPEND &&
	       zslba == first_of(o, zslba);
}

s64 kcsd_sim_zone_append(const struct kcsd_sim_opts *o, u64 zslba, u64 len)
{
	u64 lba = *wp_of(o, zslba);
	s64 ret;

	/*
	 * The write pointer of a full zone is the first LBA that cannot be written, or the next
	 * zone.
	 */
	if (lba == end_of(o, zslba))
		return -KCSD_ENOSPC;
	ret = kcsd_sim_zone_write(o, lba, len / o->lba_size);
	return ret ? ret : (s64)lba;
}

void kcsd_sim_zone_info(const struct kcsd_sim_opts *o, u64 lba, struct kcsd_zone_info *info)
{
	u64 first = first_of(o, lba), wp = *wp_of(o, lba);

	*info = (struct kcsd_zone_info){
		.start = first,
		.size = o->zone_size,
		.cap = o->zone_cap,
		.wp = wp,
		.cond = wp == first ? KCSD_ZONE_COND_EMPTY : KCSD_ZONE_COND_IMP_OPEN,
	};
	if (wp != end_of(o, lba))
		return;
	info->cond = KCSD_ZONE_COND_FULL;
	info->wp = UINT64_MAX;
}

bool kcsd_sim_zone_begins(const struct kcsd_sim_opts *o, u64 lba)
{
	return o->zone_size && lba == first_of(o, lba);
}

void kcsd_sim_zone_manage(const struct kcsd_sim_opts *o, u64 zslba, bool finish)
{
	u64 end = end_of(o, zslba);
	uint64_t *wp = wp_of(o, zslba);

	if (finish)
		memset((uint8_t *)o->lbas + *wp * o->lba_size, 0, (end - *wp) * o->lba_size);
	*wp = finish ? end : zslba;
}
