// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "replay.h"

static bool has_pieces(const struct kcsd_kv_entry *e)
{
	return !e->deleted && kcsd_kv_is_large(e->len) && !(e->place & KCSD_KV_NO_PIECES);
}

static void set_entry(struct kcsd_kv_entry *e, const struct kcsd_kv_record *r, u64 place,
		      struct kcsd_kv_pieces *pieces)
{
	if (has_pieces(e))
		kcsd_free(e->pieces);
	e->version = le64_to_cpu(r->version);
	e->len = le32_to_cpu(r->value_len);
	e->deleted = r->kind == KCSD_KV_DELETED;
	if (pieces)
		e->pieces = pieces;
	else
		e->place = place | (kcsd_kv_is_large(e->len) ? KCSD_KV_NO_PIECES : 0);
}

int kcsd_kv_replay_apply(struct kcsd_kv_replay *rp, const struct kcsd_kv_record *r, u64 place,
			 struct kcsd_kv_pieces *pieces)
{
	u32 hash;
	struct kcsd_kv_shard *shard = kcsd_kv_shard_of(rp->kv, r->key, r->key_len, &hash);
	struct kcsd_kv_entry *e = kcsd_kv_entry_find(shard, hash, r->key, r->key_len);
	int ret = 0;

	if (e)
		e->stale++;
	else
		ret = kcsd_kv_entry_found(rp->kv, r->key, r->key_len, &rp->nr_entries, &e);
	if (ret) {
		kcsd_free(pieces);
		return ret;
	}
	if (!e->version || le64_to_cpu(r->version) > e->version)
		set_entry(e, r, place, pieces);
	else
		kcsd_free(pieces);
	return 0;
}

/* ---- large values ---- */

struct kcsd_kv_pieces *kcsd_kv_replay_pieces(struct kcsd_kv_replay *rp,
					     const struct kcsd_kv_record *r, u64 place)
{
	u32 len = le32_to_cpu(r->value_len);
	struct kcsd_kv_pieces *p;

	if (rp->large_bytes + len > kcsd_kv_replay_large(rp))
		return NULL;
	p = kcsd_kv_pieces_alloc(len, false);
	if (!p)
		return NULL;
	rp->large_bytes += len;
	p->missing = p->nr;
	p->head = place;
	p->first = le64_to_cpu(r->version) - le32_to_cpu(r->index);
	return p;
}

int kcsd_kv_replay_head(struct kcsd_kv_replay *rp, const struct kcsd_kv_record *r, u64 place)
{
	u32 hash;
	struct kcsd_kv_shard *shard = kcsd_kv_shard_of(rp->kv, r->key, r->key_len, &hash);
	struct kcsd_kv_entry *e = kcsd_kv_entry_find(shard, hash, r->key, r->key_len);
	struct kcsd_kv_pieces *p;

	if (!e || e->deleted || !kcsd_kv_is_large(e->len) ||
	    e->place != (place | KCSD_KV_NO_PIECES) || e->len != le32_to_cpu(r->value_len))
		return 0;
	p = kcsd_kv_replay_pieces(rp, r, place);
	if (!p)
		return -ENOMEM;
	e->pieces = p;
	return 0;
}

void kcsd_kv_pieces_found(struct kcsd_kv_pieces *p, u32 index, u64 place)
{
	if (index >= p->nr || p->place[index])
		return;
	p->place[index] = place;
	p->missing--;
}

void kcsd_kv_replay_piece(struct kcsd_kv_replay *rp, const struct kcsd_kv_record *r, u64 place)
{
	u32 hash;
	struct kcsd_kv_shard *shard = kcsd_kv_shard_of(rp->kv, r->key, r->key_len, &hash);
	struct kcsd_kv_entry *e = kcsd_kv_entry_find(shard, hash, r->key, r->key_len);

	if (e && has_pieces(e) && e->pieces->first == le64_to_cpu(r->version) &&
	    e->len == le32_to_cpu(r->value_len))
		kcsd_kv_pieces_found(e->pieces, le32_to_cpu(r->index), place);
}

/* ---- count ---- */

static void count_live(struct kcsd_kv *kv, u64 place, u32 len)
{
	if (place)
		atomic_add(kcsd_kv_record_len(len), &kcsd_kv_segment_at(kv, place)->live);
}

static void count_object(struct kcsd_kv *kv, struct kcsd_kv_shard *shard, struct kcsd_kv_entry *e)
{
	u32 i;

	if (!kcsd_kv_is_large(e->len)) {
		count_live(kv, e->place, e->len);
	} else {
		count_live(kv, e->pieces->head, 0);
		for (i = 0; i < e->pieces->nr; i++)
			count_live(kv, e->pieces->place[i], kcsd_kv_piece_len(e->len, i));
		if (e->pieces->missing)
			atomic64_inc(&kv->damaged);
		e->pieces->missing = 0;
	}
	shard->keys++;
	shard->used += (u64)e->key_len + e->len;
	kcsd_kv_entry_show(shard, e);
}

/* Count an entry. Returns what it charges; 0: it is not needed. */
static u64 count_entry(struct kcsd_kv *kv, struct kcsd_kv_shard *shard, struct kcsd_kv_entry *e)
{
	if (!e->deleted) {
		count_object(kv, shard, e);
		return kcsd_kv_charge(e->key_len, e->len);
	}
	if (!e->stale)
		return 0;
	count_live(kv, e->place, 0);
	shard->deleted++;
	return kcsd_kv_charge(e->key_len, 0);
}

static int count_bucket(struct kcsd_kv *kv, struct kcsd_kv_shard *shard,
			struct kcsd_kv_entry **at, u64 *sum)
{
	u64 charge;

	while (*at) {
		struct kcsd_kv_entry *e = *at;

		if (!e->deleted && kcsd_kv_is_large(e->len) && e->place & KCSD_KV_NO_PIECES)
			return -EIO;
		charge = count_entry(kv, shard, e);
		e->version = 0;
		*sum += charge;
		if (charge) {
			at = &e->next;
			continue;
		}
		*at = e->next;
		shard->entries--;
		kcsd_kv_entry_free(e);
	}
	return 0;
}

int kcsd_kv_replay_count(struct kcsd_kv *kv)
{
	u64 charge = 0, entries = 0, keys = 0;
	u32 i, nr;
	int ret;

	for (i = 0; i < KCSD_KV_SHARDS; i++) {
		struct kcsd_kv_shard *shard = &kv->shards[i];

		for (nr = 0; nr < shard->nr_buckets; nr++) {
			ret = count_bucket(kv, shard, kcsd_kv_bucket(shard, nr), &charge);
			if (ret)
				return ret;
			cond_resched();
		}
		entries += shard->entries;
		keys += shard->keys;
	}
	/* Both may be negative: after a crash, what was overwritten may count again. */
	atomic64_sub(charge, &kv->credit.rest);
	atomic64_sub(entries, &kv->entries.rest);
	atomic64_sub(keys, &kv->keys.rest);
	return 0;
}
