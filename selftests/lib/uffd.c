// SPDX-License-Identifier: GPL-2.0
#include "uffd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

int uffd_open(struct uffd *u, size_t len)
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

long uffd_wait(struct uffd *u)
{
	struct pollfd p = { .fd = u->fd, .events = POLLIN };
	struct uffd_msg msg;

	if (poll(&p, 1, UFFD_WAIT_MS) != 1)
		return -ETIME;
	if (read(u->fd, &msg, sizeof(msg)) != sizeof(msg) || msg.event != UFFD_EVENT_PAGEFAULT)
		return -EIO;
	return (char *)(unsigned long)msg.arg.pagefault.address - u->mem;
}

void uffd_let_go(struct uffd *u)
{
	if (u->fd >= 0)
		close(u->fd);
	u->fd = -1;
}

void uffd_close(struct uffd *u)
{
	uffd_let_go(u);
	if (u->mem && u->mem != MAP_FAILED)
		munmap(u->mem, u->len);
	u->mem = NULL;
}
