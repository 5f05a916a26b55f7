// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Write the index when a file is closed. */
#include "store.h"

struct writer {
	struct kcsd_kv *kv;
	u8 *mem;
	u64 start;
	u64 block;	/* number of the one in mem */
	u32 nr;		/* units in mem */
	int ret;	/* of what was written */
};

static void write_block(struct writer *w)
{
	__le64 block = cpu_to_le64(w->block);
	u32 used = KCSD_KV_INDEX_UNITS * KCSD_KV_INDEX_UNIT;
	u32 crc = kcsd_kv_crc((u32)le64_to_cpu(w->kv->super->nonce), w->mem, used);
	__le32 sum = cpu_to_le32(kcsd_kv_crc(crc, &block, sizeof(block)));

	memcpy(w->mem + used, &sum, sizeof(sum));
	w->ret = w->kv->medium->ops->write(w->kv->medium,
					   w->start + w->block * KCSD_KV_INDEX_LEN, w->mem,
					   KCSD_KV_INDEX_LEN);
	memset(w->mem, 0, KCSD_KV_INDEX_LEN);
	w->block++;
	w->nr = 0;
}

static void put(struct writer *w, const void *unit)
{
	if (w->ret)
		return;
	memcpy(w->mem + w->nr * KCSD_KV_INDEX_UNIT, unit, KCSD_KV_INDEX_UNIT);
	if (++w->nr == KCSD_KV_INDEX_UNITS)
		write_block(w);
}

static void put_pieces(struct writer *w, const struct kcsd_kv_pieces *p)
{
	__le64 unit[6] = { cpu_to_le64(p->first) };
	u32 at = 1, i;

	for (i = 0; i < p->nr; i++) {
		unit[at++] = cpu_to_le64(p->place[i]);
		if (at < ARRAY_SIZE(unit))
			continue;
		put(w, unit);
		memset(unit, 0, sizeof(unit));
		at = 0;
	}
	if (at)
		put(w, unit);
}

static void put_entry(struct writer *w, const struct kcsd_kv_entry *e)
{
	struct kcsd_kv_index_entry unit = {
		.version = cpu_to_le64(e->version), .place = cpu_to_le64(kcsd_kv_entry_place(e)),
		.len = cpu_to_le32(e->len), .stale = cpu_to_le32(e->stale),
		.key_len = e->key_len, .deleted = e->deleted,
	};

	memcpy(unit.key, e->key, sizeof(unit.key));
	put(w, &unit);
	if (!e->deleted && kcsd_kv_is_large(e->len))
		put_pieces(w, e->pieces);
}

static void put_shard(struct writer *w, const struct kcsd_kv_shard *shard)
{
	const struct kcsd_kv_entry *e;
	struct rb_node *node;
	u32 i;

	for (node = rb_first(&shard->tree); node; node = rb_next(node)) {
		put_entry(w, rb_entry(node, struct kcsd_kv_entry, node));
		cond_resched();
	}
	for (i = 0; shard->deleted && i < shard->nr_buckets; i++)
		for (e = *kcsd_kv_bucket(shard, i); e; e = e->next)
			if (e->deleted)
				put_entry(w, e);
}

static void put_segment(struct writer *w, u32 index)
{
	const struct kcsd_kv_segment *s = &w->kv->segments[index];
	struct kcsd_kv_index_segment unit = {
		.index = cpu_to_le32(index), .seed = cpu_to_le32(s->seed),
		.nr_slots = cpu_to_le32(s->nr_slots), .end = cpu_to_le32(s->end),
		.generation = cpu_to_le64(s->generation),
	};

	if (s->state != KCSD_KV_FREE)
		put(w, &unit);
}

static void put_all(struct writer *w)
{
	struct kcsd_kv *kv = w->kv;
	struct kcsd_kv_index_head head;
	u64 entries = 0;
	u32 i;

	for (i = 0; i < KCSD_KV_SHARDS; i++)
		entries += kv->shards[i].entries;
	head = (struct kcsd_kv_index_head){
		.segments = cpu_to_le64(kv->geometry.nr - kv->nr_free),
		.entries = cpu_to_le64(entries),
	};
	put(w, &head);
	for (i = 0; i < kv->geometry.nr; i++)
		put_segment(w, i);
	for (i = 0; i < KCSD_KV_SHARDS; i++)
		put_shard(w, &kv->shards[i]);
	if (!w->ret && w->nr)
		write_block(w);
}

int kcsd_kv_index_write(struct kcsd_kv *kv)
{
	struct writer w = { .kv = kv, .start = (u64)(kv->geometry.nr + 1) << kv->geometry.shift };
	struct kcsd_kv_super *super = kv->super;
	u64 version = 0;
	u32 i;

	w.mem = kcsd_alloc_own(KCSD_KV_INDEX_LEN);
	if (!w.mem)
		return -ENOMEM;
	super->nonce = cpu_to_le64(kcsd_kv_random());
	put_all(&w);
	kcsd_free(w.mem);
	for (i = 0; i < KCSD_KV_SHARDS; i++)
		version = max(version, kv->shards[i].version);
	super->index_len = cpu_to_le64(w.block * KCSD_KV_INDEX_LEN);
	super->record_version = cpu_to_le64(version);
	super->begun = cpu_to_le64(atomic64_read(&kv->begun));
	super->segment_generation = cpu_to_le64(kv->generation);
	return w.ret ? w.ret : kv->medium->ops->sync(kv->medium);
}
