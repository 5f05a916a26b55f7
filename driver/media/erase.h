/* SPDX-License-Identifier: GPL-2.0 */
/* Erase the whole store of namespace 1, for Format NVM and Sanitize. */
#ifndef KCSD_ERASE_H
#define KCSD_ERASE_H

#include <linux/types.h>

struct kcsd_lbas;

struct kcsd_erase {
	u32 passes;		/* overwrite so many times; 0: not at all */
	u32 pattern;		/* written over and over, as a little-endian number */
	bool invert;		/* invert the pattern from one pass to the next */
	bool keep;		/* keep the data of the last pass; else deallocate all at the end */

	bool (*stopped)(void *ctx);	/* called before each piece; true: stop */
	/* Report finished passes and the share of all work, of 65536. May be NULL. */
	void (*progress)(void *ctx, u32 passes, u32 share);
	void *ctx;
};

/*
 * Erase all LBAs, reset the zones that can be reset, make all durable, and make the LBAs readable
 * that Write Uncorrectable has marked. The caller has closed lbas->gate and waited until it was
 * empty. Works in pieces; sleeps. Return 0; -ECANCELED: stopped, and a part is erased; other
 * -errno.
 */
int kcsd_erase(struct kcsd_lbas *lbas, const struct kcsd_erase *e);

#endif
