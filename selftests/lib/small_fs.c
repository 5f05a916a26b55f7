// SPDX-License-Identifier: GPL-2.0
#include "small_fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

int small_fs_mount(struct small_fs *fs)
{
	fs->filler = -1;
	strcpy(fs->dir, "/tmp/kst-small-XXXXXX");
	if (!mkdtemp(fs->dir))
		return -errno;
	if (!mount("kst-small", fs->dir, "tmpfs", 0, "size=4m"))
		return 0;
	rmdir(fs->dir);
	return -errno;
}

void small_fs_path(const struct small_fs *fs, const char *name, char path[64])
{
	snprintf(path, 64, "%s/%s", fs->dir, name);
}

int small_fs_fill(struct small_fs *fs)
{
	static const char page[4096];
	char path[64];

	small_fs_path(fs, "filler", path);
	fs->filler = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	if (fs->filler < 0)
		return -errno;
	unlink(path);
	while (write(fs->filler, page, sizeof(page)) == sizeof(page))
		;
	return errno == ENOSPC ? 0 : -errno;
}

void small_fs_make_room(struct small_fs *fs)
{
	if (fs->filler >= 0)
		close(fs->filler);
	fs->filler = -1;
}

int small_fs_umount(struct small_fs *fs)
{
	small_fs_make_room(fs);
	if (umount(fs->dir))
		return -errno;
	return rmdir(fs->dir) ? -errno : 0;
}
