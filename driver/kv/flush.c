// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Make what was appended durable. */
#include "store.h"

/* Write all lanes. Some may fail while others do not. */
static int write_lanes(struct kcsd_kv *kv)
{
	u32 i;
	int ret = 0, error;

	for (i = 0; i <= kv->nr_lanes; i++) {
		error = kcsd_kv_write_lane(kv, &kv->lanes[i]);
		ret = ret ? ret : error;
	}
	return ret;
}

static u32 take_unsynced(struct kcsd_kv *kv)
{
	u32 list;

	spin_lock(&kv->segment_lock);
	list = kv->unsynced;
	kv->unsynced = 0;
	WRITE_ONCE(kv->nr_unsynced, 0);
	spin_unlock(&kv->segment_lock);
	return list;
}

/* The sync failed: the next one makes these durable. */
static void give_back_unsynced(struct kcsd_kv *kv, u32 list)
{
	u32 last = list, nr = 1;

	if (!list)
		return;
	spin_lock(&kv->segment_lock);
	for (; kv->segments[last - 1].next; last = kv->segments[last - 1].next)
		nr++;
	kv->segments[last - 1].next = kv->unsynced;
	kv->unsynced = list;
	WRITE_ONCE(kv->nr_unsynced, kv->nr_unsynced + nr);
	spin_unlock(&kv->segment_lock);
}

/* What was written before the sync is durable. */
static void note_durable(struct kcsd_kv *kv, u32 list)
{
	u32 i;

	while (list) {
		struct kcsd_kv_segment *s = &kv->segments[list - 1];

		list = s->next;
		s->closed = true;
	}
	for (i = 0; i <= kv->nr_lanes; i++) {
		struct kcsd_kv_lane *lane = &kv->lanes[i];

		if (!lane->pending_segment)
			continue;
		kv->segments[lane->pending_segment - 1].durable = lane->pending;
		kv->segments[lane->pending_segment - 1].durable_slots = lane->pending_slots;
	}
}

/* With flush_lock. */
static int sync_all(struct kcsd_kv *kv)
{
	s64 begun = atomic64_inc_return(&kv->begun);
	int ret = write_lanes(kv), error;
	u32 list = take_unsynced(kv);

	error = kv->medium->ops->sync(kv->medium);
	if (error) {
		if (error == -EIO)
			WRITE_ONCE(kv->lost, true);
		give_back_unsynced(kv, list);
		return error;
	}
	note_durable(kv, list);
	if (!ret)
		atomic64_set(&kv->completed, begun);
	return ret;
}

int kcsd_kv_sync(struct kcsd_kv *kv)
{
	s64 mine = atomic64_inc_return(&kv->asked), all;
	int ret = 0;

	mutex_lock(&kv->flush_lock);
	if (kv->flushed < mine) {
		all = atomic64_read(&kv->asked);
		ret = READ_ONCE(kv->lost) ? -EIO : sync_all(kv);
		if (!ret)
			kv->flushed = all;
	}
	mutex_unlock(&kv->flush_lock);
	return ret;
}

/* With flush_lock. */
static int sync_written(struct kcsd_kv *kv)
{
	u32 list = take_unsynced(kv), i;
	int ret;

	for (i = 0; i <= kv->nr_lanes; i++)
		kv->lanes[i].pending_segment = 0;
	ret = READ_ONCE(kv->lost) ? -EIO : kv->medium->ops->sync(kv->medium);
	if (ret == -EIO)
		WRITE_ONCE(kv->lost, true);
	if (!ret)
		note_durable(kv, list);
	else
		give_back_unsynced(kv, list);
	return ret;
}

int kcsd_kv_sync_medium(struct kcsd_kv *kv)
{
	int ret;

	mutex_lock(&kv->flush_lock);
	ret = sync_written(kv);
	mutex_unlock(&kv->flush_lock);
	return ret;
}

int kcsd_kv_result(int ret)
{
	return kcsd_kv_is_full(ret) ? KCSD_SC_CAPACITY_EXCEEDED : ret;
}

int kcsd_kv_flush(struct kcsd_kv *kv)
{
	return kv->in_file ? kcsd_kv_result(kcsd_kv_sync(kv)) : 0;
}
