// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Read the index of a file that was closed cleanly. What cannot be is refused as a whole: the
 * records of the log say the same.
 */
#include "store.h"
#include "scan.h"

struct reader {
	struct kcsd_kv *kv;
	u8 *mem;
	u64 start;
	u64 blocks;
	u64 block;		/* the next */
	u32 nr;			/* units of mem that were taken */
	u64 charge;
	u64 nr_entries;
	struct rb_node *last[KCSD_KV_SHARDS];
};

static int read_block(struct reader *r)
{
	const u32 used = KCSD_KV_INDEX_UNITS * KCSD_KV_INDEX_UNIT;
	__le64 block = cpu_to_le64(r->block);
	__le32 sum;
	u32 crc;
	int ret;

	if (r->block == r->blocks)
		return -EUCLEAN;
	ret = r->kv->medium->ops->read(r->kv->medium, r->start + r->block * KCSD_KV_INDEX_LEN,
				       r->mem, KCSD_KV_INDEX_LEN, false);
	if (ret)
		return ret;
	crc = kcsd_kv_crc((u32)le64_to_cpu(r->kv->super->nonce), r->mem, used);
	memcpy(&sum, r->mem + used, sizeof(sum));
	if (le32_to_cpu(sum) != kcsd_kv_crc(crc, &block, sizeof(block)))
		return -EUCLEAN;
	r->block++;
	r->nr = 0;
	return 0;
}

static int take(struct reader *r, void *unit)
{
	int ret = r->nr == KCSD_KV_INDEX_UNITS ? read_block(r) : 0;

	if (!ret)
		memcpy(unit, r->mem + r->nr++ * KCSD_KV_INDEX_UNIT, KCSD_KV_INDEX_UNIT);
	return ret;
}

/* ---- segments ---- */

static int take_segment(struct reader *r)
{
	struct kcsd_kv *kv = r->kv;
	struct kcsd_kv_index_segment unit;
	struct kcsd_kv_segment *s;
	u32 len = kcsd_kv_segment_len(&kv->geometry);
	int ret = take(r, &unit);

	if (ret)
		return ret;
	if (le32_to_cpu(unit.index) >= kv->geometry.nr)
		return -EUCLEAN;
	s = &kv->segments[le32_to_cpu(unit.index)];
	s->seed = le32_to_cpu(unit.seed);
	s->nr_slots = le32_to_cpu(unit.nr_slots);
	s->end = le32_to_cpu(unit.end);
	s->generation = le64_to_cpu(unit.generation);
	if (s->state != KCSD_KV_FREE || s->nr_slots > len / (2 * KCSD_KV_ALIGN) ||
	    s->end < KCSD_KV_BLOCK || s->end % KCSD_KV_ALIGN ||
	    s->end > kcsd_kv_slot_at(&kv->geometry, s->nr_slots) + KCSD_KV_ALIGN)
		return -EUCLEAN;
	s->state = KCSD_KV_CLOSED;
	s->closed = true;
	return 0;
}

/* Count a record live if it is one that can be. */
static int count_record(struct reader *r, u64 place, u32 len)
{
	struct kcsd_kv *kv = r->kv;
	u32 at = (u32)place & (kcsd_kv_segment_len(&kv->geometry) - 1);
	u32 bytes = kcsd_kv_record_len(len);
	struct kcsd_kv_segment *s;

	if (!(place >> kv->geometry.shift) ||
	    (place >> kv->geometry.shift) > kv->geometry.nr)
		return -EUCLEAN;
	s = kcsd_kv_segment_at(kv, place);
	if (s->state != KCSD_KV_CLOSED || at < KCSD_KV_BLOCK || at % KCSD_KV_ALIGN ||
	    at > s->end || bytes > s->end - at ||
	    atomic_read(&s->live) + bytes > s->end - KCSD_KV_BLOCK)
		return -EUCLEAN;
	atomic_add(bytes, &s->live);
	return 0;
}

/* ---- entries ---- */

static int take_pieces(struct reader *r, struct kcsd_kv_pieces *p, u32 len)
{
	__le64 unit[6];
	u32 at = 1, i;
	int ret = take(r, unit);

	p->first = le64_to_cpu(unit[0]);
	for (i = 0; !ret && i < p->nr; i++) {
		if (at == ARRAY_SIZE(unit)) {
			ret = take(r, unit);
			if (ret)
				return ret;
			at = 0;
		}
		p->place[i] = le64_to_cpu(unit[at++]);
		/* One that is lost has no place. */
		if (p->place[i])
			ret = count_record(r, p->place[i], kcsd_kv_piece_len(len, i));
	}
	return ret;
}

static bool name_valid(const struct kcsd_kv_index_entry *unit)
{
	u32 i;

	if (!unit->key_len || unit->key_len > KCSD_KV_MAX_KEY)
		return false;
	for (i = unit->key_len; i < KCSD_KV_MAX_KEY; i++)
		if (unit->key[i])
			return false;
	return true;
}

/* Set what an entry has, all but its place in the order. It is in the index, as deleted. */
static int fill_entry(struct reader *r, struct kcsd_kv_shard *shard, struct kcsd_kv_entry *e,
		      const struct kcsd_kv_index_entry *unit)
{
	struct kcsd_kv *kv = r->kv;
	u64 place = le64_to_cpu(unit->place);
	u32 len = le32_to_cpu(unit->len);
	bool large = !unit->deleted && kcsd_kv_is_large(len);
	int ret;

	if (len > KCSD_KV_LONGEST || (unit->deleted && len))
		return -EUCLEAN;
	ret = count_record(r, place, large ? 0 : len);
	if (ret)
		return ret;
	e->place = place;
	e->version = le64_to_cpu(unit->version);
	e->stale = le32_to_cpu(unit->stale);
	r->charge += kcsd_kv_charge(e->key_len, len);
	if (unit->deleted) {
		shard->deleted++;
		return 0;
	}
	/* Memory is bounded by what the file can have. */
	if (large) {
		if (r->charge > 2 * kv->config.size + KCSD_KV_LONGEST)
			return -EUCLEAN;
		e->pieces = kcsd_kv_pieces_alloc(len, false);
		if (!e->pieces)
			return -ENOMEM;
		e->pieces->head = place;
	}
	e->len = len;
	e->deleted = false;
	return large ? take_pieces(r, e->pieces, len) : 0;
}

static bool is_after(const struct rb_node *last, const struct kcsd_kv_entry *e)
{
	const struct kcsd_kv_entry *before;
	int ret;

	if (!last)
		return true;
	before = rb_entry(last, struct kcsd_kv_entry, node);
	ret = memcmp(before->key, e->key, sizeof(e->key));
	return ret ? ret < 0 : before->key_len < e->key_len;
}

static int take_entry(struct reader *r)
{
	struct kcsd_kv *kv = r->kv;
	struct kcsd_kv_index_entry unit;
	struct kcsd_kv_shard *shard;
	struct kcsd_kv_entry *e;
	u32 hash;
	int ret = take(r, &unit);

	if (ret)
		return ret;
	if (!name_valid(&unit))
		return -EUCLEAN;
	shard = kcsd_kv_shard_of(kv, unit.key, unit.key_len, &hash);
	if (kcsd_kv_entry_find(shard, hash, unit.key, unit.key_len))
		return -EUCLEAN;
	ret = kcsd_kv_entry_found(kv, unit.key, unit.key_len, &r->nr_entries, &e);
	if (ret)
		return ret;
	ret = fill_entry(r, shard, e, &unit);
	if (ret || e->deleted)
		return ret;
	if (!is_after(r->last[shard - kv->shards], e))
		return -EUCLEAN;
	kcsd_kv_entry_show_last(shard, e, &r->last[shard - kv->shards]);
	shard->keys++;
	shard->used += (u64)e->key_len + e->len;
	return 0;
}

/* ---- all ---- */

static int take_all(struct reader *r)
{
	struct kcsd_kv_index_head head;
	u64 i;
	int ret = take(r, &head);

	for (i = 0; !ret && i < le64_to_cpu(head.segments); i++)
		ret = take_segment(r);
	for (i = 0; !ret && i < le64_to_cpu(head.entries); i++) {
		ret = take_entry(r);
		cond_resched();
	}
	return ret;
}

static void forget_segments(struct kcsd_kv *kv)
{
	u32 i;

	for (i = 0; i < kv->geometry.nr; i++) {
		struct kcsd_kv_segment *s = &kv->segments[i];

		s->state = KCSD_KV_FREE;
		s->end = 0;
		s->nr_slots = 0;
		s->closed = false;
		atomic_set(&s->live, 0);
	}
}

/*
 * Return the last sync that a file knows of, at least that of the superblock; 0: it cannot
 * be read. Records that begin later must say so, or they would count as durable.
 */
static u64 last_sync(struct kcsd_kv *kv)
{
	u64 last = le64_to_cpu(kv->super->begun);
	struct kcsd_kv_scan_segment s;
	struct kcsd_kv_scan scan;
	int ret = kcsd_kv_scan_init(&scan, kv->medium, kv->super);
	u32 i;

	for (i = 0; !ret && i < scan.geometry.nr; i++) {
		if (kv->segments[i].state == KCSD_KV_FREE)
			continue;
		ret = kcsd_kv_scan_headers(&scan, i, &s);
		last = max(last, max(s.begun, s.completed));
		cond_resched();
	}
	kcsd_kv_scan_destroy(&scan);
	return ret ? 0 : last;
}

static void take_super(struct reader *r, u64 begun)
{
	const struct kcsd_kv_super *super = r->kv->super;
	struct kcsd_kv *kv = r->kv;
	u64 entries = 0, keys = 0;
	u32 i;

	for (i = 0; i < KCSD_KV_SHARDS; i++) {
		kv->shards[i].version = le64_to_cpu(super->record_version);
		entries += kv->shards[i].entries;
		keys += kv->shards[i].keys;
	}
	atomic64_set(&kv->begun, begun);
	atomic64_set(&kv->completed, begun);
	kv->generation = le64_to_cpu(super->segment_generation);
	atomic64_sub(r->charge, &kv->credit.rest);
	atomic64_sub(entries, &kv->entries.rest);
	atomic64_sub(keys, &kv->keys.rest);
}

static int read_index(struct reader *r)
{
	struct kcsd_kv *kv = r->kv;
	int ret = take_all(r);
	u64 begun = ret ? 0 : last_sync(kv);

	if (!ret && !begun)
		ret = -EIO;
	if (ret) {
		kcsd_kv_index_clear(kv);
		forget_segments(kv);
	} else {
		take_super(r, begun);
	}
	return ret;
}

int kcsd_kv_index_read(struct kcsd_kv *kv)
{
	struct reader *r = kcsd_alloc_own(sizeof(*r));
	int ret = -ENOMEM;

	if (!r)
		return -ENOMEM;
	r->kv = kv;
	r->nr = KCSD_KV_INDEX_UNITS;
	r->start = (u64)(le32_to_cpu(kv->super->nr_segments) + 1) << kv->geometry.shift;
	r->blocks = le64_to_cpu(kv->super->index_len) / KCSD_KV_INDEX_LEN;
	r->mem = kcsd_alloc_own(KCSD_KV_INDEX_LEN);
	if (r->mem)
		ret = read_index(r);
	kcsd_free(r->mem);
	kcsd_free(r);
	return ret;
}
