/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The store, for its own files.
 *
 * Keys are spread over shards by a hash. A shard belongs to a lane. A change of a shard is made
 * under the lock of its lane: append a record to the open segment of the lane, change the entry.
 * One more lane, the cold one, takes what compaction moves.
 *
 * Lock order: kcsd_kv.round_lock, kcsd_kv.flush_lock, lane.write_lock, lane.lock, lane.lock of the
 * cold lane, shard.lock, then the leaves segment.lock, kcsd_kv.segment_lock.
 */
#ifndef KCSD_KV_STORE_H
#define KCSD_KV_STORE_H

#include "account.h"
#include "buffer.h"
#include "disk.h"
#include "index.h"
#include "kv.h"
#include "log.h"
#include "medium.h"
#include "object.h"
#include "pieces.h"
#include "record.h"
#include "segment.h"
#include "wait.h"
#include "write.h"

#define KCSD_KV_BATCH		8	/* segments that compaction empties at once */

struct kcsd_kv {
	struct kcsd_kv_config config;
	struct kcsd_kv_geometry geometry;
	struct kcsd_kv_medium *medium;
	bool in_file;
	bool cut;			/* power was cut: write nothing */
	bool lost;			/* written data is lost: changes fail */
	u64 hash_seed;			/* of shards */
	u64 bucket_seed[2];		/* of this power cycle */
	struct kcsd_kv_shard *shards;
	u32 nr_lanes;			/* without the cold one, which is the last */
	struct kcsd_kv_lane lanes[KCSD_KV_MAX_LANES + 1];
	struct kcsd_kv_pool credit;	/* bytes: kcsd_kv_charge() */
	struct kcsd_kv_pool keys;	/* objects */
	struct kcsd_kv_pool entries;	/* objects and deleted ones */
	/* bytes that large values being overwritten may need besides */
	atomic64_t transient;

	spinlock_t segment_lock;	/* protects the next, and segment.state; a leaf */
	struct kcsd_kv_segment *segments;
	u32 free;			/* list of free ones */
	u32 kept;			/* list of free ones of a file whose space is kept */
	u32 nr_free;			/* in both */
	u32 nr_kept;
	u32 nr_spares;
	struct kcsd_kv_buffer *spares[KCSD_KV_SPARES];
	u64 generation;			/* of the last segment opened */

	struct mutex flush_lock;	/* protects flushed; serialises syncs */
	atomic64_t asked;		/* flushes requested */
	s64 flushed;			/* of these done */
	atomic64_t begun;		/* syncs; changed under the lock, as the next */
	atomic64_t completed;
	/* list of full segments that are not durable; segment_lock */
	u32 unsynced;
	u32 nr_unsynced;

	struct kcsd_kv_window *windows;	/* of a file */
	struct kcsd_kv_super *super;	/* of a file */
	u8 *zeroes;			/* of a file, a block */
	u8 *block;			/* of a file, for the superblock */

	/* compact.c */
	struct mutex round_lock;	/* held by the thread in a round, and by an erase */
	struct kcsd_kv_thread thread;
	wait_queue_head_t work;		/* the thread waits here */
	wait_queue_head_t room;		/* for segments and credit */
	bool started;
	bool stop;
	bool kicked;			/* the thread has something to do */
	bool wanted;			/* somebody waits for room */
	u64 rounds;			/* of compaction */
	u64 gains;			/* rounds that made room */
	bool pending;			/* the last one may have, if nobody read */
	int error;			/* that kept the last one from making room */
	/* kcsd_kv_changes() when a round found no segment to empty, not even when it was hungry */
	u64 barren;
	struct kcsd_kv_compactor *compactor;
	atomic64_t moved;
	atomic64_t damaged;
};

/* ---- segments and lanes of a store ---- */

static inline u32 kcsd_kv_segment_index(const struct kcsd_kv *kv, u64 place)
{
	return (u32)(place >> kv->geometry.shift) - 1;
}

static inline struct kcsd_kv_segment *kcsd_kv_segment_at(const struct kcsd_kv *kv, u64 place)
{
	return &kv->segments[kcsd_kv_segment_index(kv, place)];
}

static inline u64 kcsd_kv_segment_pos(const struct kcsd_kv *kv, const struct kcsd_kv_segment *s)
{
	return (u64)(s - kv->segments + 1) << kv->geometry.shift;
}

/* True if less is kept than compaction needs. Of its thread. */
static inline bool kcsd_kv_keeps_few(const struct kcsd_kv *kv)
{
	return READ_ONCE(kv->nr_kept) < KCSD_KV_RESERVE;
}

static inline u32 kcsd_kv_lane_nr(const struct kcsd_kv *kv, const struct kcsd_kv_lane *lane)
{
	return lane - kv->lanes;
}

static inline struct kcsd_kv_lane *kcsd_kv_cold_lane(struct kcsd_kv *kv)
{
	return &kv->lanes[kv->nr_lanes];
}

/* The store has lost data, or is not to be written. */
static inline int kcsd_kv_usable(const struct kcsd_kv *kv)
{
	return READ_ONCE(kv->lost) ? -EIO : 0;
}

/* ---- compact.c ---- */

int kcsd_kv_compact_start(struct kcsd_kv *kv);
void kcsd_kv_compact_stop(struct kcsd_kv *kv);
/* Somebody waits for room. */
void kcsd_kv_compact_want(struct kcsd_kv *kv);
/* Wake the thread if it has something to do. */
void kcsd_kv_compact_kick(struct kcsd_kv *kv);

/* ---- value.c ---- */

/* Copy bytes of records from places that do not change; see value.c. */
int kcsd_kv_record_read(struct kcsd_kv *kv, u64 place, u32 payload, u32 offset,
			struct iov_iter *to, u32 len, bool *verified, bool now);

#endif
