// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Wait for room that compaction makes. */
#include "store.h"

#define IDLE_ROUNDS	3	/* without a gain: there is no room */
#define POLLS		20	/* so many tenths of a second for readers to end */

static u64 count_deleted(struct kcsd_kv *kv)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < KCSD_KV_SHARDS; i++) {
		spin_lock(&kv->shards[i].lock);
		sum += kv->shards[i].deleted;
		spin_unlock(&kv->shards[i].lock);
	}
	return sum;
}

/*
 * Return true if there may be enough credit once the deleted objects are forgotten whose older
 * records compaction frees.
 */
static bool may_gain_credit(struct kcsd_kv *kv, const struct kcsd_kv_wait *w)
{
	s64 deleted = count_deleted(kv);

	if (!deleted || READ_ONCE(kv->barren) == kcsd_kv_changes(kv))
		return false;
	return w->target->need <= kcsd_kv_pool_rest(&kv->credit) +
				  deleted * (s64)kcsd_kv_charge(1, 0);
}

/* Return true if compaction has found that there is none. */
static bool is_hopeless(struct kcsd_kv *kv, const struct kcsd_kv_wait *w)
{
	return READ_ONCE(kv->rounds) - w->rounds >= IDLE_ROUNDS &&
	       (!READ_ONCE(kv->pending) || w->polls >= POLLS);
}

static bool is_time(struct kcsd_kv *kv, const struct kcsd_kv_wait *w, bool segment)
{
	return READ_ONCE(kv->gains) != w->gains ||
	       (segment && READ_ONCE(kv->nr_free) > KCSD_KV_RESERVE) ||
	       (READ_ONCE(kv->rounds) != w->seen && !READ_ONCE(kv->pending));
}

int kcsd_kv_room_wait(struct kcsd_kv *kv, struct kcsd_kv_wait *w, int ret, u32 flags)
{
	bool segment = ret == -EAGAIN;

	if (!segment && !kcsd_kv_is_full(ret) &&
	    (ret != KCSD_SC_CAPACITY_EXCEEDED || !may_gain_credit(kv, w)))
		return ret;
	w->seen = READ_ONCE(kv->rounds);
	if (!w->begun || READ_ONCE(kv->gains) != w->gains) {
		w->begun = true;
		w->gains = READ_ONCE(kv->gains);
		w->rounds = w->seen;
		w->polls = 0;
	}
	if (is_hopeless(kv, w))
		return READ_ONCE(kv->error) ?:
		       READ_ONCE(kv->pending) ? -EBUSY : KCSD_SC_CAPACITY_EXCEEDED;
	w->polls++;
	kcsd_kv_compact_want(kv);
	if (flags & KCSD_KV_NOWAIT)
		return -EAGAIN;
	wait_event_timeout(kv->room, is_time(kv, w, segment), HZ / 10);
	return kcsd_kv_is_stopped(w->stop) ? KCSD_SC_ABORT_REQUESTED : kcsd_kv_usable(kv);
}
