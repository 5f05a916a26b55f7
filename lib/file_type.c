// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Filesystems whose files can be mapped. */
#include <errno.h>
#include <string.h>
#include <sys/vfs.h>

#include "file_map.h"

static const struct kcsd_file_type types[] = {
	{ .name = "ext4", .magic = 0xef53, .begin = kcsd_ext4_begin },
	{ .name = "xfs", .magic = 0x58465342, .clones = true, .begin = kcsd_xfs_begin },
	/*
	 * A page of btrfs is clean before its extent is in the tree; FIEMAP_FLAG_SYNC waits for
	 * that.
	 */
	{ .name = "btrfs", .magic = 0x9123683e, .clones = true, .map_flags = FIEMAP_FLAG_SYNC,
	  .write = kcsd_btrfs_write, .find = kcsd_btrfs_find, .translate = kcsd_btrfs_translate,
	  .end = kcsd_btrfs_end },
	{ .name = "f2fs", .magic = 0xf2f52010, .write = kcsd_f2fs_write,
	  .begin = kcsd_f2fs_begin },
};

/* Names of others, for sentences only. */
static const struct {
	uint32_t magic;
	const char *name;
} others[] = {
	{ 0x794c7630, "overlayfs" }, { 0x65735546, "FUSE" }, { 0x01021994, "tmpfs" },
	{ 0x858458f6, "ramfs" }, { 0x00006969, "NFS" }, { 0xff534d42, "CIFS" },
	{ 0xfe534d42, "SMB" }, { 0x01021997, "9p" }, { 0x5a4f4653, "zonefs" },
	{ 0x0000f15f, "eCryptfs" }, { 0x73717368, "squashfs" }, { 0xe0f5e1e2, "erofs" },
	{ 0x00009fa0, "procfs" }, { 0x62656572, "sysfs" }, { 0xca451a4e, "bcachefs" },
	{ 0x2fc12fc1, "ZFS" }, { 0x00004d44, "FAT" }, { 0x2011bab0, "exFAT" },
	{ 0x00009660, "ISO 9660" }, { 0x7366746e, "NTFS" }, { 0x00c36400, "Ceph" },
	{ 0x958458f6, "hugetlbfs" },
};

static int refuse_type(uint32_t magic, struct kcsd_error *err)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(others); i++)
		if (others[i].magic == magic)
			return kcsd_error_set(err, -EOPNOTSUPP, "the file is on a filesystem of "
					      "type %s: only files of ext4, xfs, btrfs and f2fs "
					      "can be mapped%s",
					      others[i].name, strcmp(others[i].name, "overlayfs") ?
					      "" : "; name the file in the lower or upper "
					      "directory");
	return kcsd_error_set(err, -EOPNOTSUPP, "the file is on a filesystem of unknown type 0x%x: "
			      "only files of ext4, xfs, btrfs and f2fs can be mapped", magic);
}

int kcsd_file_type_find(int fd, const struct kcsd_file_type **type, struct kcsd_error *err)
{
	struct statfs fs;
	size_t i;

	if (fstatfs(fd, &fs))
		return kcsd_error_set(err, -errno, "statfs: %s", strerror(errno));
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		if ((uint32_t)fs.f_type == types[i].magic) {
			*type = &types[i];
			return 0;
		}
	}
	return refuse_type(fs.f_type, err);
}
