// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Append records to the open segment of a lane. */
#include "store.h"

static struct kcsd_kv_segment *open_segment(struct kcsd_kv *kv, const struct kcsd_kv_lane *lane)
{
	return &kv->segments[lane->segment - 1];
}

static bool has_room(struct kcsd_kv *kv, const struct kcsd_kv_lane *lane, u32 len)
{
	const struct kcsd_kv_segment *s;

	if (!lane->segment)
		return false;
	s = open_segment(kv, lane);
	return kcsd_kv_record_fits(&kv->geometry, s->end, s->nr_slots, len);
}

static void lock_lane(struct kcsd_kv *kv, struct kcsd_kv_lane *lane)
{
	if (lane == kcsd_kv_cold_lane(kv))
		mutex_lock_nested(&lane->lock, 1);
	else
		mutex_lock(&lane->lock);
}

void kcsd_kv_log_close(struct kcsd_kv *kv, struct kcsd_kv_lane *lane)
{
	struct kcsd_kv_segment *s;

	if (!lane->segment)
		return;
	s = open_segment(kv, lane);
	if (kv->in_file) {
		kcsd_kv_write_mark(kv, s);
		lane->full = lane->segment;
	}
	kcsd_kv_segment_set_state(kv, s, kv->in_file ? KCSD_KV_FULL : KCSD_KV_CLOSED);
	lane->segment = 0;
}

/* Open another segment; leave so many. With write_lock, so that nobody else does. */
static int replace_segment(struct kcsd_kv *kv, struct kcsd_kv_lane *lane, u32 leave)
{
	u32 index;
	int ret = kv->in_file ? kcsd_kv_write_full(kv, lane) : 0;

	if (!ret)
		ret = kcsd_kv_segment_open(kv, leave, &index);
	if (ret)
		return ret;
	lock_lane(kv, lane);
	kcsd_kv_log_close(kv, lane);
	lane->segment = index + 1;
	mutex_unlock(&lane->lock);
	/* If this fails, it is tried again before the next one. */
	if (kv->in_file)
		kcsd_kv_write_full(kv, lane);
	return 0;
}

static int make_room(struct kcsd_kv *kv, struct kcsd_kv_lane *lane, u32 len, u32 leave)
{
	bool room;
	int ret = 0;

	mutex_lock(&lane->write_lock);
	lock_lane(kv, lane);
	room = has_room(kv, lane, len);
	mutex_unlock(&lane->lock);
	if (!room)
		ret = replace_segment(kv, lane, leave);
	mutex_unlock(&lane->write_lock);
	return ret;
}

int kcsd_kv_log_lock(struct kcsd_kv *kv, struct kcsd_kv_lane *lane, u32 len, bool now)
{
	int ret;

	for (;;) {
		if (!now)
			mutex_lock(&lane->lock);
		else if (!mutex_trylock(&lane->lock))
			return -EAGAIN;
		if (has_room(kv, lane, len))
			return 0;
		mutex_unlock(&lane->lock);
		ret = now ? -EAGAIN : make_room(kv, lane, len, KCSD_KV_RESERVE);
		if (ret)
			return ret;
	}
}

int kcsd_kv_log_cold(struct kcsd_kv *kv, u32 len, u32 leave)
{
	return make_room(kv, kcsd_kv_cold_lane(kv), len, leave);
}

bool kcsd_kv_log_lock_cold(struct kcsd_kv *kv, u32 len)
{
	struct kcsd_kv_lane *cold = kcsd_kv_cold_lane(kv);

	mutex_lock_nested(&cold->lock, 1);
	if (has_room(kv, cold, len))
		return true;
	mutex_unlock(&cold->lock);
	return false;
}

u8 *kcsd_kv_log_payload(struct kcsd_kv *kv, struct kcsd_kv_lane *lane)
{
	const struct kcsd_kv_segment *s = open_segment(kv, lane);

	return s->buffer->mem + s->end + sizeof(struct kcsd_kv_record);
}

/* Say when it was appended, and which bytes it has. */
static void stamp(struct kcsd_kv *kv, struct kcsd_kv_segment *s, struct kcsd_kv_record *r,
		  bool has_crc)
{
	u64 completed = atomic64_read(&kv->completed), begun = atomic64_read(&kv->begun);
	u64 lag = min_t(u64, begun - completed, KCSD_KV_LAG_MAX);

	s->begun = begun;
	r->begun = cpu_to_le64(begun);
	r->lag = cpu_to_le32((u32)lag);
	if (!has_crc)
		r->payload_crc = cpu_to_le32(kcsd_kv_crc(0, s->buffer->mem + s->end + sizeof(*r),
							 le32_to_cpu(r->len)));
	kcsd_kv_record_seal(r, s->seed);
	memcpy(s->buffer->mem + kcsd_kv_slot_at(&kv->geometry, s->nr_slots), r, sizeof(*r));
	s->nr_slots++;
}

u64 kcsd_kv_log_append(struct kcsd_kv *kv, struct kcsd_kv_lane *lane, struct kcsd_kv_record *r,
		       bool has_crc)
{
	struct kcsd_kv_segment *s = open_segment(kv, lane);
	u32 len = le32_to_cpu(r->len), room = kcsd_kv_record_len(len), used = sizeof(*r) + len;
	u64 place = kcsd_kv_segment_pos(kv, s) + s->end;
	u8 *at = s->buffer->mem + s->end;

	r->magic = cpu_to_le16(KCSD_KV_RECORD_MAGIC);
	r->offset = cpu_to_le32(s->end);
	if (kv->in_file)
		stamp(kv, s, r, has_crc);
	memcpy(at, r, sizeof(*r));
	memset(at + used, 0, room - used);
	s->end += room;
	lane->appended += room;
	atomic_add(room, &s->live);
	return place;
}

void kcsd_kv_lane_changed(struct kcsd_kv_lane *lane)
{
	/* Whoever sees it sees how many bytes are live. */
	smp_store_release(&lane->changes, lane->changes + 1);
}

u64 kcsd_kv_changes(const struct kcsd_kv *kv)
{
	/* Not 0, which is before the first round. */
	u64 sum = READ_ONCE(kv->generation) + 1;
	u32 i;

	for (i = 0; i <= kv->nr_lanes; i++)
		sum += smp_load_acquire(&kv->lanes[i].changes);
	return sum;
}

void kcsd_kv_log_kill(struct kcsd_kv *kv, u64 place, u32 len)
{
	struct kcsd_kv_segment *s = kcsd_kv_segment_at(kv, place);
	s32 bytes = kcsd_kv_record_len(len);

	if (atomic_fetch_add(-bytes, &s->live) == bytes && READ_ONCE(s->state) == KCSD_KV_CLOSED)
		kcsd_kv_compact_kick(kv);
}
