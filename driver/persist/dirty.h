/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Which zones a commit must record, on a drive that is written to meanwhile. */
#ifndef KCSD_SIDECAR_DIRTY_H
#define KCSD_SIDECAR_DIRTY_H

#include "state.h"

/*
 * A drive's zones that are not as its sidecar has them. They may become dirty between any two
 * calls; one that is clean again has been reset.
 */
struct kcsd_sidecar_dirty {
	u32 nr;			/* zones of the drive */
	/* The first of them that is dirty, from this one on; nr: none is. */
	u32 (*next)(struct kcsd_sidecar_dirty *zones, u32 zone);
	/* As it is now. */
	void (*describe)(struct kcsd_sidecar_dirty *zones, u32 zone, struct kcsd_sidecar_zone *to);
};

/*
 * A record of all zones that are dirty now, and stay so; and perhaps of some that become dirty
 * meanwhile. It is the caller's; NULL if none is dirty. 0 or -ENOMEM.
 */
int kcsd_sidecar_draft_dirty(struct kcsd_sidecar_dirty *zones, struct kcsd_sidecar_draft **d);

#endif
