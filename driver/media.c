// SPDX-License-Identifier: GPL-2.0
/*
 * Namespace 1's LBAs for everyone who moves data: front ends and programs.
 * Counts what moved; zeroing and flushing move nothing.
 */
#include "drive.h"
#include "side.h"

/* A medium that is full has not failed. */
static int kcsd_media_result(struct kcsd_drive *drive, int ret)
{
	if (ret && ret != -ENOSPC && ret != -EFAULT && ret != -EOPNOTSUPP)
		kcsd_stat_inc(drive, media_errors);
	return ret;
}

/* Caller's duty: the range is on the drive, iter's count a multiple of the LBA size. */
int kcsd_media_read(struct kcsd_drive *drive, u64 slba, struct iov_iter *iter)
{
	size_t len = iov_iter_count(iter);
	int ret = drive->store.ops->read(&drive->store, slba << drive->lba_shift, iter);

	if (!ret)
		kcsd_stat_add(drive, media_read_bytes, len);
	return kcsd_media_result(drive, ret);
}

int kcsd_media_write(struct kcsd_drive *drive, u64 slba, struct iov_iter *iter)
{
	size_t len = iov_iter_count(iter);
	int ret = drive->store.ops->write(&drive->store, slba << drive->lba_shift, iter);

	if (!ret)
		kcsd_stat_add(drive, media_write_bytes, len);
	return kcsd_media_result(drive, ret);
}

int kcsd_media_zero(struct kcsd_drive *drive, u64 slba, u64 nlb, bool unmap)
{
	return drive->store.ops->zero(&drive->store, slba << drive->lba_shift,
				      nlb << drive->lba_shift, unmap);
}

int kcsd_media_flush(struct kcsd_drive *drive)
{
	return kcsd_media_result(drive, kcsd_side_commit(drive));
}
