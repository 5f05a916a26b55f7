/* SPDX-License-Identifier: GPL-2.0 */
/* The pieces of a vectored command's buffer, in user memory. */
#ifndef KCSD_IOVEC_H
#define KCSD_IOVEC_H

#include <linux/types.h>

#include "nvme/identify.h"

/* One byte more than any command takes is enough to have it refused for that. */
#define KCSD_IMPORT_MAX	(KCSD_MAX_TRANSFER + 1)

struct iovec;
struct iov_iter;

/*
 * An iterator over them, up to KCSD_IMPORT_MAX bytes; dir: ITER_SOURCE, ITER_DEST. nr iovecs are at
 * uvec, as 32-bit programs have them if compat. *iov is the caller's array of UIO_FASTIOV, and
 * afterwards what to kfree().
 * 0, -EINVAL (more than UIO_MAXIOV, a negative length), -EFAULT, -ENOMEM.
 */
int kcsd_import_iovec(int dir, const void __user *uvec, u32 nr, bool compat, struct iovec **iov,
		      struct iov_iter *iter);

#endif
