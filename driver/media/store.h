/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where the LBAs live. One struct kcsd_store_ops per kind of medium.
 *
 * Positions and lengths are bytes, multiples of the LBA size, and in bounds:
 * the caller has checked. Iterators are bvec or kvec ones (kernel memory, no
 * faults), of any alignment. Any number of calls may run at once; a single LBA
 * is never torn between them.
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
	/* read() .. flush() sleep: call them from a context that may. */
	bool blocking;
	void (*close)(struct kcsd_store *s);
	/* 0 or -errno; on success the whole of iter was moved. */
	int (*read)(struct kcsd_store *s, u64 pos, struct iov_iter *iter);
	/*
	 * Likewise, from any context, without waiting: -EAGAIN if that cannot be done. iter may be
	 * of user memory while page faults are disabled: -EFAULT. NULL: always -EAGAIN.
	 */
	int (*read_now)(struct kcsd_store *s, u64 pos, struct iov_iter *iter);
	int (*write)(struct kcsd_store *s, u64 pos, struct iov_iter *iter);
	/* Read as zeroes from now on; unmap: give the space back if that is possible. */
	int (*zero)(struct kcsd_store *s, u64 pos, u64 len, bool unmap);
	int (*flush)(struct kcsd_store *s);
};

struct kcsd_store {
	const struct kcsd_store_ops *ops;	/* NULL: not open */
	u64 size;		/* bytes */
	u64 memory;		/* bytes of kernel memory it holds */
	u32 discard_granularity;	/* bytes; 0: no space is ever given back */
	u32 alignment;		/* bytes; buffers so aligned are moved fastest */
	bool stable_writes;	/* data must not change while it is written */
	bool volatile_cache;	/* what is written needs flush() to be durable */
	bool grown;		/* until kcsd_store_keep(): a backing file had old_len bytes */
	struct kcsd_file_sync sync;	/* of a file; else nothing is ever lost */
	struct kcsd_store *below;	/* of a cache: what it caches, owned; else NULL */
	union {
		struct {
			struct kcsd_cache *cache;
			char name[16];		/* the drive's, for its messages */
		};
		struct {
			u8 *mem;
			struct kcsd_store_stripe *stripes; /* of the pages that hash to it */
			u32 stripe_mask;
		};
		struct {
			struct file *file;
			u64 old_len;
			struct mutex flush_lock;	/* sync, flushed */
			u64 flushed;		/* of asked, those that are done */
			atomic64_t asked;	/* flushes so far */
			struct kcsd_context context;	/* for all its I/O, and the sidecar's */
			struct kcsd_claim claim;
			struct kcsd_range_locks ranges;	/* keep LBAs from being torn */
			bool reads_cached;		/* the page cache may be read as it is */
			mempool_t *bounce;		/* NULL: buffered, any buffer will do */
		};
	};
};

/*
 * Open what the configuration asks for and set store->size. -errno with one line in the kernel log
 * on failure, nothing held. name is the drive's, for that line.
 */
int kcsd_store_open(struct kcsd_store *s, const struct kcsd_config *c, const char *name);
void kcsd_store_close(struct kcsd_store *s);

static inline int kcsd_store_read(struct kcsd_store *s, u64 pos, struct iov_iter *iter, bool now)
{
	if (!now)
		return s->ops->read(s, pos, iter);
	return s->ops->read_now ? s->ops->read_now(s, pos, iter) : -EAGAIN;
}

/* The medium, whatever is cached of it. */
static inline const struct kcsd_store *kcsd_store_medium(const struct kcsd_store *s)
{
	return s->below ?: s;
}

static inline bool kcsd_store_has_lost(const struct kcsd_store *s)
{
	return READ_ONCE(kcsd_store_medium(s)->sync.lost);
}

/* Has the backing file no data at all? There is one. */
static inline bool kcsd_store_is_hole(const struct kcsd_store *s)
{
	return kcsd_file_is_hole(kcsd_store_medium(s)->file);
}

/*
 * The drive is up. Before this, closing the store gives a backing file that grew to the drive's
 * size its old length back.
 */
static inline void kcsd_store_keep(struct kcsd_store *s)
{
	struct kcsd_store *medium = s->below ?: s;

	medium->grown = false;
}

/* Where to use files of a drive whose medium is one. */
static inline struct kcsd_context *kcsd_store_context(struct kcsd_store *s)
{
	return s->below ? &s->below->context : &s->context;
}

/* Bytes, since power on but for the first two. */
struct kcsd_cache_stats {
	u64 size;
	u64 dirty_bytes;	/* not yet written to the medium */
	u64 hit_bytes;		/* read from the cache */
	u64 evicted_bytes;	/* written to the medium to make room */
	u64 flushed_bytes;	/* by flushes */
};

/* All 0 without a cache. */
void kcsd_store_cache_stats(const struct kcsd_store *s, struct kcsd_cache_stats *sum);
/*
 * Power fails: of what is cached, only the LBAs survive for which survives() is true; the others
 * are forgotten. No call is under way, and the next is kcsd_store_close().
 */
void kcsd_store_cut(struct kcsd_store *s, bool (*survives)(u64 lba, void *ctx), void *ctx);

/* store_mem.c, store_file.c, store_cache.c: called by kcsd_store_open() only */
int kcsd_store_mem_open(struct kcsd_store *s, const struct kcsd_config *c, const char *name);
int kcsd_store_file_open(struct kcsd_store *s, const struct kcsd_config *c, const char *name);
/* On success below, which is open, belongs to s. */
int kcsd_store_cache_open(struct kcsd_store *s, struct kcsd_store *below,
			  const struct kcsd_config *c, const char *name);

#endif
