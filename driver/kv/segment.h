/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Segments of the log. */
#ifndef KCSD_KV_SEGMENT_H
#define KCSD_KV_SEGMENT_H

#include "buffer.h"

struct kcsd_kv;

/*
 * Free segments that are left to compaction: one that it fills and one more. Their space in a file
 * is kept, so that a full disk does not keep it from making room. Where lanes find none, deletes
 * use one of them.
 */
#define KCSD_KV_RESERVE		2
#define KCSD_KV_RESERVE_DELETE	1
/* Full segments that are not durable, before they are synced. */
#define KCSD_KV_UNSYNCED	16

enum kcsd_kv_segment_state {
	KCSD_KV_FREE,
	KCSD_KV_OPEN,
	KCSD_KV_FULL,		/* of a file: not all written */
	KCSD_KV_CLOSED,
	KCSD_KV_VICTIM,		/* being emptied by compaction */
};

struct kcsd_kv_segment {
	spinlock_t lock;	/* protects buffer; a leaf */
	u8 state;		/* enum kcsd_kv_segment_state; kcsd_kv.segment_lock */
	bool closed;		/* durable as closed; flush_lock */
	bool stuck;		/* compaction cannot move all of it; of its thread */
	/* medium in memory: all of it; file: while it is not written */
	struct kcsd_kv_buffer *buffer;
	atomic_t live;		/* bytes of records that count */
	atomic_t pins;		/* values that are got, and pinned pieces */
	u32 next;		/* in a list of segments, index plus 1 */
	u32 seed;		/* of checksums */
	u32 end;		/* of records; lane.lock */
	u32 nr_slots;		/* lane.lock */
	u32 written;		/* of records: the bytes in the file; lane.write_lock */
	u32 written_slots;	/* of slots: bytes from the end of the segment */
	u32 durable;		/* of these; flush_lock */
	u32 durable_slots;
	u64 begun;		/* of its last record; lane.lock */
	u64 generation;
};

int kcsd_kv_segments_init(struct kcsd_kv *kv);
void kcsd_kv_segments_destroy(struct kcsd_kv *kv);
/* Put the free segments in the list, by their state. */
void kcsd_kv_segments_list(struct kcsd_kv *kv);

/*
 * Take a free segment and open it; leave so many. Returns 0; -EAGAIN: no more are free; -errno of
 * the medium.
 */
int kcsd_kv_segment_open(struct kcsd_kv *kv, u32 leave, u32 *index);
void kcsd_kv_segment_set_state(struct kcsd_kv *kv, struct kcsd_kv_segment *s,
			       enum kcsd_kv_segment_state state);
/* keep: its space in the file is not given back. */
void kcsd_kv_segment_free(struct kcsd_kv *kv, struct kcsd_kv_segment *s, bool keep);
/* Keep the space of as many free segments as compaction needs, if the disk has it. */
void kcsd_kv_segments_keep(struct kcsd_kv *kv);
/* Try to keep one more, while the store is in use. */
void kcsd_kv_segment_keep_one(struct kcsd_kv *kv);

void kcsd_kv_segment_unpin(struct kcsd_kv *kv, struct kcsd_kv_segment *s);

static inline void kcsd_kv_segment_pin(struct kcsd_kv_segment *s)
{
	atomic_inc(&s->pins);
}

#endif
