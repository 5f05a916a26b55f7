/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bad sectors of namespace 1, in units of 512 bytes: those that can neither be read nor written,
 * and those that can be written but not read. Each is a badblocks list of the kernel. The configfs
 * directory of the drive owns them, see struct kcsd_lbas_retained.
 */
#ifndef KCSD_BADBLOCKS_H
#define KCSD_BADBLOCKS_H

#include <linux/badblocks.h>

struct kcsd_lbas;
struct kcsd_lbas_retained;

/* Return 0 or -ENOMEM. */
int kcsd_badblocks_init(struct kcsd_lbas_retained *retained);
void kcsd_badblocks_exit(struct kcsd_lbas_retained *retained);
/*
 * Apply "+first-last": make sectors bad; or "-first-last": make sectors good and readable. Return
 * 0; -EINVAL; -ENOSPC: the list is full, and a part of the range may have changed.
 */
int kcsd_badblocks_store(struct kcsd_lbas_retained *retained, const char *text);
/*
 * Print lines of first sector and length: the bad sectors, then the uncorrectable ones. page has
 * KCSD_CONFIGFS_LEN bytes. Return the length or -ENOMEM.
 */
ssize_t kcsd_badblocks_show(struct kcsd_lbas_retained *retained, char *page);

/* Remove all entries. */
void kcsd_badblocks_forget(struct badblocks *bad);

/*
 * Use one of the two lists of the drive, by LBAs. Any context.
 *
 * contain: true if one of the LBAs is in the list. Call kcsd_lbas_are_bad() or
 * kcsd_lbas_are_uncorrectable() instead.
 *
 * set, clear: return 0; -ENOSPC: the list is full, and a part of the range may have changed.
 */
bool kcsd_badblocks_contain(const struct kcsd_lbas *lbas, struct badblocks *bad, u64 slba, u64 nlb);
int kcsd_badblocks_set(const struct kcsd_lbas *lbas, struct badblocks *bad, u64 slba, u64 nlb);
int kcsd_badblocks_clear(const struct kcsd_lbas *lbas, struct badblocks *bad, u64 slba, u64 nlb);
/*
 * Return true if the list has room for the change. Call before a change that cannot be undone. If
 * callers set LBAs only after a true result, entries stay free for clears that split one.
 */
bool kcsd_badblocks_can_set(const struct kcsd_lbas *lbas, struct badblocks *bad, u64 nlb);
bool kcsd_badblocks_can_clear(const struct kcsd_lbas *lbas, struct badblocks *bad, u64 slba,
			      u64 nlb);

#endif
