/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Record the promises that a drive made for a sequential zone, and check them after a power cut.
 *
 * Each LBA that is written has its own tag, so the tags alone show the place of each write.
 */
#ifndef KST_ZONE_PROMISE_H
#define KST_ZONE_PROMISE_H

#include <pthread.h>

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

static inline void zone_model_sent(struct zone_model *z, __u32 nlb)
{
	pthread_mutex_lock(&z->lock);
	z->sent += nlb;
	pthread_mutex_unlock(&z->lock);
}

/*
 * Record a completed write. offset: its place in the zone, by the drive. Returns -ERANGE if it
 * cannot be there.
 */
static inline int zone_model_acked(struct zone_model *z, __u32 offset, __u32 nlb, __u64 tag,
				   bool fua)
{
	int ret = 0;

	if (offset > MODEL_CAP - nlb)
		return -ERANGE;
	pthread_mutex_lock(&z->lock);
	for (__u32 i = 0; i < nlb; i++) {
		if (z->tag[offset + i])
			ret = -ERANGE;
		z->tag[offset + i] = tag + i;
	}
	if (z->acked < offset + nlb)
		z->acked = offset + nlb;
	if (fua && z->durable < offset + nlb)
		z->durable = offset + nlb;
	pthread_mutex_unlock(&z->lock);
	return ret;
}

/*
 * Record a completed flush: the LBAs acked before it began are durable, unless the zone was reset.
 */
static inline void zone_model_flushed(struct zone_model *z, __u32 acked, __u32 resets)
{
	pthread_mutex_lock(&z->lock);
	if (z->resets == resets && z->durable < acked)
		z->durable = acked;
	pthread_mutex_unlock(&z->lock);
}

static inline void zone_model_reset(struct zone_model *z)
{
	pthread_mutex_lock(&z->lock);
	memset(z->tag, 0, sizeof(z->tag));
	z->acked = z->sent = z->durable = 0;
	z->finished = false;
	z->resets++;
	pthread_mutex_unlock(&z->lock);
}

static inline void zone_model_finished(struct zone_model *z)
{
	pthread_mutex_lock(&z->lock);
	z->durable = z->acked;
	z->finished = true;
	pthread_mutex_unlock(&z->lock);
}

/* ---- checks after a cut ---- */

/*
 * Set *wp to the number of LBAs with data, by the report. Returns NULL, or the reason why it is
 * wrong.
 */
static inline const char *zone_model_wp(const struct zone_model *z, const struct zns_desc *d,
					__u32 *wp)
{
	bool all = z->sent >= MODEL_CAP;

	*wp = d->wp - d->zslba;
	switch (d->zs >> 4) {
	case KCSD_ZONE_COND_EMPTY:
		return *wp ? "empty, but its write pointer is not at the start" : NULL;
	case KCSD_ZONE_COND_CLOSED:
		return *wp && *wp < MODEL_CAP ? NULL : "closed, with a wrong write pointer";
	case KCSD_ZONE_COND_FULL:
		/* The write pointer of a full zone is not valid. */
		*wp = z->finished || z->maybe == MAYBE_FINISHED ? z->acked : MODEL_CAP;
		return *wp < MODEL_CAP || all ? NULL : "full, but nobody has filled it";
	default:
		return "in a condition that is none after power on";
	}
}

static inline const char *zone_model_bounds(const struct zone_model *z, const struct zns_desc *d,
					    __u32 wp)
{
	if (z->maybe == MAYBE_RESET && !wp)
		return NULL;
	if (z->finished && d->zs >> 4 != KCSD_ZONE_COND_FULL)
		return "not full, but it was finished";
	if (wp < z->durable)
		return "its write pointer is before durable data";
	return wp <= z->sent ? NULL : "its write pointer is behind all that was sent";
}

/* True if the tag belongs to an unfinished write to the zone, and was not seen elsewhere. */
static inline bool zone_model_attempted(struct zone_attempt *a, __u32 zone, __u64 tag,
					__u64 (*seen)[MODEL_SENDERS])
{
	for (int i = 0; i < MODEL_SENDERS; i++) {
		__u64 bit = tag - a[i].tag;

		if (a[i].zone != zone || bit >= a[i].nlb)
			continue;
		if ((*seen)[i] & 1ULL << bit)
			return false;
		(*seen)[i] |= 1ULL << bit;
		return true;
	}
	return false;
}

/*
 * Compare `lbas`, the data of the file below the write pointer, with the tags. Returns NULL, or the
 * reason why it is wrong.
 */
static inline const char *zone_model_data(struct zone_model *z, __u32 zone, const __u64 *lbas,
					  __u32 wp, struct zone_attempt *attempts)
{
	__u64 seen[MODEL_SENDERS] = {}, tag;

	for (__u32 i = 0; i < wp; i++) {
		if (!stamp_read(lbas + i * STAMP_WORDS, &tag))
			return "an LBA below its write pointer is of several writes";
		if (z->tag[i] ? tag != z->tag[i] :
				!zone_model_attempted(attempts, zone, tag, &seen))
			return "an LBA below its write pointer has not what was written there";
		z->tag[i] = tag;
	}
	return NULL;
}

/* Start again after a cut: all data that is there is durable. */
static inline void zone_model_restart(struct zone_model *z, __u32 wp, bool full)
{
	memset(z->tag + wp, 0, (MODEL_CAP - wp) * sizeof(*z->tag));
	z->acked = z->sent = z->durable = wp;
	z->finished = full;
	z->maybe = SURE;
}

/*
 * Check a zone after a cut. Returns 0 if its state was promised or is allowed; it is then the new
 * start.
 */
static inline int zone_model_check(struct zone_model *z, __u32 zone, const struct zns_desc *d,
				   int image, __u64 *buf, struct zone_attempt *attempts,
				   struct cut_count *count)
{
	__u32 wp;
	const char *wrong = zone_model_wp(z, d, &wp);

	wrong = wrong ?: zone_model_bounds(z, d, wp);
	if (!wrong && pread(image, buf, wp * STAMP_LBA, d->zslba * STAMP_LBA) != wp * STAMP_LBA)
		wrong = "cannot be read";
	wrong = wrong ?: zone_model_data(z, zone, buf, wp, attempts);
	if (wrong) {
		ksft_print_msg("zone %u: %s: condition %x, wp %u, durable %u, acked %u, sent %u\n",
			       zone, wrong, d->zs >> 4, wp, z->durable, z->acked, z->sent);
		return -EILSEQ;
	}
	count->lost += z->acked > wp;
	count->kept += wp > z->durable;
	zone_model_restart(z, wp, d->zs >> 4 == KCSD_ZONE_COND_FULL);
	return 0;
}

#endif
