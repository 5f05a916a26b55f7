/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Compaction: compact.c chooses segments, victim.c reads one, move.c moves its live records to the
 * cold lane. All by one thread.
 */
#ifndef KCSD_KV_COMPACT_H
#define KCSD_KV_COMPACT_H

#include "store.h"

#define KCSD_KV_CHUNK	(KCSD_KV_PIECE + 4 * KCSD_KV_BLOCK)

struct kcsd_kv_victim {
	struct kcsd_kv_segment *segment;
	/* Of a file: copies of the slots, downwards; kind 0: one that is not known. */
	struct kcsd_kv_record *slots;
	u8 *mem;		/* that they are in */
	u32 nr_slots;
};

struct kcsd_kv_compactor {
	struct kcsd_kv_victim victims[KCSD_KV_BATCH];
	u32 nr;
	bool found;		/* a segment to empty, in this round */
	int error;		/* of the medium, in this round */
	u8 *chunk;		/* of a file: bytes of the victim */
	u32 chunk_start;
	u32 chunk_len;		/* 0: none */
};

/* Those that are left stay what they were: somebody reads them, or the medium failed. */
void kcsd_kv_victims_give_up(struct kcsd_kv *kv, struct kcsd_kv_compactor *c);

/* ---- victim.c ---- */

int kcsd_kv_victim_open(struct kcsd_kv *kv, struct kcsd_kv_victim *v);
void kcsd_kv_victim_close(struct kcsd_kv_victim *v);
/*
 * Copy the header of the record at *offset, of slot *slot, and step to the next. Returns false at
 * the end. Of a file: a header that is damaged is left out.
 */
bool kcsd_kv_victim_next(struct kcsd_kv *kv, struct kcsd_kv_victim *v, u32 *offset, u32 *slot,
			 struct kcsd_kv_record *r);
/* Return the payload of a record; NULL: it cannot be read. */
const u8 *kcsd_kv_victim_payload(struct kcsd_kv *kv, struct kcsd_kv_compactor *c,
				 struct kcsd_kv_victim *v, const struct kcsd_kv_record *r);

/* ---- reclaim.c: of a file ---- */

/* Read the slots of a victim; free all victims, durably. Return how many. */
int kcsd_kv_victim_read(struct kcsd_kv *kv, struct kcsd_kv_victim *v);
u32 kcsd_kv_victims_erase(struct kcsd_kv *kv, struct kcsd_kv_compactor *c);

/* ---- move.c ---- */

/* Move what is live. Returns 0; -EBADMSG: all that can be read; -errno: not all. */
int kcsd_kv_victim_move(struct kcsd_kv *kv, struct kcsd_kv_compactor *c, struct kcsd_kv_victim *v);

#endif
