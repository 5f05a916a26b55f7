// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "dirty.h"

static u32 count_dirty(struct kcsd_sidecar_dirty *zones)
{
	u32 i, nr = 0;

	for (i = zones->next(zones, 0); i < zones->nr; i = zones->next(zones, i + 1))
		nr++;
	return nr;
}

/* How many are dirty; those that there is room for are described. */
static u32 collect_dirty(struct kcsd_sidecar_dirty *zones, struct kcsd_sidecar_zone *z, u32 room)
{
	u32 i, nr = 0;

	for (i = zones->next(zones, 0); i < zones->nr; i = zones->next(zones, i + 1)) {
		if (nr < room)
			zones->describe(zones, i, &z[nr]);
		nr++;
	}
	return nr;
}

/*
 * A zone that became dirty after they were counted takes the room of one that must not be left out
 * for it: that is what a flush promises. So there has to be room for all; it doubles, since more
 * may become dirty while it is made.
 */
int kcsd_sidecar_draft_dirty(struct kcsd_sidecar_dirty *zones, struct kcsd_sidecar_draft **d)
{
	u32 nr, room = count_dirty(zones);

	for (; room; room = min(2 * (u64)nr, (u64)zones->nr)) {
		*d = kcsd_sidecar_draft_alloc(KCSD_SIDECAR_ZONES, room * sizeof(struct kcsd_sidecar_zone));
		if (!*d)
			return -ENOMEM;
		nr = collect_dirty(zones, kcsd_sidecar_payload(*d), room);
		if (nr && nr <= room) {
			/* Fewer than counted: one was reset. */
			kcsd_sidecar_draft_trim(*d, nr * sizeof(struct kcsd_sidecar_zone));
			return 0;
		}
		kcsd_free(*d);
	}
	*d = NULL;
	return 0;
}
