// SPDX-License-Identifier: GPL-2.0
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int file_read(const char *path, char *buf, size_t len)
{
	int fd = open(path, O_RDONLY);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, buf, len - 1);
	if (n < 0)
		n = -errno;
	close(fd);
	if (n < 0)
		return n;
	if (n && buf[n - 1] == '\n')
		n--;
	buf[n] = 0;
	return n;
}

int file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	ssize_t n;
	int ret = 0;

	if (fd < 0)
		return -errno;
	n = write(fd, text, strlen(text));
	if (n < 0)
		ret = -errno;
	else if (n != (ssize_t)strlen(text))
		ret = -EIO;
	close(fd);
	return ret;
}

__u64 file_number(const char *path)
{
	char buf[64], *end;
	__u64 v;

	if (file_read(path, buf, sizeof(buf)) <= 0)
		return ~0ULL;
	v = strtoull(buf, &end, 0);
	return *end ? ~0ULL : v;
}

int file_make(char *path, __u64 len)
{
	int fd = mkstemp(path), ret;

	if (fd < 0)
		return -errno;
	ret = ftruncate(fd, len) ? -errno : 0;
	close(fd);
	return ret;
}

void file_remove(char *path)
{
	unlink(path);
	strcat(path, ".kcsd");
	unlink(path);
}

void fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}
