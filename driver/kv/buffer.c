// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Bytes of segments in memory. */
#include "store.h"

void kcsd_kv_buffer_erase(struct kcsd_kv *kv, struct kcsd_kv_segment *s)
{
	if (s->buffer)
		memset(s->buffer->mem, 0, kcsd_kv_segment_len(&kv->geometry));
}

static void buffer_free(struct kcsd_kv_buffer *b)
{
	kcsd_free(b->mem);
	kcsd_free(b);
}

void kcsd_kv_buffer_keep(struct kcsd_kv *kv, struct kcsd_kv_segment *s)
{
	u32 most = min(kv->geometry.nr / 32, (u32)KCSD_KV_SPARES);

	if (kv->in_file || !s->buffer)
		return;
	spin_lock(&kv->segment_lock);
	if (kv->nr_spares < most) {
		kv->spares[kv->nr_spares++] = s->buffer;
		s->buffer = NULL;
	}
	spin_unlock(&kv->segment_lock);
}

static struct kcsd_kv_buffer *take_spare(struct kcsd_kv *kv)
{
	struct kcsd_kv_buffer *b = NULL;

	spin_lock(&kv->segment_lock);
	if (kv->nr_spares)
		b = kv->spares[--kv->nr_spares];
	spin_unlock(&kv->segment_lock);
	return b;
}

void kcsd_kv_spares_free(struct kcsd_kv *kv)
{
	struct kcsd_kv_buffer *b = take_spare(kv);

	while (b) {
		memset(b->mem, 0, kcsd_kv_segment_len(&kv->geometry));
		buffer_free(b);
		b = take_spare(kv);
	}
}

static struct kcsd_kv_buffer *buffer_alloc(const struct kcsd_kv *kv)
{
	struct kcsd_kv_buffer *b = kcsd_alloc_own(sizeof(*b));

	if (!b)
		return NULL;
	b->mem = kcsd_kv_alloc_medium(kcsd_kv_segment_len(&kv->geometry));
	if (b->mem)
		return b;
	kcsd_free(b);
	return NULL;
}

int kcsd_kv_buffer_open(struct kcsd_kv *kv, struct kcsd_kv_segment *s)
{
	struct kcsd_kv_buffer *b = take_spare(kv) ?: buffer_alloc(kv);

	if (!b)
		return -ENOMEM;
	spin_lock(&s->lock);
	s->buffer = b;
	spin_unlock(&s->lock);
	return 0;
}

struct kcsd_kv_buffer *kcsd_kv_buffer_get(struct kcsd_kv_segment *s)
{
	struct kcsd_kv_buffer *b;

	spin_lock(&s->lock);
	b = s->buffer;
	if (b)
		b->readers++;
	spin_unlock(&s->lock);
	return b;
}

void kcsd_kv_buffer_put(struct kcsd_kv_segment *s, struct kcsd_kv_buffer *b)
{
	bool last;

	spin_lock(&s->lock);
	last = !--b->readers && b->retired;
	spin_unlock(&s->lock);
	if (last)
		buffer_free(b);
}

void kcsd_kv_buffer_retire(struct kcsd_kv_segment *s)
{
	struct kcsd_kv_buffer *b;
	bool last = false;

	spin_lock(&s->lock);
	b = s->buffer;
	s->buffer = NULL;
	if (b) {
		b->retired = true;
		last = !b->readers;
	}
	spin_unlock(&s->lock);
	if (last)
		buffer_free(b);
}
