// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Store and delete objects. */
#include "store.h"

void kcsd_kv_target_init(struct kcsd_kv *kv, struct kcsd_kv_target *t,
			 const struct kcsd_kv_name *name)
{
	*t = (struct kcsd_kv_target){ .name = name };
	t->shard = kcsd_kv_shard_of(kv, name->key, name->len, &t->hash);
	t->lane = kcsd_kv_lane_of(kv, t->shard);
}

int kcsd_kv_target_find(struct kcsd_kv_target *t, u32 flags)
{
	bool exists;

	t->need = 0;
	t->entry = kcsd_kv_entry_find(t->shard, t->hash, t->name->key, t->name->len);
	exists = t->entry && !t->entry->deleted;
	if (!exists && flags & KCSD_KV_IF_EXISTS)
		return KCSD_SC_NO_KEY;
	if (exists && flags & KCSD_KV_IF_MISSING)
		return KCSD_SC_KEY_EXISTS;
	return 0;
}

u64 kcsd_kv_target_charge(const struct kcsd_kv_target *t)
{
	if (!t->entry || t->added)
		return 0;
	return kcsd_kv_charge(t->entry->key_len, t->entry->deleted ? 0 : t->entry->len);
}

/* Make an entry, and take it from those that there may be. */
static int make_entry(struct kcsd_kv *kv, struct kcsd_kv_target *t, bool now)
{
	u32 lane = kcsd_kv_lane_nr(kv, t->lane);
	struct kcsd_kv_entry *e;
	int ret = kcsd_kv_entry_reserve(t->shard, now);

	if (ret)
		return ret;
	if (!kcsd_kv_pool_take(&kv->entries, lane, 1))
		return KCSD_SC_CAPACITY_EXCEEDED;
	e = kcsd_kv_entry_alloc(now);
	if (!e) {
		kcsd_kv_pool_give(&kv->entries, lane, 1);
		return now ? -EAGAIN : -ENOMEM;
	}
	memcpy(e->key, t->name->key, sizeof(e->key));
	e->key_len = t->name->len;
	t->entry = e;
	t->added = true;
	return 0;
}

int kcsd_kv_target_prepare(struct kcsd_kv *kv, struct kcsd_kv_target *t, u32 flags)
{
	u32 lane = kcsd_kv_lane_nr(kv, t->lane);
	int ret;

	if (t->entry && !t->entry->deleted)
		return 0;
	if (!kcsd_kv_pool_take(&kv->keys, lane, 1)) {
		t->need = S64_MAX;
		return KCSD_SC_CAPACITY_EXCEEDED;
	}
	ret = t->entry ? 0 : make_entry(kv, t, flags & KCSD_KV_NOWAIT);
	if (ret)
		kcsd_kv_pool_give(&kv->keys, lane, 1);
	return ret;
}

void kcsd_kv_target_cancel(struct kcsd_kv *kv, struct kcsd_kv_target *t)
{
	u32 lane = kcsd_kv_lane_nr(kv, t->lane);

	if (!t->added && !t->entry->deleted)
		return;
	kcsd_kv_pool_give(&kv->keys, lane, 1);
	if (!t->added)
		return;
	kcsd_kv_entry_free(t->entry);
	kcsd_kv_pool_give(&kv->entries, lane, 1);
	t->entry = NULL;
	t->added = false;
}

/* What an entry had, to be counted dead once the lock is released. */
struct remains {
	u64 place;		/* of the head; 0: nothing */
	u32 head_len;		/* of its payload */
	u32 len;
	struct kcsd_kv_pieces *pieces;
};

/* Take the value from an entry that is in the index; it stays in the order. With both locks. */
static struct remains detach(struct kcsd_kv *kv, struct kcsd_kv_shard *shard,
			     struct kcsd_kv_entry *e)
{
	struct remains r = { .place = kcsd_kv_entry_place(e), .len = e->len };

	if (kv->in_file)
		e->stale++;
	if (e->deleted) {
		shard->deleted--;
		return r;
	}
	if (kcsd_kv_is_large(e->len)) {
		r.pieces = e->pieces;
		kcsd_kv_pieces_release(kv, e->pieces);
	} else {
		r.head_len = e->len;
	}
	shard->keys--;
	shard->used -= (u64)e->key_len + e->len;
	return r;
}

/* With the lock of the lane. */
static void bury(struct kcsd_kv *kv, struct kcsd_kv_lane *lane, const struct remains *r)
{
	if (!r->place)
		return;
	kcsd_kv_log_kill(kv, r->place, r->head_len);
	if (r->pieces) {
		kcsd_kv_pieces_kill(kv, r->pieces, r->len, r->pieces->nr);
		kcsd_kv_pieces_put(kv, r->pieces);
	}
	kcsd_kv_lane_changed(lane);
}

void kcsd_kv_target_commit(struct kcsd_kv *kv, struct kcsd_kv_target *t, u64 version, u32 len,
			   u64 place, struct kcsd_kv_pieces *pieces)
{
	struct kcsd_kv_entry *e = t->entry;
	struct remains old = {};
	bool shown;

	spin_lock(&t->shard->lock);
	shown = !t->added && !e->deleted;
	if (t->added) {
		kcsd_kv_entry_add(kv, t->shard, t->hash, e);
		e->version = version;
	} else {
		old = detach(kv, t->shard, e);
	}
	if (pieces) {
		pieces->head = place;
		e->pieces = pieces;
	} else {
		e->place = place;
	}
	e->len = len;
	e->deleted = false;
	if (!shown)
		kcsd_kv_entry_show(t->shard, e);
	t->shard->keys++;
	t->shard->used += (u64)e->key_len + len;
	spin_unlock(&t->shard->lock);
	t->added = false;
	bury(kv, t->lane, &old);
}

void kcsd_kv_record_name(struct kcsd_kv_record *r, const struct kcsd_kv_name *name, u8 kind,
			 u64 version)
{
	*r = (struct kcsd_kv_record){
		.kind = kind, .key_len = name->len, .version = cpu_to_le64(version),
	};
	memcpy(r->key, name->key, sizeof(r->key));
}

/* ---- store ---- */

/* Copy and append the value. With the lock of the lane, and credit. */
static int append_value(struct kcsd_kv *kv, struct kcsd_kv_target *t, struct kcsd_kv_store *store)
{
	u8 *payload = kcsd_kv_log_payload(kv, t->lane);
	struct kcsd_kv_record r;
	u64 version;

	if (_copy_from_iter(payload, store->len, store->from) != store->len)
		return -EFAULT;
	version = ++t->shard->version;
	kcsd_kv_record_name(&r, t->name, KCSD_KV_VALUE, version);
	r.len = cpu_to_le32(store->len);
	r.value_len = cpu_to_le32(store->len);
	store->where = kcsd_kv_log_append(kv, t->lane, &r, false);
	kcsd_kv_target_commit(kv, t, version, store->len, store->where, NULL);
	return 0;
}

/* With the lock of the lane, which has room. */
static int store_locked(struct kcsd_kv *kv, struct kcsd_kv_target *t, struct kcsd_kv_store *store)
{
	u32 lane = kcsd_kv_lane_nr(kv, t->lane);
	s64 more;
	int ret = kcsd_kv_target_find(t, store->flags);

	if (ret)
		return ret;
	ret = kcsd_kv_target_prepare(kv, t, store->flags);
	if (ret)
		return ret;
	more = kcsd_kv_charge(t->name->len, store->len) - kcsd_kv_target_charge(t);
	ret = KCSD_SC_CAPACITY_EXCEEDED;
	if (more > 0 && !kcsd_kv_pool_take(&kv->credit, lane, more)) {
		t->need = more;
		goto cancel;
	}
	ret = append_value(kv, t, store);
	if (!ret && more < 0)
		kcsd_kv_pool_give(&kv->credit, lane, -more);
	if (!ret)
		return 0;
	if (more > 0)
		kcsd_kv_pool_give(&kv->credit, lane, more);
cancel:
	kcsd_kv_target_cancel(kv, t);
	return ret;
}

static int store_small(struct kcsd_kv *kv, struct kcsd_kv_store *store)
{
	bool now = store->flags & KCSD_KV_NOWAIT;
	struct kcsd_kv_target t;
	struct kcsd_kv_wait wait = { .stop = &store->stop, .target = &t };
	int ret;

	kcsd_kv_target_init(kv, &t, &store->name);
	do {
		ret = kcsd_kv_log_lock(kv, t.lane, store->len, now);
		if (!ret) {
			ret = store_locked(kv, &t, store);
			mutex_unlock(&t.lane->lock);
			if (!ret)
				return 0;
		}
		ret = kcsd_kv_room_wait(kv, &wait, ret, store->flags);
	} while (!ret);
	return ret;
}

int kcsd_kv_store(struct kcsd_kv *kv, struct kcsd_kv_store *store)
{
	int ret = kcsd_kv_usable(kv);

	if (ret)
		return ret;
	if (store->len > kv->config.max_value)
		return KCSD_SC_INVALID_VALUE_SIZE;
	if (kv->in_file && store->flags & KCSD_KV_NOWAIT && store->flags & KCSD_KV_DURABLE)
		return -EAGAIN;
	ret = kcsd_kv_is_large(store->len) ? kcsd_kv_store_large(kv, store) :
					     store_small(kv, store);
	if (!ret && store->flags & KCSD_KV_DURABLE)
		ret = kcsd_kv_flush(kv);
	return kcsd_kv_result(ret);
}

/* ---- delete ---- */

/* Remove an entry from the index, and give back what it charges. */
static void remove_entry(struct kcsd_kv *kv, struct kcsd_kv_target *t)
{
	u32 lane = kcsd_kv_lane_nr(kv, t->lane);
	u64 charge = kcsd_kv_target_charge(t);
	bool deleted = t->entry->deleted;
	struct remains old;

	spin_lock(&t->shard->lock);
	if (!deleted)
		kcsd_kv_entry_hide(t->shard, t->entry);
	old = detach(kv, t->shard, t->entry);
	kcsd_kv_entry_remove(t->shard, t->hash, t->entry);
	spin_unlock(&t->shard->lock);
	kcsd_kv_entry_free(t->entry);
	bury(kv, t->lane, &old);
	kcsd_kv_pool_give(&kv->credit, lane, charge);
	kcsd_kv_pool_give(&kv->entries, lane, 1);
	if (!deleted)
		kcsd_kv_pool_give(&kv->keys, lane, 1);
}

void kcsd_kv_entry_forget(struct kcsd_kv *kv, struct kcsd_kv_shard *shard, u32 hash,
			  struct kcsd_kv_entry *e)
{
	struct kcsd_kv_target t = {
		.shard = shard, .lane = kcsd_kv_lane_of(kv, shard), .hash = hash, .entry = e,
	};

	remove_entry(kv, &t);
}

/* Append a record that says so. The lane, or the cold one, has room. */
static u64 append_deleted(struct kcsd_kv *kv, struct kcsd_kv_target *t)
{
	struct kcsd_kv_record r;
	u64 place;

	kcsd_kv_record_name(&r, t->name, KCSD_KV_DELETED, ++t->shard->version);
	if (!t->cold)
		return kcsd_kv_log_append(kv, t->lane, &r, false);
	place = kcsd_kv_log_append(kv, kcsd_kv_cold_lane(kv), &r, false);
	mutex_unlock(&kcsd_kv_cold_lane(kv)->lock);
	return place;
}

/* Delete an object of a file: the record stays as long as older ones of the key do. */
static void append_delete(struct kcsd_kv *kv, struct kcsd_kv_target *t)
{
	u64 before = kcsd_kv_target_charge(t), place = append_deleted(kv, t);
	struct kcsd_kv_entry *e = t->entry;
	struct remains old;

	spin_lock(&t->shard->lock);
	kcsd_kv_entry_hide(t->shard, e);
	old = detach(kv, t->shard, e);
	e->place = place;
	e->len = 0;
	e->deleted = true;
	t->shard->deleted++;
	spin_unlock(&t->shard->lock);
	bury(kv, t->lane, &old);
	kcsd_kv_pool_give(&kv->credit, kcsd_kv_lane_nr(kv, t->lane),
			  before - kcsd_kv_charge(e->key_len, 0));
	kcsd_kv_pool_give(&kv->keys, kcsd_kv_lane_nr(kv, t->lane), 1);
}

/* Lock the lane, and have room for a record of a file; on a full disk, in the cold lane. */
static int lock_for_delete(struct kcsd_kv *kv, struct kcsd_kv_target *t, bool now)
{
	int ret = 0;

	t->cold = false;
	if (kv->in_file)
		ret = kcsd_kv_log_lock(kv, t->lane, 0, now);
	else if (!now)
		mutex_lock(&t->lane->lock);
	else if (!mutex_trylock(&t->lane->lock))
		ret = -EAGAIN;
	if (!kcsd_kv_is_full(ret))
		return ret;
	t->cold = true;
	ret = kcsd_kv_log_cold(kv, 0, KCSD_KV_RESERVE_DELETE);
	if (!ret)
		mutex_lock(&t->lane->lock);
	return ret;
}

/* With the lock of the lane. */
static int delete_locked(struct kcsd_kv *kv, struct kcsd_kv_target *t)
{
	int ret = kcsd_kv_target_find(t, KCSD_KV_IF_EXISTS);

	if (ret)
		return ret;
	if (t->cold && !kcsd_kv_log_lock_cold(kv, 0))
		return -EAGAIN;
	if (kv->in_file)
		append_delete(kv, t);
	else
		remove_entry(kv, t);
	return 0;
}

static int delete_now(struct kcsd_kv *kv, struct kcsd_kv_target *t, bool now)
{
	int ret = lock_for_delete(kv, t, now);

	if (ret)
		return ret;
	ret = delete_locked(kv, t);
	mutex_unlock(&t->lane->lock);
	return ret;
}

/* No object: another caller may have deleted it, and not yet made that durable. */
static int missing(struct kcsd_kv *kv, u32 flags)
{
	int ret = flags & KCSD_KV_DURABLE ? kcsd_kv_flush(kv) : 0;

	return ret ? ret : KCSD_SC_NO_KEY;
}

int kcsd_kv_delete(struct kcsd_kv *kv, const struct kcsd_kv_name *name, u32 flags,
		   const struct kcsd_kv_stop *stop)
{
	struct kcsd_kv_target t;
	struct kcsd_kv_wait wait = { .stop = stop, .target = &t };
	int ret = kcsd_kv_usable(kv);

	if (ret)
		return ret;
	if (kv->in_file && flags & KCSD_KV_NOWAIT && flags & KCSD_KV_DURABLE)
		return -EAGAIN;
	kcsd_kv_target_init(kv, &t, name);
	do {
		ret = delete_now(kv, &t, flags & KCSD_KV_NOWAIT);
		if (!ret)
			return flags & KCSD_KV_DURABLE ? kcsd_kv_flush(kv) : 0;
		if (ret == KCSD_SC_NO_KEY)
			return t.entry ? missing(kv, flags) : ret;
		ret = kcsd_kv_room_wait(kv, &wait, ret, flags);
	} while (!ret);
	return kcsd_kv_result(ret);
}
