// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "replay.h"

static struct kcsd_kv_replay *to_replay(struct kcsd_kv_scan *scan)
{
	return container_of(scan, struct kcsd_kv_replay, scan);
}

static u64 place_of(const struct kcsd_kv_scan *scan, const struct kcsd_kv_found *f)
{
	return kcsd_kv_scan_pos(scan, f->segment->index) + f->offset;
}

static bool is_large_head(const struct kcsd_kv_record *r)
{
	return r->kind == KCSD_KV_VALUE && kcsd_kv_is_large(le32_to_cpu(r->value_len));
}

/* ---- heads ---- */

static int found_sound(struct kcsd_kv_replay *rp, const struct kcsd_kv_found *f)
{
	u64 place = place_of(&rp->scan, f);

	switch (f->r.kind) {
	case KCSD_KV_VALUE:
		if (is_large_head(&f->r)) {
			rp->has_large = true;
			if (!f->durable)
				return kcsd_kv_doubt_add(rp, f, place);
		}
		fallthrough;
	case KCSD_KV_DELETED:
		return kcsd_kv_replay_apply(rp, &f->r, place, NULL);
	default:
		return 0;
	}
}

static int found_head(struct kcsd_kv_scan *scan, const struct kcsd_kv_found *f)
{
	struct kcsd_kv_replay *rp = to_replay(scan);

	cond_resched();
	if (f->state != KCSD_KV_LOST) {
		rp->version = max(rp->version, le64_to_cpu(f->r.version));
		rp->begun = max(rp->begun, le64_to_cpu(f->r.begun));
		rp->segment_begun = max(rp->segment_begun, le64_to_cpu(f->r.begun));
	} else if (f->durable) {
		atomic64_inc(&rp->kv->damaged);
	}
	kcsd_kv_mend_slot(rp, f);
	return f->state == KCSD_KV_SOUND ? found_sound(rp, f) : 0;
}

static void set_segment(struct kcsd_kv *kv, const struct kcsd_kv_scan_segment *found)
{
	struct kcsd_kv_segment *s = &kv->segments[found->index];

	s->state = KCSD_KV_CLOSED;
	s->seed = found->seed;
	s->end = found->end;
	s->nr_slots = found->nr_slots;
	s->generation = found->generation;
	s->closed = true;
	kv->generation = max(kv->generation, found->generation);
}

static int replay_segment(struct kcsd_kv_replay *rp, u32 index)
{
	struct kcsd_kv_scan_segment s;
	int ret = kcsd_kv_scan_headers(&rp->scan, index, &s);

	if (ret || !s.used)
		return ret;
	rp->mend = !s.closed || s.half;
	rp->begun = max(rp->begun, s.begun);
	rp->segment_begun = s.begun;
	rp->voided_from = 0;
	rp->voided_end = 0;
	ret = kcsd_kv_scan_records(&rp->scan, &s);
	if (!ret && rp->mend)
		ret = kcsd_kv_mend_segment(rp, &s);
	if (!ret)
		set_segment(rp->kv, &s);
	return ret;
}

/* ---- pieces ---- */

static int found_again(struct kcsd_kv_scan *scan, const struct kcsd_kv_found *f)
{
	struct kcsd_kv_replay *rp = to_replay(scan);

	cond_resched();
	if (f->state != KCSD_KV_SOUND || !is_large_head(&f->r))
		return 0;
	return kcsd_kv_replay_head(rp, &f->r, place_of(scan, f));
}

static int found_piece(struct kcsd_kv_scan *scan, const struct kcsd_kv_found *f)
{
	struct kcsd_kv_replay *rp = to_replay(scan);
	u64 place = place_of(scan, f);

	cond_resched();
	if (f->state != KCSD_KV_SOUND || f->r.kind != KCSD_KV_PIECE_OF)
		return 0;
	kcsd_kv_replay_piece(rp, &f->r, place);
	kcsd_kv_doubt_piece(rp, &f->r, place);
	return 0;
}

/* Walk all segments once more. */
static int walk_again(struct kcsd_kv_replay *rp,
		      int (*found)(struct kcsd_kv_scan *scan, const struct kcsd_kv_found *f))
{
	struct kcsd_kv_scan_segment s;
	u32 i;
	int ret = 0;

	rp->scan.found = found;
	for (i = 0; !ret && i < rp->scan.geometry.nr; i++) {
		/* One that was free is used by others if somebody writes the file meanwhile. */
		if (rp->kv->segments[i].state == KCSD_KV_FREE)
			continue;
		ret = kcsd_kv_scan_headers(&rp->scan, i, &s);
		if (!ret && s.used)
			ret = kcsd_kv_scan_records(&rp->scan, &s);
	}
	return ret;
}

static int find_pieces(struct kcsd_kv_replay *rp)
{
	int ret = kcsd_kv_doubts_sort(rp);

	if (!ret)
		ret = walk_again(rp, found_again);
	if (!ret)
		ret = walk_again(rp, found_piece);
	return ret ? ret : kcsd_kv_doubts_settle(rp);
}

/* ---- all ---- */

static int replay_all(struct kcsd_kv_replay *rp)
{
	u32 i;
	int ret = kcsd_kv_scan_completed(&rp->scan);

	/* A file that is not sound may say that more were completed than begun. */
	rp->begun = rp->scan.completed;
	rp->scan.found = found_head;
	for (i = 0; !ret && i < rp->scan.geometry.nr; i++)
		ret = replay_segment(rp, i);
	if (!ret && rp->has_large)
		ret = find_pieces(rp);
	return ret;
}

int kcsd_kv_replay(struct kcsd_kv *kv)
{
	struct kcsd_kv_replay rp = { .kv = kv };
	u32 i;
	int ret = kcsd_kv_scan_init(&rp.scan, kv->medium, kv->super);

	if (ret)
		return ret;
	ret = replay_all(&rp);
	kcsd_kv_doubts_destroy(&rp);
	kcsd_kv_scan_destroy(&rp.scan);
	/* What was seen is durable from now on. */
	if (!ret)
		ret = kv->medium->ops->sync(kv->medium);
	if (!ret)
		ret = kcsd_kv_replay_count(kv);
	if (ret)
		return ret;
	for (i = 0; i < KCSD_KV_SHARDS; i++)
		kv->shards[i].version = rp.version;
	atomic64_set(&kv->begun, rp.begun + 1);
	atomic64_set(&kv->completed, rp.begun + 1);
	return 0;
}
