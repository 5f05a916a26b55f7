/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Record the promises that a drive made for an LBA outside zones, and check them after a power cut.
 */
#ifndef KST_PROMISE_H
#define KST_PROMISE_H

#include <stdatomic.h>

#include "stamp.h"

/* Count the writes of an LBA as versions. Version 0 is the state before the first write: zeroes. */
struct promise {
	atomic_uint sent;	/* last version that was sent */
	atomic_uint acked;	/* last version whose write has completed */
	atomic_uint durable;	/* acked before a flush that has completed, or written with FUA */
};

/* Count LBAs with versions that were not promised to stay. */
struct cut_count {
	unsigned int lost;
	unsigned int kept;
};

void promise_fill(__u64 *to, __u32 lba, __u32 version);

/*
 * Returns the version that an LBA holds; -1: data that was never written there, or parts of several
 * versions.
 */
__s64 promise_version(const __u64 *data, __u32 lba);

void raise_to(atomic_uint *to, unsigned int version);

/*
 * Check an LBA after a cut. Returns 0 if its version was promised or is allowed; the version is
 * then the new start.
 */
int promise_check(struct promise *p, const __u64 *data, __u32 lba, struct cut_count *count);

#endif
