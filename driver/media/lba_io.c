// SPDX-License-Identifier: GPL-2.0
/*
 * Read and write LBAs of namespace 1, for front ends and programs. Count moved bytes; zeroing and
 * flushing move none.
 */
#define pr_fmt(fmt) "kcsd: " fmt

#include <linux/printk.h>

#include "clock/clock.h"
#include "media/badblocks.h"
#include "media/lba_io.h"
#include "media/lbas.h"
#include "media/store.h"
#include "stats/counters.h"

/* True once power is cut: fail all I/O, so that nothing is acknowledged and then lost. */
static bool is_dead(const struct kcsd_lbas *lbas)
{
	return unlikely(READ_ONCE(lbas->dead));
}

/*
 * True after a power cut, or once data is lost: then no flush may succeed, and nothing may be
 * written over lost data.
 */
static bool refuses_writes(const struct kcsd_lbas *lbas)
{
	return is_dead(lbas) || unlikely(READ_ONCE(lbas->data_lost));
}

void kcsd_lba_io_lose_data(struct kcsd_lbas *lbas, const char *what)
{
	int token = kcsd_watches_enter(&lbas->watches);

	/*
	 * LBAs may now read as they were before. Does not wait for an edit: the caller may be one,
	 * and from now on none is written.
	 */
	kcsd_watches_trip(&lbas->watches, 0, lbas->nsze, NULL);
	kcsd_watches_exit(&lbas->watches, token);
	if (!xchg(&lbas->data_lost, true))
		pr_err("kcsd%u: data that was written is lost, the %s file could not be flushed: writes and flushes fail until power off\n",
		       lbas->index, what);
}

static bool is_zoned(const struct kcsd_lbas *lbas)
{
	return lbas->zones.nr;
}

/*
 * Count a media error, and return ret. Not counted: a full store, a broken rule of zones, a fault
 * of user memory.
 */
static int lba_io_result(struct kcsd_lbas *lbas, int ret)
{
	if (ret < 0 && !kcsd_lba_io_is_full(ret) && ret != -EFAULT && ret != -EOPNOTSUPP)
		kcsd_stat_inc(lbas, media_errors);
	return ret;
}

/*
 * Call before LBAs are written or zeroed. Return 0; -ENOSPC: the list of uncorrectable LBAs has no
 * room to take them out.
 */
static int validate_correctable(struct kcsd_lbas *lbas, u64 slba, u64 nlb)
{
	return kcsd_badblocks_can_clear(lbas, &lbas->retained->uncorrectable, slba, nlb) ? 0 :
											 -ENOSPC;
}

/*
 * Call after LBAs were written or zeroed: make them readable. Make them durable first: after a
 * power cut they must not have the data from before they became uncorrectable.
 */
static int make_correctable(struct kcsd_lbas *lbas, u64 slba, u64 nlb)
{
	struct badblocks *bad = &lbas->retained->uncorrectable;
	int ret = 0;

	if (likely(!READ_ONCE(bad->count)) || !kcsd_badblocks_contain(lbas, bad, slba, nlb))
		return 0;
	if (lbas->store.volatile_cache)
		ret = lbas->journal->commit(lbas);
	return ret ?: kcsd_badblocks_clear(lbas, bad, slba, nlb);
}

/*
 * Complete a write with result ret. While the volatile cache is off, a write completes when it is
 * durable.
 */
static int lba_io_written(struct kcsd_lbas *lbas, int ret)
{
	if (ret || !lbas->store.volatile_cache)
		return ret;
	smp_mb();	/* pairs with smp_mb() in kcsd_lba_io_use_cache() */
	return READ_ONCE(lbas->write_through) ? lbas->journal->commit(lbas) : 0;
}

static int read_lbas(struct kcsd_lbas *lbas, u64 slba, struct iov_iter *iter, bool now)
{
	size_t len = iov_iter_count(iter);
	int ret;

	if (kcsd_lbas_are_bad(lbas, slba, len >> lbas->lba_shift) ||
	    kcsd_lbas_are_uncorrectable(lbas, slba, len >> lbas->lba_shift))
		return KCSD_SC_READ_ERROR;
	if (is_zoned(lbas))
		ret = kcsd_zone_read(lbas, slba, iter, now);
	else
		ret = kcsd_store_read(&lbas->store, slba << lbas->lba_shift, iter, now);
	if (now && ret == -EAGAIN)
		return ret;
	if (!ret)
		kcsd_stat_add(lbas, media_read_bytes, len);
	return lba_io_result(lbas, ret);
}

static int write_lbas(struct kcsd_lbas *lbas, u64 slba, struct iov_iter *iter)
{
	size_t len = iov_iter_count(iter);
	int ret;

	if (refuses_writes(lbas))
		return -EIO;
	if (kcsd_lbas_are_bad(lbas, slba, len >> lbas->lba_shift))
		return KCSD_SC_WRITE_FAULT;
	ret = validate_correctable(lbas, slba, len >> lbas->lba_shift);
	if (ret)
		return ret;
	if (is_zoned(lbas))
		ret = kcsd_zone_write(lbas, slba, iter);
	else
		ret = lbas->store.ops->write(&lbas->store, slba << lbas->lba_shift, iter);
	if (!ret)
		kcsd_stat_add(lbas, media_write_bytes, len);
	if (!ret)
		ret = make_correctable(lbas, slba, len >> lbas->lba_shift);
	return lba_io_result(lbas, lba_io_written(lbas, ret));
}

static int append_lbas(struct kcsd_lbas *lbas, u64 zslba, struct iov_iter *iter, u64 *lba)
{
	size_t len = iov_iter_count(iter);
	int ret;

	if (refuses_writes(lbas))
		return -EIO;
	ret = kcsd_zone_append(lbas, zslba, iter, lba);
	if (!ret)
		kcsd_stat_add(lbas, media_write_bytes, len);
	if (!ret)
		ret = make_correctable(lbas, *lba, len >> lbas->lba_shift);
	return lba_io_result(lbas, lba_io_written(lbas, ret));
}

static int zero_lbas(struct kcsd_lbas *lbas, u64 slba, u64 nlb, bool unmap)
{
	int ret;

	if (refuses_writes(lbas))
		return -EIO;
	if (kcsd_lbas_are_bad(lbas, slba, nlb))
		return KCSD_SC_WRITE_FAULT;
	ret = validate_correctable(lbas, slba, nlb);
	if (ret)
		return ret;
	if (is_zoned(lbas))
		ret = kcsd_zone_zero(lbas, slba, nlb, unmap);
	else
		ret = lbas->store.ops->zero(&lbas->store, slba << lbas->lba_shift,
					    nlb << lbas->lba_shift, unmap);
	if (!ret)
		ret = make_correctable(lbas, slba, nlb);
	return lba_io_written(lbas, ret);
}

static int flush_all(struct kcsd_lbas *lbas)
{
	if (refuses_writes(lbas))
		return -EIO;
	return lba_io_result(lbas, lbas->journal->commit(lbas));
}

static int validate_uncorrectable(struct kcsd_lbas *lbas, u64 nlb)
{
	if (refuses_writes(lbas))
		return -EIO;
	return kcsd_badblocks_can_set(lbas, &lbas->retained->uncorrectable, nlb) ? 0 : -ENOSPC;
}

static int make_uncorrectable(struct kcsd_lbas *lbas, u64 slba, u64 nlb)
{
	if (refuses_writes(lbas))
		return -EIO;
	return kcsd_badblocks_set(lbas, &lbas->retained->uncorrectable, slba, nlb);
}

/* ---- through the gate ---- */

/* Begin an access. Return 0, -EIO, or the status with which the gate is closed. */
static int begin(struct kcsd_lbas *lbas)
{
	return is_dead(lbas) ? -EIO : kcsd_gate_enter(&lbas->gate);
}

static int end(struct kcsd_lbas *lbas, int ret)
{
	kcsd_gate_exit(&lbas->gate);
	return ret;
}

/* Wait until the edit is over that is under way, if there is one. */
static void wait_for_edit(struct kcsd_lbas *lbas)
{
	if (lbas->store.ops->blocking) {
		mutex_lock(&lbas->edit_mutex);
		mutex_unlock(&lbas->edit_mutex);
	} else {
		spin_lock(&lbas->edit_lock);
		spin_unlock(&lbas->edit_lock);
	}
}

/*
 * Begin to change LBAs: trip the watches that have one of them. An edit that began before does not
 * know: it must end first. Return as begin(), and the token for end_change().
 */
static int begin_change(struct kcsd_lbas *lbas, u64 slba, u64 nlb, int *token)
{
	int ret = begin(lbas);

	if (ret)
		return ret;
	*token = kcsd_watches_enter(&lbas->watches);
	if (kcsd_watches_trip(&lbas->watches, slba, nlb, NULL))
		wait_for_edit(lbas);
	return 0;
}

/* Call before data is written: the store is no longer erased. */
static void note_data(struct kcsd_lbas *lbas)
{
	if (unlikely(READ_ONCE(lbas->retained->erased)))
		WRITE_ONCE(lbas->retained->erased, false);
}

/* As begin_change(), for an access that writes data. */
static int begin_write(struct kcsd_lbas *lbas, u64 slba, u64 nlb, int *token)
{
	int ret = begin_change(lbas, slba, nlb, token);

	if (!ret)
		note_data(lbas);
	return ret;
}

static int end_change(struct kcsd_lbas *lbas, int token, int ret)
{
	kcsd_watches_exit(&lbas->watches, token);
	return end(lbas, ret);
}

int kcsd_lba_io_read(struct kcsd_lbas *lbas, u64 slba, struct iov_iter *iter)
{
	int ret = begin(lbas);

	return ret ?: end(lbas, read_lbas(lbas, slba, iter, false));
}

int kcsd_lba_io_read_now(struct kcsd_lbas *lbas, u64 slba, struct iov_iter *iter)
{
	int ret = begin(lbas);

	return ret ?: end(lbas, read_lbas(lbas, slba, iter, true));
}

int kcsd_lba_io_write(struct kcsd_lbas *lbas, u64 slba, struct iov_iter *iter)
{
	u64 nlb = iov_iter_count(iter) >> lbas->lba_shift;
	int token, ret = begin_write(lbas, slba, nlb, &token);

	return ret ?: end_change(lbas, token, write_lbas(lbas, slba, iter));
}

/* ---- edit ---- */

static void iter_kvec(struct iov_iter *iter, unsigned int dir, struct kvec *kvec)
{
	iov_iter_kvec(iter, dir, kvec, 1, kvec->iov_len);
}

/* Write a part of an LBA: read all of it, change the part, write all of it. */
static int edit_part(struct kcsd_lbas *lbas, const struct kcsd_lba_edit *edit)
{
	struct kvec kvec = { .iov_base = edit->bounce, .iov_len = 1U << lbas->lba_shift };
	struct iov_iter iter;
	int ret;

	iter_kvec(&iter, ITER_DEST, &kvec);
	ret = read_lbas(lbas, edit->slba, &iter, false);
	if (!ret) {
		memcpy(edit->bounce + edit->head, edit->buf, edit->len);
		iter_kvec(&iter, ITER_SOURCE, &kvec);
		ret = write_lbas(lbas, edit->slba, &iter);
	}
	memset(edit->bounce, 0, 1U << lbas->lba_shift);
	return ret;
}

static int edit_lbas(struct kcsd_lbas *lbas, const struct kcsd_lba_edit *edit)
{
	struct kvec kvec = { .iov_base = (void *)edit->buf, .iov_len = edit->len };
	struct iov_iter iter;

	if (edit->head || edit->len & ((1U << lbas->lba_shift) - 1))
		return edit_part(lbas, edit);
	iter_kvec(&iter, ITER_SOURCE, &kvec);
	return write_lbas(lbas, edit->slba, &iter);
}

/*
 * Write, unless the watch has tripped. The caller holds edit_mutex or edit_lock, and a token.
 *
 * Why no edit lands on data of another: a change of these LBAs trips the watch, and then takes the
 * same lock before its first byte changes. Either it has the lock first: then this sees the watch
 * tripped. Or this has it first: then all that is written here is there before the change, which
 * overwrites it. So a block that has left a file and is another's is safe, as soon as its owner
 * has begun to write or to discard it. Before that, nobody may read it as the owner's: a filesystem
 * writes a new block whole before it refers to it, or refers to it as unwritten, which reads as
 * zeroes whatever the block holds.
 *
 * Other watches of these LBAs are tripped under the lock: their edits wait for it, as this one is
 * their change. A change that began before the watch was armed is over: kcsd_watch_wait().
 */
static int edit_locked(struct kcsd_lbas *lbas, const struct kcsd_lba_edit *edit)
{
	u64 nlb = DIV_ROUND_UP(edit->head + edit->len, 1U << lbas->lba_shift);

	if (edit->watch && kcsd_watch_tripped(edit->watch))
		return KCSD_SC_PROGRAM_CHANGED;
	kcsd_watches_trip(&lbas->watches, edit->slba, nlb, edit->watch);
	note_data(lbas);
	return edit_lbas(lbas, edit);
}

int kcsd_lba_io_edit(struct kcsd_lbas *lbas, const struct kcsd_lba_edit *edit)
{
	int token, ret = begin(lbas);

	if (ret)
		return ret;
	token = kcsd_watches_enter(&lbas->watches);
	if (lbas->store.ops->blocking) {
		mutex_lock(&lbas->edit_mutex);
		ret = edit_locked(lbas, edit);
		mutex_unlock(&lbas->edit_mutex);
	} else {
		spin_lock(&lbas->edit_lock);
		ret = edit_locked(lbas, edit);
		spin_unlock(&lbas->edit_lock);
	}
	return end_change(lbas, token, ret);
}

/* ---- more changes ---- */

/* Which LBAs change is known later: kcsd_zone_append() trips the watches. */
int kcsd_lba_io_append(struct kcsd_lbas *lbas, u64 zslba, struct iov_iter *iter, u64 *lba)
{
	int token, ret = begin_write(lbas, zslba, 0, &token);

	return ret ?: end_change(lbas, token, append_lbas(lbas, zslba, iter, lba));
}

int kcsd_lba_io_zero(struct kcsd_lbas *lbas, u64 slba, u64 nlb, bool unmap)
{
	int token, ret = begin_change(lbas, slba, nlb, &token);

	return ret ?: end_change(lbas, token, zero_lbas(lbas, slba, nlb, unmap));
}

int kcsd_lba_io_validate_uncorrectable(struct kcsd_lbas *lbas, u64 nlb)
{
	int ret = begin(lbas);

	return ret ?: end(lbas, validate_uncorrectable(lbas, nlb));
}

int kcsd_lba_io_make_uncorrectable(struct kcsd_lbas *lbas, u64 slba, u64 nlb)
{
	int token, ret = begin_change(lbas, slba, nlb, &token);

	return ret ?: end_change(lbas, token, make_uncorrectable(lbas, slba, nlb));
}

int kcsd_lba_io_flush(struct kcsd_lbas *lbas)
{
	int ret;

	/* Memory has nothing to flush. */
	if (!lbas->store.volatile_cache)
		return is_dead(lbas) ? -EIO : kcsd_gate_status(&lbas->gate);
	ret = begin(lbas);

	return ret ?: end(lbas, flush_all(lbas));
}

/* True if an action on a zone changes what its LBAs read as. */
static bool changes_data(enum nvme_zone_mgmt_action action)
{
	return action == NVME_ZONE_RESET || action == NVME_ZONE_OFFLINE;
}

int kcsd_lba_io_manage_zone(struct kcsd_lbas *lbas, u64 zslba, enum nvme_zone_mgmt_action action)
{
	u64 nlb = changes_data(action) ? kcsd_zone_size(&lbas->zones) : 0;
	int token, ret = begin_change(lbas, zslba, nlb, &token);

	return ret ?: end_change(lbas, token, kcsd_zone_manage(lbas, zslba, action));
}

int kcsd_lba_io_manage_all_zones(struct kcsd_lbas *lbas, enum nvme_zone_mgmt_action action)
{
	int token, ret = begin_change(lbas, 0, changes_data(action) ? lbas->nsze : 0, &token);

	return ret ?: end_change(lbas, token, kcsd_zone_manage_all(lbas, action));
}

/*
 * Set write_through, then flush: a write that does not see it has reached the store before the
 * flush.
 */
int kcsd_lba_io_use_cache(struct kcsd_lbas *lbas, bool use)
{
	bool before;
	int ret;

	guard(mutex)(&lbas->cache_lock);
	before = lbas->write_through;
	WRITE_ONCE(lbas->write_through, !use);
	smp_mb();	/* pairs with smp_mb() in lba_io_written() */
	ret = use ? 0 : kcsd_lba_io_flush(lbas);
	/* Undo: the host has not been told that the cache is off. */
	if (ret)
		WRITE_ONCE(lbas->write_through, before);
	kcsd_clock_set_through(lbas->clock, lbas->write_through);
	return ret;
}
