/* SPDX-License-Identifier: GPL-2.0 */
/* What a drive has promised of an LBA that is in no zone, and what power cuts leave of it. */
#ifndef KST_PROMISE_H
#define KST_PROMISE_H

#include <errno.h>
#include <stdatomic.h>

#include "kselftest.h"
#include "stamp.h"

/* Versions count an LBA's writes; 0 is what was there at first, zeroes. */
struct promise {
	atomic_uint sent;	/* the last that was written */
	atomic_uint acked;	/* the last of whose end somebody was told */
	atomic_uint durable;	/* acked before a flush that has ended, or with FUA */
};

/* Of what was not promised to stay. */
struct cut_count {
	unsigned int lost;
	unsigned int kept;
};

static inline void promise_fill(__u64 *to, __u32 lba, __u32 version)
{
	stamp_fill(to, (__u64)lba << 32 | version);
}

/* The version that an LBA holds; -1: none that was ever written there, or parts of several. */
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

/* 0: what there is of the LBA after a cut was promised or is allowed; it is the beginning, then. */
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
