/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sectors of namespace 1, of 512 bytes, that can neither be read nor written: the kernel's
 * list of bad blocks. A drive's directory owns it, see struct kcsd_life.
 */
#ifndef KCSD_BADBLOCKS_H
#define KCSD_BADBLOCKS_H

#include <linux/badblocks.h>

struct kcsd_drive;

/* 0 or -ENOMEM. */
int kcsd_badblocks_init(struct badblocks *bad);
void kcsd_badblocks_exit(struct badblocks *bad);
/*
 * "+first-last" makes sectors bad, "-first-last" good. -EINVAL; -ENOSPC: the list is full, which
 * may have a part of them.
 */
int kcsd_badblocks_store(struct badblocks *bad, const char *text);
/* Lines of first sector and length; a page. */
ssize_t kcsd_badblocks_show(struct badblocks *bad, char *page);

/* Is one of these LBAs bad? Use kcsd_drive_is_bad(). Any context. */
bool kcsd_badblocks_check(struct kcsd_drive *drive, u64 slba, u64 nlb);

#endif
