/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What a store is on: the memory that it allocates itself, or a file.
 *
 * Positions and lengths are multiples of KCSD_KV_BLOCK, buffers are kernel memory aligned to it.
 * Functions return 0 or -errno, and may sleep.
 */
#ifndef KCSD_KV_MEDIUM_H
#define KCSD_KV_MEDIUM_H

#include "env.h"

#include <linux/kcsd_kv.h>

#define KCSD_KV_BLOCK	KCSD_KV_BLOCK_LEN

/* More bytes than any file has. */
#define KCSD_KV_WHOLE_FILE	(1ULL << 62)

struct kcsd_kv_medium;

struct kcsd_kv_medium_ops {
	/* now: do not wait, -EAGAIN; may be called from a context that does not sleep. */
	int (*read)(struct kcsd_kv_medium *m, u64 pos, void *to, u32 len, bool now);
	/* -ENOSPC: try again later. Another error: some of it may have been written. */
	int (*write)(struct kcsd_kv_medium *m, u64 pos, const void *from, u32 len);
	/*
	 * Make all that was written durable. -EIO: some of it is lost, for good. Else: try again.
	 */
	int (*sync)(struct kcsd_kv_medium *m);
	/* Make bytes zero, and give their space back if possible. May be more than the file has. */
	int (*discard)(struct kcsd_kv_medium *m, u64 pos, u64 len);
	/*
	 * Reserve space, so that writing there does not fail with -ENOSPC. NULL or -EOPNOTSUPP:
	 * zeroes are written instead.
	 */
	int (*reserve)(struct kcsd_kv_medium *m, u64 pos, u64 len);
};

struct kcsd_kv_medium {
	const struct kcsd_kv_medium_ops *ops;	/* NULL: memory */
	/* bytes of the file when it is opened; 0: a new store. It grows as it is written */
	u64 len;
};

/* True if a read failed because the medium has no such bytes any more, whatever errno says so. */
static inline bool kcsd_kv_is_damage(int ret)
{
	return ret < 0 && ret != -EAGAIN && ret != -EFAULT && ret != -ENOMEM && ret != -EINTR &&
	       ret != -ERESTARTSYS;
}

#endif
