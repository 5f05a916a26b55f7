/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Record the dirty zones for a commit, on a drive that is written to meanwhile. */
#ifndef KCSD_SIDECAR_DIRTY_H
#define KCSD_SIDECAR_DIRTY_H

#include "state.h"

/*
 * Zones of a drive that differ from its sidecar. They may become dirty between any two calls; a
 * zone that is clean again has been reset.
 */
struct kcsd_sidecar_dirty {
	u32 nr;			/* zones of the drive */
	/* Return the first dirty zone from this one on, or nr if there is none. */
	u32 (*next)(struct kcsd_sidecar_dirty *zones, u32 zone);
	/* Describe the zone as it is now. */
	void (*describe)(struct kcsd_sidecar_dirty *zones, u32 zone, struct kcsd_sidecar_zone *to);
};

/*
 * Make a record of all zones that are dirty now and stay so, and perhaps of some that become dirty
 * meanwhile. Sets *d, which the caller owns, or NULL if no zone is dirty. Return 0 or -ENOMEM.
 */
int kcsd_sidecar_draft_dirty(struct kcsd_sidecar_dirty *zones, struct kcsd_sidecar_draft **d);

#endif
