/* SPDX-License-Identifier: GPL-2.0 */
/* Memory range sets: parts of SLM that the host has named, for programs to work on. */
#ifndef KCSD_RANGE_SET_H
#define KCSD_RANGE_SET_H

#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/kcsd.h>

struct kcsd_compute;

/* A set. Constant, except users. It cannot be deleted while it has users. */
struct kcsd_range_set {
	u16 rsid;
	u32 users;			/* range_sets.lock; one per kcsd_range_set_get() */
	u32 nr;
	struct kcsd_memory_range range[] __counted_by(nr);
};

struct kcsd_range_sets {
	spinlock_t lock;		/* protects set[]; innermost; process context */
	struct kcsd_range_set **set;	/* cfg.max_range_sets slots, by RSID - 1; NULL: free */
};

/* Allocate the table. Returns 0 or -ENOMEM. */
int kcsd_range_sets_init(struct kcsd_compute *compute);
/* Free all sets. No user may be left. */
void kcsd_range_sets_destroy(struct kcsd_compute *compute);

/* Return log page 84h, *len bytes, to be freed by kvfree(). NULL without memory. */
void *kcsd_range_sets_page(struct kcsd_compute *compute, u32 *len);

/*
 * Return the set of this identifier; it cannot be deleted until kcsd_range_set_put(). On failure
 * return NULL and set *status to Invalid Memory Range Set Identifier.
 */
const struct kcsd_range_set *kcsd_range_set_get(struct kcsd_compute *compute, u16 rsid,
						int *status);
void kcsd_range_set_put(struct kcsd_compute *compute, const struct kcsd_range_set *set);

/*
 * Add a set to the table, which then owns it, and return its identifier, the first free one.
 * Returns 0 if none is free; the caller still owns the set.
 */
u16 kcsd_range_set_add(struct kcsd_compute *compute, struct kcsd_range_set *set);
/* Delete a set. Returns 0, or a status if there is no such set or it has users. */
int kcsd_range_set_delete(struct kcsd_compute *compute, u16 rsid);

#endif
