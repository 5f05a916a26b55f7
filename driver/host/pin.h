/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pin the buffer of a command as pages. Pages are pinned before the drive is entered: pinning may
 * wait for user memory without limit (userfaultfd, a file of FUSE), and power off waits for
 * commands. Moving data then accesses no user address.
 */
#ifndef KCSD_PIN_H
#define KCSD_PIN_H

#include <linux/bvec.h>
#include <linux/uio.h>

#define KCSD_PIN_FEW	17	/* pages that need no allocation: 64 KiB, not aligned */

struct kcsd_pinned {
	struct iov_iter all;	/* whole buffer, of bvecs */
	unsigned int nr;	/* pages to unpin */
	struct bio_vec *bvec;	/* few, or allocated */
	struct bio_vec few[KCSD_PIN_FEW];
};

/*
 * Make data, an iterator over user memory or a registered buffer, an iterator over pinned pages. It
 * is valid until kcsd_unpin(). Sleeps. Returns 0; or -EFAULT, -ENOMEM, or
 * -EINTR (killed), with nothing to undo.
 */
int kcsd_pin(struct kcsd_pinned *p, struct iov_iter *data);
/* Initialise p for a command without data. */
void kcsd_pin_nothing(struct kcsd_pinned *p);
/*
 * Unpin the pages. moved: the pages of a destination may have been written, so mark them dirty. May
 * sleep: call without locks.
 */
void kcsd_unpin(struct kcsd_pinned *p, bool moved);

#endif
