/* SPDX-License-Identifier: GPL-2.0 */
/* Import the iovecs of a vectored command from user memory. */
#ifndef KCSD_IOVEC_H
#define KCSD_IOVEC_H

#include <linux/types.h>

struct iovec;
struct iov_iter;

/*
 * Make iter an iterator over the nr iovecs at uvec, for `most` bytes at most. dir:
 * ITER_SOURCE or ITER_DEST. compat: the iovecs have the layout of 32-bit programs. *iov is an array
 * of UIO_FASTIOV owned by the caller, which must live as long as iter; on return it is the pointer
 * that the caller must kfree().
 * Returns 0, -EINVAL (more than UIO_MAXIOV iovecs, a negative length), -EFAULT, or -ENOMEM.
 */
int kcsd_import_iovec(int dir, const void __user *uvec, u32 nr, bool compat, size_t most,
		      struct iovec **iov, struct iov_iter *iter);

#endif
