/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* A hash table whose keys are rows of values: groups, distinct rows, distinct values. */
#ifndef KCSD_QUERY_TABLE_H
#define KCSD_QUERY_TABLE_H

#include "value.h"

struct kcsd_table_entry {
	struct kcsd_table_entry *next;	/* added after this one */
	struct kcsd_value *keys;
	void *extra;			/* zeroed when added */
	uint64_t hash;
};

struct kcsd_table {
	uint32_t nr_keys;
	size_t extra;			/* bytes for the caller with each entry */
	struct kcsd_table_entry **slots;	/* owned */
	size_t nr_slots;		/* power of two, more than entries */
	size_t nr;
	struct kcsd_table_entry *first, *last;
	struct kcsd_arena arena;	/* holds the entries */
};

/* Make an empty table; that allocates nothing. */
void kcsd_table_init(struct kcsd_table *table, uint32_t nr_keys, size_t extra);
void kcsd_table_destroy(struct kcsd_table *table);
/* Find the entry of these keys, or add one with a copy of them. Returns 1: added; 0; -ENOMEM. */
int kcsd_table_get(struct kcsd_table *table, const struct kcsd_value *keys,
		   struct kcsd_table_entry **entry);

#endif
