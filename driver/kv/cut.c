// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Cut power: what was not durable survives in part, block by block, chosen by a seed. A block that
 * does not survive is as the last sync left it.
 */
#include "store.h"

struct cut {
	struct kcsd_kv *kv;
	u64 random;
	u8 *block;
};

static bool survives(struct cut *cut)
{
	cut->random ^= cut->random << 13;
	cut->random ^= cut->random >> 7;
	cut->random ^= cut->random << 17;
	return cut->random >> 40 & 1;
}

/* Set the bytes of a block outside of [from, end) to zero, and write it. */
static void keep_part(struct cut *cut, u64 pos, u32 from, u32 end)
{
	const struct kcsd_kv_medium_ops *ops = cut->kv->medium->ops;

	if (ops->read(cut->kv->medium, pos, cut->block, KCSD_KV_BLOCK, false))
		return;
	memset(cut->block, 0, from);
	memset(cut->block + end, 0, KCSD_KV_BLOCK - end);
	ops->write(cut->kv->medium, pos, cut->block, KCSD_KV_BLOCK);
}

/* What is in the buffer alone may have been about to be written. */
static void write_block(struct cut *cut, struct kcsd_kv_segment *s, u32 at)
{
	u64 pos = kcsd_kv_segment_pos(cut->kv, s) + at;

	memcpy(cut->block, s->buffer->mem + at, KCSD_KV_BLOCK);
	cut->kv->medium->ops->write(cut->kv->medium, pos, cut->block, KCSD_KV_BLOCK);
}

static void cut_records(struct cut *cut, struct kcsd_kv_segment *s)
{
	u64 pos = kcsd_kv_segment_pos(cut->kv, s);
	u32 at = round_down(s->durable, KCSD_KV_BLOCK);

	for (; at < s->end; at += KCSD_KV_BLOCK) {
		u32 kept = s->durable > at ? s->durable - at : 0;

		if (!survives(cut))
			keep_part(cut, pos + at, 0, kept);
		else if (s->buffer && at + KCSD_KV_BLOCK <= s->end)
			write_block(cut, s, at);
	}
}

static void cut_slots(struct cut *cut, struct kcsd_kv_segment *s)
{
	u64 pos = kcsd_kv_segment_pos(cut->kv, s);
	u32 len = kcsd_kv_segment_len(&cut->kv->geometry);
	u32 top = kcsd_kv_slot_at(&cut->kv->geometry, s->nr_slots) + KCSD_KV_ALIGN;
	u32 durable = len - s->durable_slots, at = round_down(top, KCSD_KV_BLOCK);

	for (; at < round_up(durable, KCSD_KV_BLOCK); at += KCSD_KV_BLOCK) {
		u32 kept = durable < at + KCSD_KV_BLOCK ? durable - at : KCSD_KV_BLOCK;

		if (!survives(cut))
			keep_part(cut, pos + at, kept, KCSD_KV_BLOCK);
		else if (s->buffer && at >= top)
			write_block(cut, s, at);
	}
}

void kcsd_kv_disk_cut(struct kcsd_kv *kv, u64 seed)
{
	struct cut cut = { .kv = kv, .random = seed ^ 0x9e3779b97f4a7c15ULL };
	u32 i;

	cut.block = kv->block;
	if (!cut.random)
		cut.random = 1;
	for (i = 0; i < kv->geometry.nr; i++) {
		struct kcsd_kv_segment *s = &kv->segments[i];

		if (s->state == KCSD_KV_FREE || s->closed)
			continue;
		cut_records(&cut, s);
		cut_slots(&cut, s);
	}
}
