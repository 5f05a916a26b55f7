// SPDX-License-Identifier: GPL-2.0
/*
 * Namespace 1's LBAs for everyone who moves data: front ends and programs.
 * Counts what moved; zeroing and flushing move nothing.
 */
#define pr_fmt(fmt) "kcsd: " fmt

#include <linux/printk.h>

#include "drive.h"
#include "side.h"

/* After a power cut: who is told that something was done must find it done. */
static bool is_dead(const struct kcsd_drive *drive)
{
	return unlikely(READ_ONCE(drive->dead));
}

/* After a failed flush none may succeed, and nothing may be written upon what is lost. */
static bool refuses_writes(const struct kcsd_drive *drive)
{
	return is_dead(drive) || unlikely(READ_ONCE(drive->data_lost));
}

void kcsd_media_lose_data(struct kcsd_drive *drive, const char *what)
{
	if (!xchg(&drive->data_lost, true))
		pr_err("kcsd%u: data that was written is lost, the %s file could not be flushed: writes and flushes fail until power off\n",
		       drive->index, what);
}

static bool is_zoned(const struct kcsd_drive *drive)
{
	return drive->zones.nr;
}

/* A medium that is full has not failed, nor has one whose zones' rules were broken. */
static int kcsd_media_result(struct kcsd_drive *drive, int ret)
{
	if (ret < 0 && ret != -ENOSPC && ret != -EFAULT && ret != -EOPNOTSUPP)
		kcsd_stat_inc(drive, media_errors);
	return ret;
}

/* ret: of a write. Without the volatile cache it ends when it is durable. */
static int kcsd_media_written(struct kcsd_drive *drive, int ret)
{
	if (ret || !drive->store.volatile_cache)
		return ret;
	smp_mb();	/* pairs with that of kcsd_media_use_cache() */
	return READ_ONCE(drive->write_through) ? kcsd_side_commit(drive) : 0;
}

int kcsd_media_read(struct kcsd_drive *drive, u64 slba, struct iov_iter *iter)
{
	size_t len = iov_iter_count(iter);
	int ret;

	if (is_dead(drive))
		return -EIO;
	if (kcsd_drive_is_bad(drive, slba, len >> drive->lba_shift))
		return KCSD_SC_READ_ERROR;
	if (is_zoned(drive))
		ret = kcsd_zone_read(drive, slba, iter);
	else
		ret = drive->store.ops->read(&drive->store, slba << drive->lba_shift, iter);
	if (!ret)
		kcsd_stat_add(drive, media_read_bytes, len);
	return kcsd_media_result(drive, ret);
}

int kcsd_media_write(struct kcsd_drive *drive, u64 slba, struct iov_iter *iter)
{
	size_t len = iov_iter_count(iter);
	int ret;

	if (refuses_writes(drive))
		return -EIO;
	if (kcsd_drive_is_bad(drive, slba, len >> drive->lba_shift))
		return KCSD_SC_WRITE_FAULT;
	if (is_zoned(drive))
		ret = kcsd_zone_write(drive, slba, iter);
	else
		ret = drive->store.ops->write(&drive->store, slba << drive->lba_shift, iter);
	if (!ret)
		kcsd_stat_add(drive, media_write_bytes, len);
	return kcsd_media_result(drive, kcsd_media_written(drive, ret));
}

int kcsd_media_append(struct kcsd_drive *drive, u64 zslba, struct iov_iter *iter, u64 *lba)
{
	size_t len = iov_iter_count(iter);
	int ret;

	if (refuses_writes(drive))
		return -EIO;
	ret = kcsd_zone_append(drive, zslba, iter, lba);
	if (!ret)
		kcsd_stat_add(drive, media_write_bytes, len);
	return kcsd_media_result(drive, kcsd_media_written(drive, ret));
}

int kcsd_media_zero(struct kcsd_drive *drive, u64 slba, u64 nlb, bool unmap)
{
	int ret;

	if (refuses_writes(drive))
		return -EIO;
	if (kcsd_drive_is_bad(drive, slba, nlb))
		return KCSD_SC_WRITE_FAULT;
	if (is_zoned(drive))
		ret = kcsd_zone_zero(drive, slba, nlb, unmap);
	else
		ret = drive->store.ops->zero(&drive->store, slba << drive->lba_shift,
					     nlb << drive->lba_shift, unmap);
	return kcsd_media_written(drive, ret);
}

int kcsd_media_flush(struct kcsd_drive *drive)
{
	if (refuses_writes(drive))
		return -EIO;
	return kcsd_media_result(drive, kcsd_side_commit(drive));
}

/* Who has written already and does not see that the cache is off has its data flushed here. */
int kcsd_media_use_cache(struct kcsd_drive *drive, bool use)
{
	WRITE_ONCE(drive->write_through, !use);
	smp_mb();	/* pairs with that of kcsd_media_written() */
	return use ? 0 : kcsd_media_flush(drive);
}
