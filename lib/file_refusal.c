// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Refuse files that are never mapped, whatever their extents. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file_map.h"

static const char *kind_name(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:	return "a directory";
	case S_IFLNK:	return "a symbolic link";
	case S_IFBLK:	return "a block device";
	case S_IFCHR:	return "a character device";
	case S_IFIFO:	return "a pipe";
	case S_IFSOCK:	return "a socket";
	}
	return "of unknown kind";
}

int kcsd_file_is_regular(int fd, struct stat *st, struct kcsd_error *err)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fstat(fd, st))
		return kcsd_error_set(err, -errno, "the file is not open: %s", strerror(errno));
	if (!S_ISREG(st->st_mode))
		return kcsd_error_set(err, -EOPNOTSUPP, "it is not a regular file but %s",
				      kind_name(st->st_mode));
	if (flags & O_PATH || (flags & O_ACCMODE) == O_WRONLY)
		return kcsd_error_set(err, -EBADF, "the file is not open for reading");
	return 0;
}

/* Replace the octal escapes of /proc/swaps, \040, in place. */
static void unescape(char *text)
{
	unsigned int byte;
	char *to = text;
	int n;

	for (; *text; text++) {
		n = 0;
		if (*text == '\\' && sscanf(text, "\\%3o%n", &byte, &n) == 1 && n == 4) {
			*to++ = byte;
			text += 3;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
}

bool kcsd_file_is_swap(const char *path, const struct stat *st)
{
	char line[4 * 4096 + 256];
	bool found = false;
	struct stat other;
	FILE *file;

	file = fopen(path, "re");
	if (!file)
		return false;
	while (!found && fgets(line, sizeof(line), file)) {
		line[strcspn(line, " \t\n")] = '\0';
		unescape(line);
		found = *line == '/' && !stat(line, &other) && other.st_dev == st->st_dev &&
			other.st_ino == st->st_ino;
	}
	fclose(file);
	return found;
}

int kcsd_file_is_mappable(int fd, struct stat *st, struct kcsd_error *err)
{
	struct statx x;
	int ret;

	ret = kcsd_file_is_regular(fd, st, err);
	if (ret)
		return ret;
	if (statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &x))
		return kcsd_error_set(err, -errno, "statx: %s", strerror(errno));
	if (x.stx_attributes & STATX_ATTR_ENCRYPTED)
		return kcsd_error_set(err, -EOPNOTSUPP, "the file is encrypted by the filesystem: "
				      "a drive would see the encrypted bytes; copy it to a "
				      "directory that is not encrypted");
	if (x.stx_attributes & STATX_ATTR_VERITY)
		return kcsd_error_set(err, -EOPNOTSUPP, "the file has fs-verity: a drive would not "
				      "verify what it reads; copy the file");
	if (kcsd_file_is_swap("/proc/swaps", st))
		return kcsd_error_set(err, -EOPNOTSUPP, "the file is a swap file in use: call "
				      "swapoff first");
	return 0;
}
