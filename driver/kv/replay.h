/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Build the index from the records of a file. replay.c walks the file, applied.c has the entries,
 * doubt.c the large values of which it is not known whether they are whole, mend.c what is written:
 * slots of records that never happened.
 */
#ifndef KCSD_KV_REPLAY_H
#define KCSD_KV_REPLAY_H

#include "scan.h"
#include "store.h"

#define KCSD_KV_MIN_DOUBTS	64

/* A large value whose head was not certainly durable. */
struct kcsd_kv_doubt {
	struct kcsd_kv_record r;
	struct kcsd_kv_pieces *pieces;
	u64 place;
	u32 slot;
};

struct kcsd_kv_replay {
	struct kcsd_kv *kv;
	struct kcsd_kv_scan scan;
	bool mend;		/* slots of the segment are to be written */
	bool has_large;
	u64 nr_entries;
	u64 version;		/* highest seen */
	u64 begun;
	u64 segment_begun;	/* of this segment */
	u32 voided_from;	/* bytes of it to be written: with headers that were voided */
	u32 voided_end;		/* 0: none */
	u64 large_bytes;	/* of large values; bounds the memory for them */
	struct kcsd_kv_doubt *doubts;
	u32 nr_doubts;
	u32 doubts_room;	/* of doubts */
};

int kcsd_kv_replay(struct kcsd_kv *kv);

/* Return how many bytes large values have at most: what was overwritten may count again. */
static inline u64 kcsd_kv_replay_large(const struct kcsd_kv_replay *rp)
{
	return 2 * rp->kv->config.size + KCSD_KV_LONGEST;
}

/* ---- applied.c ---- */

/* A head counts: it is newer than what the entry has, or stale. pieces: NULL, or given away. */
int kcsd_kv_replay_apply(struct kcsd_kv_replay *rp, const struct kcsd_kv_record *r, u64 place,
			 struct kcsd_kv_pieces *pieces);
/* Give the entry pieces if this is its head. */
int kcsd_kv_replay_head(struct kcsd_kv_replay *rp, const struct kcsd_kv_record *r, u64 place);
void kcsd_kv_replay_piece(struct kcsd_kv_replay *rp, const struct kcsd_kv_record *r, u64 place);
/* NULL without memory, or if it is too much. */
struct kcsd_kv_pieces *kcsd_kv_replay_pieces(struct kcsd_kv_replay *rp,
					     const struct kcsd_kv_record *r, u64 place);
void kcsd_kv_pieces_found(struct kcsd_kv_pieces *p, u32 index, u64 place);
/* All entries are there: count what they have. Returns 0; -EIO: a file read differently twice. */
int kcsd_kv_replay_count(struct kcsd_kv *kv);

/* ---- doubt.c ---- */

int kcsd_kv_doubt_add(struct kcsd_kv_replay *rp, const struct kcsd_kv_found *f, u64 place);
/* All are there: sort them. */
int kcsd_kv_doubts_sort(struct kcsd_kv_replay *rp);
void kcsd_kv_doubt_piece(struct kcsd_kv_replay *rp, const struct kcsd_kv_record *r, u64 place);
/* Apply what is whole; the others never happened. */
int kcsd_kv_doubts_settle(struct kcsd_kv_replay *rp);
void kcsd_kv_doubts_destroy(struct kcsd_kv_replay *rp);

/* ---- mend.c ---- */

/* Note in scan.mem what a slot is to say. */
void kcsd_kv_mend_slot(struct kcsd_kv_replay *rp, const struct kcsd_kv_found *f);
/* Write the slots of a segment, and close it. */
int kcsd_kv_mend_segment(struct kcsd_kv_replay *rp, struct kcsd_kv_scan_segment *s);
/* Make one slot of a closed segment VOID, and the header of its record. */
int kcsd_kv_mend_void(struct kcsd_kv_replay *rp, const struct kcsd_kv_record *was, u64 place,
		      u32 slot);

#endif
