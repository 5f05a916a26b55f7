/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sectors of namespace 1, of 512 bytes, that can neither be read nor written, and those that
 * can be written but not read: two of the kernel's lists of bad blocks. The directory of the drive
 * owns them, see struct kcsd_retained.
 */
#ifndef KCSD_BADBLOCKS_H
#define KCSD_BADBLOCKS_H

#include <linux/badblocks.h>

struct kcsd_drive;
struct kcsd_retained;

/* 0 or -ENOMEM. */
int kcsd_badblocks_init(struct kcsd_retained *retained);
void kcsd_badblocks_exit(struct kcsd_retained *retained);
/*
 * "+first-last" makes sectors bad, "-first-last" good, and readable. -EINVAL; -ENOSPC: the list is
 * full, which may have a part of them.
 */
int kcsd_badblocks_store(struct kcsd_retained *retained, const char *text);
/* Print lines of first sector and length: the bad ones, then the uncorrectable ones. A page. */
ssize_t kcsd_badblocks_show(struct kcsd_retained *retained, char *page);

/* None is in it any more. */
void kcsd_badblocks_forget(struct badblocks *bad);

/*
 * One of the two lists of the drive, by LBAs. Any context.
 *
 * check: true if one of the LBAs is in it. Use kcsd_drive_is_bad(), kcsd_drive_is_uncorrectable().
 * set, clear: 0, or -ENOSPC: it is full, and may have a part of them.
 */
bool kcsd_badblocks_check(const struct kcsd_drive *drive, struct badblocks *bad, u64 slba, u64 nlb);
int kcsd_badblocks_set(const struct kcsd_drive *drive, struct badblocks *bad, u64 slba, u64 nlb);
int kcsd_badblocks_clear(const struct kcsd_drive *drive, struct badblocks *bad, u64 slba, u64 nlb);
/*
 * Will it find room? To be asked before what cannot be undone. Who sets only then, leaves entries
 * for those who clear a part of one.
 */
bool kcsd_badblocks_can_set(const struct kcsd_drive *drive, struct badblocks *bad, u64 nlb);
bool kcsd_badblocks_can_clear(const struct kcsd_drive *drive, struct badblocks *bad, u64 slba,
			      u64 nlb);

#endif
