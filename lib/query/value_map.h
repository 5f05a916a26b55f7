/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* A hash table whose keys are rows of values: groups, distinct rows, distinct values. */
#ifndef KCSD_QUERY_VALUE_MAP_H
#define KCSD_QUERY_VALUE_MAP_H

#include "value.h"

struct kcsd_map_entry {
	struct kcsd_map_entry *next;	/* added after this one */
	struct kcsd_value *keys;
	void *extra;			/* zeroed when added */
	uint64_t hash;
};

struct kcsd_value_map {
	uint32_t nr_keys;
	size_t extra;			/* bytes for the caller with each entry */
	struct kcsd_map_entry **slots;	/* owned */
	size_t nr_slots;		/* power of two, more than entries */
	size_t nr;
	struct kcsd_map_entry *first, *last;
	struct kcsd_arena arena;	/* holds the entries */
};

/* Make an empty table; that allocates nothing. */
void kcsd_map_init(struct kcsd_value_map *table, uint32_t nr_keys, size_t extra);
void kcsd_map_destroy(struct kcsd_value_map *table);
/* Find the entry of these keys, or add one with a copy of them. Returns 1: added; 0; -ENOMEM. */
int kcsd_map_get(struct kcsd_value_map *table, const struct kcsd_value *keys,
		   struct kcsd_map_entry **entry);

#endif
