/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A resource that serves one at a time: a die, a channel, one direction of the link. It remembers
 * when it is reserved, as a list of spans with gaps, so that one who comes later may still use a
 * gap. When the list is full, the oldest gap is forgotten if it has passed: nothing can be reserved
 * before its end any more. If it has not, gaps ahead are closed, small ones first: what would have
 * used one waits longer, for at most a small part of the time that is reserved ahead (a 200th if
 * the list is long, a 25th if it is short).
 */
#ifndef KCSD_TIMING_RESOURCE_H
#define KCSD_TIMING_RESOURCE_H

#include "env.h"

struct kcsd_span {
	u64 start;		/* ns */
	u64 end;
};

struct kcsd_resource {
	struct kcsd_span *spans;	/* room for 2 * most, so that the list slides; owned */
	u32 first;		/* spans[first] to spans[last - 1], in order, apart */
	u32 last;
	u32 most;
	u64 floor;		/* ns: nothing can be reserved before; not after *now */
	u64 least;		/* ns: a shorter gap is of no use, and is closed */
	u64 busy;		/* ns reserved, without closed gaps */
	u64 closed;		/* ns of gaps that were closed to make room */
	const u64 *now;		/* ns: commands arrive from then on, but for late ones */
};

/* How many spans to remember. */
#define KCSD_RESOURCE_FEW	64	/* a die: one command after the other */
#define KCSD_RESOURCE_MANY	512	/* a link: pieces of all commands */

/* now outlives the resource; it does not go back. Return 0 or -ENOMEM. */
int kcsd_resource_init(struct kcsd_resource *r, u32 most, u64 least, const u64 *now);
void kcsd_resource_destroy(struct kcsd_resource *r);
u64 kcsd_resource_memory(const struct kcsd_resource *r);

/* Return the earliest start, from at on, of len free ns. Reserves nothing. */
u64 kcsd_resource_fit(const struct kcsd_resource *r, u64 at, u64 len);
/* Reserve len ns from start, which kcsd_resource_fit() returned for the same len. */
void kcsd_resource_take(struct kcsd_resource *r, u64 start, u64 len);
/* Both. Returns the start. No time needs no resource. */
u64 kcsd_resource_reserve(struct kcsd_resource *r, u64 at, u64 len);
/*
 * Reserve nr pieces of piece ns and one of rest ns, each as soon as it fits after the one before
 * it. Returns the end.
 */
u64 kcsd_resource_reserve_all(struct kcsd_resource *r, u64 at, u64 piece, u32 nr, u64 rest);

/* Return when the last reservation ends. */
static inline u64 kcsd_resource_end(const struct kcsd_resource *r)
{
	return r->first < r->last ? r->spans[r->last - 1].end : r->floor;
}

#endif
