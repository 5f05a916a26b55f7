// SPDX-License-Identifier: GPL-2.0
#include "zone_promise.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "kselftest.h"

void zone_model_sent(struct zone_model *z, __u32 nlb)
{
	pthread_mutex_lock(&z->lock);
	z->sent += nlb;
	pthread_mutex_unlock(&z->lock);
}

int zone_model_acked(struct zone_model *z, __u32 offset, __u32 nlb, __u64 tag, bool fua)
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

void zone_model_flushed(struct zone_model *z, __u32 acked, __u32 resets)
{
	pthread_mutex_lock(&z->lock);
	if (z->resets == resets && z->durable < acked)
		z->durable = acked;
	pthread_mutex_unlock(&z->lock);
}

void zone_model_reset(struct zone_model *z)
{
	pthread_mutex_lock(&z->lock);
	memset(z->tag, 0, sizeof(z->tag));
	z->acked = z->sent = z->durable = 0;
	z->finished = false;
	z->resets++;
	pthread_mutex_unlock(&z->lock);
}

void zone_model_finished(struct zone_model *z)
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
static const char *zone_model_wp(const struct zone_model *z, const struct zns_desc *d, __u32 *wp)
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

static const char *zone_model_bounds(const struct zone_model *z, const struct zns_desc *d, __u32 wp)
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
static bool zone_model_attempted(struct zone_attempt *a, __u32 zone, __u64 tag,
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
static const char *zone_model_data(struct zone_model *z, __u32 zone, const __u64 *lbas, __u32 wp,
				   struct zone_attempt *attempts)
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
static void zone_model_restart(struct zone_model *z, __u32 wp, bool full)
{
	memset(z->tag + wp, 0, (MODEL_CAP - wp) * sizeof(*z->tag));
	z->acked = z->sent = z->durable = wp;
	z->finished = full;
	z->maybe = SURE;
}

int zone_model_check(struct zone_model *z, __u32 zone, const struct zns_desc *d, int image,
		     __u64 *buf, struct zone_attempt *attempts, struct cut_count *count)
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
