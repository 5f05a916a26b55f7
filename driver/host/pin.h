/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A command's buffer as pages that stay where they are. They are pinned before the drive is
 * entered: pinning waits for the user's memory for as long as that likes (userfaultfd, a file of
 * FUSE), and power off waits for commands. Whatever is then moved touches no user address.
 */
#ifndef KCSD_PIN_H
#define KCSD_PIN_H

#include <linux/bvec.h>
#include <linux/uio.h>

#define KCSD_PIN_FEW	17	/* pages for which nothing is allocated: 64 KiB, not aligned */

struct kcsd_pinned {
	struct iov_iter all;	/* the whole buffer, of bvecs */
	unsigned int nr;	/* pages to be unpinned */
	struct bio_vec *bvec;	/* few, or allocated */
	struct bio_vec few[KCSD_PIN_FEW];
};

/*
 * Make data, of user memory or of a registered buffer, an iterator over pages, until kcsd_unpin().
 * Sleeps. 0, -EFAULT or -ENOMEM: then there is nothing to undo.
 */
int kcsd_pin(struct kcsd_pinned *p, struct iov_iter *data);
/* For a command that has no data. */
void kcsd_pin_nothing(struct kcsd_pinned *p);
/*
 * Let go of the pages. moved: those of a destination may have been written to; they become dirty,
 * which may sleep: hold nothing.
 */
void kcsd_unpin(struct kcsd_pinned *p, bool moved);

#endif
