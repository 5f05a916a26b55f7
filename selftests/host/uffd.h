/* SPDX-License-Identifier: GPL-2.0 */
/*
 * User memory with pages that are not present until uffd_let_go(): a task that touches one waits.
 */
#ifndef KST_UFFD_H
#define KST_UFFD_H

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "slow.h"

#define UFFD_WAIT_MS	(60000 * time_slow())	/* limit that only a hang exceeds */

struct uffd {
	int fd;
	char *mem;
	size_t len;
};

#define UFFD_INIT { .fd = -1 }

/* Map len bytes, whole pages. Returns 0 or -errno. */
static inline int uffd_open(struct uffd *u, size_t len)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	u->fd = syscall(__NR_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (u->fd < 0)
		return -errno;
	u->len = len;
	u->mem = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (u->mem == MAP_FAILED)
		return -errno;
	reg.range.start = (unsigned long)u->mem;
	reg.range.len = len;
	/* EINVAL: the kernel was built without huge pages. */
	if (madvise(u->mem, len, MADV_NOHUGEPAGE) && errno != EINVAL)
		return -errno;
	if (ioctl(u->fd, UFFDIO_API, &api) || ioctl(u->fd, UFFDIO_REGISTER, &reg))
		return -errno;
	return 0;
}

/* Wait for the next access to a missing page. Returns its byte offset, or a negative number. */
static inline long uffd_wait(struct uffd *u)
{
	struct pollfd p = { .fd = u->fd, .events = POLLIN };
	struct uffd_msg msg;

	if (poll(&p, 1, UFFD_WAIT_MS) != 1)
		return -ETIME;
	if (read(u->fd, &msg, sizeof(msg)) != sizeof(msg) || msg.event != UFFD_EVENT_PAGEFAULT)
		return -EIO;
	return (char *)(unsigned long)msg.arg.pagefault.address - u->mem;
}

/* Give zeroes to all waiting tasks, and let them continue. */
static inline void uffd_let_go(struct uffd *u)
{
	if (u->fd >= 0)
		close(u->fd);
	u->fd = -1;
}

static inline void uffd_close(struct uffd *u)
{
	uffd_let_go(u);
	if (u->mem && u->mem != MAP_FAILED)
		munmap(u->mem, u->len);
	u->mem = NULL;
}

#endif
