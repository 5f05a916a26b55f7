// SPDX-License-Identifier: GPL-2.0
/* Zones and the model of device time. */
#include "clock/clock.h"
#include "media/lbas.h"
#include "media/zone.h"

/* Return the first byte of a zone. */
static u64 zone_offset(const struct kcsd_lbas *lbas, u32 index)
{
	return kcsd_zone_start(&lbas->zones, index) << lbas->lba_shift;
}

void kcsd_zones_start_time(struct kcsd_lbas *lbas)
{
	const struct kcsd_zones *zones = &lbas->zones;
	u64 written;
	u32 i;

	if (!lbas->clock->model)
		return;
	for (i = zones->nr_conventional; i < zones->nr; i++) {
		written = (u64)zones->zones[i].wp << lbas->lba_shift;
		if (zones->zones[i].cond == BLK_ZONE_COND_FULL)
			written = kcsd_zone_size(zones) << lbas->lba_shift;
		kcsd_clock_set_zone(lbas->clock, zone_offset(lbas, i), written);
	}
}

void kcsd_zones_take_time(struct kcsd_lbas *lbas, struct kcsd_flow *flow, struct kcsd_time *time,
			  u8 op)
{
	struct kcsd_timing_cmd piece = { .op = op };
	u32 i;

	if (!lbas->clock->model)
		return;
	for (i = lbas->zones.nr_conventional; i < lbas->zones.nr; i++) {
		piece.offset = zone_offset(lbas, i);
		if (kcsd_clock_zone_changes(lbas->clock, op, piece.offset))
			kcsd_clock_submit(lbas->clock, flow, time, piece, KCSD_CLOCK_ABREAST);
	}
}
