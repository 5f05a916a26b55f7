/* SPDX-License-Identifier: GPL-2.0 */
/* A disk that notes each call, so that the power can be cut at any of them, later and often. */
#ifndef KCSD_KV_TRACE_H
#define KCSD_KV_TRACE_H

#include "disk.h"

enum call_kind { CALL_WRITE, CALL_SYNC, CALL_DISCARD };

struct call {
	enum call_kind kind;
	u64 pos;
	u64 len;
	u8 *data;		/* of a write */
};

struct trace {
	struct kcsd_kv_medium medium;	/* as that of the disk, with notes */
	struct disk *disk;
	pthread_mutex_t lock;		/* protects calls, and makes calls one by one */
	struct call *calls;
	u32 nr;				/* of calls that have begun */
	u32 room;
	u32 done;
};

void trace_init(struct trace *t, struct disk *d);
void trace_destroy(struct trace *t);
/* Calls so far. */
u32 trace_now(struct trace *t);

/* How blocks that were not synced reach the disk. */
enum cut_how {
	CUT_NONE, CUT_ALL,
	CUT_BUT_ONE,		/* all calls but one */
	CUT_ONE,		/* one call alone */
	CUT_BLOCKS,		/* any blocks */
	CUT_SECTORS,		/* any sectors */
	CUT_HOWS,
};

/*
 * Make d what the disk may be after a power cut at a call, which has begun; start: content at the
 * beginning. which: of the calls that were not synced, for BUT_ONE and ONE. Returns how many
 * calls there were.
 */
u32 trace_cut(const struct trace *t, u32 at, const struct disk *start, struct disk *d,
	      enum cut_how how, u32 which);

#endif
