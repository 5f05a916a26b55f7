/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * The groups of a query: a hash table in the heap. When it is full, all groups are sent as they
 * are, and it begins anew: the host merges groups of equal keys.
 */
#ifndef KCSD_QUERY_GROUP_H
#define KCSD_QUERY_GROUP_H

#include <kcsd_helpers.h>
#include "out.h"

/* The heap: slots, each the offset of a group or 0; then the groups. */
static struct {
	__u8 *heap;
	__u64 heap_len;
	__u64 slots;		/* a power of two */
	__u64 used;		/* bytes, with those of the slots */
	__u64 nr;		/* groups */
	__u64 key_len;		/* of the key under way, bytes */
	__u64 too_long;		/* 1: it does not fit */
} query_groups;
static __u8 query_key[QUERY_ROW_MAX + 4096];

struct query_group {
	__u32 hash;
	__u32 key_len;		/* bytes; the key follows, padded to 8, then the accumulators */
};

/* A group takes 64 bytes or more; the slots are an eighth of the heap, or less. */
static __always_inline void query_groups_init(__u8 *heap, __u64 len)
{
	__u64 slots = 64;

	while (slots * 2 * sizeof(__u32) * 8 <= len)
		slots *= 2;
	query_groups.heap = heap;
	query_groups.heap_len = len;
	query_groups.slots = slots;
	query_groups.used = slots * sizeof(__u32);
}

static __always_inline __u32 query_hash(const __u8 *key, __u64 len)
{
	__u64 hash = len, i;

	for (i = 0; i < len; i += 8) {
		hash = (hash ^ kcsd_load64(key + i)) * 0x9e3779b97f4a7c15ULL;
		hash ^= hash >> 32;
	}
	return hash;
}

static __always_inline __u64 query_padded(__u64 len)
{
	return (len + 7) & ~7ULL;
}

/* Send all groups. Keys have the format of values already. */
static __attribute__((noinline)) __u64 query_send_groups(void)
{
	__u8 *p = query_groups.heap + query_groups.slots * sizeof(__u32);
	__u8 *end = query_groups.heap + query_groups.used;
	const struct query_group *group;
	__u64 room = query_params.groups_len;

	while (p < end) {
		group = (const struct query_group *)p;
		p += sizeof(*group);
		query_begin(group->key_len + room);
		query_put_bytes(p, group->key_len);
		p += query_padded(group->key_len);
		query_put_bytes(p, room);
		query_commit(QUERY_GROUP);
		p += room;
	}
	kcsd_memset(query_groups.heap, 0, query_groups.used);
	query_groups.used = query_groups.slots * sizeof(__u32);
	query_groups.nr = 0;
	return 0;
}

/* Append the group of the key. Returns the address of its accumulators; 0: it never fits. */
static __always_inline __u8 *query_group_new(__u32 *slot, __u32 hash)
{
	__u64 padded = query_padded(query_groups.key_len);
	struct query_group *group = (void *)(query_groups.heap + query_groups.used);

	*slot = query_groups.used;
	group->hash = hash;
	group->key_len = query_groups.key_len;
	kcsd_memcpy(group + 1, query_key, query_groups.key_len);
	query_groups.used += sizeof(*group) + padded + query_params.groups_len;
	query_groups.nr++;
	return (__u8 *)(group + 1) + padded;
}

static __always_inline bool query_group_fits(void)
{
	return query_groups.used + sizeof(struct query_group) +
	       query_padded(query_groups.key_len) + query_params.groups_len <=
	       query_groups.heap_len && query_groups.nr < query_groups.slots / 4 * 3;
}

/* Keys of the same length have zeroes behind them, to a multiple of 8. */
static __always_inline bool query_key_is(const __u8 *key)
{
	__u64 i;

	for (i = 0; i < query_groups.key_len; i += 8)
		if (kcsd_load64(key + i) != kcsd_load64(query_key + i))
			return false;
	return true;
}

/* Returns the slot of the key: that of its group, or an empty one. */
static __always_inline __u32 *query_slot(__u32 hash)
{
	__u64 mask = query_groups.slots - 1, i = hash & mask;
	__u32 *slots = (__u32 *)query_groups.heap;
	const struct query_group *group;

	for (; slots[i]; i = (i + 1) & mask) {
		group = (const struct query_group *)(query_groups.heap + slots[i]);
		if (group->hash == hash && group->key_len == query_groups.key_len &&
		    query_key_is((const __u8 *)(group + 1)))
			break;
	}
	return &slots[i];
}

/* ---- called by the emitted code ---- */

/* Find the group of the key, or make it. Returns its accumulators; 0: the row is odd. */
__attribute__((noinline)) __u64 query_group(void)
{
	__u64 len = query_groups.key_len;
	struct query_group *group;
	__u32 hash, *slot;

	if (query_groups.too_long)
		return 0;
	/* The bytes behind the key are hashed with it. */
	kcsd_store64(query_key + len, 0);
	hash = query_hash(query_key, len);
	slot = query_slot(hash);
	if (*slot) {
		group = (struct query_group *)(query_groups.heap + *slot);
		return (__u64)(group + 1) + query_padded(len);
	}
	if (!query_group_fits()) {
		query_send_groups();
		if (!query_group_fits())
			return 0;
		slot = query_slot(hash);
	}
	return (__u64)query_group_new(slot, hash);
}

/* Append a value to the key. */
__attribute__((noinline)) __u64 query_key_int(__u64 value)
{
	query_key[query_groups.key_len] = QUERY_OK;
	kcsd_store64(query_key + query_groups.key_len + 1, value);
	query_groups.key_len += 9;
	return 0;
}

__attribute__((noinline)) __u64 query_key_text(const __u8 *text, __u64 len)
{
	if (query_groups.key_len + len > QUERY_ROW_MAX) {
		query_groups.too_long = 1;
		return 0;
	}
	query_key[query_groups.key_len] = QUERY_OK;
	kcsd_store64(query_key + query_groups.key_len + 1, len);
	query_copy(query_key + query_groups.key_len + 5, text, len);
	query_groups.key_len += 5 + len;
	return 0;
}

__attribute__((noinline)) __u64 query_key_null(void)
{
	query_key[query_groups.key_len++] = QUERY_NULL;
	return 0;
}

__attribute__((noinline)) __u64 query_key_begin(void)
{
	query_groups.key_len = 0;
	query_groups.too_long = 0;
	return 0;
}

#endif
