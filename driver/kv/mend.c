// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * After a crash: write the slots of the segments that were open, and those of records that never
 * happened, so that these do not come back. Until the sync that follows, all of this can be done
 * again: the records say what they said.
 */
#include "replay.h"

static struct kcsd_kv_record *slot_in(struct kcsd_kv_scan *scan, u32 slot)
{
	return (void *)(scan->mem + kcsd_kv_slot_at(&scan->geometry, slot));
}

/*
 * A record that never happened. To a replay of the same file, after a power cut in this one, the
 * slot was not durable; to all others it is.
 */
static void make_void(struct kcsd_kv_replay *rp, struct kcsd_kv_record *r,
		      const struct kcsd_kv_record *was, u32 seed)
{
	*r = (struct kcsd_kv_record){
		.magic = cpu_to_le16(KCSD_KV_RECORD_MAGIC), .kind = KCSD_KV_VOID,
		.offset = was->offset, .len = was->len, .version = was->version,
		.begun = cpu_to_le64(rp->scan.completed), .lag = cpu_to_le32(KCSD_KV_LAG_MAX),
	};
	kcsd_kv_record_seal(r, seed);
}

/* One of which nothing is known but that it is not before offset. */
static void make_lost(struct kcsd_kv_replay *rp, struct kcsd_kv_record *r, u32 offset, u32 seed)
{
	*r = (struct kcsd_kv_record){
		.magic = cpu_to_le16(KCSD_KV_RECORD_MAGIC), .kind = KCSD_KV_VOID,
		.offset = cpu_to_le32(offset), .index = cpu_to_le32(1),
		.begun = cpu_to_le64(rp->scan.completed), .lag = cpu_to_le32(KCSD_KV_LAG_MAX),
	};
	kcsd_kv_record_seal(r, seed);
}

/*
 * Write what the slot says over the header of a record that never happened: if the slot is damaged
 * later, that counts. The records are in scan.mem, as one of them was found torn.
 */
static void void_header(struct kcsd_kv_replay *rp, u32 slot, u32 offset)
{
	u32 block = round_down(offset, KCSD_KV_BLOCK);

	memcpy(rp->scan.mem + offset, slot_in(&rp->scan, slot), sizeof(struct kcsd_kv_record));
	rp->voided_from = rp->voided_end ? min(rp->voided_from, block) : block;
	rp->voided_end = max(rp->voided_end, block + KCSD_KV_BLOCK);
}

void kcsd_kv_mend_slot(struct kcsd_kv_replay *rp, const struct kcsd_kv_found *f)
{
	struct kcsd_kv_scan *scan = &rp->scan;
	u32 i;

	switch (f->state) {
	case KCSD_KV_LOST:
		/* Of a closed segment, what was durable stays to be reported. */
		if (f->segment->closed && f->durable)
			return;
		for (i = 0; i < f->nr; i++)
			make_lost(rp, slot_in(scan, f->slot + i), f->offset, f->segment->seed);
		rp->mend = true;
		return;
	case KCSD_KV_TORN:
		make_void(rp, slot_in(scan, f->slot), &f->r, f->segment->seed);
		void_header(rp, f->slot, f->offset);
		rp->mend = true;
		return;
	default:
		*slot_in(scan, f->slot) = f->r;
	}
}

static void close_header(struct kcsd_kv_replay *rp, struct kcsd_kv_scan_segment *s)
{
	struct kcsd_kv_segment_header *h = &s->header;

	h->flags = cpu_to_le32(KCSD_KV_SEGMENT_CLOSED);
	h->nr_slots = cpu_to_le32(s->nr_slots);
	h->end = cpu_to_le32(s->end);
	h->begun = cpu_to_le64(rp->segment_begun);
	h->completed = cpu_to_le64(rp->scan.completed);
	h->crc = cpu_to_le32(kcsd_kv_crc(0, h, offsetof(struct kcsd_kv_segment_header, crc)));
}

/* Write the headers of records that never happened, and nothing over what could not be read. */
static int write_voided(struct kcsd_kv_replay *rp, u64 pos)
{
	struct kcsd_kv_scan *scan = &rp->scan;
	u32 at = rp->voided_from, end;
	int ret = 0;

	for (; !ret && at < rp->voided_end; at = end + KCSD_KV_BLOCK) {
		for (end = at; end < rp->voided_end && !scan->bad[end / KCSD_KV_BLOCK];)
			end += KCSD_KV_BLOCK;
		if (end > at)
			ret = scan->medium->ops->write(scan->medium, pos + at, scan->mem + at,
						       end - at);
	}
	return ret;
}

int kcsd_kv_mend_segment(struct kcsd_kv_replay *rp, struct kcsd_kv_scan_segment *s)
{
	struct kcsd_kv_scan *scan = &rp->scan;
	const struct kcsd_kv_medium_ops *ops = scan->medium->ops;
	u32 len = kcsd_kv_segment_len(&scan->geometry), last = len - KCSD_KV_BLOCK;
	u32 top = kcsd_kv_slot_at(&scan->geometry, s->nr_slots) + KCSD_KV_ALIGN;
	u32 from = round_down(top, KCSD_KV_BLOCK);
	u64 pos = kcsd_kv_scan_pos(scan, s->index);
	int ret;

	close_header(rp, s);
	memset(scan->mem, 0, KCSD_KV_BLOCK);
	memset(scan->mem + last, 0, KCSD_KV_BLOCK);
	memcpy(scan->mem, &s->header, sizeof(s->header));
	memcpy(scan->mem + last, &s->header, sizeof(s->header));
	ret = ops->write(scan->medium, pos + from, scan->mem + from, len - from);
	if (!ret)
		ret = write_voided(rp, pos);
	return ret ? ret : ops->write(scan->medium, pos, scan->mem, KCSD_KV_BLOCK);
}

/* Write a header or slot of a segment. */
static int write_record(struct kcsd_kv_replay *rp, u32 index, u32 at,
			const struct kcsd_kv_record *r)
{
	struct kcsd_kv_scan *scan = &rp->scan;
	const struct kcsd_kv_medium_ops *ops = scan->medium->ops;
	u32 block = round_down(at, KCSD_KV_BLOCK);
	u64 pos = kcsd_kv_scan_pos(scan, index) + block;
	int ret = ops->read(scan->medium, pos, scan->mem, KCSD_KV_BLOCK, false);

	if (ret)
		return ret;
	memcpy(scan->mem + (at - block), r, sizeof(*r));
	return ops->write(scan->medium, pos, scan->mem, KCSD_KV_BLOCK);
}

int kcsd_kv_mend_void(struct kcsd_kv_replay *rp, const struct kcsd_kv_record *was, u64 place,
		      u32 slot)
{
	u32 index = kcsd_kv_segment_index(rp->kv, place);
	u32 at = kcsd_kv_slot_at(&rp->scan.geometry, slot);
	struct kcsd_kv_record r;
	int ret;

	make_void(rp, &r, was, rp->kv->segments[index].seed);
	ret = write_record(rp, index, at, &r);
	return ret ? ret : write_record(rp, index, le32_to_cpu(was->offset), &r);
}
