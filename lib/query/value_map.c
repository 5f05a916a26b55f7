// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Hash tables of rows of values. */
#include <errno.h>
#include <stdlib.h>

#include "../private.h"
#include "value_map.h"

#define FIRST_SLOTS	64

void kcsd_map_init(struct kcsd_value_map *table, uint32_t nr_keys, size_t extra)
{
	memset(table, 0, sizeof(*table));
	table->nr_keys = nr_keys;
	table->extra = extra;
}

void kcsd_map_destroy(struct kcsd_value_map *table)
{
	kcsd_arena_destroy(&table->arena);
	free(table->slots);
	memset(table, 0, sizeof(*table));
}

static uint64_t hash_of(const struct kcsd_value_map *table, const struct kcsd_value *keys)
{
	uint64_t hash = 0;
	uint32_t i;

	for (i = 0; i < table->nr_keys; i++)
		hash = (hash ^ kcsd_value_hash(&keys[i])) * 0xff51afd7ed558ccdull;
	return hash ^ hash >> 32;
}

/* NULL is equal to NULL here. */
static bool are_equal(const struct kcsd_value_map *table, const struct kcsd_value *a,
		      const struct kcsd_value *b)
{
	uint32_t i;

	for (i = 0; i < table->nr_keys; i++)
		if (a[i].null != b[i].null ||
		    (!a[i].null && kcsd_value_compare(&a[i], &b[i])))
			return false;
	return true;
}

/* Return the slot of an entry, or the empty one where it belongs. */
static struct kcsd_map_entry **find_slot(const struct kcsd_value_map *table, uint64_t hash,
					   const struct kcsd_value *keys)
{
	size_t i = hash & (table->nr_slots - 1);

	for (; table->slots[i]; i = (i + 1) & (table->nr_slots - 1))
		if (table->slots[i]->hash == hash && are_equal(table, table->slots[i]->keys, keys))
			break;
	return &table->slots[i];
}

/* Keep a third of the slots free. */
static int make_room(struct kcsd_value_map *table)
{
	size_t nr = table->nr_slots ? 2 * table->nr_slots : FIRST_SLOTS, i;
	struct kcsd_map_entry **slots, *entry;

	if (table->nr_slots && table->nr < table->nr_slots / 3 * 2)
		return 0;
	slots = calloc(nr, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	for (entry = table->first; entry; entry = entry->next) {
		for (i = entry->hash & (nr - 1); slots[i]; i = (i + 1) & (nr - 1))
			;
		slots[i] = entry;
	}
	free(table->slots);
	table->slots = slots;
	table->nr_slots = nr;
	return 0;
}

static struct kcsd_map_entry *make_entry(struct kcsd_value_map *table,
					   const struct kcsd_value *keys)
{
	struct kcsd_map_entry *entry = kcsd_arena_alloc(&table->arena, sizeof(*entry));
	uint32_t i;

	if (!entry)
		return NULL;
	entry->keys = kcsd_arena_alloc(&table->arena, table->nr_keys * sizeof(*keys));
	entry->extra = kcsd_arena_alloc(&table->arena, table->extra);
	if (!entry->keys || !entry->extra)
		return NULL;
	for (i = 0; i < table->nr_keys; i++) {
		struct kcsd_text *text = &entry->keys[i].text;

		entry->keys[i] = keys[i];
		if (keys[i].type != KCSD_TYPE_TEXT || keys[i].null)
			continue;
		text->data = kcsd_arena_copy(&table->arena, text->data, text->len);
		if (!text->data)
			return NULL;
	}
	return entry;
}

int kcsd_map_get(struct kcsd_value_map *table, const struct kcsd_value *keys,
		   struct kcsd_map_entry **entry)
{
	uint64_t hash = hash_of(table, keys);
	struct kcsd_map_entry **slot;

	if (make_room(table))
		return -ENOMEM;
	slot = find_slot(table, hash, keys);
	*entry = *slot;
	if (*slot)
		return 0;
	*entry = make_entry(table, keys);
	if (!*entry)
		return -ENOMEM;
	(*entry)->hash = hash;
	*slot = *entry;
	if (table->last)
		table->last->next = *entry;
	else
		table->first = *entry;
	table->last = *entry;
	table->nr++;
	return 1;
}
