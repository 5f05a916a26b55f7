/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Record the promises that a drive made for an LBA outside zones, and check them after a power cut.
 */
#ifndef KST_PROMISE_H
#define KST_PROMISE_H

#include <errno.h>
#include <stdatomic.h>

#include "kselftest.h"
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

static inline void promise_fill(__u64 *to, __u32 lba, __u32 version)
{
	stamp_fill(to, (__u64)lba << 32 | version);
}

/*
 * Returns the version that an LBA holds; -1: data that was never written there, or parts of several
 * versions.
 */
static inline __s64 promise_version(const __u64 *data, __u32 lba)
{
	__u64 tag;

	if (!stamp_read(data, &tag))
		return -1;
	return !tag || tag >> 32 == lba ? (__u32)tag : -1;
}

static inline void raise_to(atomic_uint *to, unsigned int version)
{
	unsigned int was = atomic_load(to);

	while (was < version && !atomic_compare_exchange_weak(to, &was, version))
		;
}

/*
 * Check an LBA after a cut. Returns 0 if its version was promised or is allowed; the version is
 * then the new start.
 */
static inline int promise_check(struct promise *p, const __u64 *data, __u32 lba,
				struct cut_count *count)
{
	__s64 version = promise_version(data, lba);

	if (version < p->durable || version > p->sent) {
		ksft_print_msg("LBA %u: version %lld, durable %u, sent %u\n", lba,
			       (long long)version, p->durable, p->sent);
		return -EILSEQ;
	}
	count->lost += version < p->acked;
	count->kept += version > p->durable;
	p->sent = p->acked = p->durable = version;
	return 0;
}

#endif
