/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Record the promises that a drive made for a sequential zone, and check them after a power cut.
 *
 * Each LBA that is written has its own tag, so the tags alone show the place of each write.
 */
#ifndef KST_ZONE_PROMISE_H
#define KST_ZONE_PROMISE_H

#include <pthread.h>
#include <stdbool.h>

#include "promise.h"
#include "zns.h"

#define MODEL_CAP	768u	/* LBAs of a zone that can be written */
#define MODEL_NLB	8u	/* maximum of one write */
#define MODEL_SENDERS	4

/*
 * Record the last write of a sender that failed or got no result: all, some or none of it may be
 * there.
 */
struct zone_attempt {
	__u32 zone;
	__u32 nlb;	/* 0: none */
	__u64 tag;	/* of the first LBA */
};

/* Change of the zone that was sent when the power was cut, if any. */
enum zone_maybe { SURE, MAYBE_RESET, MAYBE_FINISHED };

struct zone_model {
	pthread_mutex_t lock;
	__u64 tag[MODEL_CAP];	/* 0: no write of it has completed */
	__u32 acked;		/* LBAs up to the last completed write */
	__u32 sent;		/* LBAs of all writes since the reset that were not refused */
	__u32 durable;		/* acked before a flush that has completed, or written with FUA */
	__u32 resets;
	bool finished;
	enum zone_maybe maybe;
};

void zone_model_sent(struct zone_model *z, __u32 nlb);

/*
 * Record a completed write. offset: its place in the zone, by the drive. Returns -ERANGE if it
 * cannot be there.
 */
int zone_model_acked(struct zone_model *z, __u32 offset, __u32 nlb, __u64 tag, bool fua);

/*
 * Record a completed flush: the LBAs acked before it began are durable, unless the zone was reset.
 */
void zone_model_flushed(struct zone_model *z, __u32 acked, __u32 resets);

void zone_model_reset(struct zone_model *z);
void zone_model_finished(struct zone_model *z);

/*
 * Check a zone after a cut. Returns 0 if its state was promised or is allowed; it is then the new
 * start.
 */
int zone_model_check(struct zone_model *z, __u32 zone, const struct zns_desc *d, int image,
		     __u64 *buf, struct zone_attempt *attempts, struct cut_count *count);

#endif
