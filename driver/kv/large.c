// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Store a value in several pieces: append them one by one, so that others get the lane in between;
 * the head, appended last, makes them an object.
 */
#include "store.h"

struct job {
	struct kcsd_kv_store *store;
	struct kcsd_kv_target t;
	struct kcsd_kv_large large;
	struct kcsd_kv_wait wait;
	u64 charge;
	u64 held;		/* of the credit */
	u64 transient;		/* besides */
};

static bool take_transient(struct kcsd_kv *kv, s64 n)
{
	s64 old = atomic64_read(&kv->transient);

	do {
		if (old < n)
			return false;
	} while (!atomic64_try_cmpxchg(&kv->transient, &old, old - n));
	return true;
}

/* Return what the object charges that is about to be overwritten. */
static u64 peek_charge(struct job *job)
{
	u64 charge;

	spin_lock(&job->t.shard->lock);
	kcsd_kv_target_find(&job->t, 0);
	charge = kcsd_kv_target_charge(&job->t);
	job->t.entry = NULL;
	spin_unlock(&job->t.shard->lock);
	return charge;
}

/*
 * Take credit. Until the value is whole, that of before is there, too: in a full store that is what
 * the transient bytes are for. Returns 0; KCSD_SC_CAPACITY_EXCEEDED; -EBUSY: another has them.
 */
static int hold_credit(struct kcsd_kv *kv, struct job *job)
{
	u32 lane = kcsd_kv_lane_nr(kv, job->t.lane);
	u64 before, more;

	job->held = job->charge;
	if (kcsd_kv_pool_take(&kv->credit, lane, job->charge))
		return 0;
	job->held = 0;
	before = peek_charge(job);
	more = job->charge > before ? job->charge - before : 0;
	if (!kcsd_kv_pool_take(&kv->credit, lane, more)) {
		job->t.need = more;
		return KCSD_SC_CAPACITY_EXCEEDED;
	}
	job->held = more;
	if (!take_transient(kv, job->charge - more)) {
		kcsd_kv_pool_give(&kv->credit, lane, more);
		job->held = 0;
		return -EBUSY;
	}
	job->transient = job->charge - more;
	return 0;
}

static int validate_condition(struct job *job)
{
	int ret;

	spin_lock(&job->t.shard->lock);
	ret = kcsd_kv_target_find(&job->t, job->store->flags);
	job->t.entry = NULL;
	spin_unlock(&job->t.shard->lock);
	return ret;
}

/* Another store overwrites a large value in a full store: it will end, and give the bytes back. */
static int wait_for_transient(struct kcsd_kv *kv, struct job *job)
{
	s64 most = kcsd_kv_charge(KCSD_KV_MAX_KEY, kv->config.max_value);

	if (job->store->flags & KCSD_KV_NOWAIT)
		return -EAGAIN;
	wait_event_timeout(kv->room, atomic64_read(&kv->transient) == most, HZ / 10);
	return kcsd_kv_is_stopped(job->wait.stop) ? KCSD_SC_ABORT_REQUESTED : kcsd_kv_usable(kv);
}

static int begin(struct kcsd_kv *kv, struct job *job)
{
	struct kcsd_kv_lane *lane = job->t.lane;
	int ret = validate_condition(job);

	while (!ret) {
		ret = hold_credit(kv, job);
		if (!ret)
			break;
		if (ret == -EBUSY)
			ret = wait_for_transient(kv, job);
		else
			ret = kcsd_kv_room_wait(kv, &job->wait, ret, job->store->flags);
	}
	if (ret)
		return ret;
	mutex_lock(&lane->lock);
	job->large.pieces->first = ++job->t.shard->version;
	job->large.next = lane->large;
	lane->large = &job->large;
	mutex_unlock(&lane->lock);
	return 0;
}

static int append_piece(struct kcsd_kv *kv, struct job *job, u32 index)
{
	struct kcsd_kv_lane *lane = job->t.lane;
	struct kcsd_kv_pieces *p = job->large.pieces;
	u32 len = kcsd_kv_piece_len(job->store->len, index);
	struct kcsd_kv_record r;

	if (_copy_from_iter(kcsd_kv_log_payload(kv, lane), len, job->store->from) != len)
		return -EFAULT;
	kcsd_kv_record_name(&r, &job->store->name, KCSD_KV_PIECE_OF, p->first);
	r.len = cpu_to_le32(len);
	r.value_len = cpu_to_le32(job->store->len);
	r.index = cpu_to_le32(index);
	p->place[index] = kcsd_kv_log_append(kv, lane, &r, false);
	job->large.done = index + 1;
	if (!index)
		job->store->where = p->place[0];
	return 0;
}

static int store_piece(struct kcsd_kv *kv, struct job *job, u32 index)
{
	struct kcsd_kv_store *store = job->store;
	u32 len = kcsd_kv_piece_len(store->len, index);
	int ret;

	if (kcsd_kv_is_stopped(&store->stop))
		return KCSD_SC_ABORT_REQUESTED;
	for (;;) {
		ret = kcsd_kv_log_lock(kv, job->t.lane, len, store->flags & KCSD_KV_NOWAIT);
		if (!ret)
			break;
		ret = kcsd_kv_room_wait(kv, &job->wait, ret, store->flags);
		if (ret)
			return ret;
	}
	ret = append_piece(kv, job, index);
	mutex_unlock(&job->t.lane->lock);
	return ret;
}

static void unlink_large(struct job *job)
{
	struct kcsd_kv_large **at = &job->t.lane->large;

	while (*at != &job->large)
		at = &(*at)->next;
	*at = job->large.next;
}

/* Append the head. With the lock of the lane, which has room. */
static int commit(struct kcsd_kv *kv, struct job *job)
{
	u32 lane = kcsd_kv_lane_nr(kv, job->t.lane);
	struct kcsd_kv_record r;
	u64 version;
	s64 more;
	int ret = kcsd_kv_target_find(&job->t, job->store->flags);

	if (ret)
		return ret;
	ret = kcsd_kv_target_prepare(kv, &job->t, job->store->flags);
	if (ret)
		return ret;
	/* The object may not be that of the beginning. */
	more = job->charge - kcsd_kv_target_charge(&job->t) - job->held;
	if (!kcsd_kv_pool_take(&kv->credit, lane, more)) {
		kcsd_kv_target_cancel(kv, &job->t);
		job->t.need = more;
		return KCSD_SC_CAPACITY_EXCEEDED;
	}
	version = ++job->t.shard->version;
	kcsd_kv_record_name(&r, &job->store->name, KCSD_KV_VALUE, version);
	r.value_len = cpu_to_le32(job->store->len);
	r.index = cpu_to_le32((u32)(version - job->large.pieces->first));
	unlink_large(job);
	kcsd_kv_target_commit(kv, &job->t, version, job->store->len,
			      kcsd_kv_log_append(kv, job->t.lane, &r, false), job->large.pieces);
	return 0;
}

static int finish(struct kcsd_kv *kv, struct job *job)
{
	int ret;

	do {
		ret = kcsd_kv_log_lock(kv, job->t.lane, 0, job->store->flags & KCSD_KV_NOWAIT);
		if (!ret) {
			ret = commit(kv, job);
			mutex_unlock(&job->t.lane->lock);
			if (!ret)
				return 0;
		}
		ret = kcsd_kv_room_wait(kv, &job->wait, ret, job->store->flags);
	} while (!ret);
	return ret;
}

static void abandon(struct kcsd_kv *kv, struct job *job)
{
	struct kcsd_kv_lane *lane = job->t.lane;

	mutex_lock(&lane->lock);
	/* Both at once: compaction moves what it finds, and may move nothing that is dead. */
	kcsd_kv_pieces_kill(kv, job->large.pieces, job->store->len, job->large.done);
	kcsd_kv_lane_changed(lane);
	unlink_large(job);
	mutex_unlock(&lane->lock);
	kcsd_kv_pool_give(&kv->credit, kcsd_kv_lane_nr(kv, lane), job->held);
}

static int store_all(struct kcsd_kv *kv, struct job *job)
{
	u32 i;
	int ret = begin(kv, job);

	if (ret)
		return ret;
	for (i = 0; !ret && i < job->large.pieces->nr; i++)
		ret = store_piece(kv, job, i);
	if (!ret)
		ret = finish(kv, job);
	if (ret)
		abandon(kv, job);
	if (job->transient) {
		atomic64_add(job->transient, &kv->transient);
		wake_up_all(&kv->room);
	}
	return ret;
}

int kcsd_kv_store_large(struct kcsd_kv *kv, struct kcsd_kv_store *store)
{
	bool now = store->flags & KCSD_KV_NOWAIT;
	struct job job = {
		.store = store, .charge = kcsd_kv_charge(store->name.len, store->len),
		.wait.stop = &store->stop,
	};
	int ret;

	kcsd_kv_target_init(kv, &job.t, &store->name);
	job.wait.target = &job.t;
	job.large.name = store->name;
	job.large.pieces = kcsd_kv_pieces_alloc(store->len, now);
	if (!job.large.pieces)
		return now ? -EAGAIN : -ENOMEM;
	ret = store_all(kv, &job);
	if (ret)
		kcsd_kv_pieces_put(kv, job.large.pieces);
	return ret;
}
