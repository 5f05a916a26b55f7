/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Records of the log: <linux/kcsd_kv.h> as functions. */
#ifndef KCSD_KV_RECORD_H
#define KCSD_KV_RECORD_H

#include "env.h"
#include "medium.h"
#include <linux/kcsd.h>
#include <linux/kcsd_kv.h>

#define KCSD_KV_LONGEST		(1U << 30)	/* bytes of a value */
#define KCSD_KV_MIN_SHIFT	20
#define KCSD_KV_MAX_SHIFT	23
#define KCSD_KV_MAX_SEGMENTS	(1U << 20)
#define KCSD_KV_MAX_LANES	8
/* Versions, generations and counts of syncs of a file are less: they never wrap. */
#define KCSD_KV_NUMBERS		(1ULL << 62)

/* Where things are in a medium. */
struct kcsd_kv_geometry {
	u32 shift;		/* of the bytes of a segment */
	u32 nr;			/* segments */
};

static inline u32 kcsd_kv_segment_len(const struct kcsd_kv_geometry *g)
{
	return 1U << g->shift;
}

/* Return the bytes of a record in a segment. */
static inline u32 kcsd_kv_record_len(u32 payload)
{
	return round_up((u32)sizeof(struct kcsd_kv_record) + payload, KCSD_KV_ALIGN);
}

/* Return where the next record begins; a VOID slot of which nothing is known: where it may. */
static inline u32 kcsd_kv_record_end(const struct kcsd_kv_record *r)
{
	u32 offset = le32_to_cpu(r->offset);

	return r->kind == KCSD_KV_VOID && r->index ? offset :
	       offset + kcsd_kv_record_len(le32_to_cpu(r->len));
}

/* Return the bytes that a record takes of a segment. */
static inline u32 kcsd_kv_record_room(u32 payload)
{
	return kcsd_kv_record_len(payload) + sizeof(struct kcsd_kv_record);
}

static inline u32 kcsd_kv_nr_pieces(u32 len)
{
	return len <= KCSD_KV_PIECE ? 1 : DIV_ROUND_UP(len, KCSD_KV_PIECE);
}

/* Return the bytes of a piece of a value of len bytes. */
static inline u32 kcsd_kv_piece_len(u32 len, u32 index)
{
	u32 start = index * KCSD_KV_PIECE;

	return min(len - start, (u32)KCSD_KV_PIECE);
}

/* Return where the copy of the header of a record is. */
static inline u32 kcsd_kv_slot_at(const struct kcsd_kv_geometry *g, u32 slot)
{
	return kcsd_kv_segment_len(g) - KCSD_KV_BLOCK -
	       (slot + 1) * (u32)sizeof(struct kcsd_kv_record);
}

/* Return true if a record fits between those of the segment and their slots. */
static inline bool kcsd_kv_record_fits(const struct kcsd_kv_geometry *g, u32 end, u32 nr_slots,
				       u32 payload)
{
	/* A block has either records or slots. */
	return round_up(end + kcsd_kv_record_len(payload), KCSD_KV_BLOCK) <=
	       round_down(kcsd_kv_slot_at(g, nr_slots), KCSD_KV_BLOCK);
}

/* ---- record.c ---- */

/* Choose the geometry for a store of this size; keep a shift that is not 0. */
void kcsd_kv_geometry_choose(struct kcsd_kv_geometry *g, u64 size, u32 max_value);
u32 kcsd_kv_lanes(u64 size);
/* Return the bytes that an object takes of the size of the store. */
u64 kcsd_kv_charge(u32 key_len, u32 len);

u32 kcsd_kv_crc(u32 seed, const void *p, size_t len);
void kcsd_kv_record_seal(struct kcsd_kv_record *r, u32 seed);
/* Validate a header of a segment with this seed, as far as it can be without the others. */
bool kcsd_kv_record_valid(const struct kcsd_kv_record *r, const struct kcsd_kv_geometry *g,
			  u32 seed);

#endif
