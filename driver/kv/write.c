// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Write segments to a file. A lane appends to a buffer that has a whole segment; the buffer is
 * written when the segment is full, and as far as it goes by a flush. What is written never
 * changes, except the last block, of which a copy is written.
 */
#include "store.h"

static int write_at(struct kcsd_kv *kv, const struct kcsd_kv_segment *s, u32 at, const void *from,
		    u32 len)
{
	if (!len)
		return 0;
	return kv->medium->ops->write(kv->medium, kcsd_kv_segment_pos(kv, s) + at, from, len);
}

/* ---- headers ---- */

static void make_header(struct kcsd_kv *kv, const struct kcsd_kv_segment *s,
			struct kcsd_kv_segment_header *h)
{
	*h = (struct kcsd_kv_segment_header){
		.magic = cpu_to_le32(KCSD_KV_SEGMENT_MAGIC),
		.index = cpu_to_le32((u32)(s - kv->segments)),
		.generation = cpu_to_le64(s->generation),
		.nonce = cpu_to_le64(kcsd_kv_random()),
		.begun = cpu_to_le64(atomic64_read(&kv->begun)),
		.completed = cpu_to_le64(atomic64_read(&kv->completed)),
	};
	memcpy(h->uuid, kv->super->uuid, sizeof(h->uuid));
	h->seed = cpu_to_le32(kcsd_kv_crc(0, h, offsetof(struct kcsd_kv_segment_header, seed)));
}

static void seal_header(struct kcsd_kv_segment_header *h)
{
	h->crc = cpu_to_le32(kcsd_kv_crc(0, h, offsetof(struct kcsd_kv_segment_header, crc)));
}

static u8 *last_block(struct kcsd_kv *kv, const struct kcsd_kv_segment *s)
{
	return s->buffer->mem + kcsd_kv_segment_len(&kv->geometry) - KCSD_KV_BLOCK;
}

/* Write zeroes, which takes space for what is written there later. */
static int fill_segment(struct kcsd_kv *kv, const struct kcsd_kv_segment *s)
{
	u32 at, len = kcsd_kv_segment_len(&kv->geometry);
	int ret = 0;

	for (at = 0; !ret && at < len; at += KCSD_KV_BLOCK)
		ret = write_at(kv, s, at, kv->zeroes, KCSD_KV_BLOCK);
	/* Give back what was taken: others may need it. */
	if (ret)
		kv->medium->ops->discard(kv->medium, kcsd_kv_segment_pos(kv, s), len);
	return ret;
}

int kcsd_kv_write_reserve(struct kcsd_kv *kv, const struct kcsd_kv_segment *s)
{
	const struct kcsd_kv_medium_ops *ops = kv->medium->ops;
	int ret = -EOPNOTSUPP;

	if (ops->reserve)
		ret = ops->reserve(kv->medium, kcsd_kv_segment_pos(kv, s),
				   kcsd_kv_segment_len(&kv->geometry));
	return ret == -EOPNOTSUPP ? fill_segment(kv, s) : ret;
}

int kcsd_kv_write_open(struct kcsd_kv *kv, struct kcsd_kv_segment *s)
{
	struct kcsd_kv_segment_header h;
	int ret = kcsd_kv_write_reserve(kv, s);

	if (ret)
		return ret;
	make_header(kv, s, &h);
	seal_header(&h);
	s->seed = le32_to_cpu(h.seed);
	s->written = 0;
	memset(s->buffer->mem, 0, KCSD_KV_BLOCK);
	memset(last_block(kv, s), 0, KCSD_KV_BLOCK);
	memcpy(s->buffer->mem, &h, sizeof(h));
	memcpy(last_block(kv, s), &h, sizeof(h));
	return 0;
}

void kcsd_kv_write_mark(struct kcsd_kv *kv, struct kcsd_kv_segment *s)
{
	struct kcsd_kv_segment_header *h = (struct kcsd_kv_segment_header *)last_block(kv, s);

	h->flags = cpu_to_le32(KCSD_KV_SEGMENT_CLOSED);
	h->nr_slots = cpu_to_le32(s->nr_slots);
	h->end = cpu_to_le32(s->end);
	h->completed = cpu_to_le64(atomic64_read(&kv->completed));
	h->begun = cpu_to_le64(atomic64_read(&kv->begun));
	seal_header(h);
}

/* ---- records and slots ---- */

/* What is to be written: records up to end, slots down to top. */
struct extent {
	u32 end;
	u32 top;
};

/* Copy the last blocks, which others append to. With the lock of the lane. */
static struct extent snapshot(struct kcsd_kv *kv, struct kcsd_kv_lane *lane,
			      const struct kcsd_kv_segment *s)
{
	struct extent x = {
		.end = s->end, .top = kcsd_kv_slot_at(&kv->geometry, s->nr_slots) + KCSD_KV_ALIGN,
	};
	u32 end = round_down(x.end, KCSD_KV_BLOCK), top = round_down(x.top, KCSD_KV_BLOCK);

	memset(lane->block, 0, 2 * KCSD_KV_BLOCK);
	memcpy(lane->block, s->buffer->mem + end, x.end - end);
	if (x.top > top)
		memcpy(lane->block + KCSD_KV_BLOCK + (x.top - top), s->buffer->mem + x.top,
		       KCSD_KV_BLOCK - (x.top - top));
	return x;
}

static int write_records(struct kcsd_kv *kv, struct kcsd_kv_lane *lane, struct kcsd_kv_segment *s,
			 u32 end)
{
	u32 from = round_down(s->written, KCSD_KV_BLOCK), full = round_down(end, KCSD_KV_BLOCK);
	int ret;

	if (end == s->written)
		return 0;
	ret = write_at(kv, s, from, s->buffer->mem + from, full - from);
	if (!ret && end > full)
		ret = write_at(kv, s, full, lane->block, KCSD_KV_BLOCK);
	if (!ret)
		s->written = end;
	return ret;
}

/* written_slots: bytes from the end of the segment. */
static int write_slots(struct kcsd_kv *kv, struct kcsd_kv_lane *lane, struct kcsd_kv_segment *s,
		       u32 top)
{
	u32 len = kcsd_kv_segment_len(&kv->geometry);
	u32 before = round_up(len - s->written_slots, KCSD_KV_BLOCK);
	u32 full = round_up(top, KCSD_KV_BLOCK);
	int ret;

	if (len - top == s->written_slots)
		return 0;
	ret = write_at(kv, s, full, s->buffer->mem + full, before - full);
	if (!ret && full > top)
		ret = write_at(kv, s, full - KCSD_KV_BLOCK, lane->block + KCSD_KV_BLOCK,
			       KCSD_KV_BLOCK);
	if (!ret)
		s->written_slots = len - top;
	return ret;
}

/* Write a segment as far as it goes. With write_lock. */
static int write_segment(struct kcsd_kv *kv, struct kcsd_kv_lane *lane, struct kcsd_kv_segment *s)
{
	struct extent x;
	int ret;

	mutex_lock(&lane->lock);
	x = snapshot(kv, lane, s);
	mutex_unlock(&lane->lock);
	ret = write_records(kv, lane, s, x.end);
	return ret ? ret : write_slots(kv, lane, s, x.top);
}

static void add_unsynced(struct kcsd_kv *kv, struct kcsd_kv_segment *s)
{
	spin_lock(&kv->segment_lock);
	s->next = kv->unsynced;
	kv->unsynced = s - kv->segments + 1;
	WRITE_ONCE(kv->nr_unsynced, kv->nr_unsynced + 1);
	spin_unlock(&kv->segment_lock);
}

int kcsd_kv_write_full(struct kcsd_kv *kv, struct kcsd_kv_lane *lane)
{
	struct kcsd_kv_segment *s;
	int ret;

	if (!lane->full)
		return 0;
	s = &kv->segments[lane->full - 1];
	ret = write_segment(kv, lane, s);
	if (!ret)
		ret = write_at(kv, s, kcsd_kv_segment_len(&kv->geometry) - KCSD_KV_BLOCK,
			       last_block(kv, s), KCSD_KV_BLOCK);
	if (ret)
		return ret;
	lane->full = 0;
	kcsd_kv_buffer_retire(s);
	add_unsynced(kv, s);
	kcsd_kv_segment_set_state(kv, s, KCSD_KV_CLOSED);
	if (READ_ONCE(kv->nr_unsynced) >= KCSD_KV_UNSYNCED || !atomic_read(&s->live))
		kcsd_kv_compact_kick(kv);
	return 0;
}

int kcsd_kv_write_lane(struct kcsd_kv *kv, struct kcsd_kv_lane *lane)
{
	struct kcsd_kv_segment *s = NULL;
	int ret;

	mutex_lock(&lane->write_lock);
	ret = kcsd_kv_write_full(kv, lane);
	/* It stays the open one as long as write_lock is held. */
	if (lane->segment) {
		s = &kv->segments[lane->segment - 1];
		ret = ret ? ret : write_segment(kv, lane, s);
	}
	lane->pending_segment = lane->segment;
	lane->pending = s ? s->written : 0;
	lane->pending_slots = s ? s->written_slots : 0;
	mutex_unlock(&lane->write_lock);
	return ret;
}
