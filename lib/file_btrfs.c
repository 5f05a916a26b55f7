// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Files of btrfs: find the one device, read the chunk tree. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <linux/btrfs.h>
#include <linux/btrfs_tree.h>

#include "file_map.h"

#define SEARCH_LEN	(64 << 10)	/* bytes of one answer of a search */

const char *kcsd_btrfs_root = "/sys/fs/btrfs";

static int get_info(int fd, struct btrfs_ioctl_fs_info_args *info, struct kcsd_error *err)
{
	memset(info, 0, sizeof(*info));
	if (ioctl(fd, BTRFS_IOC_FS_INFO, info))
		return kcsd_error_set(err, -errno, "btrfs: %s", strerror(errno));
	if (info->num_devices != 1)
		return kcsd_error_set(err, -EOPNOTSUPP, "the btrfs has %llu devices: only one "
				      "device can be mapped; use btrfs device remove",
				      (unsigned long long)info->num_devices);
	return 0;
}

/* ---- the device ---- */

struct devices {
	unsigned int nr;
	dev_t rdev;
};

static int take_device(const char *path, const char *name, void *arg)
{
	struct devices *devices = arg;
	char attr[PATH_MAX + 8], text[32];
	unsigned int major, minor;
	int ret;

	(void)name;
	snprintf(attr, sizeof(attr), "%s/dev", path);
	ret = kcsd_file_read(attr, text, sizeof(text));
	if (ret)
		return ret;
	if (sscanf(text, "%u:%u", &major, &minor) != 2)
		return -EINVAL;
	devices->rdev = makedev(major, minor);
	devices->nr++;
	return 0;
}

static void devices_path(const uint8_t u[16], char path[PATH_MAX])
{
	snprintf(path, PATH_MAX,
		 "%s/%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x/devices",
		 kcsd_btrfs_root, u[0], u[1], u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10],
		 u[11], u[12], u[13], u[14], u[15]);
}

int kcsd_btrfs_devices(const uint8_t fsid[16], dev_t *rdev, struct kcsd_error *err)
{
	struct devices devices = {};
	char path[PATH_MAX];
	int ret;

	devices_path(fsid, path);
	ret = kcsd_dir_walk(path, KCSD_WALK_DIRS | KCSD_WALK_LINKS, take_device, &devices);
	if (ret < 0)
		return kcsd_error_set(err, ret, "%s: %s", path, strerror(-ret));
	if (devices.nr != 1)
		return kcsd_error_set(err, -EOPNOTSUPP, "the btrfs has %u devices, with seed "
				      "devices and those to be replaced: only one device can be "
				      "mapped",
				      devices.nr);
	*rdev = devices.rdev;
	return 0;
}

int kcsd_btrfs_find(int fd, dev_t *rdev, struct kcsd_error *err)
{
	struct btrfs_ioctl_fs_info_args info;
	int ret;

	ret = get_info(fd, &info, err);
	return ret ? ret : kcsd_btrfs_devices(info.fsid, rdev, err);
}

/* Balance moves also files without checksums; only swap files are safe from it. */
int kcsd_btrfs_write(int fd, struct kcsd_error *err)
{
	(void)fd;
	return kcsd_error_set(err, -EOPNOTSUPP, "a file of btrfs cannot be written in place: nothing "
			      "keeps balance from moving its blocks, and checksums would no longer "
			      "fit; copy it to ext4 or xfs");
}

/* ---- the chunk tree ---- */

/* Take the items of one answer. Sets *next to where the next search begins. */
static int take_items(struct kcsd_chunks **chunks, const struct btrfs_ioctl_search_args_v2 *args,
		      uint64_t *next)
{
	struct btrfs_ioctl_search_header head;
	const uint8_t *p = args->buf;
	size_t left = SEARCH_LEN;
	uint32_t i;
	int ret;

	for (i = 0; i < args->key.nr_items; i++) {
		if (left < sizeof(head))
			return -EINVAL;
		memcpy(&head, p, sizeof(head));
		p += sizeof(head);
		left -= sizeof(head);
		if (head.len > left || head.offset < *next)
			return -EINVAL;
		ret = kcsd_chunks_add(chunks, head.offset, p, head.len);
		if (ret)
			return ret;
		p += head.len;
		left -= head.len;
		*next = head.offset + 1;
	}
	return 0;
}

static int search(int fd, struct btrfs_ioctl_search_args_v2 *args, uint64_t from,
		  struct kcsd_error *err)
{
	args->key = (struct btrfs_ioctl_search_key){
		.tree_id = BTRFS_CHUNK_TREE_OBJECTID,
		.min_objectid = BTRFS_FIRST_CHUNK_TREE_OBJECTID,
		.max_objectid = BTRFS_FIRST_CHUNK_TREE_OBJECTID,
		.min_type = BTRFS_CHUNK_ITEM_KEY,
		.max_type = BTRFS_CHUNK_ITEM_KEY,
		.min_offset = from,
		.max_offset = UINT64_MAX,
		.max_transid = UINT64_MAX,
		.nr_items = UINT32_MAX,
	};
	args->buf_size = SEARCH_LEN;
	if (!ioctl(fd, BTRFS_IOC_TREE_SEARCH_V2, args))
		return 0;
	if (errno == EPERM)
		return kcsd_error_set(err, -EPERM, "the chunk tree of btrfs can only be read with "
				      "CAP_SYS_ADMIN: run as root");
	return kcsd_error_set(err, -errno, "the chunk tree of btrfs: %s", strerror(errno));
}

static int load_chunks(int fd, struct kcsd_chunks **chunks, struct kcsd_error *err)
{
	struct btrfs_ioctl_search_args_v2 *args;
	uint64_t next = 0;
	int ret;

	args = malloc(sizeof(*args) + SEARCH_LEN);
	if (!args)
		return kcsd_error_set(err, -ENOMEM, "no memory for the chunk tree");
	do {
		ret = search(fd, args, next, err);
		if (ret)
			break;
		ret = take_items(chunks, args, &next);
		if (ret)
			kcsd_error_set(err, ret, "the chunk tree of btrfs: %s", strerror(-ret));
	} while (!ret && args->key.nr_items);
	free(args);
	return ret;
}

/* Load the chunks for a file with extents only: one of inline data needs no CAP_SYS_ADMIN. */
int kcsd_btrfs_translate(struct kcsd_file_walk *w, uint64_t logical, uint64_t *physical,
			 uint64_t *len)
{
	struct btrfs_ioctl_fs_info_args info;
	int ret;

	if (!w->chunks) {
		ret = get_info(w->fd, &info, w->err);
		if (!ret)
			ret = load_chunks(w->fd, &w->chunks, w->err);
		if (ret)
			return ret;
		/* The one device has the largest id. */
		w->devid = info.max_id;
	}
	return kcsd_chunks_translate(w->chunks, w->devid, logical, physical, len, w->err);
}

void kcsd_btrfs_end(struct kcsd_file_walk *w)
{
	kcsd_chunks_free(w->chunks);
	w->chunks = NULL;
}
