/* SPDX-License-Identifier: GPL-2.0 */
/* Everything that differs between kernels 6.12 and 7.2; nothing else names a version. */
#ifndef KCSD_COMPAT_H
#define KCSD_COMPAT_H

#include <linux/io_uring/cmd.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
#error "kcsd needs Linux 6.12 or newer"
#endif

/* Finish a passthrough command: status or -errno, 64-bit result for CQE32 rings. */
static inline void kcsd_uring_done(struct io_uring_cmd *ioucmd, int status, u64 result,
				   unsigned int issue_flags)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 18, 0)
	io_uring_cmd_done(ioucmd, status, result, issue_flags);
#else
	if (issue_flags & IO_URING_F_CQE32)
		io_uring_cmd_done32(ioucmd, status, result, issue_flags);
	else
		io_uring_cmd_done(ioucmd, status, issue_flags);
#endif
}

/* Let the block layer merge requests; since 6.14 it always does. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 14, 0)
#define KCSD_BLK_MQ_FLAGS	BLK_MQ_F_SHOULD_MERGE
#else
#define KCSD_BLK_MQ_FLAGS	0
#endif

#endif
