// SPDX-License-Identifier: GPL-2.0
/* Report the states of zones, and restore those of the last power off. */
#include <linux/sprintf.h>

#include "config.h"
#include "media/lbas.h"

void kcsd_zone_get(struct kcsd_lbas *lbas, u32 index, struct kcsd_zone_state *state)
{
	struct kcsd_zones *zs = &lbas->zones;
	const struct kcsd_zone *z = &zs->zones[index];

	*state = (struct kcsd_zone_state) {
		.index = index,
		.conventional = kcsd_zone_is_conventional(zs, index),
		.start = kcsd_zone_start(zs, index),
		.size = 1ULL << zs->shift,
	};
	state->capacity = state->conventional ? state->size : zs->capacity;
	spin_lock(&zs->lock);
	state->cond = z->cond;
	state->wp = state->start + READ_ONCE(z->wp);
	spin_unlock(&zs->lock);
}

/* Return the end of the sequence of zones from first on that are in this condition, or are not. */
static u32 end_of_run(const struct kcsd_zones *zs, u32 first, enum blk_zone_cond cond, bool want)
{
	while (first < zs->nr && (READ_ONCE(zs->zones[first].cond) == cond) == want)
		first++;
	return first;
}

ssize_t kcsd_zone_print(struct kcsd_lbas *lbas, enum blk_zone_cond cond, char *page)
{
	const struct kcsd_zones *zs = &lbas->zones;
	u32 first = end_of_run(zs, 0, cond, false);
	const size_t room = KCSD_CONFIGFS_LEN - 1;	/* a newline follows */
	ssize_t len = 0;

	while (first < zs->nr) {
		u32 end = end_of_run(zs, first, cond, true);

		len += scnprintf(page + len, room - len, "%s%u", len ? "," : "", first);
		if (end - first > 1)
			len += scnprintf(page + len, room - len, "-%u", end - 1);
		first = end_of_run(zs, end, cond, false);
	}
	page[len++] = '\n';
	return len;
}

/* Return the condition to restore for a recorded one; NOT_WP: the record is impossible. */
static u8 restored_cond(const struct kcsd_zones *zs, u32 wp, enum blk_zone_cond cond)
{
	if (wp > zs->capacity)
		return BLK_ZONE_COND_NOT_WP;
	switch (cond) {
	case BLK_ZONE_COND_EMPTY:
		return wp ? BLK_ZONE_COND_NOT_WP : cond;
	case BLK_ZONE_COND_IMP_OPEN:
	case BLK_ZONE_COND_EXP_OPEN:
	case BLK_ZONE_COND_CLOSED:
		if (wp == zs->capacity)
			return BLK_ZONE_COND_FULL;
		return wp ? BLK_ZONE_COND_CLOSED : BLK_ZONE_COND_EMPTY;
	case BLK_ZONE_COND_FULL:
	case BLK_ZONE_COND_READONLY:
	case BLK_ZONE_COND_OFFLINE:
		return cond;
	default:
		return BLK_ZONE_COND_NOT_WP;
	}
}

int kcsd_zones_restore(struct kcsd_lbas *lbas, u32 index, u32 wp, enum blk_zone_cond cond)
{
	struct kcsd_zones *zs = &lbas->zones;
	struct kcsd_zone *z = &zs->zones[index];
	u8 to = restored_cond(zs, wp, cond);

	if (index >= zs->nr || z->cond != BLK_ZONE_COND_EMPTY || to == BLK_ZONE_COND_NOT_WP)
		return -EINVAL;
	if (to == BLK_ZONE_COND_CLOSED && zs->max_active && zs->count[to] >= zs->max_active)
		return -EINVAL;
	zs->count[z->cond]--;
	zs->count[to]++;
	z->cond = to;
	z->counted = to;
	z->wp = wp;
	z->committed = wp;
	return 0;
}
