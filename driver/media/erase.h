/* SPDX-License-Identifier: GPL-2.0 */
/* Erasing the whole medium of namespace 1, for Format NVM and Sanitize. */
#ifndef KCSD_ERASE_H
#define KCSD_ERASE_H

#include <linux/types.h>

struct kcsd_drive;

struct kcsd_erase {
	u32 passes;		/* of overwriting; 0: none */
	u32 pattern;		/* that they write, a little-endian number over and over */
	bool invert;		/* the pattern, from one pass to the next */
	bool keep;		/* what was written last; else all is deallocated at the end */

	bool (*stopped)(void *ctx);	/* asked before each piece */
	/* share: of 65536, of all the work. NULL: nobody wants to know. */
	void (*progress)(void *ctx, u32 passes, u32 share);
	void *ctx;
};

/*
 * Erase all LBAs, reset the zones that can be, make it durable; what Write Uncorrectable has made
 * of LBAs is forgotten. The caller has closed drive->gate, and nobody is inside. Sleeps, in pieces.
 * 0, -errno; -ECANCELED: stopped, and a part is erased.
 */
int kcsd_erase(struct kcsd_drive *drive, const struct kcsd_erase *e);

#endif
