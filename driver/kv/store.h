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

#include "kv.h"
#include "medium.h"
#include "record.h"
#include <linux/rbtree.h>

#define KCSD_KV_SHARDS		64
#define KCSD_KV_MAX_LANES	8
/* Segments that only compaction may open: one that it fills and one more. */
#define KCSD_KV_RESERVE		2
/* Full segments that are not durable, before they are synced. */
#define KCSD_KV_UNSYNCED	16
#define KCSD_KV_BUCKETS		512	/* of a page of buckets */
/* Buffers of freed segments that are kept for the next ones, of a medium in memory. */
#define KCSD_KV_SPARES		8

/* The pieces of a value. Counted: by its entry or large store, and by each reader. */
struct kcsd_kv_pieces {
	atomic_t refs;
	/* It pins the segment of each piece: no entry does that any more. Set under shard.lock. */
	bool pinned;
	u32 nr;
	u32 missing;		/* while a file is read: pieces not yet found */
	u64 first;		/* version of the pieces */
	u64 head;		/* place of the head; changed under shard.lock */
	u64 place[];		/* of each piece; changed under shard.lock; 0: lost */
};

/* A key: an object or, in a file, a delete that older records of the key need. */
struct kcsd_kv_entry {
	struct rb_node node;		/* in shard.tree; of objects */
	struct kcsd_kv_entry *next;	/* in the bucket */
	union {
		u64 place;		/* of the record */
		struct kcsd_kv_pieces *pieces;	/* of a value longer than KCSD_KV_PIECE */
	};
	/*
	 * While a file is replayed: of the record. Then: stale counts records from this version on.
	 */
	u64 version;
	u32 len;			/* of the value */
	u32 stale;			/* heads of the key in the file besides this one */
	u8 key[KCSD_KV_MAX_KEY];
	u8 key_len;
	bool deleted;
};

/*
 * Entries are found by hash, and objects listed in order. Changed under the lock of the lane, too.
 */
struct kcsd_kv_shard {
	spinlock_t lock;	/* protects all but version */
	struct rb_root tree;
	struct kcsd_kv_entry ***pages;	/* of buckets: linear hashing */
	u32 room;		/* of pages */
	u32 nr_buckets;
	u32 entries;
	u32 keys;		/* objects */
	u64 used;		/* bytes of keys and values */
	u64 deleted;		/* entries of deleted objects */
	u64 version;		/* last one given; lock of the lane */
} ____cacheline_aligned_in_smp;

enum kcsd_kv_segment_state {
	KCSD_KV_FREE,
	KCSD_KV_OPEN,
	KCSD_KV_FULL,		/* of a file: not all written */
	KCSD_KV_CLOSED,
	KCSD_KV_VICTIM,		/* being emptied by compaction */
};

/* Bytes of a segment in memory. */
struct kcsd_kv_buffer {
	u8 *mem;
	u32 readers;		/* segment.lock, as the next */
	bool retired;		/* the last reader frees it */
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

/* A store of a value in several pieces. */
struct kcsd_kv_large {
	struct kcsd_kv_large *next;
	struct kcsd_kv_name name;
	struct kcsd_kv_pieces *pieces;
	u32 done;		/* pieces */
	u64 charge;
};

/* A number that lanes take parts of. */
struct kcsd_kv_pool {
	spinlock_t lock;	/* serialises who takes from all lanes; a leaf */
	atomic64_t rest;
	s64 chunk;		/* what a lane takes ahead */
	struct {
		atomic64_t n;
	} ____cacheline_aligned_in_smp lane[KCSD_KV_MAX_LANES + 1];
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
	/* For the sync to come; flush_lock: */
	u32 pending_segment;	/* the open one, index plus 1 */
	u32 pending;		/* what was written of it */
	u32 pending_slots;
} ____cacheline_aligned_in_smp;

/* Memory to read records of a file, one reader at a time. */
struct kcsd_kv_window {
	struct mutex lock;
	u8 *mem;
};

#define KCSD_KV_WINDOWS		16
#define KCSD_KV_WINDOW_LEN	(KCSD_KV_PIECE + 3 * KCSD_KV_BLOCK)

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
	u32 nr_free;
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
	struct kcsd_kv_compactor *compactor;
	atomic64_t moved;
	atomic64_t damaged;
};

/* ---- index.c ---- */

int kcsd_kv_index_init(struct kcsd_kv *kv);
void kcsd_kv_index_destroy(struct kcsd_kv *kv);
/* Delete all entries. Nothing else happens. */
void kcsd_kv_index_clear(struct kcsd_kv *kv);
u64 kcsd_kv_index_memory(const struct kcsd_kv *kv);

/* Zeroed; NULL without memory. */
struct kcsd_kv_entry *kcsd_kv_entry_alloc(bool now);
void kcsd_kv_entry_free(struct kcsd_kv_entry *e);
struct kcsd_kv_shard *kcsd_kv_shard_of(struct kcsd_kv *kv, const u8 *key, u8 len, u32 *hash);
struct kcsd_kv_lane *kcsd_kv_lane_of(struct kcsd_kv *kv, const struct kcsd_kv_shard *shard);
/* With the lock of the shard, or that of its lane. */
struct kcsd_kv_entry *kcsd_kv_entry_find(struct kcsd_kv_shard *shard, u32 hash, const u8 *key,
					 u8 len);
/* Make room for one more entry. With the lock of the lane. Returns 0, -ENOMEM or, now, -EAGAIN. */
int kcsd_kv_entry_reserve(struct kcsd_kv_shard *shard, bool now);
/* Both with the locks of lane and shard. */
void kcsd_kv_entry_add(struct kcsd_kv *kv, struct kcsd_kv_shard *shard, u32 hash,
		       struct kcsd_kv_entry *e);
void kcsd_kv_entry_remove(struct kcsd_kv_shard *shard, u32 hash, struct kcsd_kv_entry *e);
/* Show and hide an object in the order. With the locks of lane and shard. */
void kcsd_kv_entry_show(struct kcsd_kv_shard *shard, struct kcsd_kv_entry *e);
void kcsd_kv_entry_hide(struct kcsd_kv_shard *shard, struct kcsd_kv_entry *e);
/* As show(), for objects that come in order: after all others. */
void kcsd_kv_entry_show_last(struct kcsd_kv_shard *shard, struct kcsd_kv_entry *e,
			     struct rb_node **last);

static inline struct kcsd_kv_entry **kcsd_kv_bucket(const struct kcsd_kv_shard *shard, u32 nr)
{
	return &shard->pages[nr / KCSD_KV_BUCKETS][nr % KCSD_KV_BUCKETS];
}

/* Marks the place of a large value without pieces, while a file is replayed. */
#define KCSD_KV_NO_PIECES	1ULL

static inline bool kcsd_kv_is_large(u32 len)
{
	return len > KCSD_KV_PIECE;
}

/* Place of the head of an entry. */
static inline u64 kcsd_kv_entry_place(const struct kcsd_kv_entry *e)
{
	return !e->deleted && kcsd_kv_is_large(e->len) ? e->pieces->head : e->place;
}

/* ---- account.c ---- */

void kcsd_kv_pool_init(struct kcsd_kv_pool *pool, u64 n);
/* Take n; if n is negative, give -n. Returns false if there are not so many left in all lanes. */
bool kcsd_kv_pool_take(struct kcsd_kv_pool *pool, u32 lane, s64 n);
void kcsd_kv_pool_give(struct kcsd_kv_pool *pool, u32 lane, s64 n);
s64 kcsd_kv_pool_rest(const struct kcsd_kv_pool *pool);

/* ---- segment.c ---- */

int kcsd_kv_segments_init(struct kcsd_kv *kv);
void kcsd_kv_segments_destroy(struct kcsd_kv *kv);
/* Put the free segments in the list, by their state. */
void kcsd_kv_segments_list(struct kcsd_kv *kv);

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

/*
 * Take a free segment and open it. reserve: also of the last ones. Returns 0, -EAGAIN: none is
 * free.
 */
int kcsd_kv_segment_open(struct kcsd_kv *kv, bool reserve, u32 *index);
void kcsd_kv_segment_set_state(struct kcsd_kv *kv, struct kcsd_kv_segment *s,
			       enum kcsd_kv_segment_state state);
void kcsd_kv_segment_free(struct kcsd_kv *kv, struct kcsd_kv_segment *s);
/* Free the buffers that are kept. */
void kcsd_kv_spares_free(struct kcsd_kv *kv);
void kcsd_kv_segment_unpin(struct kcsd_kv *kv, struct kcsd_kv_segment *s);

static inline void kcsd_kv_segment_pin(struct kcsd_kv_segment *s)
{
	atomic_inc(&s->pins);
}

/* Get the bytes of a segment while they are in memory, else NULL. */
struct kcsd_kv_buffer *kcsd_kv_buffer_get(struct kcsd_kv_segment *s);
void kcsd_kv_buffer_put(struct kcsd_kv_segment *s, struct kcsd_kv_buffer *b);
/* The segment has no buffer any more. */
void kcsd_kv_buffer_retire(struct kcsd_kv_segment *s);

/* NULL without memory. */
struct kcsd_kv_pieces *kcsd_kv_pieces_alloc(u32 len, bool now);
/*
 * True if readers have them. The barrier: a reader that has put them reads no more. With
 * shard.lock.
 */
static inline bool kcsd_kv_pieces_shared(struct kcsd_kv_pieces *p)
{
	return atomic_fetch_add(0, &p->refs) > 1;
}

void kcsd_kv_pieces_put(struct kcsd_kv *kv, struct kcsd_kv_pieces *p);
/*
 * The entry gives its reference up: readers keep the segments. With shard.lock; put it after that.
 */
void kcsd_kv_pieces_release(struct kcsd_kv *kv, struct kcsd_kv_pieces *p);
/* Count all pieces dead. */
void kcsd_kv_pieces_kill(struct kcsd_kv *kv, const struct kcsd_kv_pieces *p, u32 len, u32 done);

/* ---- log.c ---- */

static inline u32 kcsd_kv_lane_nr(const struct kcsd_kv *kv, const struct kcsd_kv_lane *lane)
{
	return lane - kv->lanes;
}

static inline struct kcsd_kv_lane *kcsd_kv_cold_lane(struct kcsd_kv *kv)
{
	return &kv->lanes[kv->nr_lanes];
}

/*
 * Lock a lane that has room for a record with len bytes of payload. Returns 0; -EAGAIN: now, it
 * would have to wait, or no segment is free, also if not now; -errno of the medium.
 */
int kcsd_kv_log_lock(struct kcsd_kv *kv, struct kcsd_kv_lane *lane, u32 len, bool now);
/* Return where the payload of the next record goes. With the lock of the lane. */
u8 *kcsd_kv_log_payload(struct kcsd_kv *kv, struct kcsd_kv_lane *lane);
/*
 * Append a record whose payload is there, of which the caller has set kind, key, lengths, version
 * and index; payload_crc too if it has crc. Returns its place.
 */
u64 kcsd_kv_log_append(struct kcsd_kv *kv, struct kcsd_kv_lane *lane, struct kcsd_kv_record *r,
		       bool has_crc);
/* The open segment of a lane is full. With the lock of the lane and write_lock. */
void kcsd_kv_log_close(struct kcsd_kv *kv, struct kcsd_kv_lane *lane);
/* Count a record dead. */
void kcsd_kv_log_kill(struct kcsd_kv *kv, u64 place, u32 len);

/* ---- write.c: of a file ---- */

/* Prepare the headers of a segment in its buffer, and reserve its space. */
int kcsd_kv_write_open(struct kcsd_kv *kv, struct kcsd_kv_segment *s);
/* Put the mark of a full segment into its buffer. */
void kcsd_kv_write_mark(struct kcsd_kv *kv, struct kcsd_kv_segment *s);
/* Write the rest of the full segment of a lane, if there is one. With write_lock. */
int kcsd_kv_write_full(struct kcsd_kv *kv, struct kcsd_kv_lane *lane);
/* Write all that a lane has. */
int kcsd_kv_write_lane(struct kcsd_kv *kv, struct kcsd_kv_lane *lane);

/* ---- object.c ---- */

/* The entry of a key, for a change. With the lock of its lane. */
struct kcsd_kv_target {
	const struct kcsd_kv_name *name;
	struct kcsd_kv_shard *shard;
	struct kcsd_kv_lane *lane;
	u32 hash;
	struct kcsd_kv_entry *entry;	/* NULL: there is none */
	bool added;			/* the entry is new, and not yet in the index */
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

/* ---- wait.c ---- */

/* A caller that waits for room. Begins as zeroes. */
struct kcsd_kv_wait {
	bool begun;
	u64 gains;		/* of compaction, as last seen */
	u64 rounds;		/* when there was a gain */
	u64 seen;		/* rounds */
	u32 polls;
};

/*
 * Wait for room. ret: why it is needed: -EAGAIN: a segment; KCSD_SC_CAPACITY_EXCEEDED: credit; else
 * it is returned. Returns 0: try again; -EBUSY: compaction waits in vain for readers. store: that
 * waits, or NULL.
 */
int kcsd_kv_room_wait(struct kcsd_kv *kv, struct kcsd_kv_wait *w, int ret, u32 flags,
		      const struct kcsd_kv_store *store);

/* ---- compact.c ---- */

int kcsd_kv_compact_start(struct kcsd_kv *kv);
void kcsd_kv_compact_stop(struct kcsd_kv *kv);
/* Somebody waits for room. */
void kcsd_kv_compact_want(struct kcsd_kv *kv);
/* Wake the thread if it has something to do. */
void kcsd_kv_compact_kick(struct kcsd_kv *kv);

/* Copy bytes of records from places that do not change; see value.c. */
int kcsd_kv_record_read(struct kcsd_kv *kv, u64 place, u32 payload, u32 offset,
			struct iov_iter *to, u32 len, bool *verified, bool now);

/* ---- window.c: of a file ---- */

int kcsd_kv_window_read(struct kcsd_kv *kv, u64 place, u32 payload, u32 offset,
			struct iov_iter *to, u32 len, bool *verified, bool now);

/* ---- disk.c: of a file ---- */

int kcsd_kv_disk_open(struct kcsd_kv *kv, char *why, size_t room);
int kcsd_kv_disk_close(struct kcsd_kv *kv);
void kcsd_kv_disk_destroy(struct kcsd_kv *kv);
void kcsd_kv_disk_cut(struct kcsd_kv *kv, u64 seed);
/*
 * Give the file another UUID: no segment that is in it counts any more. Returns 0; -errno: it is
 * not known which UUID it has.
 */
int kcsd_kv_disk_forget(struct kcsd_kv *kv);
/* Make the bytes of all segments zero, and those of an index behind them. */
int kcsd_kv_disk_erase(struct kcsd_kv *kv);
/* Zero both headers of a segment. */
int kcsd_kv_disk_clear(struct kcsd_kv *kv, const struct kcsd_kv_segment *s);
u64 kcsd_kv_disk_memory(const struct kcsd_kv *kv);

/* ---- index_write.c, index_read.c ---- */

/*
 * Write the index behind the segments. Sets what the superblock says of it. Nothing else goes on.
 */
int kcsd_kv_index_write(struct kcsd_kv *kv);
/* Read it. Returns 0; another: it cannot be used, the index in memory is empty. */
int kcsd_kv_index_read(struct kcsd_kv *kv);

/* ---- flush.c ---- */

/* As kcsd_kv_flush(), of a file; without kcsd_kv_result(). */
int kcsd_kv_sync(struct kcsd_kv *kv);
/* Sync what was written, without more. */
int kcsd_kv_sync_medium(struct kcsd_kv *kv);
/* Turn an error of the medium into a status, if it has one. */
int kcsd_kv_result(int ret);

/* The store has lost data, or is not to be written. */
static inline int kcsd_kv_usable(const struct kcsd_kv *kv)
{
	return READ_ONCE(kv->lost) ? -EIO : 0;
}

#endif
