/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Lanes, and what is appended to their open segments. */
#ifndef KCSD_KV_LOG_H
#define KCSD_KV_LOG_H

#include "kv.h"
#include "record.h"

struct kcsd_kv;

/* A store of a value in several pieces. */
struct kcsd_kv_large {
	struct kcsd_kv_large *next;
	struct kcsd_kv_name name;
	struct kcsd_kv_pieces *pieces;
	u32 done;		/* pieces */
	u64 charge;
};

struct kcsd_kv_lane {
	/* protects segment, what is appended, large; changes of its shards */
	struct mutex lock;
	struct mutex write_lock;	/* of a file: serialises writing out */
	u32 segment;		/* the open one, index plus 1; 0: none */
	u32 full;		/* one before, not yet all written; write_lock */
	struct kcsd_kv_large *large;	/* in progress */
	u8 *block;		/* of a file, for the last block; write_lock */
	u64 appended;		/* bytes; lock */
	u64 changes;		/* that left dead records; lock */
	/* For the sync to come; flush_lock: */
	u32 pending_segment;	/* the open one, index plus 1 */
	u32 pending;		/* what was written of it */
	u32 pending_slots;
} ____cacheline_aligned_in_smp;

/*
 * Lock a lane that has room for a record with len bytes of payload. Returns 0; -EAGAIN: now, it
 * would have to wait, or no segment is free, also if not now; -errno of the medium.
 */
int kcsd_kv_log_lock(struct kcsd_kv *kv, struct kcsd_kv_lane *lane, u32 len, bool now);
/*
 * Have room in the cold lane; leave so many segments. Without its lock: others may take the room.
 * Errors as above.
 */
int kcsd_kv_log_cold(struct kcsd_kv *kv, u32 len, u32 leave);
/* Lock the cold lane inside of the lock of another. Returns false if there is no room for len. */
bool kcsd_kv_log_lock_cold(struct kcsd_kv *kv, u32 len);
/* Return where the payload of the next record goes. With the lock of the lane. */
u8 *kcsd_kv_log_payload(struct kcsd_kv *kv, struct kcsd_kv_lane *lane);
/*
 * Append a record whose payload is there, of which the caller has set kind, key, lengths, version
 * and index; payload_crc too if it has crc. Returns its place.
 */
u64 kcsd_kv_log_append(struct kcsd_kv *kv, struct kcsd_kv_lane *lane, struct kcsd_kv_record *r,
		       bool has_crc);
/* Records are dead that were live. With the lock of the lane, after they were killed. */
void kcsd_kv_lane_changed(struct kcsd_kv_lane *lane);
/* Return a number that rises with whatever may let compaction find more. */
u64 kcsd_kv_changes(const struct kcsd_kv *kv);
/* The open segment of a lane is full. With the lock of the lane and write_lock. */
void kcsd_kv_log_close(struct kcsd_kv *kv, struct kcsd_kv_lane *lane);
/* Count a record dead. */
void kcsd_kv_log_kill(struct kcsd_kv *kv, u64 place, u32 len);

#endif
