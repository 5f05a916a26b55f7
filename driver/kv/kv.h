/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The store of objects: values under keys, in a log of segments, in memory or in a file.
 *
 * Like driver/engine this compiles into the module and into user space; file.c alone is of the
 * kernel. <linux/kcsd_kv.h> describes the file.
 *
 * Functions return 0, a positive NVMe status (KCSD_SC_*) or -errno, and may sleep, except where
 * noted. Any number of calls may run at the same time.
 */
#ifndef KCSD_KV_H
#define KCSD_KV_H

#include "env.h"
#include <linux/kcsd.h>

struct iov_iter;
struct kcsd_kv;
struct kcsd_kv_cursor;
struct kcsd_kv_medium;
struct kcsd_kv_pieces;

/* A key. Bytes after len are zero, so that keys compare as 16 bytes and len. */
struct kcsd_kv_name {
	u8 len;				/* 0 only where a function says so */
	u8 key[KCSD_KV_MAX_KEY];
};

struct kcsd_kv_config {
	u64 size;			/* bytes of keys and values that fit, if few and large */
	u32 max_value;			/* bytes */
	u32 max_keys;			/* the index has twice as many entries at most */
};

/* For all stores of the module: call before the first one is opened. Returns 0 or -ENOMEM. */
int kcsd_kv_init(void);
void kcsd_kv_exit(void);

/*
 * Open a store on a medium, which the caller owns; empty, or what the file has. Reads all that is
 * needed: a second for each million objects after kcsd_kv_close(), more after a crash. Returns 0
 * and sets *kv; -ENOMEM; -EUCLEAN: the file is not a store, or too damaged, or larger than the
 * config (why says it); other -errno of the medium.
 */
int kcsd_kv_open(const struct kcsd_kv_config *config, struct kcsd_kv_medium *medium,
		 struct kcsd_kv **kv, char *why, size_t room);
/*
 * Make all durable, and leave what lets the next open be quick. No call is under way. Returns 0, or
 * -errno of the medium: what was not durable may be lost. Frees kv in any case.
 */
int kcsd_kv_close(struct kcsd_kv *kv);
/*
 * Power is being cut: from now on nothing becomes durable, and changes and flushes fail with -EIO;
 * also what compaction does. Then end all calls, and kcsd_kv_cut().
 */
void kcsd_kv_kill(struct kcsd_kv *kv);
/*
 * Cut power: of what is not durable, keep what `seed` chooses. No call is under way, and
 * the next call is kcsd_kv_close(), which then writes nothing.
 */
void kcsd_kv_cut(struct kcsd_kv *kv, u64 seed);

/* Bits of flags. */
#define KCSD_KV_IF_EXISTS	0x1
#define KCSD_KV_IF_MISSING	0x2
/*
 * Fail with -EAGAIN rather than wait for the medium or for compaction. The copy of the value alone
 * may take as long as it takes.
 */
#define KCSD_KV_NOWAIT		0x4
/* Return when it is durable. */
#define KCSD_KV_DURABLE		0x8

/*
 * Asked now and then in a call that may take long; true: give up with KCSD_SC_ABORT_REQUESTED,
 * nothing has changed. stopped: may be NULL.
 */
struct kcsd_kv_stop {
	bool (*stopped)(void *ctx);
	void *ctx;
};

/*
 * Store len bytes of an iterator as the value of a key: all or nothing. from: bvec or kvec, or with
 * page faults disabled user memory; -EFAULT changes nothing. KCSD_SC_NO_KEY, KCSD_SC_KEY_EXISTS:
 * the condition in flags does not hold. KCSD_SC_CAPACITY_EXCEEDED: no room, or max_keys. -EBUSY: no
 * room before values that are got were put.
 */
struct kcsd_kv_store {
	struct kcsd_kv_name name;
	u32 len;
	u32 flags;
	struct iov_iter *from;
	struct kcsd_kv_stop stop;
	/* out: place of the first byte in the medium, for the model of time */
	u64 where;
};
int kcsd_kv_store(struct kcsd_kv *kv, struct kcsd_kv_store *store);

/*
 * Delete an object. Returns KCSD_SC_NO_KEY if there is none: with DURABLE, there is none after a
 * power cut, either. -EBUSY as for a store. flags: NOWAIT, DURABLE. stop: may be NULL.
 */
int kcsd_kv_delete(struct kcsd_kv *kv, const struct kcsd_kv_name *name, u32 flags,
		   const struct kcsd_kv_stop *stop);

/* A value as it was when it was got: it stays readable, whatever happens to the object. */
struct kcsd_kv_value {
	u64 len;			/* bytes */
	u64 where;			/* place of the first byte in the medium */
	/* The rest belongs to the store. */
	u32 nr_pieces;
	u32 verified;			/* index of a piece known to be sound, plus 1; 0: none */
	u64 piece;			/* its place, if it is one */
	struct kcsd_kv_pieces *pieces;	/* else */
};

/* Get a value; kcsd_kv_value_put() it. KCSD_SC_NO_KEY. Does not sleep. */
int kcsd_kv_value_get(struct kcsd_kv *kv, const struct kcsd_kv_name *name,
		      struct kcsd_kv_value *value);
void kcsd_kv_value_put(struct kcsd_kv *kv, struct kcsd_kv_value *value);
/*
 * Read bytes of a value, all of to, which end within it. KCSD_SC_UNRECOVERED: a part of it is
 * damaged; what to has then is not to be used. flags: NOWAIT; to may then be user memory with page
 * faults disabled, -EFAULT. One value is not read by two callers at once.
 */
int kcsd_kv_value_read(struct kcsd_kv *kv, struct kcsd_kv_value *value, u64 offset,
		       struct iov_iter *to, u32 flags);

/* Does not sleep. */
bool kcsd_kv_exists(struct kcsd_kv *kv, const struct kcsd_kv_name *name);

/*
 * Walk the keys in their order, from `from` on (len may be 0). A key that exists throughout is
 * never left out; one that is deleted meanwhile may still come. NULL without memory. now: do not
 * sleep, here only.
 */
struct kcsd_kv_cursor *kcsd_kv_cursor_create(struct kcsd_kv *kv, const struct kcsd_kv_name *from,
					     bool now);
void kcsd_kv_cursor_destroy(struct kcsd_kv_cursor *c);
/* Copy the next key. Returns false at the end. Does not sleep. */
bool kcsd_kv_cursor_next(struct kcsd_kv_cursor *c, struct kcsd_kv_name *name);

/* Make all that has completed before durable. Serves all callers that wait when it begins. */
int kcsd_kv_flush(struct kcsd_kv *kv);

/*
 * Delete everything, also from the medium: overwritten with zeroes where its space cannot be given
 * back. No other call is under way, and no value is got.
 */
int kcsd_kv_erase(struct kcsd_kv *kv);
/*
 * Zero memory that had values and is not in use now. kcsd_kv_erase() does it, too. Values in a
 * store in memory stay.
 */
void kcsd_kv_erase_memory(struct kcsd_kv *kv);

/* Values of one moment each. */
struct kcsd_kv_stats {
	u64 size;			/* bytes of keys and values that fit */
	u64 used;			/* bytes of keys and values */
	u64 room;			/* bytes that are left: kcsd_kv_charge() */
	u64 keys;
	u64 max_keys;
	u64 medium_bytes;		/* of the medium in use */
	u64 medium_size;
	u64 memory;			/* bytes of memory, without those of a medium in memory */
	u64 segments, free_segments;
	u64 pinned;			/* segments that stay until values that are got are put */
	u64 written;			/* bytes written to the log, since it was opened */
	u64 moved;			/* of these by compaction */
	u64 damaged;			/* records found damaged since it was opened */
};
void kcsd_kv_get_stats(struct kcsd_kv *kv, struct kcsd_kv_stats *stats);

#endif
