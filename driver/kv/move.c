// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Move the live records of a segment, each under the lock of its lane. */
#include "compact.h"

struct move {
	struct kcsd_kv_target t;
	struct kcsd_kv_name name;
	struct kcsd_kv_record *r;
	u64 place;
	u64 to;
	struct kcsd_kv_pieces *spare;	/* for pieces that readers have */
};

static bool has_piece(const struct kcsd_kv_pieces *p, u32 nr, const struct move *m)
{
	u32 index = le32_to_cpu(m->r->index);

	return index < nr && p->place[index] == m->place;
}

static struct kcsd_kv_pieces *find_large(const struct move *m)
{
	struct kcsd_kv_large *large;

	for (large = m->t.lane->large; large; large = large->next)
		if (large->name.len == m->name.len &&
		    !memcmp(large->name.key, m->name.key, sizeof(m->name.key)) &&
		    has_piece(large->pieces, large->done, m))
			return large->pieces;
	return NULL;
}

/* Return true if the record counts. *pieces: of a large store that it belongs to. Lane's lock. */
static bool is_live(struct move *m, struct kcsd_kv_pieces **pieces)
{
	struct kcsd_kv_entry *e;

	*pieces = NULL;
	kcsd_kv_target_find(&m->t, 0);
	e = m->t.entry;
	if (m->r->kind != KCSD_KV_PIECE_OF)
		return e && kcsd_kv_entry_place(e) == m->place;
	if (e && !e->deleted && kcsd_kv_is_large(e->len) &&
	    has_piece(e->pieces, e->pieces->nr, m))
		return true;
	*pieces = find_large(m);
	return *pieces;
}

/* Point a piece to its new place. Readers keep the places that they have: copy. With shard.lock. */
static bool set_piece(struct kcsd_kv *kv, struct move *m, struct kcsd_kv_pieces **old)
{
	struct kcsd_kv_pieces *p = m->t.entry->pieces;
	u32 index = le32_to_cpu(m->r->index);

	if (kcsd_kv_pieces_shared(p)) {
		if (!m->spare)
			return false;
		m->spare->first = p->first;
		m->spare->head = p->head;
		memcpy(m->spare->place, p->place, p->nr * sizeof(*p->place));
		kcsd_kv_pieces_release(kv, p);
		*old = p;
		p = m->spare;
		m->spare = NULL;
		m->t.entry->pieces = p;
	}
	p->place[index] = m->to;
	return true;
}

/* Point the index to the new place. Returns false: a spare is needed. With the lane's lock. */
static bool set_place(struct kcsd_kv *kv, struct move *m, struct kcsd_kv_pieces *large)
{
	struct kcsd_kv_entry *e = m->t.entry;
	struct kcsd_kv_pieces *old = NULL;
	bool done = true;

	if (large) {
		large->place[le32_to_cpu(m->r->index)] = m->to;
		return true;
	}
	spin_lock(&m->t.shard->lock);
	if (m->r->kind == KCSD_KV_PIECE_OF)
		done = set_piece(kv, m, &old);
	else if (!e->deleted && kcsd_kv_is_large(e->len))
		e->pieces->head = m->to;
	else
		e->place = m->to;
	/* Until the segment is freed, the head is there twice. */
	if (kv->in_file && m->r->kind != KCSD_KV_PIECE_OF)
		e->stale++;
	spin_unlock(&m->t.shard->lock);
	if (old)
		kcsd_kv_pieces_put(kv, old);
	return done;
}

/*
 * Append the record to the cold lane. With the lock of its lane. Returns 0; -ENOMEM; -EAGAIN: a
 * delete has taken the room there.
 */
static int append(struct kcsd_kv *kv, struct move *m, const u8 *payload,
		  struct kcsd_kv_pieces *large)
{
	struct kcsd_kv_lane *cold = kcsd_kv_cold_lane(kv);
	u32 len = le32_to_cpu(m->r->len);
	struct kcsd_kv_record r = *m->r;

	if (!kcsd_kv_log_lock_cold(kv, len))
		return -EAGAIN;
	memcpy(kcsd_kv_log_payload(kv, cold), payload, len);
	m->to = kcsd_kv_log_append(kv, cold, &r, true);
	mutex_unlock(&cold->lock);
	if (!set_place(kv, m, large)) {
		m->spare = kcsd_kv_pieces_alloc(m->t.entry->len, false);
		if (!m->spare || !set_place(kv, m, large)) {
			kcsd_kv_log_kill(kv, m->to, len);
			return -ENOMEM;
		}
	}
	kcsd_kv_log_kill(kv, m->place, len);
	atomic64_add(kcsd_kv_record_len(len), &kv->moved);
	return 0;
}

/* Return true if a live record says what its entry does: an index in a file may say anything. */
static bool agrees(const struct move *m, const struct kcsd_kv_pieces *large)
{
	const struct kcsd_kv_entry *e = m->t.entry;
	u32 len = le32_to_cpu(m->r->len);

	if (large)
		return true;	/* this store has written it */
	if (m->r->kind == KCSD_KV_PIECE_OF)
		return len == kcsd_kv_piece_len(e->len, le32_to_cpu(m->r->index));
	if (e->deleted)
		return m->r->kind == KCSD_KV_DELETED && !len;
	if (kcsd_kv_is_large(e->len))
		return m->r->kind == KCSD_KV_VALUE && !len &&
		       le32_to_cpu(m->r->value_len) == e->len;
	return m->r->kind == KCSD_KV_VALUE && len == e->len;
}

/* Return 1 if the record is live, 0 if not, -EBADMSG if the index contradicts it. */
static int is_wanted(struct move *m)
{
	struct kcsd_kv_pieces *large;
	int ret = 0;

	mutex_lock(&m->t.lane->lock);
	if (is_live(m, &large))
		ret = agrees(m, large) ? 1 : -EBADMSG;
	mutex_unlock(&m->t.lane->lock);
	return ret;
}

static int append_if_live(struct kcsd_kv *kv, struct move *m, const u8 *payload)
{
	struct kcsd_kv_pieces *large;
	int ret = 0;

	mutex_lock(&m->t.lane->lock);
	if (is_live(m, &large))
		ret = append(kv, m, payload, large);
	mutex_unlock(&m->t.lane->lock);
	if (m->spare)
		kcsd_free(m->spare);
	m->spare = NULL;
	return ret;
}

/* Move a record if it is live. */
static int move_record(struct kcsd_kv *kv, struct kcsd_kv_compactor *c, struct kcsd_kv_victim *v,
		       struct kcsd_kv_record *r)
{
	struct move m = { .r = r, .name.len = r->key_len };
	const u8 *payload;
	int ret;

	m.place = kcsd_kv_segment_pos(kv, v->segment) + le32_to_cpu(r->offset);
	memcpy(m.name.key, r->key, sizeof(m.name.key));
	kcsd_kv_target_init(kv, &m.t, &m.name);
	ret = is_wanted(&m);
	if (ret <= 0)
		return ret;
	payload = kcsd_kv_victim_payload(kv, c, v, r);
	if (!payload)
		return -EBADMSG;
	do {
		ret = kcsd_kv_log_cold(kv, le32_to_cpu(r->len), 0);
		if (ret)
			return ret;
		ret = append_if_live(kv, &m, payload);
	} while (ret == -EAGAIN);
	return ret;
}

int kcsd_kv_victim_move(struct kcsd_kv *kv, struct kcsd_kv_compactor *c, struct kcsd_kv_victim *v)
{
	u32 offset = KCSD_KV_BLOCK, slot = 0;
	struct kcsd_kv_record r;
	int ret = 0, error;

	c->chunk_len = 0;
	while (kcsd_kv_victim_next(kv, v, &offset, &slot, &r)) {
		error = r.kind == KCSD_KV_VOID ? 0 : move_record(kv, c, v, &r);
		/* What cannot be read does not keep the others. */
		if (error && error != -EBADMSG)
			return error;
		ret = error ? error : ret;
		cond_resched();
	}
	return ret;
}
