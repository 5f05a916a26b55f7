// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Read and write small files, and list directories, of sysfs and configfs. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "private.h"

ssize_t kcsd_file_read_fd(int fd, char *buf, size_t len)
{
	size_t have = 0;
	ssize_t n;

	while (have < len) {
		n = read(fd, buf + have, len - have);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		have += n;
	}
	return have;
}

int kcsd_file_read(const char *path, char *buf, size_t len)
{
	ssize_t n;
	int fd;

	if (!len)
		return -ERANGE;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = kcsd_file_read_fd(fd, buf, len);
	close(fd);
	if (n < 0)
		return n;
	if (n && buf[n - 1] == '\n')
		n--;
	if ((size_t)n == len)
		return -ERANGE;
	buf[n] = '\0';
	return 0;
}

int kcsd_file_write(const char *path, const char *text)
{
	size_t len = strlen(text);
	ssize_t n;
	int fd, ret;

	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* One write is one value, so a partial write is an error. */
	n = write(fd, text, len);
	ret = n < 0 ? -errno : (size_t)n < len ? -EIO : 0;
	close(fd);
	return ret;
}

int kcsd_number_parse(const char *text, uint64_t *value)
{
	uint64_t v = 0;
	const char *p;

	for (p = text; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*p - '0'), &v))
			return -EINVAL;
	if (p == text || *p)
		return -EINVAL;
	*value = v;
	return 0;
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static bool is_wanted(const char *path, unsigned int what)
{
	struct stat st;
	int ret = what & KCSD_WALK_LINKS ? stat(path, &st) : lstat(path, &st);

	if (ret)
		return false;
	return (S_ISDIR(st.st_mode) && what & KCSD_WALK_DIRS) ||
	       (S_ISREG(st.st_mode) && what & KCSD_WALK_FILES);
}

int kcsd_dir_walk(const char *path, unsigned int what,
		  int (*fn)(const char *path, const char *name, void *arg), void *arg)
{
	struct dirent **entries;
	char child[PATH_MAX];
	int i, nr, ret = 0;

	nr = scandir(path, &entries, is_visible, versionsort);
	if (nr < 0)
		return -errno;
	for (i = 0; i < nr; i++) {
		if (!ret && snprintf(child, sizeof(child), "%s/%s", path, entries[i]->d_name) <
			    (int)sizeof(child) && is_wanted(child, what))
			ret = fn(child, entries[i]->d_name, arg);
		free(entries[i]);
	}
	free(entries);
	return ret;
}
