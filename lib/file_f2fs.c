// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Files of f2fs: refuse several devices, and files that may become compressed. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <linux/fs.h>

#include "file_map.h"

#define SUPER_AT	1024		/* byte of the device; the first block is read */
#define SUPER_MAGIC	0xf2f52010
/* Offset of the path of the second device, devs[1].path, in struct f2fs_super_block. */
#define SECOND_DEVICE	(2201 + 68)

int kcsd_f2fs_is_multi(const uint8_t super[KCSD_F2FS_SUPER_LEN])
{
	if (kcsd_get32(super) != SUPER_MAGIC)
		return -EINVAL;
	return super[SECOND_DEVICE] != 0;
}

/*
 * Open the block node of the device, and no other node that has its name. O_DIRECT leaves no pages
 * in the cache of the device, which f2fs does not keep up to date.
 */
static int open_node(const struct kcsd_file_device *dev)
{
	char path[48];
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "/dev/%s", dev->name);
	fd = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (!fstat(fd, &st) && S_ISBLK(st.st_mode) && st.st_rdev == dev->rdev)
		return fd;
	close(fd);
	return -ENODEV;
}

/*
 * FIEMAP counts blocks over all devices, and the end of the first one is not in sysfs: only the
 * super block tells. It does not change while mounted, in this part.
 */
static int is_multi(const struct kcsd_file_device *dev)
{
	uint8_t block[SUPER_AT + KCSD_F2FS_SUPER_LEN] __attribute__((aligned(4096)));
	ssize_t n;
	int fd;

	fd = open_node(dev);
	if (fd < 0)
		return fd;
	n = pread(fd, block, sizeof(block), 0);
	close(fd);
	return n == sizeof(block) ? kcsd_f2fs_is_multi(block + SUPER_AT) : -EIO;
}

/* Not F2FS_IOC_GET_PIN_FILE: it returns 0 also for most pinned files. */
int kcsd_f2fs_write(int fd, struct kcsd_error *err)
{
	int flags;

	if (ioctl(fd, FS_IOC_GETFLAGS, &flags))
		return kcsd_error_set(err, -errno, "flags of the file: %s", strerror(errno));
	if (!(flags & FS_NOCOW_FL))
		return kcsd_error_set(err, -EOPNOTSUPP, "f2fs may move the blocks of the file while "
				      "a program writes: only pinned files can be written in place "
				      "(f2fs_io pinfile set, on a new file)");
	return 0;
}

int kcsd_f2fs_begin(struct kcsd_file_walk *w)
{
	int flags, ret;

	if (ioctl(w->fd, FS_IOC_GETFLAGS, &flags))
		return kcsd_error_set(w->err, -errno, "flags of the file: %s", strerror(errno));
	if (flags & FS_COMPR_FL)
		return kcsd_error_set(w->err, -EOPNOTSUPP, "the file has the attribute of "
				      "compressed files of f2fs: copy it to a directory without it "
				      "(chattr -c)");
	ret = is_multi(&w->map->dev);
	if (ret < 0)
		return kcsd_error_set(w->err, ret, "the super block of f2fs on /dev/%s: %s",
				      w->map->dev.name, strerror(-ret));
	if (ret)
		return kcsd_error_set(w->err, -EOPNOTSUPP, "the f2fs has several devices: only one "
				      "device can be mapped");
	return 0;
}
