// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* A file that programs write in place: refuse others, keep openers out, let readers see it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/fs.h>

#include "file_map.h"

#define DROP_TRIES	20

static int validate_flags(int fd, struct kcsd_error *err)
{
	int flags;

	if (ioctl(fd, FS_IOC_GETFLAGS, &flags))
		return kcsd_error_set(err, -errno, "flags of the file: %s", strerror(errno));
	if (flags & FS_IMMUTABLE_FL)
		return kcsd_error_set(err, -EPERM, "the file is immutable: use chattr -i");
	if (flags & FS_APPEND_FL)
		return kcsd_error_set(err, -EPERM, "the file is append-only: use chattr -a");
	return 0;
}

int kcsd_file_is_writable(int fd, const struct kcsd_file_device *dev, struct kcsd_error *err)
{
	int ret, flags = fcntl(fd, F_GETFL);
	const struct kcsd_file_type *type;

	if (flags < 0 || (flags & O_ACCMODE) != O_RDWR || flags & O_APPEND)
		return kcsd_error_set(err, -EBADF, "the file is not open for reading and writing");
	if (dev->zoned)
		return kcsd_error_set(err, -EOPNOTSUPP, "/dev/%s is zoned: no file on it can be "
				      "written in place", dev->name);
	ret = kcsd_file_type_find(fd, &type, err);
	if (!ret && type->write)
		ret = type->write(fd, err);
	return ret ? ret : validate_flags(fd, err);
}

/* ---- the lease ---- */

int kcsd_file_lease(int fd, struct kcsd_error *err)
{
	/* Nobody waits for a signal. SIGIO, which the kernel would send, ends a process. */
	fcntl(fd, F_SETSIG, SIGURG);
	if (!fcntl(fd, F_SETLEASE, F_WRLCK)) {
		fcntl(fd, F_SETOWN, 0);
		return 0;
	}
	if (errno == EAGAIN || errno == EBUSY)
		return kcsd_error_set(err, -EBUSY, "the file is open elsewhere: a program that writes "
				      "must be alone with it");
	if (errno == EACCES)
		return kcsd_error_set(err, -EACCES, "only the owner of the file, or root, can have "
				      "programs write it");
	return kcsd_error_set(err, -errno, "no lease on the file: %s", strerror(errno));
}

void kcsd_file_unlease(int fd)
{
	fcntl(fd, F_SETLEASE, F_UNLCK);
	fcntl(fd, F_SETSIG, 0);
}

bool kcsd_file_is_wanted(int fd)
{
	return fcntl(fd, F_GETLEASE) != F_WRLCK;
}

/* ---- pages and times ---- */

int kcsd_file_drop(int fd, struct kcsd_error *err)
{
	uint64_t left = 0;
	int i, ret = 0;

	/* A page that a CPU has not put on its list yet stays the first time. */
	for (i = 0; i < DROP_TRIES; i++) {
		ret = -posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
		if (ret)
			return kcsd_error_set(err, ret, "fadvise: %s", strerror(-ret));
		ret = kcsd_file_cached(fd, &left, err);
		if (ret || !left)
			return ret;
	}
	return kcsd_error_set(err, -EBUSY, "%" PRIu64 " pages of the file stay in the cache: they "
			      "are mapped or locked in memory", left);
}

int kcsd_file_touch(int fd, struct kcsd_error *err)
{
	if (futimens(fd, NULL))
		return kcsd_error_set(err, -errno, "times of the file: %s", strerror(errno));
	return kcsd_file_sync(fd, err);
}
