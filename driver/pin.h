/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The whole of a command's buffer at once, as a medium takes it. For writes that must not fall
 * apart: those to zones, where each part would have a write pointer of its own.
 */
#ifndef KCSD_PIN_H
#define KCSD_PIN_H

#include <linux/bvec.h>
#include <linux/uio.h>

#define KCSD_PIN_FEW	16	/* pages for which nothing is allocated */

struct kcsd_pinned {
	struct iov_iter iter;	/* of bvecs, ITER_SOURCE */
	unsigned int nr;
	bool pinned;		/* the pages are to be unpinned */
	struct bio_vec *bvec;	/* few, or allocated */
	struct bio_vec few[KCSD_PIN_FEW];
};

/* data, which is used up, is a source. 0, -EFAULT or -ENOMEM: then there is nothing to undo. */
int kcsd_pin(struct kcsd_pinned *p, struct iov_iter *data);
void kcsd_unpin(struct kcsd_pinned *p);

#endif
