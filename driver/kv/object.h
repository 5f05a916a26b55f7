/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Store and delete objects. */
#ifndef KCSD_KV_OBJECT_H
#define KCSD_KV_OBJECT_H

#include "index.h"

struct kcsd_kv;

/* The entry of a key, for a change. With the lock of its lane. */
struct kcsd_kv_target {
	const struct kcsd_kv_name *name;
	struct kcsd_kv_shard *shard;
	struct kcsd_kv_lane *lane;
	u32 hash;
	struct kcsd_kv_entry *entry;	/* NULL: there is none */
	bool added;			/* the entry is new, and not yet in the index */
	bool cold;			/* a delete is appended to the cold lane */
	/* Credit that was not there; S64_MAX: compaction makes none; 0: it is not the matter. */
	s64 need;
};

void kcsd_kv_target_init(struct kcsd_kv *kv, struct kcsd_kv_target *t,
			 const struct kcsd_kv_name *name);
/* Find the entry and validate the condition in flags. */
int kcsd_kv_target_find(struct kcsd_kv_target *t, u32 flags);
/* Return what the entry charges now. */
u64 kcsd_kv_target_charge(const struct kcsd_kv_target *t);
/* Make an entry if there is none. Returns 0, -errno or KCSD_SC_CAPACITY_EXCEEDED. */
int kcsd_kv_target_prepare(struct kcsd_kv *kv, struct kcsd_kv_target *t, u32 flags);
/* Undo prepare(). */
void kcsd_kv_target_cancel(struct kcsd_kv *kv, struct kcsd_kv_target *t);
/*
 * Make a record the value; pieces: NULL, or those of a large one. Credit is the matter of the
 * caller.
 */
void kcsd_kv_target_commit(struct kcsd_kv *kv, struct kcsd_kv_target *t, u64 version, u32 len,
			   u64 place, struct kcsd_kv_pieces *pieces);
void kcsd_kv_record_name(struct kcsd_kv_record *r, const struct kcsd_kv_name *name, u8 kind,
			 u64 version);
/* Remove the entry of an object that is deleted and has no other records. With the lane's lock. */
void kcsd_kv_entry_forget(struct kcsd_kv *kv, struct kcsd_kv_shard *shard, u32 hash,
			  struct kcsd_kv_entry *e);

/* ---- large.c ---- */

int kcsd_kv_store_large(struct kcsd_kv *kv, struct kcsd_kv_store *store);

#endif
