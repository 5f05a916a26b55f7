// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Access a sidecar through a file descriptor. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "private.h"
#include "sidecar.h"

static int to_fd(struct kcsd_sidecar_io *io)
{
	return ((struct kcsd_sidecar_fd *)io)->fd;
}

static int fd_read(struct kcsd_sidecar_io *io, u64 pos, void *to, u32 len)
{
	while (len) {
		ssize_t done = pread(to_fd(io), to, len, pos);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return done ? -errno : -EIO;
		to = (char *)to + done;
		pos += done;
		len -= done;
	}
	return 0;
}

static int fd_write(struct kcsd_sidecar_io *io, u64 pos, const void *from, u32 len)
{
	while (len) {
		ssize_t done = pwrite(to_fd(io), from, len, pos);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return done ? -errno : -EIO;
		from = (const char *)from + done;
		pos += done;
		len -= done;
	}
	return 0;
}

static int fd_sync(struct kcsd_sidecar_io *io)
{
	return fsync(to_fd(io)) ? -errno : 0;
}

static u64 fd_skip(struct kcsd_sidecar_io *io, u64 pos)
{
	off_t data = lseek(to_fd(io), pos, SEEK_DATA);

	if (data >= 0)
		return data;
	/* Only a hole follows: return a position beyond all data. */
	return errno == ENXIO ? UINT64_MAX : pos;
}

static u64 fd_random(struct kcsd_sidecar_io *io)
{
	u64 random;

	(void)io;
	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		abort();
	return random;
}

int kcsd_sidecar_path(const char *path, char sidecar[PATH_MAX])
{
	size_t len = strlen(path), suffix = strlen(KCSD_SIDECAR_SUFFIX);
	bool has = len > suffix && !strcmp(path + len - suffix, KCSD_SIDECAR_SUFFIX);

	if (snprintf(sidecar, PATH_MAX, "%s%s", path, has ? "" : KCSD_SIDECAR_SUFFIX) >= PATH_MAX)
		return -ENAMETOOLONG;
	return 0;
}

int kcsd_sidecar_fd_open(struct kcsd_sidecar_fd *f, const char *path, int flags, uint64_t *len)
{
	struct stat st;

	f->io = (struct kcsd_sidecar_io){
		.read = fd_read, .write = fd_write, .sync = fd_sync,
		.skip = fd_skip, .random = fd_random,
	};
	/* O_NONBLOCK: do not wait for the other end if it is a pipe. */
	f->fd = open(path, flags | O_CLOEXEC | O_NONBLOCK, 0600);
	if (f->fd < 0)
		return -errno;
	if (!fstat(f->fd, &st) && S_ISREG(st.st_mode)) {
		*len = st.st_size;
		return 0;
	}
	close(f->fd);
	return -EINVAL;
}

void kcsd_sidecar_fd_close(struct kcsd_sidecar_fd *f)
{
	close(f->fd);
}
