// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "replay.h"

/* By key, then by the version of the pieces. */
static u64 first_of(const struct kcsd_kv_record *r)
{
	u64 version = le64_to_cpu(r->version);

	return r->kind == KCSD_KV_PIECE_OF ? version : version - le32_to_cpu(r->index);
}

static int compare_records(const struct kcsd_kv_record *a, const struct kcsd_kv_record *b)
{
	int ret = memcmp(a->key, b->key, sizeof(a->key));

	if (!ret)
		ret = (int)a->key_len - b->key_len;
	if (!ret && first_of(a) != first_of(b))
		ret = first_of(a) < first_of(b) ? -1 : 1;
	return ret;
}

static int compare_doubts(const void *a, const void *b)
{
	return compare_records(&((const struct kcsd_kv_doubt *)a)->r,
			       &((const struct kcsd_kv_doubt *)b)->r);
}

static int grow(struct kcsd_kv_replay *rp)
{
	u32 room = rp->doubts_room ? 2 * rp->doubts_room : KCSD_KV_MIN_DOUBTS;
	struct kcsd_kv_doubt *doubts = kcsd_alloc_own(room * sizeof(*doubts));

	if (!doubts)
		return -ENOMEM;
	if (rp->doubts)
		memcpy(doubts, rp->doubts, rp->nr_doubts * sizeof(*doubts));
	kcsd_free(rp->doubts);
	rp->doubts = doubts;
	rp->doubts_room = room;
	return 0;
}

/* As many as fit the file: what is stored between two syncs has no bound, as a sync may fail. */
int kcsd_kv_doubt_add(struct kcsd_kv_replay *rp, const struct kcsd_kv_found *f, u64 place)
{
	int ret = 0;

	if ((u64)rp->nr_doubts * KCSD_KV_PIECE > kcsd_kv_replay_large(rp))
		return -EUCLEAN;
	if (rp->nr_doubts == rp->doubts_room)
		ret = grow(rp);
	if (ret)
		return ret;
	rp->doubts[rp->nr_doubts++] = (struct kcsd_kv_doubt){
		.r = f->r, .place = place, .slot = f->slot,
	};
	return 0;
}

int kcsd_kv_doubts_sort(struct kcsd_kv_replay *rp)
{
	u32 i;

	for (i = 0; i < rp->nr_doubts; i++) {
		struct kcsd_kv_doubt *d = &rp->doubts[i];

		d->pieces = kcsd_kv_replay_pieces(rp, &d->r, d->place);
		if (!d->pieces)
			return -ENOMEM;
	}
	if (rp->nr_doubts)
		sort(rp->doubts, rp->nr_doubts, sizeof(*rp->doubts), compare_doubts, NULL);
	return 0;
}

void kcsd_kv_doubt_piece(struct kcsd_kv_replay *rp, const struct kcsd_kv_record *r, u64 place)
{
	u32 low = 0, high = rp->nr_doubts;

	while (low < high) {
		u32 middle = low + (high - low) / 2;
		struct kcsd_kv_doubt *d = &rp->doubts[middle];
		int ret = compare_records(&d->r, r);

		if (!ret) {
			if (le32_to_cpu(d->r.value_len) == le32_to_cpu(r->value_len))
				kcsd_kv_pieces_found(d->pieces, le32_to_cpu(r->index), place);
			return;
		}
		if (ret < 0)
			low = middle + 1;
		else
			high = middle;
	}
}

static int settle(struct kcsd_kv_replay *rp, struct kcsd_kv_doubt *d)
{
	struct kcsd_kv_pieces *p = d->pieces;

	d->pieces = NULL;
	if (!p->missing)
		return kcsd_kv_replay_apply(rp, &d->r, d->place, p);
	kcsd_free(p);
	return kcsd_kv_mend_void(rp, &d->r, d->place, d->slot);
}

int kcsd_kv_doubts_settle(struct kcsd_kv_replay *rp)
{
	u32 i;
	int ret = 0;

	for (i = 0; !ret && i < rp->nr_doubts; i++)
		ret = settle(rp, &rp->doubts[i]);
	return ret;
}

void kcsd_kv_doubts_destroy(struct kcsd_kv_replay *rp)
{
	u32 i;

	for (i = 0; i < rp->nr_doubts; i++)
		kcsd_free(rp->doubts[i].pieces);
	kcsd_free(rp->doubts);
}
