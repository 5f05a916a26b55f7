// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Find the drive below a filesystem, from sysfs. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "file_map.h"

const char *kcsd_dev_block_root = "/sys/dev/block";

/* Write the path of an attribute; attr may begin with "../". */
static void attr_path(dev_t rdev, const char *attr, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/%u:%u/%s", kcsd_dev_block_root, major(rdev), minor(rdev),
		 attr);
}

static int attr_number(dev_t rdev, const char *attr, uint64_t *value)
{
	char path[PATH_MAX], text[32];
	int ret;

	attr_path(rdev, attr, path);
	ret = kcsd_file_read(path, text, sizeof(text));
	return ret ? ret : kcsd_number_parse(text, value);
}

static bool is_partition(dev_t rdev)
{
	uint64_t number;

	return !attr_number(rdev, "partition", &number);
}

/* Read the link of the device: ".../block/kcsd0n1/kcsd0n1p2". */
static int read_link(dev_t rdev, char link[PATH_MAX])
{
	char path[PATH_MAX];
	ssize_t n;

	attr_path(rdev, "", path);
	path[strlen(path) - 1] = '\0';
	n = readlink(path, link, PATH_MAX - 1);
	if (n < 0)
		return -errno;
	link[n] = '\0';
	return 0;
}

/* Cut the last component off path. Returns it, or NULL if there is none. */
static char *cut_last(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash || !slash[1])
		return NULL;
	*slash = '\0';
	return slash + 1;
}

/* Parse "kcsdNn1". */
static bool is_namespace(const char *disk, unsigned int *index)
{
	int end = 0;
	char name[32];

	if (sscanf(disk, "kcsd%un1%n", index, &end) != 1 || !end || disk[end])
		return false;
	snprintf(name, sizeof(name), "kcsd%un1", *index);
	return !strcmp(name, disk);
}

/* Refuse another device, and say what it is. */
static int refuse_device(dev_t rdev, const char *name, struct kcsd_error *err)
{
	char path[PATH_MAX], text[128] = "";

	if (!strncmp(name, "loop", 4)) {
		attr_path(rdev, is_partition(rdev) ? "../loop/backing_file" :
			  "loop/backing_file", path);
		kcsd_file_read(path, text, sizeof(text));
		return kcsd_error_set(err, -EOPNOTSUPP, "the filesystem is on the loop device "
				      "/dev/%s (of %s): it must be on a kcsd drive or a partition "
				      "of it, without a loop device in between", name,
				      *text ? text : "an unknown file");
	}
	if (!strncmp(name, "dm-", 3)) {
		attr_path(rdev, "dm/name", path);
		kcsd_file_read(path, text, sizeof(text));
		return kcsd_error_set(err, -EOPNOTSUPP, "the filesystem is on the device-mapper "
				      "device /dev/%s (%s): it must be on a kcsd drive or a "
				      "partition of it, without device-mapper in between", name,
				      *text ? text : "without a name");
	}
	if (!strncmp(name, "md", 2))
		return kcsd_error_set(err, -EOPNOTSUPP, "the filesystem is on the RAID /dev/%s: it "
				      "must be on one kcsd drive or a partition of it", name);
	return kcsd_error_set(err, -EOPNOTSUPP, "the filesystem is on /dev/%s, which is not a kcsd "
			      "drive: copy the file to a filesystem on a kcsd drive", name);
}

static int read_geometry(struct kcsd_file_device *dev, bool partition)
{
	uint64_t start = 0, size, lba_size;
	int ret;

	ret = attr_number(dev->rdev, "size", &size);
	if (!ret && partition)
		ret = attr_number(dev->rdev, "start", &start);
	if (!ret)
		ret = attr_number(dev->rdev, partition ? "../queue/logical_block_size" :
				  "queue/logical_block_size", &lba_size);
	if (ret)
		return ret;
	/* Sectors of 512 bytes, whatever the LBA size. */
	if (start > INT64_MAX / 512 || size > INT64_MAX / 512 - start)
		return -EOVERFLOW;
	if (lba_size < 512 || lba_size > 1 << 20 || lba_size & (lba_size - 1))
		return -EINVAL;
	dev->offset = start * 512;
	dev->size = size * 512;
	dev->lba_size = lba_size;
	return 0;
}

/* Kernels without zones have no such attribute. */
static bool is_zoned(dev_t rdev, bool partition)
{
	char path[PATH_MAX], text[32];

	attr_path(rdev, partition ? "../queue/zoned" : "queue/zoned", path);
	return !kcsd_file_read(path, text, sizeof(text)) && strcmp(text, "none");
}

int kcsd_file_device_of(dev_t rdev, struct kcsd_file_device *dev, struct kcsd_error *err)
{
	char link[PATH_MAX], *name, *disk;
	bool partition;
	int ret;

	memset(dev, 0, sizeof(*dev));
	ret = read_link(rdev, link);
	name = ret ? NULL : cut_last(link);
	if (!name)
		return kcsd_error_set(err, -EOPNOTSUPP, "the filesystem has no block device (%u:%u "
				      "is not in "
				      "%s)", major(rdev), minor(rdev), kcsd_dev_block_root);
	partition = is_partition(rdev);
	disk = partition ? cut_last(link) : name;
	if (!disk || !is_namespace(disk, &dev->index) || strlen(name) >= sizeof(dev->name))
		return refuse_device(rdev, name, err);
	strcpy(dev->name, name);
	dev->rdev = rdev;
	dev->zoned = is_zoned(rdev, partition);
	ret = read_geometry(dev, partition);
	if (ret)
		return kcsd_error_set(err, ret, "/dev/%s: its size or place is not in sysfs: "
				      "%s", name,
				      strerror(-ret));
	if (dev->offset % dev->lba_size)
		return kcsd_error_set(err, -EOPNOTSUPP, "/dev/%s begins at byte %" PRIu64 ", not "
				      "at an LBA of %u bytes: make the partition begin at "
				      "one", name,
				      dev->offset, dev->lba_size);
	return 0;
}

/*
 * Open the directory anew, since a descriptor of O_PATH carries no ioctl. Its type is known, so
 * that no filesystem in user space is asked, which could keep this process waiting.
 */
static int find_by_dir(const struct kcsd_file_type *type, int fd, dev_t *rdev,
		       struct kcsd_error *err)
{
	int dir = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), ret;

	if (dir < 0)
		return kcsd_error_set(err, -errno, "the directory cannot be opened: %s",
				      strerror(errno));
	ret = type->find(dir, rdev, err);
	close(dir);
	return ret;
}

/* Find the block device of the filesystem that has the file or directory. */
static int find_rdev(int fd, const struct stat *st, dev_t *rdev, struct kcsd_error *err)
{
	const struct kcsd_file_type *type;
	int ret = kcsd_file_type_find(fd, &type, err);

	if (ret)
		return ret;
	if (type->find)
		return S_ISDIR(st->st_mode) ? find_by_dir(type, fd, rdev, err) :
		       type->find(fd, rdev, err);
	*rdev = st->st_dev;
	return 0;
}

int kcsd_file_rdev(int fd, dev_t *rdev, struct kcsd_error *err)
{
	struct stat st;
	int ret = kcsd_file_is_regular(fd, &st, err);

	return ret ? ret : find_rdev(fd, &st, rdev, err);
}

int kcsd_file_device_find(int fd, struct kcsd_file_device *dev, struct kcsd_error *err)
{
	dev_t rdev;
	int ret = kcsd_file_rdev(fd, &rdev, err);

	return ret ? ret : kcsd_file_device_of(rdev, dev, err);
}

int kcsd_path_device_find(int fd, struct kcsd_file_device *dev, struct kcsd_error *err)
{
	struct stat st;
	dev_t rdev;
	int ret;

	if (fstat(fd, &st) || !S_ISDIR(st.st_mode))
		return kcsd_file_device_find(fd, dev, err);
	ret = find_rdev(fd, &st, &rdev, err);
	return ret ? ret : kcsd_file_device_of(rdev, dev, err);
}
