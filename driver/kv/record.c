// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "record.h"

u32 kcsd_kv_crc(u32 seed, const void *p, size_t len)
{
	return ~kcsd_crc32c(~seed, p, len);
}

static u32 record_crc(const struct kcsd_kv_record *r, u32 seed)
{
	return kcsd_kv_crc(seed, (const u8 *)r + sizeof(r->crc), sizeof(*r) - sizeof(r->crc));
}

void kcsd_kv_record_seal(struct kcsd_kv_record *r, u32 seed)
{
	r->crc = cpu_to_le32(record_crc(r, seed));
}

static bool is_zero_after(const u8 *key, u32 len)
{
	for (; len < KCSD_KV_MAX_KEY; len++)
		if (key[len])
			return false;
	return true;
}

/* Validate lengths and index, by kind. */
static bool kind_valid(const struct kcsd_kv_record *r)
{
	u32 len = le32_to_cpu(r->len), value_len = le32_to_cpu(r->value_len);
	u32 index = le32_to_cpu(r->index);

	switch (r->kind) {
	case KCSD_KV_VALUE:
		if (value_len > KCSD_KV_LONGEST)
			return false;
		return value_len > KCSD_KV_PIECE ? !len && index < le64_to_cpu(r->version) :
						   len == value_len;
	case KCSD_KV_PIECE_OF:
		return value_len > KCSD_KV_PIECE && value_len <= KCSD_KV_LONGEST &&
		       index < kcsd_kv_nr_pieces(value_len) &&
		       len == kcsd_kv_piece_len(value_len, index);
	case KCSD_KV_DELETED:
		return !len && !value_len;
	case KCSD_KV_VOID:
		return true;
	default:
		return false;
	}
}

bool kcsd_kv_record_valid(const struct kcsd_kv_record *r, const struct kcsd_kv_geometry *g,
			  u32 seed)
{
	u32 offset = le32_to_cpu(r->offset), len = le32_to_cpu(r->len);

	if (le16_to_cpu(r->magic) != KCSD_KV_RECORD_MAGIC ||
	    le32_to_cpu(r->crc) != record_crc(r, seed))
		return false;
	if (offset < KCSD_KV_BLOCK || offset % KCSD_KV_ALIGN ||
	    offset >= kcsd_kv_segment_len(g) - KCSD_KV_BLOCK)
		return false;
	if (len > KCSD_KV_PIECE ||
	    kcsd_kv_record_len(len) > kcsd_kv_segment_len(g) - KCSD_KV_BLOCK - offset)
		return false;
	return r->kind == KCSD_KV_VOID ||
	       (r->key_len >= 1 && r->key_len <= KCSD_KV_MAX_KEY &&
		is_zero_after(r->key, r->key_len) && le64_to_cpu(r->version) < KCSD_KV_NUMBERS &&
		kind_valid(r));
}

/* ---- sizes ---- */

static u32 shift_for(u64 size)
{
	u32 shift = size < 64ULL << 20 ? 20 : size < 1ULL << 30 ? 21 : 22;

	return size >> shift > 65536 ? KCSD_KV_MAX_SHIFT : shift;
}

u32 kcsd_kv_lanes(u64 size)
{
	u64 nr = size >> (shift_for(size) + 3);

	return nr < 1 ? 1 : nr > 8 ? 8 : (u32)nr;
}

void kcsd_kv_geometry_choose(struct kcsd_kv_geometry *g, u64 size, u32 max_value)
{
	u64 usable, nr, bytes = size + size / 64;

	if (!g->shift)
		g->shift = shift_for(size);
	/* The rest of a segment may be too short for a piece. */
	usable = (1ULL << g->shift) - 4 * KCSD_KV_BLOCK - KCSD_KV_PIECE;
	/* A large value, while it overwrites one in a full store. */
	bytes += max_value + max_value / 64;
	/* An eighth that compaction can work with, and what lanes have begun. */
	nr = (bytes + bytes / 8) / usable + 1;
	g->nr = (u32)nr + 2 * kcsd_kv_lanes(size) + 4;
}

/* Return the bytes that the records of an object take of segments. */
static u64 room_of(u32 len)
{
	u32 i, nr = kcsd_kv_nr_pieces(len);
	u64 room = kcsd_kv_record_room(0);

	if (len <= KCSD_KV_PIECE)
		return kcsd_kv_record_room(len);
	for (i = 0; i < nr; i++)
		room += kcsd_kv_record_room(kcsd_kv_piece_len(len, i));
	return room;
}

u64 kcsd_kv_charge(u32 key_len, u32 len)
{
	u64 bytes = (u64)key_len + len;

	/* One in 64 bytes is free for headers, so that few and large values fill the whole size. */
	return max(bytes, room_of(len) - bytes / 64);
}
