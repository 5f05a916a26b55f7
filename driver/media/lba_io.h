/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Namespace 1's LBAs for everyone who moves data, with counting. On a zoned drive the
 * rules of zones hold here, whoever comes: the block node, commands, programs.
 *
 * All return 0, -errno, or a positive NVMe status (KCSD_SC_*). The LBAs are on the drive and an
 * iterator's count is a multiple of the LBA size: the caller has seen to both. May sleep if
 * store.ops->blocking. While Format or Sanitize have closed drive->gate, their status.
 */
#ifndef KCSD_LBA_IO_H
#define KCSD_LBA_IO_H

#include <linux/nvme.h>
#include <linux/types.h>
#include <linux/uio.h>
#include <linux/kcsd.h>

struct kcsd_drive;

int kcsd_lba_io_read(struct kcsd_drive *drive, u64 slba, struct iov_iter *iter);
/* As kcsd_store_ops.read_now: -EAGAIN, -EFAULT: nothing is counted. */
int kcsd_lba_io_read_now(struct kcsd_drive *drive, u64 slba, struct iov_iter *iter);
/* In a sequential zone: only at its write pointer, and not past its capacity. */
int kcsd_lba_io_write(struct kcsd_drive *drive, u64 slba, struct iov_iter *iter);
/*
 * At the write pointer of the zone that begins with zslba, in one piece. *lba: where it went.
 * The drive is zoned.
 */
int kcsd_lba_io_append(struct kcsd_drive *drive, u64 zslba, struct iov_iter *iter, u64 *lba);
/* Reads as zeroes from now on. Not in sequential zones: -EOPNOTSUPP. */
int kcsd_lba_io_zero(struct kcsd_drive *drive, u64 slba, u64 nlb, bool unmap);
/*
 * Cannot be read from now on, until they are written; then they are durable, too. To be checked
 * before anything else is done for it: -ENOSPC: of too many LBAs that is so already.
 */
int kcsd_lba_io_check_uncorrectable(struct kcsd_drive *drive, u64 nlb);
int kcsd_lba_io_make_uncorrectable(struct kcsd_drive *drive, u64 slba, u64 nlb);
int kcsd_lba_io_flush(struct kcsd_drive *drive);
/* kcsd_zone_manage(), kcsd_zone_manage_all(). Zones' LBAs that are reset can be read again. */
int kcsd_lba_io_manage_zone(struct kcsd_drive *drive, u64 zslba, enum nvme_zone_mgmt_action action);
int kcsd_lba_io_manage_all_zones(struct kcsd_drive *drive, enum nvme_zone_mgmt_action action);
/*
 * Use the volatile write cache, of which there is one, or not: then all that was written is durable
 * when this returns 0, and from now on what is written when its write has ended. Otherwise all is as
 * it was. It sleeps.
 */
int kcsd_lba_io_use_cache(struct kcsd_drive *drive, bool use);

/*
 * Written data, or what the sidecar should say of it, is lost. From now on until power off what
 * writes or flushes fails. The first call says so in the kernel log. what: the file.
 */
void kcsd_lba_io_lose_data(struct kcsd_drive *drive, const char *what);

/* A medium without room for more has not failed. */
static inline bool kcsd_lba_io_is_full(int ret)
{
	return ret == -ENOSPC || ret == -EDQUOT;
}

/* The status of what these return; otherwise: of errors that have none of their own. */
static inline int kcsd_lba_io_status(int ret, int otherwise)
{
	if (ret >= 0)
		return ret;
	return kcsd_lba_io_is_full(ret) ? KCSD_SC_CAPACITY_EXCEEDED : otherwise;
}

#endif
