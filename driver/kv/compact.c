// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Make room: choose the segments with the fewest live bytes, move these elsewhere, free the
 * segments. One thread does it, which waits for nobody but the medium.
 */
#include "compact.h"

/* Free segments below which room is made ahead. */
static u32 low_mark(const struct kcsd_kv *kv)
{
	return KCSD_KV_RESERVE + kv->nr_lanes + kv->geometry.nr / 32;
}

static u64 sum_live(const struct kcsd_kv *kv, u32 *used)
{
	u64 sum = 0;
	u32 i;

	*used = 0;
	for (i = 0; i < kv->geometry.nr; i++) {
		const struct kcsd_kv_segment *s = &kv->segments[i];

		if (READ_ONCE(s->state) != KCSD_KV_CLOSED)
			continue;
		sum += atomic_read(&s->live);
		++*used;
	}
	return sum;
}

/*
 * True if live records are to be moved: free segments are few, or half of the medium is for
 * nothing.
 */
static bool is_hungry(const struct kcsd_kv *kv)
{
	u32 used;
	u64 live;

	if (READ_ONCE(kv->wanted) || READ_ONCE(kv->nr_free) < low_mark(kv))
		return true;
	live = sum_live(kv, &used);
	return used > 8 && ((u64)(used - 8) << kv->geometry.shift) > 2 * live;
}

/* ---- choose ---- */

/* The barrier: who has pinned a segment has done so before its record is counted dead. */
static bool is_pinned(struct kcsd_kv_segment *s)
{
	return atomic_fetch_add(0, &s->pins);
}

/*
 * Return how full a segment is of what counts, in bytes: with the slots of live records, and with
 * the rest at its end if no large record fits there.
 */
static u32 weight_of(const struct kcsd_kv *kv, struct kcsd_kv_segment *s)
{
	u32 live = atomic_fetch_add(0, &s->live), used = s->end - KCSD_KV_BLOCK;
	u32 rest = kcsd_kv_slot_at(&kv->geometry, s->nr_slots) - s->end;

	if (!live)
		return 0;
	if (s->nr_slots && used)
		live = (u64)live * (used + s->nr_slots * KCSD_KV_ALIGN) / used;
	return rest < KCSD_KV_PIECE + 3 * KCSD_KV_BLOCK ? live + rest : live;
}

static u32 most_weight(const struct kcsd_kv *kv)
{
	return kcsd_kv_segment_len(&kv->geometry) / 64 * 63;
}

/* Return the segment with the least weight, at most `most`. *pinned: one was left out. */
static struct kcsd_kv_segment *choose(struct kcsd_kv *kv, u32 most, bool *pinned)
{
	struct kcsd_kv_segment *best = NULL;
	u32 i;

	for (i = 0; i < kv->geometry.nr; i++) {
		struct kcsd_kv_segment *s = &kv->segments[i];
		u32 weight;

		if (smp_load_acquire(&s->state) != KCSD_KV_CLOSED)
			continue;
		weight = weight_of(kv, s);
		if (weight > most || (s->stuck && weight))
			continue;
		if (is_pinned(s)) {
			*pinned = true;
			continue;
		}
		best = s;
		most = weight - 1;
		if (!weight)
			break;
	}
	return best;
}

/* ---- free ---- */

void kcsd_kv_victims_give_up(struct kcsd_kv *kv, struct kcsd_kv_compactor *c)
{
	while (c->nr) {
		struct kcsd_kv_victim *v = &c->victims[--c->nr];

		kcsd_kv_victim_close(v);
		kcsd_kv_segment_set_state(kv, v->segment, KCSD_KV_CLOSED);
	}
}

/* Return how many segments are free now that were not. */
static u32 free_victims(struct kcsd_kv *kv, struct kcsd_kv_compactor *c)
{
	u32 freed = 0;

	while (c->nr) {
		struct kcsd_kv_victim *v = &c->victims[c->nr - 1];

		if (is_pinned(v->segment))
			break;
		kcsd_kv_segment_free(kv, v->segment, false);
		c->nr--;
		freed++;
	}
	return freed;
}

/* ---- a round ---- */

/* Empty a segment. Returns true if it is one of the victims now. */
static bool empty_segment(struct kcsd_kv *kv, struct kcsd_kv_compactor *c,
			  struct kcsd_kv_segment *s)
{
	struct kcsd_kv_victim *v = &c->victims[c->nr];
	int ret;

	*v = (struct kcsd_kv_victim){ .segment = s };
	kcsd_kv_segment_set_state(kv, s, KCSD_KV_VICTIM);
	ret = kcsd_kv_victim_open(kv, v);
	if (!ret)
		ret = kcsd_kv_victim_move(kv, c, v);
	/* Something may point to a record that is no longer found. */
	if ((!ret || ret == -EBADMSG) && atomic_fetch_add(0, &s->live)) {
		s->stuck = true;
		ret = -EBADMSG;
	}
	if (ret == -EIO)
		c->error = ret;
	if (ret) {
		kcsd_kv_victim_close(v);
		kcsd_kv_segment_set_state(kv, s, KCSD_KV_CLOSED);
		return false;
	}
	c->nr++;
	return true;
}

/* Return how many bytes may be moved: what fits the segments that compaction can open. */
static u64 budget(const struct kcsd_kv *kv)
{
	u64 free = READ_ONCE(kv->nr_free);

	return (free > KCSD_KV_BATCH / 2 ? KCSD_KV_BATCH / 2 : free) << kv->geometry.shift;
}

/* Returns true if something was gained. *pending: more may be when readers are done. */
static bool compact(struct kcsd_kv *kv, struct kcsd_kv_compactor *c, bool hungry, bool *pending)
{
	u64 rest = budget(kv);
	bool gained;

	*pending = false;
	c->found = false;
	c->error = 0;
	while (c->nr < KCSD_KV_BATCH && !READ_ONCE(kv->stop)) {
		struct kcsd_kv_segment *s = choose(kv, hungry ? most_weight(kv) : 0, pending);
		u32 live;

		if (!s)
			break;
		c->found = true;
		live = atomic_read(&s->live);
		/* One at least, if part of it fits: there may be room in the cold segment. */
		if (live > rest && c->nr)
			break;
		rest -= min_t(u64, rest, live);
		/* One that is stuck is not chosen again. */
		if (!empty_segment(kv, c, s) && !s->stuck)
			break;
	}
	gained = kv->in_file ? kcsd_kv_victims_erase(kv, c) : free_victims(kv, c);
	/* The others stay; the last reader wakes this thread. */
	*pending |= c->nr > 0;
	kcsd_kv_victims_give_up(kv, c);
	return gained;
}

/* A round that was not hungry has not looked for all that there is. */
static void finish_round(struct kcsd_kv *kv, bool hungry, bool gained, bool pending)
{
	WRITE_ONCE(kv->error, kv->compactor->error);
	WRITE_ONCE(kv->pending, pending);
	if (gained)
		WRITE_ONCE(kv->gains, kv->gains + 1);
	if (hungry)
		WRITE_ONCE(kv->rounds, kv->rounds + 1);
	wake_up_all(&kv->room);
}

static bool has_full(const struct kcsd_kv *kv)
{
	u32 i;

	for (i = 0; i < kv->geometry.nr; i++)
		if (READ_ONCE(kv->segments[i].state) == KCSD_KV_FULL)
			return true;
	return false;
}

/* Returns true if there is more to do. */
static bool work_round(struct kcsd_kv *kv)
{
	u64 changes = kcsd_kv_changes(kv);
	bool hungry, gained, pending;

	if (kv->in_file && kcsd_kv_keeps_few(kv))
		kcsd_kv_segment_keep_one(kv);
	if (READ_ONCE(kv->nr_unsynced) >= KCSD_KV_UNSYNCED)
		kcsd_kv_flush(kv);
	/* Who wants room from now on gets another round. */
	hungry = xchg(&kv->wanted, false);
	hungry |= is_hungry(kv);
	gained = compact(kv, kv->compactor, hungry, &pending);
	if (hungry && !kv->compactor->found && !pending && !has_full(kv))
		WRITE_ONCE(kv->barren, changes);
	finish_round(kv, hungry, gained, pending);
	return gained && is_hungry(kv);
}

static int work(void *arg)
{
	struct kcsd_kv *kv = arg;
	unsigned int flags = kcsd_kv_noio_begin();
	bool again = false;

	while (!READ_ONCE(kv->stop)) {
		if (!again)
			wait_event_idle(kv->work, READ_ONCE(kv->kicked) || READ_ONCE(kv->stop));
		/* Ordered: who kicks from now on is heard, who did before is seen. */
		(void)xchg(&kv->kicked, false);
		again = false;
		/* Who has it wakes this thread after that. */
		if (!mutex_trylock(&kv->round_lock))
			continue;
		again = work_round(kv);
		mutex_unlock(&kv->round_lock);
	}
	kcsd_kv_noio_end(flags);
	kcsd_kv_thread_end();
	return 0;
}

void kcsd_kv_compact_kick(struct kcsd_kv *kv)
{
	if (!xchg(&kv->kicked, true))
		wake_up_all(&kv->work);
}

void kcsd_kv_compact_want(struct kcsd_kv *kv)
{
	WRITE_ONCE(kv->wanted, true);
	kcsd_kv_compact_kick(kv);
}

int kcsd_kv_compact_start(struct kcsd_kv *kv)
{
	int ret;

	kv->compactor = kcsd_alloc_own(sizeof(*kv->compactor));
	if (!kv->compactor)
		return -ENOMEM;
	if (kv->in_file) {
		kv->compactor->chunk = kcsd_alloc_own(KCSD_KV_CHUNK);
		if (!kv->compactor->chunk)
			return -ENOMEM;
	}
	WRITE_ONCE(kv->stop, false);
	ret = kcsd_kv_thread_start(&kv->thread, work, kv);
	kv->started = !ret;
	return ret;
}

void kcsd_kv_compact_stop(struct kcsd_kv *kv)
{
	if (kv->started) {
		WRITE_ONCE(kv->stop, true);
		wake_up_all(&kv->work);
		kcsd_kv_thread_join(&kv->thread);
		kv->started = false;
	}
	if (!kv->compactor)
		return;
	kcsd_free(kv->compactor->chunk);
	kcsd_free(kv->compactor);
	kv->compactor = NULL;
}
