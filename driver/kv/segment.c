// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Segments: free ones, opened, pinned. */
#include "store.h"

int kcsd_kv_segments_init(struct kcsd_kv *kv)
{
	u32 i;

	kv->segments = kcsd_alloc_own((size_t)kv->geometry.nr * sizeof(*kv->segments));
	if (!kv->segments)
		return -ENOMEM;
	spin_lock_init(&kv->segment_lock);
	for (i = 0; i < kv->geometry.nr; i++)
		spin_lock_init(&kv->segments[i].lock);
	return 0;
}

void kcsd_kv_segments_destroy(struct kcsd_kv *kv)
{
	u32 i;

	for (i = 0; kv->segments && i < kv->geometry.nr; i++)
		kcsd_kv_buffer_retire(&kv->segments[i]);
	kcsd_kv_spares_free(kv);
	kcsd_free(kv->segments);
}

/* ---- lists of free ones ---- */

/* With segment_lock. */
static void put_free(struct kcsd_kv *kv, struct kcsd_kv_segment *s, bool keep)
{
	u32 *list = keep ? &kv->kept : &kv->free;

	WRITE_ONCE(s->state, KCSD_KV_FREE);
	s->next = *list;
	*list = s - kv->segments + 1;
	WRITE_ONCE(kv->nr_free, kv->nr_free + 1);
	if (keep)
		WRITE_ONCE(kv->nr_kept, kv->nr_kept + 1);
}

/* kept: of those whose space is kept. Leaves so many; NULL: there are no more. */
static struct kcsd_kv_segment *take_free(struct kcsd_kv *kv, bool kept, u32 leave)
{
	u32 *list = kept ? &kv->kept : &kv->free;
	struct kcsd_kv_segment *s = NULL;

	spin_lock(&kv->segment_lock);
	if (*list && (kept ? kv->nr_kept : kv->nr_free) > leave) {
		s = &kv->segments[*list - 1];
		*list = s->next;
		WRITE_ONCE(kv->nr_free, kv->nr_free - 1);
		if (kept)
			WRITE_ONCE(kv->nr_kept, kv->nr_kept - 1);
		WRITE_ONCE(s->state, KCSD_KV_OPEN);
		s->generation = kv->generation + 1;
		WRITE_ONCE(kv->generation, s->generation);
	}
	spin_unlock(&kv->segment_lock);
	return s;
}

void kcsd_kv_segments_list(struct kcsd_kv *kv)
{
	u32 i;

	kv->free = 0;
	kv->kept = 0;
	kv->nr_free = 0;
	kv->nr_kept = 0;
	for (i = kv->geometry.nr; i--;)
		if (kv->segments[i].state == KCSD_KV_FREE)
			put_free(kv, &kv->segments[i], false);
}

void kcsd_kv_segments_keep(struct kcsd_kv *kv)
{
	u32 *at = &kv->free;
	u32 i;

	/* On a full disk, those that have been kept before still have theirs: ask each. */
	for (i = kv->nr_free; i && kcsd_kv_keeps_few(kv); i--) {
		struct kcsd_kv_segment *s = &kv->segments[*at - 1];

		if (kcsd_kv_write_reserve(kv, s)) {
			at = &s->next;
			continue;
		}
		*at = s->next;
		kv->nr_free--;
		put_free(kv, s, true);
	}
}

void kcsd_kv_segment_keep_one(struct kcsd_kv *kv)
{
	struct kcsd_kv_segment *s = take_free(kv, false, 0);

	if (s)
		kcsd_kv_segment_free(kv, s, !kcsd_kv_write_reserve(kv, s));
}

/* ---- free and open ---- */

static void empty(struct kcsd_kv *kv, struct kcsd_kv_segment *s)
{
	kcsd_kv_buffer_keep(kv, s);
	kcsd_kv_buffer_retire(s);
	s->end = 0;
	s->nr_slots = 0;
	s->written = 0;
	s->written_slots = 0;
	s->durable = 0;
	s->durable_slots = 0;
	s->closed = false;
	s->stuck = false;
	atomic_set(&s->live, 0);
}

void kcsd_kv_segment_free(struct kcsd_kv *kv, struct kcsd_kv_segment *s, bool keep)
{
	empty(kv, s);
	spin_lock(&kv->segment_lock);
	put_free(kv, s, keep);
	spin_unlock(&kv->segment_lock);
	wake_up_all(&kv->room);
}

/* Give a segment what it needs to be written. */
static int prepare(struct kcsd_kv *kv, struct kcsd_kv_segment *s)
{
	int ret;

	s->end = KCSD_KV_BLOCK;
	s->written = 0;
	ret = kcsd_kv_buffer_open(kv, s);
	return !ret && kv->in_file ? kcsd_kv_write_open(kv, s) : ret;
}

static int open_one(struct kcsd_kv *kv, bool kept, u32 leave, u32 *index)
{
	struct kcsd_kv_segment *s = take_free(kv, kept, leave);
	int ret;

	if (!s)
		return -EAGAIN;
	ret = prepare(kv, s);
	if (ret)
		kcsd_kv_segment_free(kv, s, kept);
	else
		*index = s - kv->segments;
	return ret;
}

int kcsd_kv_segment_open(struct kcsd_kv *kv, u32 leave, u32 *index)
{
	int ret = open_one(kv, false, leave, index);

	/* None is free, or the disk is full. */
	if ((ret == -EAGAIN || kcsd_kv_is_full(ret)) && leave < KCSD_KV_RESERVE && kv->kept)
		ret = open_one(kv, true, leave, index);
	if (leave == KCSD_KV_RESERVE)
		kcsd_kv_compact_kick(kv);
	return ret;
}

void kcsd_kv_segment_set_state(struct kcsd_kv *kv, struct kcsd_kv_segment *s,
			       enum kcsd_kv_segment_state state)
{
	spin_lock(&kv->segment_lock);
	/* Whoever sees it sees what the segment has. */
	smp_store_release(&s->state, state);
	spin_unlock(&kv->segment_lock);
}

void kcsd_kv_segment_unpin(struct kcsd_kv *kv, struct kcsd_kv_segment *s)
{
	if (atomic_dec_and_test(&s->pins) && (!atomic_read(&s->live) || READ_ONCE(kv->pending)))
		kcsd_kv_compact_kick(kv);
}
