// SPDX-License-Identifier: GPL-2.0
/*
 * Read and write LBAs of namespace 1, for front ends and programs. Count moved bytes; zeroing and
 * flushing move none.
 */
#define pr_fmt(fmt) "kcsd: " fmt

#include <linux/printk.h>

#include "drive.h"
#include "persist/sidecar.h"

/* True once power is cut: fail all I/O, so that nothing is acknowledged and then lost. */
static bool is_dead(const struct kcsd_drive *drive)
{
	return unlikely(READ_ONCE(drive->dead));
}

/*
 * True after a power cut, or once data is lost: then no flush may succeed, and nothing may be
 * written over lost data.
 */
static bool refuses_writes(const struct kcsd_drive *drive)
{
	return is_dead(drive) || unlikely(READ_ONCE(drive->data_lost));
}

void kcsd_lba_io_lose_data(struct kcsd_drive *drive, const char *what)
{
	if (!xchg(&drive->data_lost, true))
		pr_err("kcsd%u: data that was written is lost, the %s file could not be flushed: writes and flushes fail until power off\n",
		       drive->index, what);
}

static bool is_zoned(const struct kcsd_drive *drive)
{
	return drive->zones.nr;
}

/*
 * Count a media error, and return ret. Not counted: a full store, a broken rule of zones, a fault of
 * user memory.
 */
static int lba_io_result(struct kcsd_drive *drive, int ret)
{
	if (ret < 0 && !kcsd_lba_io_is_full(ret) && ret != -EFAULT && ret != -EOPNOTSUPP)
		kcsd_stat_inc(drive, media_errors);
	return ret;
}

/*
 * Call before LBAs are written or zeroed. Return 0; -ENOSPC: the list of uncorrectable LBAs has no
 * room to take them out.
 */
static int check_correctable(struct kcsd_drive *drive, u64 slba, u64 nlb)
{
	return kcsd_badblocks_can_clear(drive, &drive->retained->uncorrectable, slba, nlb) ? 0 :
											 -ENOSPC;
}

/*
 * Call after LBAs were written or zeroed: make them readable. Make them durable first: after a
 * power cut they must not have the data from before they became uncorrectable.
 */
static int make_correctable(struct kcsd_drive *drive, u64 slba, u64 nlb)
{
	struct badblocks *bad = &drive->retained->uncorrectable;
	int ret = 0;

	if (likely(!READ_ONCE(bad->count)) || !kcsd_badblocks_check(drive, bad, slba, nlb))
		return 0;
	if (drive->store.volatile_cache)
		ret = kcsd_sidecar_commit(drive);
	return ret ?: kcsd_badblocks_clear(drive, bad, slba, nlb);
}

/*
 * Complete a write with result ret. While the volatile cache is off, a write completes when it is
 * durable.
 */
static int lba_io_written(struct kcsd_drive *drive, int ret)
{
	if (ret || !drive->store.volatile_cache)
		return ret;
	smp_mb();	/* pairs with smp_mb() in kcsd_lba_io_use_cache() */
	return READ_ONCE(drive->write_through) ? kcsd_sidecar_commit(drive) : 0;
}

static int read_lbas(struct kcsd_drive *drive, u64 slba, struct iov_iter *iter, bool now)
{
	size_t len = iov_iter_count(iter);
	int ret;

	if (kcsd_drive_is_bad(drive, slba, len >> drive->lba_shift) ||
	    kcsd_drive_is_uncorrectable(drive, slba, len >> drive->lba_shift))
		return KCSD_SC_READ_ERROR;
	if (is_zoned(drive))
		ret = kcsd_zone_read(drive, slba, iter, now);
	else
		ret = kcsd_store_read(&drive->store, slba << drive->lba_shift, iter, now);
	if (now && ret == -EAGAIN)
		return ret;
	if (!ret)
		kcsd_stat_add(drive, media_read_bytes, len);
	return lba_io_result(drive, ret);
}

static int write_lbas(struct kcsd_drive *drive, u64 slba, struct iov_iter *iter)
{
	size_t len = iov_iter_count(iter);
	int ret;

	if (refuses_writes(drive))
		return -EIO;
	if (kcsd_drive_is_bad(drive, slba, len >> drive->lba_shift))
		return KCSD_SC_WRITE_FAULT;
	ret = check_correctable(drive, slba, len >> drive->lba_shift);
	if (ret)
		return ret;
	if (is_zoned(drive))
		ret = kcsd_zone_write(drive, slba, iter);
	else
		ret = drive->store.ops->write(&drive->store, slba << drive->lba_shift, iter);
	if (!ret)
		kcsd_stat_add(drive, media_write_bytes, len);
	if (!ret)
		ret = make_correctable(drive, slba, len >> drive->lba_shift);
	return lba_io_result(drive, lba_io_written(drive, ret));
}

static int append_lbas(struct kcsd_drive *drive, u64 zslba, struct iov_iter *iter, u64 *lba)
{
	size_t len = iov_iter_count(iter);
	int ret;

	if (refuses_writes(drive))
		return -EIO;
	ret = kcsd_zone_append(drive, zslba, iter, lba);
	if (!ret)
		kcsd_stat_add(drive, media_write_bytes, len);
	if (!ret)
		ret = make_correctable(drive, *lba, len >> drive->lba_shift);
	return lba_io_result(drive, lba_io_written(drive, ret));
}

static int zero_lbas(struct kcsd_drive *drive, u64 slba, u64 nlb, bool unmap)
{
	int ret;

	if (refuses_writes(drive))
		return -EIO;
	if (kcsd_drive_is_bad(drive, slba, nlb))
		return KCSD_SC_WRITE_FAULT;
	ret = check_correctable(drive, slba, nlb);
	if (ret)
		return ret;
	if (is_zoned(drive))
		ret = kcsd_zone_zero(drive, slba, nlb, unmap);
	else
		ret = drive->store.ops->zero(&drive->store, slba << drive->lba_shift,
					     nlb << drive->lba_shift, unmap);
	if (!ret)
		ret = make_correctable(drive, slba, nlb);
	return lba_io_written(drive, ret);
}

static int flush_all(struct kcsd_drive *drive)
{
	if (refuses_writes(drive))
		return -EIO;
	return lba_io_result(drive, kcsd_sidecar_commit(drive));
}

static int check_uncorrectable(struct kcsd_drive *drive, u64 nlb)
{
	if (refuses_writes(drive))
		return -EIO;
	return kcsd_badblocks_can_set(drive, &drive->retained->uncorrectable, nlb) ? 0 : -ENOSPC;
}

static int make_uncorrectable(struct kcsd_drive *drive, u64 slba, u64 nlb)
{
	if (refuses_writes(drive))
		return -EIO;
	return kcsd_badblocks_set(drive, &drive->retained->uncorrectable, slba, nlb);
}

/* ---- through the gate ---- */

/* Begin an access. Return 0, -EIO, or the status with which the gate is closed. */
static int begin(struct kcsd_drive *drive)
{
	return is_dead(drive) ? -EIO : kcsd_gate_enter(&drive->gate);
}

/* Begin an access that writes data: the store is no longer erased. */
static int begin_write(struct kcsd_drive *drive)
{
	int ret = begin(drive);

	if (!ret && unlikely(READ_ONCE(drive->retained->sanitize.erased)))
		WRITE_ONCE(drive->retained->sanitize.erased, false);
	return ret;
}

static int end(struct kcsd_drive *drive, int ret)
{
	kcsd_gate_exit(&drive->gate);
	return ret;
}

int kcsd_lba_io_read(struct kcsd_drive *drive, u64 slba, struct iov_iter *iter)
{
	int ret = begin(drive);

	return ret ?: end(drive, read_lbas(drive, slba, iter, false));
}

int kcsd_lba_io_read_now(struct kcsd_drive *drive, u64 slba, struct iov_iter *iter)
{
	int ret = begin(drive);

	return ret ?: end(drive, read_lbas(drive, slba, iter, true));
}

int kcsd_lba_io_write(struct kcsd_drive *drive, u64 slba, struct iov_iter *iter)
{
	int ret = begin_write(drive);

	return ret ?: end(drive, write_lbas(drive, slba, iter));
}

int kcsd_lba_io_append(struct kcsd_drive *drive, u64 zslba, struct iov_iter *iter, u64 *lba)
{
	int ret = begin_write(drive);

	return ret ?: end(drive, append_lbas(drive, zslba, iter, lba));
}

int kcsd_lba_io_zero(struct kcsd_drive *drive, u64 slba, u64 nlb, bool unmap)
{
	int ret = begin(drive);

	return ret ?: end(drive, zero_lbas(drive, slba, nlb, unmap));
}

int kcsd_lba_io_check_uncorrectable(struct kcsd_drive *drive, u64 nlb)
{
	int ret = begin(drive);

	return ret ?: end(drive, check_uncorrectable(drive, nlb));
}

int kcsd_lba_io_make_uncorrectable(struct kcsd_drive *drive, u64 slba, u64 nlb)
{
	int ret = begin(drive);

	return ret ?: end(drive, make_uncorrectable(drive, slba, nlb));
}

int kcsd_lba_io_flush(struct kcsd_drive *drive)
{
	int ret;

	/* Memory has nothing to flush. */
	if (!drive->store.volatile_cache)
		return is_dead(drive) ? -EIO : kcsd_gate_status(&drive->gate);
	ret = begin(drive);

	return ret ?: end(drive, flush_all(drive));
}

int kcsd_lba_io_manage_zone(struct kcsd_drive *drive, u64 zslba, enum nvme_zone_mgmt_action action)
{
	int ret = begin(drive);

	return ret ?: end(drive, kcsd_zone_manage(drive, zslba, action));
}

int kcsd_lba_io_manage_all_zones(struct kcsd_drive *drive, enum nvme_zone_mgmt_action action)
{
	int ret = begin(drive);

	return ret ?: end(drive, kcsd_zone_manage_all(drive, action));
}

/*
 * Set write_through, then flush: a write that does not see it has reached the store before the
 * flush.
 */
int kcsd_lba_io_use_cache(struct kcsd_drive *drive, bool use)
{
	bool before;
	int ret;

	guard(mutex)(&drive->cache_lock);
	before = drive->write_through;
	WRITE_ONCE(drive->write_through, !use);
	smp_mb();	/* pairs with smp_mb() in lba_io_written() */
	ret = use ? 0 : kcsd_lba_io_flush(drive);
	/* Undo: the host has not been told that the cache is off. */
	if (ret)
		WRITE_ONCE(drive->write_through, before);
	return ret;
}
