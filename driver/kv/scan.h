/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Walk the records of a file: for replay and for whoever validates a file. Writes nothing. All that
 * is read may be anything.
 */
#ifndef KCSD_KV_SCAN_H
#define KCSD_KV_SCAN_H

#include "record.h"

/* What the headers of a segment say. */
struct kcsd_kv_scan_segment {
	u32 index;
	u32 seed;
	u64 generation;
	bool used;
	bool closed;		/* the next two count */
	bool half;		/* one of the headers is bad */
	struct kcsd_kv_segment_header header;
	u32 nr_slots;
	u32 end;
	u64 begun;
	u64 completed;
};

enum kcsd_kv_found_state {
	KCSD_KV_SOUND,		/* or not looked at, since it was durable */
	KCSD_KV_TORN,		/* it was never promised, and is not whole: it never happened */
	KCSD_KV_DAMAGED,
	KCSD_KV_LOST,		/* nothing is known of it; r is not valid, only offset */
};

struct kcsd_kv_found {
	const struct kcsd_kv_scan_segment *segment;
	struct kcsd_kv_record r;
	u32 offset;		/* in the segment */
	u32 slot;
	u32 nr;			/* LOST: slots */
	enum kcsd_kv_found_state state;
	bool durable;		/* it certainly was */
};

struct kcsd_kv_scan {
	struct kcsd_kv_medium *medium;
	struct kcsd_kv_geometry geometry;
	u8 uuid[16];
	u64 completed;		/* syncs, highest in the file */
	bool trusting;		/* it is not yet known: read no payload */
	u64 highest;		/* so far */
	bool every;		/* read each payload */
	u8 *mem;		/* bytes of a segment */
	bool *bad;		/* of each block of mem: it could not be read */
	u32 slots_from;		/* mem has the slots from here on */
	bool has_records;	/* mem has the records */
	/* Return 0, or what ends the walk. */
	int (*found)(struct kcsd_kv_scan *scan, const struct kcsd_kv_found *f);
};

/* Read whole blocks. What cannot be read is zeroes; bad, or NULL: note which blocks these are. */
int kcsd_kv_read_blocks(struct kcsd_kv_medium *m, u64 pos, u8 *to, u32 len, bool *bad);
/* Returns 0, -ENOMEM. */
int kcsd_kv_scan_init(struct kcsd_kv_scan *scan, struct kcsd_kv_medium *medium,
		      const struct kcsd_kv_super *super);
void kcsd_kv_scan_destroy(struct kcsd_kv_scan *scan);
int kcsd_kv_scan_headers(struct kcsd_kv_scan *scan, u32 index, struct kcsd_kv_scan_segment *s);
/* Walk a segment that is used. Sets end and nr_slots if it is not closed. */
int kcsd_kv_scan_records(struct kcsd_kv_scan *scan, struct kcsd_kv_scan_segment *s);
/* Set scan->completed. */
int kcsd_kv_scan_completed(struct kcsd_kv_scan *scan);

static inline u64 kcsd_kv_scan_pos(const struct kcsd_kv_scan *scan, u32 index)
{
	return (u64)(index + 1) << scan->geometry.shift;
}

#endif
