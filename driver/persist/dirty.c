// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "dirty.h"

static u32 count_dirty(struct kcsd_sidecar_dirty *zones)
{
	u32 i, nr = 0;

	for (i = zones->next(zones, 0); i < zones->nr; i = zones->next(zones, i + 1))
		nr++;
	return nr;
}

/* Return how many zones are dirty; describe the first of them, at most room. */
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
 * A zone that became dirty after the count takes the room of another one, which a flush must not
 * leave out. So make room for all. Double it, since more zones may become dirty meanwhile.
 */
int kcsd_sidecar_draft_dirty(struct kcsd_sidecar_dirty *zones, struct kcsd_sidecar_draft **d)
{
	u32 nr, room = count_dirty(zones);

	for (; room; room = min(2 * (u64)nr, (u64)zones->nr)) {
		*d = kcsd_sidecar_draft_alloc(KCSD_SIDECAR_ZONES,
					      room * sizeof(struct kcsd_sidecar_zone));
		if (!*d)
			return -ENOMEM;
		nr = collect_dirty(zones, kcsd_sidecar_payload(*d), room);
		if (nr && nr <= room) {
			/* Fewer than counted: a zone was reset. */
			kcsd_sidecar_draft_trim(*d, nr * sizeof(struct kcsd_sidecar_zone));
			return 0;
		}
		kcsd_free(*d);
	}
	*d = NULL;
	return 0;
}
