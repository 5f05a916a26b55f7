/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Stores hold the LBAs. One struct kcsd_store_ops per kind of store.
 *
 * Positions and lengths are bytes, multiples of the LBA size, and in bounds: the caller has
 * checked. Iterators are of bvec or kvec type (kernel memory, no faults), with any alignment. Any
 * number of calls may run at the same time; they never tear a single LBA.
 */
#ifndef KCSD_STORE_H
#define KCSD_STORE_H

#include <linux/atomic.h>
#include <linux/mempool.h>
#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/uio.h>

#include "media/context.h"
#include "media/file.h"
#include "media/range_lock.h"

struct file;
struct kcsd_cache;
struct kcsd_config;
struct kcsd_store;
struct kcsd_store_stripe;

struct kcsd_store_ops {
	const char *name;
	/* read() to flush() sleep: call them from a context that may. */
	bool blocking;
	void (*close)(struct kcsd_store *s);
	/* Return 0 or -errno. On success all of iter was moved. */
	int (*read)(struct kcsd_store *s, u64 pos, struct iov_iter *iter);
	/*
	 * Like read(), from any context, without waiting. Return -EAGAIN if that is not possible.
	 * iter may be of user memory while page faults are disabled: -EFAULT. NULL: always -EAGAIN.
	 */
	int (*read_now)(struct kcsd_store *s, u64 pos, struct iov_iter *iter);
	int (*write)(struct kcsd_store *s, u64 pos, struct iov_iter *iter);
	/* Make bytes read as zeroes. unmap: give the space back if possible. */
	int (*zero)(struct kcsd_store *s, u64 pos, u64 len, bool unmap);
	int (*flush)(struct kcsd_store *s);
};

struct kcsd_store {
	const struct kcsd_store_ops *ops;	/* NULL: not open */
	u64 size;		/* bytes */
	u64 memory;		/* bytes of kernel memory that it uses */
	u32 discard_granularity;	/* bytes; 0: no space can be given back */
	u32 alignment;		/* bytes; buffers so aligned are moved fastest */
	bool stable_writes;	/* data must not change while it is written */
	bool volatile_cache;	/* written data needs flush() to be durable */
	bool grown;		/* from old_len bytes; until kcsd_store_commit_size() */
	struct kcsd_file_sync sync;	/* of a file; other stores never lose data */
	struct kcsd_store *below;	/* of a cache: the store that it caches, owned; else NULL */
	union {
		struct {
			struct kcsd_cache *cache;
			char name[16];		/* of the drive, for messages */
		};
		struct {
			u8 *mem;
			struct kcsd_store_stripe *stripes; /* each for the pages that hash to it */
			u32 stripe_mask;
		};
		struct {
			struct file *file;
			u64 old_len;
			struct mutex flush_lock;	/* protects sync and flushed */
			u64 flushed;		/* flushes done, counted like asked */
			atomic64_t asked;	/* flushes requested so far */
			struct kcsd_context context;	/* for its I/O and the sidecar */
			struct kcsd_file_claim claim;
			struct kcsd_range_locks ranges;	/* so that no LBA is torn */
			bool reads_cached;		/* may read from the page cache directly */
			mempool_t *bounce;		/* NULL: buffered I/O, any buffer will do */
		};
	};
};

/*
 * Open the store that the configuration asks for and set s->size. On failure return -errno, log one
 * line, own nothing. name: of the drive, for that line.
 */
int kcsd_store_open(struct kcsd_store *s, const struct kcsd_config *c, const char *name);
void kcsd_store_close(struct kcsd_store *s);

static inline int kcsd_store_read(struct kcsd_store *s, u64 pos, struct iov_iter *iter, bool now)
{
	if (!now)
		return s->ops->read(s, pos, iter);
	return s->ops->read_now ? s->ops->read_now(s, pos, iter) : -EAGAIN;
}

/* Return the store below the cache, or s if it has none. */
static inline const struct kcsd_store *kcsd_store_bottom(const struct kcsd_store *s)
{
	return s->below ?: s;
}

static inline bool kcsd_store_has_lost(const struct kcsd_store *s)
{
	return READ_ONCE(kcsd_store_bottom(s)->sync.lost);
}

/* Return true if the backing file has no data at all. The drive must have one. */
static inline bool kcsd_store_is_hole(const struct kcsd_store *s)
{
	return kcsd_file_is_hole(kcsd_store_bottom(s)->file);
}

/*
 * Let a backing file that grew to the size of the drive keep its new length. Call when the drive is
 * up. Closing the store before restores the old length.
 */
static inline void kcsd_store_commit_size(struct kcsd_store *s)
{
	struct kcsd_store *bottom = s->below ?: s;

	bottom->grown = false;
}

/* Return the context for the files of a drive. Its store must be a file, cached or not. */
static inline struct kcsd_context *kcsd_store_context(struct kcsd_store *s)
{
	return s->below ? &s->below->context : &s->context;
}

/* In bytes; since power on, except the first two. */
struct kcsd_cache_stats {
	u64 size;
	u64 dirty_bytes;	/* not yet written to the store below */
	u64 hit_bytes;		/* read from the cache */
	u64 evicted_bytes;	/* written to the store below to make room */
	u64 flushed_bytes;	/* written to the store below by flushes */
};

/* Sum up the counters of a cache. All 0 without a cache. */
void kcsd_store_cache_stats(const struct kcsd_store *s, struct kcsd_cache_stats *sum);
/*
 * Erase the memory of a cache: data that was written out or discarded stays there. Call after a
 * flush, while no other call can begin.
 */
void kcsd_store_erase_cache(struct kcsd_store *s);
/*
 * Cut power: of the cached LBAs keep only those for which survives() returns true. No call is under
 * way, and the next call is kcsd_store_close().
 */
void kcsd_store_cut(struct kcsd_store *s, bool (*survives)(u64 lba, void *ctx), void *ctx);

/* store_mem.c, store_file.c, store_cache.c: for kcsd_store_open() only */
int kcsd_store_mem_open(struct kcsd_store *s, const struct kcsd_config *c, const char *name);
int kcsd_store_file_open(struct kcsd_store *s, const struct kcsd_config *c, const char *name);

/* A file for a store. */
struct kcsd_store_place {
	const char *role;	/* for messages */
	const char *path;
	u64 block_size;		/* positions and lengths are multiples */
	u64 size;		/* bytes; 0: those of the file */
	u64 min_size;
};

/* Open a store in a file, with the size that it says; as kcsd_store_open() on failure. */
int kcsd_store_place_open(struct kcsd_store *s, const struct kcsd_store_place *place,
			  const char *name);

/* On success s owns below, which is open. */
int kcsd_store_cache_open(struct kcsd_store *s, struct kcsd_store *below,
			  const struct kcsd_config *c, const char *name);

#endif
