/* SPDX-License-Identifier: GPL-2.0 */
/* Memory range sets: pieces of SLM that the host has named, for programs to work on. */
#ifndef KCSD_RANGE_SET_H
#define KCSD_RANGE_SET_H

#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/kcsd.h>

struct kcsd_drive;

/* Constant, but for users. Gone when it is deleted, which nobody can while there are users. */
struct kcsd_range_set {
	u16 rsid;
	u32 users;			/* range_sets.lock; one per kcsd_range_set_get() */
	u32 nr;
	struct kcsd_memory_range range[] __counted_by(nr);
};

struct kcsd_range_sets {
	spinlock_t lock;		/* set[]; process context, a leaf */
	struct kcsd_range_set **set;	/* cfg.max_range_sets of them, by RSID - 1; NULL: free */
};

int kcsd_range_sets_init(struct kcsd_drive *drive);
/* No user may be left. */
void kcsd_range_sets_destroy(struct kcsd_drive *drive);

/* Log page 84h, kvmalloc'ed, *len bytes; NULL without memory. */
void *kcsd_range_sets_page(struct kcsd_drive *drive, u32 *len);

/*
 * The set of this identifier, kept until kcsd_range_set_put(). NULL with *status
 * set: Invalid Memory Range Set Identifier.
 */
const struct kcsd_range_set *kcsd_range_set_get(struct kcsd_drive *drive, u16 rsid, int *status);
void kcsd_range_set_put(struct kcsd_drive *drive, const struct kcsd_range_set *set);

/* Take over a set: the first free identifier becomes its own. 0: none is free, and it is not. */
u16 kcsd_range_set_add(struct kcsd_drive *drive, struct kcsd_range_set *set);
/* 0 or the status: there is none of this identifier, or it has users. */
int kcsd_range_set_delete(struct kcsd_drive *drive, u16 rsid);

#endif
