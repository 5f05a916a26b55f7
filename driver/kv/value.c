// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Get and read values. */
#include "store.h"

/* With the lock of the shard. */
static void get_value(struct kcsd_kv *kv, const struct kcsd_kv_entry *e,
		      struct kcsd_kv_value *value)
{
	*value = (struct kcsd_kv_value){ .len = e->len, .nr_pieces = kcsd_kv_nr_pieces(e->len) };
	if (kcsd_kv_is_large(e->len)) {
		value->pieces = e->pieces;
		value->where = e->pieces->place[0];
		atomic_inc(&e->pieces->refs);
		return;
	}
	value->piece = e->place;
	value->where = e->place;
	kcsd_kv_segment_pin(kcsd_kv_segment_at(kv, e->place));
}

int kcsd_kv_value_get(struct kcsd_kv *kv, const struct kcsd_kv_name *name,
		      struct kcsd_kv_value *value)
{
	u32 hash;
	struct kcsd_kv_shard *shard = kcsd_kv_shard_of(kv, name->key, name->len, &hash);
	struct kcsd_kv_entry *e;
	int ret = KCSD_SC_NO_KEY;

	spin_lock(&shard->lock);
	e = kcsd_kv_entry_find(shard, hash, name->key, name->len);
	if (e && !e->deleted) {
		get_value(kv, e, value);
		ret = 0;
	}
	spin_unlock(&shard->lock);
	return ret;
}

void kcsd_kv_value_put(struct kcsd_kv *kv, struct kcsd_kv_value *value)
{
	if (value->pieces)
		kcsd_kv_pieces_put(kv, value->pieces);
	else
		kcsd_kv_segment_unpin(kv, kcsd_kv_segment_at(kv, value->piece));
}

/* Read from one piece. */
static int read_piece(struct kcsd_kv *kv, struct kcsd_kv_value *value, u32 index, u32 offset,
		      struct iov_iter *to, u32 len, u32 flags)
{
	u64 place = value->pieces ? value->pieces->place[index] : value->piece;
	bool verified = value->verified == index + 1;
	int ret;

	if (!place)
		return KCSD_SC_UNRECOVERED;
	ret = kcsd_kv_record_read(kv, place, kcsd_kv_piece_len((u32)value->len, index), offset, to,
				  len, &verified, flags & KCSD_KV_NOWAIT);
	if (!ret && verified)
		value->verified = index + 1;
	return ret;
}

int kcsd_kv_value_read(struct kcsd_kv *kv, struct kcsd_kv_value *value, u64 offset,
		       struct iov_iter *to, u32 flags)
{
	while (iov_iter_count(to)) {
		u32 index = (u32)(offset / KCSD_KV_PIECE), at = (u32)(offset % KCSD_KV_PIECE);
		u32 len = min_t(u64, iov_iter_count(to), KCSD_KV_PIECE - at);
		int ret;

		if (offset + len > value->len)
			return -EINVAL;
		ret = read_piece(kv, value, index, at, to, len, flags);
		if (ret)
			return ret;
		offset += len;
	}
	/* An empty value is verified as well. */
	return value->len || value->verified ? 0 : read_piece(kv, value, 0, 0, to, 0, flags);
}

static int copy_out(const u8 *from, struct iov_iter *to, u32 len)
{
	return _copy_to_iter(from, len, to) == len ? 0 : -EFAULT;
}

/* ---- from the medium ---- */

int kcsd_kv_record_read(struct kcsd_kv *kv, u64 place, u32 payload, u32 offset,
			struct iov_iter *to, u32 len, bool *verified, bool now)
{
	struct kcsd_kv_segment *s = kcsd_kv_segment_at(kv, place);
	u32 at = (u32)place & (kcsd_kv_segment_len(&kv->geometry) - 1);
	const struct kcsd_kv_record *r;
	struct kcsd_kv_buffer *b;
	int ret;

	if (!kv->in_file)
		return copy_out(s->buffer->mem + at + sizeof(struct kcsd_kv_record) + offset, to,
				len);
	b = kcsd_kv_buffer_get(s);
	if (!b)
		return kcsd_kv_window_read(kv, place, payload, offset, to, len, verified, now);
	r = (const struct kcsd_kv_record *)(b->mem + at);
	/* What is in memory has not been on the medium; its place may be that of an index there. */
	if (le32_to_cpu(r->len) != payload)
		ret = KCSD_SC_UNRECOVERED;
	else
		ret = copy_out((const u8 *)(r + 1) + offset, to, len);
	kcsd_kv_buffer_put(s, b);
	return ret;
}
