/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Read and write LBAs of namespace 1, and count. On a zoned drive the rules of zones are enforced
 * here, for the block node, commands and programs alike.
 *
 * All return 0, -errno, or a positive NVMe status (KCSD_SC_*). The caller has made sure that the
 * LBAs are on the drive and that the count of an iterator is a multiple of the LBA size. May sleep
 * if store.ops->blocking. While Format or Sanitize has closed lbas->gate, all return its status.
 */
#ifndef KCSD_LBA_IO_H
#define KCSD_LBA_IO_H

#include <linux/nvme.h>
#include <linux/sizes.h>
#include <linux/types.h>
#include <linux/uio.h>
#include <linux/kcsd.h>

struct kcsd_lbas;
struct kcsd_watch;

int kcsd_lba_io_read(struct kcsd_lbas *lbas, u64 slba, struct iov_iter *iter);
/* Read without waiting, see kcsd_store_ops.read_now. Does not count on -EAGAIN or -EFAULT. */
int kcsd_lba_io_read_now(struct kcsd_lbas *lbas, u64 slba, struct iov_iter *iter);
/* Write. In a sequential zone: only at its write pointer, and not past its capacity. */
int kcsd_lba_io_write(struct kcsd_lbas *lbas, u64 slba, struct iov_iter *iter);
/*
 * Write in place: a part of one LBA, or whole LBAs. Nobody else changes them between the look at
 * the watch and the write, and of two edits of one LBA each keeps the bytes of the other. Not on a
 * zoned drive. Returns KCSD_SC_PROGRAM_CHANGED, and writes nothing, if the watch has tripped.
 */
struct kcsd_lba_edit {
	u64 slba;
	u32 head;		/* first byte within slba; 0 for whole LBAs */
	u32 len;		/* bytes; of parts: to the end of slba at most */
	const void *buf;
	void *bounce;		/* memory of one LBA, zero before and after */
	const struct kcsd_watch *watch;		/* the LBAs are in it; NULL: none */
};
int kcsd_lba_io_edit(struct kcsd_lbas *lbas, const struct kcsd_lba_edit *edit);
/* Bytes of whole LBAs that one edit may have: others wait for it, without sleep on some stores. */
#define KCSD_EDIT_BYTES	SZ_4K
#define KCSD_EDIT_BYTES_BLOCKING	SZ_64K
/*
 * Append at the write pointer of the zone that begins with zslba, in one piece. Sets *lba to the
 * first LBA written. The drive must be zoned.
 */
int kcsd_lba_io_append(struct kcsd_lbas *lbas, u64 zslba, struct iov_iter *iter, u64 *lba);
/* Zero LBAs. Return -EOPNOTSUPP in sequential zones. */
int kcsd_lba_io_zero(struct kcsd_lbas *lbas, u64 slba, u64 nlb, bool unmap);
/*
 * Make LBAs unreadable until they are written; that write is then durable. Call
 * kcsd_lba_io_validate_uncorrectable() before any other change for this: it returns -ENOSPC if too
 * many LBAs are unreadable already.
 */
int kcsd_lba_io_validate_uncorrectable(struct kcsd_lbas *lbas, u64 nlb);
int kcsd_lba_io_make_uncorrectable(struct kcsd_lbas *lbas, u64 slba, u64 nlb);
int kcsd_lba_io_flush(struct kcsd_lbas *lbas);
/* See kcsd_zone_manage(), kcsd_zone_manage_all(). LBAs of a zone that is reset become readable. */
int kcsd_lba_io_manage_zone(struct kcsd_lbas *lbas, u64 zslba, enum nvme_zone_mgmt_action action);
int kcsd_lba_io_manage_all_zones(struct kcsd_lbas *lbas, enum nvme_zone_mgmt_action action);
/*
 * Turn the volatile write cache, which must exist, on or off. When turning it off returns 0, all
 * written data is durable, and from now on a write completes when it is durable. On failure nothing
 * changes. Sleeps.
 */
int kcsd_lba_io_use_cache(struct kcsd_lbas *lbas, bool use);

/*
 * Declare that written data, or its record in the sidecar, is lost. Writes and flushes fail until
 * power off. The first call logs it; what names the file.
 */
void kcsd_lba_io_lose_data(struct kcsd_lbas *lbas, const char *what);

/* Return true if the store has no room. That is not a media error. */
static inline bool kcsd_lba_io_is_full(int ret)
{
	return ret == -ENOSPC || ret == -EDQUOT;
}

/* Convert a result of these functions to a status. otherwise: status of errors that have none. */
static inline int kcsd_lba_io_status(int ret, int otherwise)
{
	if (ret >= 0)
		return ret;
	return kcsd_lba_io_is_full(ret) ? KCSD_SC_CAPACITY_EXCEEDED : otherwise;
}

#endif
