// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Values that are in several pieces. */
#include "store.h"

struct kcsd_kv_pieces *kcsd_kv_pieces_alloc(u32 len, bool now)
{
	u32 nr = kcsd_kv_nr_pieces(len);
	size_t size = sizeof(struct kcsd_kv_pieces) + nr * sizeof(u64);
	struct kcsd_kv_pieces *p = now ? kcsd_kv_alloc_now(size) : kcsd_alloc_own(size);

	if (!p)
		return NULL;
	atomic_set(&p->refs, 1);
	p->nr = nr;
	return p;
}

static void pin_pieces(struct kcsd_kv *kv, const struct kcsd_kv_pieces *p)
{
	u32 i;

	for (i = 0; i < p->nr; i++)
		if (p->place[i])
			kcsd_kv_segment_pin(kcsd_kv_segment_at(kv, p->place[i]));
}

static void unpin_pieces(struct kcsd_kv *kv, const struct kcsd_kv_pieces *p)
{
	u32 i;

	for (i = 0; i < p->nr; i++)
		if (p->place[i])
			kcsd_kv_segment_unpin(kv, kcsd_kv_segment_at(kv, p->place[i]));
}

void kcsd_kv_pieces_put(struct kcsd_kv *kv, struct kcsd_kv_pieces *p)
{
	if (!atomic_dec_and_test(&p->refs))
		return;
	if (p->pinned)
		unpin_pieces(kv, p);
	kcsd_free(p);
}

void kcsd_kv_pieces_release(struct kcsd_kv *kv, struct kcsd_kv_pieces *p)
{
	if (!kcsd_kv_pieces_shared(p))
		return;
	pin_pieces(kv, p);
	p->pinned = true;
}

void kcsd_kv_pieces_kill(struct kcsd_kv *kv, const struct kcsd_kv_pieces *p, u32 len, u32 done)
{
	u32 i;

	for (i = 0; i < done; i++)
		if (p->place[i])
			kcsd_kv_log_kill(kv, p->place[i], kcsd_kv_piece_len(len, i));
}
