/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fill LBAs with a tag and, in all following words, values that depend only on the tag: parts of
 * two writes in one LBA are then detected. Tag 0 is an LBA of zeroes.
 */
#ifndef KST_STAMP_H
#define KST_STAMP_H

#include <linux/types.h>
#include <stdbool.h>

#define STAMP_LBA	4096u
#define STAMP_WORDS	(STAMP_LBA / sizeof(__u64))

void stamp_fill(__u64 *lba, __u64 tag);

/* True if the LBA holds one stamp only. Stores its tag in *tag, whatever is returned. */
bool stamp_read(const __u64 *lba, __u64 *tag);

#endif
