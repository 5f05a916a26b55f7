// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Files that programs write, as far as they need no drive: the lease, refusals, pages, times. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "file_map.h"
#include "scratch.h"
#include "tap.h"

static struct kcsd_error err;

static int reopen(int flags)
{
	return open("file", flags | O_CLOEXEC);
}

static void test_lease(int fd)
{
	int other = reopen(O_RDONLY);
	void *page;

	IS(kcsd_file_lease(fd, &err), -EBUSY, "lease: the file is open twice");
	SAYS(err.text, "open elsewhere");
	close(other);
	IS(kcsd_file_lease(fd, &err), 0, "lease: it is open once");
	OK(fcntl(fd, F_GETSIG) != 0 && !fcntl(fd, F_GETOWN), "lease: no signal ends the process");
	OK(!kcsd_file_is_wanted(fd), "lease: nobody wants the file");
	IS(reopen(O_RDONLY | O_NONBLOCK), -1, "lease: nobody opens it");
	IS(errno, EWOULDBLOCK, "lease: but would have to wait");
	OK(kcsd_file_is_wanted(fd), "lease: then the file is wanted");
	kcsd_file_unlease(fd);
	other = reopen(O_RDONLY | O_NONBLOCK);
	OK(other >= 0, "lease: once it is given up, the file can be opened");
	close(other);
	OK(kcsd_file_is_wanted(fd), "lease: one that is gone counts as wanted");
	IS(fcntl(fd, F_GETSIG), 0, "lease: the signal is as it was");
	/* A mapping keeps the file open, also when its descriptor is closed. */
	other = reopen(O_RDONLY);
	page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, other, 0);

	close(other);
	IS(kcsd_file_lease(fd, &err), -EBUSY, "lease: the file is mapped to memory");
	munmap(page, 4096);
	IS(kcsd_file_lease(fd, &err), 0, "lease: it is no longer");
	kcsd_file_unlease(fd);
	if (geteuid() || seteuid(65534))
		return;
	IS(kcsd_file_lease(fd, &err), -EACCES, "lease: the file is of another user");
	SAYS(err.text, "only the owner of the file");
	OK(!seteuid(0), "lease: root again");
}

static void test_refusals(void)
{
	struct kcsd_file_device dev = { .name = "kcsd0n1" };
	static const struct { int flags; const char *what; } wrong[] = {
		{ O_RDONLY, "open for reading only" }, { O_WRONLY, "open for writing only" },
		{ O_RDWR | O_APPEND, "open for appending" },
	};
	size_t i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		fd = reopen(wrong[i].flags);
		IS(kcsd_file_is_writable(fd, &dev, &err), -EBADF, "%s", wrong[i].what);
		SAYS(err.text, "not open for reading and writing");
		close(fd);
	}
	IS(kcsd_file_is_writable(-1, &dev, &err), -EBADF, "no descriptor");
	fd = reopen(O_RDWR);
	dev.zoned = true;
	IS(kcsd_file_is_writable(fd, &dev, &err), -EOPNOTSUPP, "on a zoned drive");
	SAYS(err.text, "/dev/kcsd0n1 is zoned");
	close(fd);
	IS(kcsd_btrfs_write(fd, &err), -EOPNOTSUPP, "btrfs");
	SAYS(err.text, "balance");
}

static void test_touch(int fd)
{
	const struct timespec old[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };
	struct stat st;

	OK(!futimens(fd, old) && !fstat(fd, &st) && st.st_mtim.tv_sec == 1, "times: an old file");
	IS(kcsd_file_touch(fd, &err), 0, "times: touch");
	OK(!fstat(fd, &st) && st.st_mtim.tv_sec > 1, "times: it is a new one");
}

int main(void)
{
	int fd;

	if (!scratch_begin())
		return tap_end();
	put("file", "some text");
	fd = reopen(O_RDWR);
	test_lease(fd);
	test_refusals();
	test_touch(fd);
	close(fd);
	scratch_end();
	return tap_end();
}
