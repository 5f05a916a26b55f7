// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* The drive with a file, in a fake sysfs; files that cannot be mapped. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "file_map.h"
#include "scratch.h"
#include "tap.h"

static struct kcsd_error err;

/* ---- sysfs ---- */

static void attr(const char *dir, const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "block/%s/%s", dir, name);
	put(path, text);
}

/* Make a disk, or a partition "disk/part", with its number. */
static void make_disk(const char *dir, const char *number, const char *size, const char *start)
{
	char path[256], target[256];

	snprintf(path, sizeof(path), "block/%s", dir);
	make_dir(path);
	attr(dir, "size", size);
	attr(dir, "dev", number);
	if (start) {
		attr(dir, "partition", "2\n");
		attr(dir, "start", start);
	} else {
		snprintf(path, sizeof(path), "block/%s/queue", dir);
		make_dir(path);
		attr(dir, "queue/logical_block_size", "4096\n");
	}
	snprintf(path, sizeof(path), "dev/%s", number);
	path[strcspn(path, "\n")] = '\0';
	snprintf(target, sizeof(target), "../block/%s", dir);
	if (symlink(target, path))
		OK(false, "symlink %s", path);
}

static void make_sysfs(void)
{
	make_dir("block");
	make_dir("dev");
	make_disk("kcsd12n1", "250:0\n", "2097152\n", NULL);
	make_disk("kcsd12n1/kcsd12n1p2", "250:2\n", "1048576\n", "2048\n");
	make_disk("kcsd12n1/kcsd12n1p3", "250:3\n", "1048576\n", "2049\n");
	make_disk("kcsd12n1/kcsd12n1p4", "250:4\n", "18446744073709551615\n", "2048\n");
	make_disk("kcsd12n1/kcsd12n1p5", "250:5\n", "none\n", "2048\n");
	make_disk("kcsd5n1", "250:16\n", "2097152\n", NULL);
	attr("kcsd5n1", "queue/logical_block_size", "3000\n");
	make_disk("kcsd12n2", "250:32\n", "2097152\n", NULL);
	make_disk("kcsd012n1", "250:48\n", "2097152\n", NULL);
	make_disk("kcsd12n1x", "250:64\n", "2097152\n", NULL);
	make_disk("loop0", "7:0\n", "2097152\n", NULL);
	make_dir("block/loop0/loop");
	attr("loop0", "loop/backing_file", "/srv/image\n");
	make_disk("loop0/loop0p1", "259:0\n", "1000\n", "100\n");
	make_disk("dm-3", "253:3\n", "2097152\n", NULL);
	make_dir("block/dm-3/dm");
	attr("dm-3", "dm/name", "vault\n");
	make_disk("md0", "9:0\n", "2097152\n", NULL);
	make_disk("sda", "8:0\n", "2097152\n", NULL);
	make_disk("sda/sda1", "8:1\n", "2097152\n", "2048\n");
	kcsd_dev_block_root = "dev";
}

static void test_device(void)
{
	static const struct {
		unsigned int major, minor;
		int ret;
		const char *text;
	} bad[] = {
		{ 250, 3, -EOPNOTSUPP, "/dev/kcsd12n1p3 begins at byte 1049088, not at an LBA" },
		{ 250, 4, -EOVERFLOW, "/dev/kcsd12n1p4: its size or place" },
		{ 250, 5, -EINVAL, "/dev/kcsd12n1p5: its size or place" },
		{ 250, 16, -EINVAL, "/dev/kcsd5n1: its size or place" },
		{ 250, 32, -EOPNOTSUPP, "/dev/kcsd12n2, which is not a kcsd drive" },
		{ 250, 48, -EOPNOTSUPP, "/dev/kcsd012n1, which is not a kcsd drive" },
		{ 250, 64, -EOPNOTSUPP, "/dev/kcsd12n1x, which is not a kcsd drive" },
		{ 7, 0, -EOPNOTSUPP, "the loop device /dev/loop0 (of /srv/image)" },
		{ 259, 0, -EOPNOTSUPP, "the loop device /dev/loop0p1 (of /srv/image)" },
		{ 253, 3, -EOPNOTSUPP, "the device-mapper device /dev/dm-3 (vault)" },
		{ 9, 0, -EOPNOTSUPP, "the RAID /dev/md0" },
		{ 8, 0, -EOPNOTSUPP, "/dev/sda, which is not a kcsd drive" },
		{ 8, 1, -EOPNOTSUPP, "/dev/sda1, which is not a kcsd drive" },
		{ 0, 44, -EOPNOTSUPP, "has no block device (0:44 is not in dev)" },
	};
	struct kcsd_file_device dev;
	size_t i;

	IS(kcsd_file_device_of(makedev(250, 0), &dev, &err), 0, "a drive");
	OK(dev.index == 12 && !dev.offset && dev.size == 1 << 30 && dev.lba_size == 4096 &&
	   !strcmp(dev.name, "kcsd12n1") && dev.rdev == makedev(250, 0), "a drive: its members");
	IS(kcsd_file_device_of(makedev(250, 2), &dev, &err), 0, "a partition");
	OK(dev.index == 12 && dev.offset == 1 << 20 && dev.size == 1 << 29 &&
	   dev.lba_size == 4096 && !strcmp(dev.name, "kcsd12n1p2"), "a partition: its members");
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		IS(kcsd_file_device_of(makedev(bad[i].major, bad[i].minor), &dev, &err), bad[i].ret,
		   "device %u:%u", bad[i].major, bad[i].minor);
		SAYS(err.text, bad[i].text);
	}
	IS(kcsd_file_device_of(makedev(8, 0), &dev, NULL), -EOPNOTSUPP, "no room for a sentence");
}

static void test_btrfs_devices(void)
{
	static const uint8_t fsid[16] = { 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0, 1, 2, 3,
					  4, 5, 6, 7, 8 };
	const char *dir = "btrfs/12345678-9abc-def0-0102-030405060708";
	char path[256];
	dev_t rdev = 0;

	kcsd_btrfs_root = "btrfs";
	IS(kcsd_btrfs_devices(fsid, &rdev, &err), -ENOENT, "btrfs: not in sysfs");
	make_dir("btrfs");
	make_dir(dir);
	snprintf(path, sizeof(path), "%s/devices", dir);
	make_dir(path);
	IS(kcsd_btrfs_devices(fsid, &rdev, &err), -EOPNOTSUPP, "btrfs: no device");
	snprintf(path, sizeof(path), "%s/devices/kcsd12n1", dir);
	if (symlink("../../../block/kcsd12n1", path))
		OK(false, "symlink");
	IS(kcsd_btrfs_devices(fsid, &rdev, &err), 0, "btrfs: one device");
	OK(rdev == makedev(250, 0), "btrfs: its number");
	snprintf(path, sizeof(path), "%s/devices/sda1", dir);
	if (symlink("../../../block/sda/sda1", path))
		OK(false, "symlink");
	IS(kcsd_btrfs_devices(fsid, &rdev, &err), -EOPNOTSUPP, "btrfs: two devices");
	SAYS(err.text, "the btrfs has 2 devices");
}

/* ---- other parsers ---- */

static void test_ext4(void)
{
	kcsd_ext4_root = "ext4";
	IS(kcsd_ext4_journals_data("kcsd0n1"), -ENOENT, "ext4: not in procfs");
	make_dir("ext4");
	make_dir("ext4/kcsd0n1");
	put("ext4/kcsd0n1/options", "rw\nbsddf\ndata=ordered\nauto_da_alloc\n");
	IS(kcsd_ext4_journals_data("kcsd0n1"), 0, "ext4: data=ordered");
	put("ext4/kcsd0n1/options", "rw\ndata=journal\nauto_da_alloc\n");
	IS(kcsd_ext4_journals_data("kcsd0n1"), 1, "ext4: data=journal");
	put("ext4/kcsd0n1/options", "rw\ndata=journal");
	IS(kcsd_ext4_journals_data("kcsd0n1"), 1, "ext4: data=journal, at the end");
}

static void test_f2fs(void)
{
	uint8_t super[KCSD_F2FS_SUPER_LEN] = {};

	IS(kcsd_f2fs_is_multi(super), -EINVAL, "f2fs: no super block");
	memcpy(super, "\x10\x20\xf5\xf2", 4);
	IS(kcsd_f2fs_is_multi(super), 0, "f2fs: one device");
	memcpy(super + 2201, "/dev/kcsd0n1", 13);
	IS(kcsd_f2fs_is_multi(super), 0, "f2fs: one device, with its name");
	memcpy(super + 2201 + 68, "/dev/sda", 9);
	IS(kcsd_f2fs_is_multi(super), 1, "f2fs: two devices");
}

static void test_swap(void)
{
	char text[512], cwd[256];
	struct stat st, other;

	put("swap file", "");
	put("no swap", "");
	if (stat("swap file", &st) || stat("no swap", &other) || !getcwd(cwd, sizeof(cwd)))
		OK(false, "stat");
	snprintf(text, sizeof(text), "Filename\tType\tSize\tUsed\tPriority\n"
		 "/dev/none\tpartition\t1\t0\t-2\n%s/swap\\040file\tfile\t1020\t0\t-3\n", cwd);
	put("swaps", text);
	OK(kcsd_file_is_swap("swaps", &st), "a swap file, with a space in its name");
	OK(!kcsd_file_is_swap("swaps", &other), "a file that is none");
	OK(!kcsd_file_is_swap("none", &st), "a kernel without swap");
}

/* ---- real descriptors ---- */

static void refuse(const char *what, int fd, int ret, const char *text)
{
	struct kcsd_file_device dev;
	struct kcsd_file_map *map;

	IS(kcsd_file_device_find(fd, &dev, &err), ret, "%s: find the drive", what);
	SAYS(err.text, text);
	memset(&dev, 0, sizeof(dev));
	IS(kcsd_file_map(fd, &dev, false, &map, &err), ret, "%s: map it", what);
	SAYS(err.text, text);
	close(fd);
}

static void test_descriptors(void)
{
	int fds[2];

	refuse("a directory", open(".", O_RDONLY | O_CLOEXEC), -EOPNOTSUPP, "but a directory");
	refuse("/dev/null", open("/dev/null", O_RDONLY | O_CLOEXEC), -EOPNOTSUPP,
	       "but a character device");
	refuse("O_PATH", open("swaps", O_PATH | O_CLOEXEC), -EBADF, "not open for reading");
	refuse("O_WRONLY", open("swaps", O_WRONLY | O_CLOEXEC), -EBADF, "not open for reading");
	refuse("procfs", open("/proc/self/status", O_RDONLY | O_CLOEXEC), -EOPNOTSUPP,
	       "a filesystem of type procfs: only files of ext4, xfs, btrfs and f2fs");
	refuse("a file in memory", memfd_create("x", MFD_CLOEXEC), -EOPNOTSUPP, "of type tmpfs");
	refuse("no descriptor", -1, -EBADF, "not open");
	if (pipe2(fds, O_CLOEXEC))
		return;
	refuse("a pipe", fds[0], -EOPNOTSUPP, "but a pipe");
	close(fds[1]);
}

static void test_clone_refused(void)
{
	int fd = memfd_create("x", MFD_CLOEXEC);

	IS(kcsd_file_clone(fd, &err), -EOPNOTSUPP, "clone, tmpfs");
	SAYS(err.text, "of type tmpfs");
	IS(kcsd_file_sync(fd, &err), 0, "sync");
	close(fd);
	IS(kcsd_file_sync(fd, &err), -EBADF, "sync, no descriptor");
	SAYS(err.text, "sync of the file: Bad file descriptor");
	kcsd_file_map_free(NULL);
}

int main(void)
{
	if (!scratch_begin())
		return 1;
	make_sysfs();
	test_device();
	test_btrfs_devices();
	test_ext4();
	test_f2fs();
	test_swap();
	test_descriptors();
	test_clone_refused();
	scratch_end();
	return tap_end();
}
