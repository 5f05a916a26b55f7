// SPDX-License-Identifier: GPL-2.0
/*
 * Import iovecs like import_iovec() of the kernel, but let the caller say whether the program is a
 * 32-bit one. import_iovec() asks the task, and a worker thread of io_uring may say yes by mistake:
 * it copies the registers of its creator, and if that was in an interrupt they look like those of
 * an x32 system call.
 */
#include <linux/compat.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "host/iovec.h"

static int copy_one(struct iovec *iov, const void __user *uvec, bool compat)
{
#ifdef CONFIG_COMPAT
	struct compat_iovec c;

	if (compat) {
		if (copy_from_user(&c, uvec, sizeof(c)))
			return -EFAULT;
		*iov = (struct iovec){
			.iov_base = compat_ptr(c.iov_base),
			.iov_len = (compat_ssize_t)c.iov_len,
		};
		return 0;
	}
#endif
	return copy_from_user(iov, uvec, sizeof(*iov)) ? -EFAULT : 0;
}

/* Copy nr iovecs from uvec. Sets *total to their bytes, which are `most` at most. */
static int copy_all(struct iovec *iov, const void __user *uvec, u32 nr, bool compat, size_t most,
		    size_t *total)
{
	size_t size = compat ? 2 * sizeof(u32) : sizeof(*iov);
	int ret;

	for (*total = 0; nr; nr--, iov++, uvec += size) {
		ret = copy_one(iov, uvec, compat);
		if (ret)
			return ret;
		if ((ssize_t)iov->iov_len < 0)
			return -EINVAL;
		if (!access_ok(iov->iov_base, iov->iov_len))
			return -EFAULT;
		iov->iov_len = min(iov->iov_len, most - *total);
		*total += iov->iov_len;
	}
	return 0;
}

int kcsd_import_iovec(int dir, const void __user *uvec, u32 nr, bool compat, size_t most,
		      struct iovec **iov, struct iov_iter *iter)
{
	struct iovec *v = *iov, *copy = NULL;
	size_t total;
	int ret;

	*iov = NULL;
	if (nr > UIO_MAXIOV)
		return -EINVAL;
	if (nr > UIO_FASTIOV) {
		v = copy = kmalloc_array(nr, sizeof(*v), GFP_KERNEL_ACCOUNT);
		if (!copy)
			return -ENOMEM;
	}
	ret = copy_all(v, uvec, nr, compat, most, &total);
	if (ret) {
		kfree(copy);
		return ret;
	}
	if (nr == 1)
		iov_iter_ubuf(iter, dir, v->iov_base, total);
	else
		iov_iter_init(iter, dir, v, nr, total);
	*iov = copy;
	return 0;
}
