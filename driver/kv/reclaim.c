// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Free the segments that compaction has emptied, in a file: what was moved, and what made other
 * records dead, is durable first; then the headers are zeroed, durably. Until then all records of
 * the segment still count after a crash; so only then are the older records of each key fewer.
 */
#include "compact.h"
#include "scan.h"

/* ---- read ---- */

/* Return the header of the record at an offset, or NULL. */
static const struct kcsd_kv_record *read_header(struct kcsd_kv *kv, struct kcsd_kv_segment *s,
						u32 offset)
{
	u32 block = round_down(offset, KCSD_KV_BLOCK);
	u8 *mem = kv->compactor->chunk;
	const struct kcsd_kv_record *r = (const void *)(mem + (offset - block));

	kv->compactor->chunk_len = 0;
	if (kv->medium->ops->read(kv->medium, kcsd_kv_segment_pos(kv, s) + block, mem,
				  KCSD_KV_BLOCK, false))
		return NULL;
	if (!kcsd_kv_record_valid(r, &kv->geometry, s->seed) || le32_to_cpu(r->offset) != offset)
		return NULL;
	return r;
}

/* Replace slots that are damaged by the headers of their records. */
static void mend_slots(struct kcsd_kv *kv, struct kcsd_kv_victim *v)
{
	u32 offset = KCSD_KV_BLOCK, i;

	for (i = 0; i < v->nr_slots; i++) {
		struct kcsd_kv_record *r = &v->slots[v->nr_slots - 1 - i];
		const struct kcsd_kv_record *other;

		if (!kcsd_kv_record_valid(r, &kv->geometry, v->segment->seed)) {
			other = offset < v->segment->end ? read_header(kv, v->segment, offset) :
							   NULL;
			if (!other) {
				r->kind = 0;
				continue;
			}
			*r = *other;
		}
		offset = kcsd_kv_record_end(r);
	}
}

int kcsd_kv_victim_read(struct kcsd_kv *kv, struct kcsd_kv_victim *v)
{
	u32 end = kcsd_kv_segment_len(&kv->geometry) - KCSD_KV_BLOCK;
	u32 top, from;
	int ret;

	v->nr_slots = v->segment->nr_slots;
	top = kcsd_kv_slot_at(&kv->geometry, v->nr_slots) + KCSD_KV_ALIGN;
	from = round_down(top, KCSD_KV_BLOCK);
	if (from == end)
		return 0;
	v->mem = kcsd_alloc_own(end - from);
	if (!v->mem)
		return -ENOMEM;
	v->slots = (void *)(v->mem + (top - from));
	ret = kcsd_kv_read_blocks(kv->medium, kcsd_kv_segment_pos(kv, v->segment) + from, v->mem,
				  end - from, NULL);
	if (!ret)
		mend_slots(kv, v);
	return ret;
}

/* ---- free ---- */

/* A record of this key is gone for good. */
static void forget_record(struct kcsd_kv *kv, const struct kcsd_kv_record *r)
{
	u32 hash;
	struct kcsd_kv_shard *shard = kcsd_kv_shard_of(kv, r->key, r->key_len, &hash);
	struct kcsd_kv_lane *lane = kcsd_kv_lane_of(kv, shard);
	struct kcsd_kv_entry *e;

	mutex_lock(&lane->lock);
	e = kcsd_kv_entry_find(shard, hash, r->key, r->key_len);
	/* A delete that was forgotten is not counted by an entry made later. */
	if (e && e->stale && le64_to_cpu(r->version) >= e->version) {
		e->stale--;
		if (!e->stale && e->deleted)
			kcsd_kv_entry_forget(kv, shard, hash, e);
	}
	mutex_unlock(&lane->lock);
}

static void forget_records(struct kcsd_kv *kv, struct kcsd_kv_victim *v)
{
	u32 i;

	for (i = 0; i < v->nr_slots; i++) {
		if (v->slots[i].kind == KCSD_KV_VALUE || v->slots[i].kind == KCSD_KV_DELETED)
			forget_record(kv, &v->slots[i]);
		cond_resched();
	}
}

/* Zero the headers of those that nobody reads. Puts them last; returns the first of them. */
static u32 clear_headers(struct kcsd_kv *kv, struct kcsd_kv_compactor *c)
{
	u32 i, first = c->nr;

	for (i = c->nr; i--;) {
		struct kcsd_kv_victim v = c->victims[i];

		/* Nobody can get a value of it any more. */
		if (atomic_fetch_add(0, &v.segment->pins) || kcsd_kv_disk_clear(kv, v.segment))
			continue;
		c->victims[i] = c->victims[--first];
		c->victims[first] = v;
	}
	return first;
}

static void free_victim(struct kcsd_kv *kv, struct kcsd_kv_victim *v)
{
	bool keep = kcsd_kv_keeps_few(kv);

	forget_records(kv, v);
	/* If it fails, the space is not given back until it is written again. */
	if (!keep)
		kv->medium->ops->discard(kv->medium, kcsd_kv_segment_pos(kv, v->segment),
					 kcsd_kv_segment_len(&kv->geometry));
	kcsd_kv_segment_free(kv, v->segment, keep);
	kcsd_kv_victim_close(v);
}

u32 kcsd_kv_victims_erase(struct kcsd_kv *kv, struct kcsd_kv_compactor *c)
{
	u32 first, freed = 0;

	if (!c->nr)
		return 0;
	/* What was moved, and what made other records dead, is durable first. */
	c->error = kcsd_kv_sync(kv);
	if (c->error)
		return 0;
	first = clear_headers(kv, c);
	if (first == c->nr || kcsd_kv_sync_medium(kv))
		return 0;
	while (c->nr > first) {
		free_victim(kv, &c->victims[--c->nr]);
		freed++;
	}
	return freed;
}
