/* SPDX-License-Identifier: GPL-2.0 */
/* Source lists: streams that the host has sent, for runs of an open file. */
#ifndef KCSD_SOURCE_LIST_H
#define KCSD_SOURCE_LIST_H

#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/kcsd.h>

#include "compute/source.h"
#include "media/watch.h"

struct kcsd_lbas;

/*
 * One list. users counts the runs that use it, or is -1 while a command changes it; the user or the
 * changer may use all other members.
 */
struct kcsd_source_list {
	int users;			/* source_lists.lock */
	bool watched;			/* source_lists.lock: counts for KCSD_MAX_FILE_WATCHES */
	u32 erasures;			/* compute->erasures when the list was begun */
	u32 nr;				/* sources of the complete list */
	u32 bytes_len;			/* bytes of the complete list */
	u32 bytes_nr;			/* bytes that have arrived */
	struct kcsd_stream stream;	/* the sources that have arrived */
	u8 *bytes;			/* NULL: bytes_len is 0 */
	bool has_objects;		/* each run then has ends of the sources of its own */
	struct kcsd_watch watch;	/* range: NULL until it is armed for the first time */
};

/* The lists of a tenant, and what its runs hold of the objects in them. */
struct kcsd_source_lists {
	spinlock_t lock;		/* protects list[], memory; a leaf; process context */
	u64 memory;			/* bytes of all, reserved before they are allocated */
	struct kcsd_source_list *list[KCSD_MAX_SOURCE_LISTS];	/* by SLID - 1; NULL: none */
};

void kcsd_source_lists_init(struct kcsd_source_lists *lists);
/* Delete all lists. No run uses one. */
void kcsd_source_lists_destroy(struct kcsd_source_lists *lists);

/*
 * Allocate a list for nr sources and bytes_len bytes, charged to the caller. Only the caller knows
 * it. NULL without memory.
 */
struct kcsd_source_list *kcsd_source_list_alloc(u32 nr, u32 bytes_len, u32 erasures);
/* Returns the bytes of a list with nr sources and bytes_len bytes, once it is watched. */
u64 kcsd_source_list_memory(u32 nr, u32 bytes_len);
/* Reserve memory for a list before it is allocated; false if the file has too much. */
bool kcsd_source_lists_reserve(struct kcsd_source_lists *lists, u64 memory);
void kcsd_source_lists_unreserve(struct kcsd_source_lists *lists, u64 memory);
/* Free a list that is in no table; if it is watched, some time later. NULL: nothing. */
void kcsd_source_list_free(struct kcsd_source_list *list);
/*
 * Put a list into the table, as SLID slid, which the caller has validated. Returns the list to free
 * in *old (NULL: none), or Source List In Use.
 */
int kcsd_source_list_replace(struct kcsd_source_lists *lists, u16 slid,
			     struct kcsd_source_list *list, struct kcsd_source_list **old);

/* True if all sources and bytes have arrived. */
static inline bool kcsd_source_list_is_complete(const struct kcsd_source_list *list)
{
	return list->stream.nr == list->nr && list->bytes_nr == list->bytes_len;
}

/*
 * Get a list to change it: nobody else uses it until kcsd_source_list_end_change(). On failure
 * returns NULL and sets *status.
 */
struct kcsd_source_list *kcsd_source_list_change(struct kcsd_source_lists *lists, u16 slid,
						 int *status);
void kcsd_source_list_end_change(struct kcsd_source_lists *lists, struct kcsd_source_list *list);
/*
 * Get a complete list for a run. erasures: compute->erasures; a list from before a Sanitize is
 * invalid, as its bytes are erased data. On failure returns NULL and sets *status.
 */
struct kcsd_source_list *kcsd_source_list_get(struct kcsd_source_lists *lists, u16 slid,
					      u32 erasures, int *status);
void kcsd_source_list_put(struct kcsd_source_lists *lists, struct kcsd_source_list *list);

/*
 * Watch the LBAs of a complete list, which the caller changes, for a user. Returns 0, and the
 * caller then calls kcsd_watch_wait(); or -ENOMEM or a status, and the list is not watched, or as
 * before.
 */
int kcsd_source_list_watch(struct kcsd_source_lists *lists, struct kcsd_source_list *list,
			   struct kcsd_lbas *lbas, u64 user);

#endif
