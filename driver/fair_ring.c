// SPDX-License-Identifier: GPL-2.0
#include <linux/minmax.h>
#include <linux/string.h>

#include "fair_ring.h"

#define NONE	KCSD_FAIR_RING_MAX

/* The row of an owner, or NONE. */
static u32 find_owner(const struct kcsd_fair_ring *r, u64 id)
{
	u32 i;

	for (i = 0; i < r->nr; i++)
		if (r->owner[i].nr && r->owner[i].id == id)
			return i;
	return NONE;
}

/* The row of an owner, or a free one made its own. There are as many rows as places. */
static u32 get_owner(struct kcsd_fair_ring *r, u64 id)
{
	u32 row = find_owner(r, id);

	if (row != NONE)
		return row;
	for (row = 0; r->owner[row].nr; row++)
		;
	r->owner[row].id = id;
	return row;
}

/* The place that is to be overwritten, by its index of order[]. */
static u32 find_victim(const struct kcsd_fair_ring *r, u64 id)
{
	u32 most = 0, row = find_owner(r, id), at, i;

	for (i = 0; i < r->nr; i++)
		most = max(most, r->owner[i].nr);
	/* Of several who have the most: who adds, else who has the oldest. */
	if (row != NONE && r->owner[row].nr < most)
		row = NONE;
	for (at = 0; at < r->used; at++) {
		i = r->owner_of[r->order[at]];
		if (row == NONE ? r->owner[i].nr == most : i == row)
			return at;
	}
	return 0;
}

/* Make room: the place is then neither used nor owned. */
static u32 take_away(struct kcsd_fair_ring *r, u32 at)
{
	u32 place = r->order[at];

	r->owner[r->owner_of[place]].nr--;
	r->used--;
	memmove(&r->order[at], &r->order[at + 1], (r->used - at) * sizeof(r->order[0]));
	return place;
}

u32 kcsd_fair_ring_add(struct kcsd_fair_ring *r, u64 owner)
{
	u32 place = r->used < r->nr ? r->used : take_away(r, find_victim(r, owner));
	u32 row = get_owner(r, owner);

	r->owner[row].nr++;
	r->owner_of[place] = row;
	r->order[r->used++] = place;
	return place;
}

void kcsd_fair_ring_hand_over(struct kcsd_fair_ring *r, u64 from, u64 to)
{
	u32 old = find_owner(r, from), row = find_owner(r, to), i;

	if (old == NONE)
		return;
	if (row == NONE) {
		r->owner[old].id = to;
		return;
	}
	for (i = 0; i < r->used; i++)
		if (r->owner_of[r->order[i]] == old)
			r->owner_of[r->order[i]] = row;
	r->owner[row].nr += r->owner[old].nr;
	r->owner[old].nr = 0;
}

void kcsd_fair_ring_clear(struct kcsd_fair_ring *ring)
{
	ring->used = 0;
	memset(ring->owner, 0, sizeof(ring->owner));
}
