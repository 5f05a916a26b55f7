/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Wait for room. */
#ifndef KCSD_KV_WAIT_H
#define KCSD_KV_WAIT_H

#include "object.h"

struct kcsd_kv;

/* A caller that waits for room. The rest begins as zeroes. */
struct kcsd_kv_wait {
	const struct kcsd_kv_stop *stop;	/* or NULL */
	const struct kcsd_kv_target *target;
	bool begun;
	u64 gains;		/* of compaction, as last seen */
	u64 rounds;		/* when there was a gain */
	u64 seen;		/* rounds */
	u32 polls;
};

/*
 * Wait for room. ret: why it is needed: -EAGAIN: a segment; KCSD_SC_CAPACITY_EXCEEDED: credit; the
 * medium is full; else it is returned. Returns 0: try again; -EBUSY: compaction waits in vain for
 * readers.
 */
int kcsd_kv_room_wait(struct kcsd_kv *kv, struct kcsd_kv_wait *w, int ret, u32 flags);

static inline bool kcsd_kv_is_stopped(const struct kcsd_kv_stop *stop)
{
	return stop && stop->stopped && stop->stopped(stop->ctx);
}

#endif
