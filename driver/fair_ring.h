/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which entry of a full log makes room for a new one: the oldest of the owner that has the most
 * there. So whoever fills a log up pushes out entries of its own, and the newest ones of others
 * stay, as many as leave each an equal share.
 *
 * An owner is an open file (its tenant's id) until that is closed, then the user who had opened it:
 * to open a node again and again is not to have more shares. The owner 0 is the drive itself.
 */
#ifndef KCSD_FAIR_RING_H
#define KCSD_FAIR_RING_H

#include <linux/types.h>

#define KCSD_FAIR_RING_MAX	256

/* Says where entries are, not what they are. The caller locks. All zero but nr: it is empty. */
struct kcsd_fair_ring {
	u32 nr;				/* places, up to KCSD_FAIR_RING_MAX */
	u32 used;			/* of them */
	u16 order[KCSD_FAIR_RING_MAX];	/* the used places, oldest entry first */
	u16 owner_of[KCSD_FAIR_RING_MAX];	/* of a used place: index of owner[] */
	struct {
		u64 id;
		u32 nr;			/* places; 0: the row is free */
	} owner[KCSD_FAIR_RING_MAX];
};

/* The place that a new entry of this owner is to overwrite. */
u32 kcsd_fair_ring_add(struct kcsd_fair_ring *ring, u64 owner);
/* All entries of one owner are another's from now on. */
void kcsd_fair_ring_hand_over(struct kcsd_fair_ring *ring, u64 from, u64 to);

/* There are no entries any more. */
void kcsd_fair_ring_clear(struct kcsd_fair_ring *ring);

#endif
