// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Read the records of a segment that is to be emptied. */
#include "compact.h"

int kcsd_kv_victim_open(struct kcsd_kv *kv, struct kcsd_kv_victim *v)
{
	return kv->in_file ? kcsd_kv_victim_read(kv, v) : 0;
}

void kcsd_kv_victim_close(struct kcsd_kv_victim *v)
{
	kcsd_free(v->mem);
	v->mem = NULL;
	v->slots = NULL;
}

bool kcsd_kv_victim_next(struct kcsd_kv *kv, struct kcsd_kv_victim *v, u32 *offset, u32 *slot,
			 struct kcsd_kv_record *r)
{
	if (kv->in_file) {
		while (*slot < v->nr_slots) {
			*r = v->slots[v->nr_slots - ++*slot];
			if (r->kind)
				return true;
		}
		return false;
	}
	if (*offset >= v->segment->end)
		return false;
	memcpy(r, v->segment->buffer->mem + *offset, sizeof(*r));
	*offset += kcsd_kv_record_len(le32_to_cpu(r->len));
	return true;
}

/* Have the record in the chunk. */
static bool read_chunk(struct kcsd_kv *kv, struct kcsd_kv_compactor *c, struct kcsd_kv_victim *v,
		       u32 offset, u32 end)
{
	u32 start = round_down(offset, KCSD_KV_BLOCK);
	u32 len = min_t(u32, KCSD_KV_CHUNK, kcsd_kv_segment_len(&kv->geometry) - start);

	if (c->chunk_len && offset >= c->chunk_start && end <= c->chunk_start + c->chunk_len)
		return true;
	c->chunk_len = 0;
	if (kv->medium->ops->read(kv->medium, kcsd_kv_segment_pos(kv, v->segment) + start, c->chunk,
				  len, false))
		return false;
	c->chunk_start = start;
	c->chunk_len = len;
	return true;
}

const u8 *kcsd_kv_victim_payload(struct kcsd_kv *kv, struct kcsd_kv_compactor *c,
				 struct kcsd_kv_victim *v, const struct kcsd_kv_record *r)
{
	u32 offset = le32_to_cpu(r->offset), at = offset + sizeof(*r);

	if (!kv->in_file)
		return v->segment->buffer->mem + at;
	if (!read_chunk(kv, c, v, offset, at + le32_to_cpu(r->len)))
		return NULL;
	return c->chunk + (at - c->chunk_start);
}
