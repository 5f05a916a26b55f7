/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * Map a file to the sources of a stream: LBAs of a drive, zeroes, own bytes. Hidden from users.
 *
 * A map promises: at the moment of kcsd_file_map() the filesystem said that the sources hold
 * the bytes of the file, in order and without gaps, exactly st_size bytes. Every source of LBAs is
 * inside the device of the filesystem, and inside namespace 1 of the drive.
 *
 * A map does not promise:
 *  - that the media have the newest bytes. Call kcsd_file_sync() first, and kcsd_file_is_clean()
 *    afterwards;
 *  - that the mapping stays. A write, truncation, defragmentation, balance or garbage collection
 *    moves blocks, and then the old LBAs hold bytes of other files. kcsd_file_is_clean() notices a
 *    move up to its own end; from the map to the last read only a watch of the drive on the LBAs
 *    does. Arm the watch before kcsd_file_is_clean();
 *  - that the map is of one instant. FIEMAP answers in parts, so each extent was there at some
 *    moment between start and end. kcsd_file_is_clean() compares all of them with a second map;
 *    with the watch armed, no byte of mapped LBAs has changed between. It cannot see a hole that
 *    was written and punched again between the two maps, since no LBA of the map has changed;
 *  - that the bytes on the media match checksums of the filesystem (btrfs): a drive does not look
 *    at them.
 *
 * The order for one consistent run: kcsd_file_sync(), kcsd_file_map(), arm the watch,
 * kcsd_file_is_clean(), run. On xfs and btrfs do all that on a clone (kcsd_file_clone()), which
 * has no writers.
 *
 * Permission: any process that may read fd can map it, with these exceptions. btrfs:
 * CAP_SYS_ADMIN, for the chunk tree. f2fs: read permission on the block node, for the list of
 * devices in the super block. kcsd_file_is_clean(): owner, or write permission on the file, as
 * cachestat(2) asks for.
 *
 * Errors of all functions, beside those named there: -ENOMEM, -EIO, and what system calls return.
 * Each has its sentence in err, if err is not NULL.
 *	-EOPNOTSUPP	this file cannot be mapped: the sentence says why and what helps
 *	-EAGAIN		the file changes: sync and map again
 */
#ifndef KCSD_FILE_MAP_H
#define KCSD_FILE_MAP_H

#include <inttypes.h>
#include <linux/fiemap.h>
#include <sys/stat.h>

#include "private.h"

/* The device of a filesystem: namespace 1 of a drive, or a partition of it. */
struct kcsd_file_device {
	char name[32];		/* of the block node: kcsd0n1, kcsd0n1p2 */
	dev_t rdev;
	unsigned int index;	/* N of /dev/kcsdN */
	bool zoned;
	uint32_t lba_size;	/* bytes */
	uint64_t offset;	/* first byte of the partition in namespace 1; 0: no partition */
	uint64_t size;		/* bytes */
};

struct kcsd_file_map {
	struct kcsd_file_device dev;
	bool write;			/* programs may write all of it in place */
	uint64_t len;			/* bytes: st_size */
	uint32_t nr;			/* sources */
	uint32_t bytes_len;
	struct kcsd_source *sources;	/* KCSD_MAX_SOURCES at most; owned */
	uint8_t *bytes;			/* own bytes, KCSD_MAX_SOURCE_BYTES at most; owned */
};

/* file_device.c */
/*
 * Find the drive with the file fd. -EOPNOTSUPP: there is none; the sentence names the device, or
 * the type of the filesystem, if it is not ext4, xfs, btrfs or f2fs.
 */
int kcsd_file_device_find(int fd, struct kcsd_file_device *dev, struct kcsd_error *err);
/* The same, also for a directory, which may be open with O_PATH. */
int kcsd_path_device_find(int fd, struct kcsd_file_device *dev, struct kcsd_error *err);

/* file_map.c */
/*
 * Map the open regular file fd, whose device is dev, into *map; free it with kcsd_file_map_free().
 * write: for programs that write it in place; all its bytes must be in written LBAs of its own.
 * -EBADF: fd is not open for reading; -E2BIG: more than KCSD_MAX_SOURCES sources, or
 * KCSD_MAX_SOURCE_BYTES own bytes; -EPERM, -EACCES: see above.
 */
int kcsd_file_map(int fd, const struct kcsd_file_device *dev, bool write,
		  struct kcsd_file_map **map, struct kcsd_error *err);
void kcsd_file_map_free(struct kcsd_file_map *map);

/* file_sync.c */
/* Write all dirty pages of the file. Blocks until done. */
int kcsd_file_sync(int fd, struct kcsd_error *err);
/*
 * Returns 0 if no page of the file is dirty or under writeback, and its mapping is then still
 * that of map. -EAGAIN: it has changed; -EPERM: cachestat(2) is not allowed on this file;
 * -ENOSYS: this kernel has none (Linux 6.5 has).
 */
int kcsd_file_is_clean(int fd, const struct kcsd_file_map *map, struct kcsd_error *err);
/* Set *pages to the number of its pages in the cache. Errors as kcsd_file_is_clean(). */
int kcsd_file_cached(int fd, uint64_t *pages, struct kcsd_error *err);
/*
 * Clone the file into a new file without a name in the directory of the file. Returns its
 * descriptor, open for reading and writing. Sync it before it is mapped: btrfs may copy inline
 * bytes. -EOPNOTSUPP: not xfs or btrfs, or a filesystem made without reflink. -ENOENT: the file has
 * no directory any more.
 */
int kcsd_file_clone(int fd, struct kcsd_error *err);

/* file_write.c: a file that programs write in place */
/*
 * Refuse a file that no program may write in place, for reasons that extents do not show: it is not
 * open for reading and writing, immutable, on btrfs, not pinned on f2fs, on a zoned drive.
 */
int kcsd_file_is_writable(int fd, const struct kcsd_file_device *dev, struct kcsd_error *err);
/*
 * Keep others from opening or truncating the file: a write lease. -EBUSY: somebody has it open;
 * -EACCES: only its owner, or who has CAP_LEASE, can have a lease.
 */
int kcsd_file_lease(int fd, struct kcsd_error *err);
void kcsd_file_unlease(int fd);
/*
 * True if another process wants to open the file. It waits, for /proc/sys/fs/lease-break-time
 * seconds; then it gets the file by force.
 */
bool kcsd_file_is_wanted(int fd);
/*
 * Drop all pages of the file from the cache, which must be clean. -EBUSY: some stay, since they are
 * mapped to memory.
 */
int kcsd_file_drop(int fd, struct kcsd_error *err);
/* Set mtime and ctime to now, and sync the file. */
int kcsd_file_touch(int fd, struct kcsd_error *err);

/* file_type.c: the filesystems that are known. Only files of lib/file_*.c call what follows. */
struct kcsd_file_type;
struct kcsd_chunks;

/* One map while it is made. */
struct kcsd_file_walk {
	int fd;
	uint64_t size;			/* bytes of the file */
	uint64_t pos;			/* bytes of the file that have sources */
	uint32_t room;			/* elements that map->sources has memory for */
	uint32_t bytes_room;		/* bytes that map->bytes has memory for */
	const struct kcsd_file_type *type;
	struct kcsd_chunks *chunks;	/* btrfs; owned; NULL: not loaded */
	uint64_t devid;			/* btrfs: of the one device; valid with chunks */
	struct kcsd_file_map *map;
	struct kcsd_error *err;
};

struct kcsd_file_type {
	const char *name;
	uint32_t magic;			/* f_type of statfs(2) */
	bool clones;
	/* Refuse a file whose blocks the filesystem may move meanwhile; NULL: it moves none. */
	int (*write)(int fd, struct kcsd_error *err);
	uint32_t map_flags;		/* FIEMAP_FLAG_* of each map */
	/* Find the device; NULL: st_dev is it. */
	int (*find)(int fd, dev_t *rdev, struct kcsd_error *err);
	/* Refuse a file for reasons that extents do not show, and prepare for its extents. */
	int (*begin)(struct kcsd_file_walk *walk);
	/*
	 * Set *physical to the offset on the device of the byte fe_physical of an extent, and *len,
	 * at most *len, to the bytes that follow each other there. NULL: it is the same.
	 */
	int (*translate)(struct kcsd_file_walk *walk, uint64_t logical, uint64_t *physical,
			 uint64_t *len);
	void (*end)(struct kcsd_file_walk *walk);
};

/* Find the type of the filesystem. -EOPNOTSUPP: a type that is not known. */
int kcsd_file_type_find(int fd, const struct kcsd_file_type **type, struct kcsd_error *err);

/* file_ext4.c, file_xfs.c, file_btrfs.c, file_f2fs.c */
int kcsd_ext4_begin(struct kcsd_file_walk *walk);
int kcsd_xfs_begin(struct kcsd_file_walk *walk);
int kcsd_f2fs_begin(struct kcsd_file_walk *walk);
int kcsd_f2fs_write(int fd, struct kcsd_error *err);
int kcsd_btrfs_write(int fd, struct kcsd_error *err);
int kcsd_btrfs_find(int fd, dev_t *rdev, struct kcsd_error *err);
/* Find the one device of the btrfs in sysfs. */
int kcsd_btrfs_devices(const uint8_t fsid[16], dev_t *rdev, struct kcsd_error *err);
int kcsd_btrfs_translate(struct kcsd_file_walk *walk, uint64_t logical, uint64_t *physical,
			 uint64_t *len);
void kcsd_btrfs_end(struct kcsd_file_walk *walk);

/* file_refusal.c */
/* Refuse what is not a regular file or not open for reading. Sets *st. */
int kcsd_file_is_regular(int fd, struct stat *st, struct kcsd_error *err);
/* Also refuse what is encrypted, has fs-verity, or is a swap file. */
int kcsd_file_is_mappable(int fd, struct stat *st, struct kcsd_error *err);
/* True if the list of swap files at path, /proc/swaps, has the file st. */
bool kcsd_file_is_swap(const char *path, const struct stat *st);

/* file_extent.c: add sources to walk->map; pure but for inline bytes, which they read from fd. */
/* Take the next extent of the file, with holes before it. -EAGAIN: it makes no progress. */
int kcsd_file_extent_take(struct kcsd_file_walk *walk, const struct fiemap_extent *extent);
/* Zeroes from walk->pos up to end. */
int kcsd_file_hole_take(struct kcsd_file_walk *walk, uint64_t end);

/* file_map.c */
/* Ask fiemap for all extents and take them. fiemap returns as ioctl(); tests have another one. */
int kcsd_file_walk_extents(struct kcsd_file_walk *walk, int (*fiemap)(int fd, struct fiemap *fm));

/* file_chunk.c: chunks of btrfs. */
/* Take the chunk item at logical, of len bytes. -EINVAL: it is damaged. */
int kcsd_chunks_add(struct kcsd_chunks **chunks, uint64_t logical, const void *item, size_t len);
/* As translate of struct kcsd_file_type, for chunks on the one device devid. */
int kcsd_chunks_translate(const struct kcsd_chunks *chunks, uint64_t devid, uint64_t logical,
			  uint64_t *physical, uint64_t *len, struct kcsd_error *err);
void kcsd_chunks_free(struct kcsd_chunks *chunks);

/* Directories and files that tests replace. */
extern const char *kcsd_dev_block_root;		/* /sys/dev/block */
extern const char *kcsd_btrfs_root;		/* /sys/fs/btrfs */
extern const char *kcsd_ext4_root;		/* /proc/fs/ext4 */

/* file_device.c */
/* Find the block device of the filesystem of the file. */
int kcsd_file_rdev(int fd, dev_t *rdev, struct kcsd_error *err);
/* Find the drive of a block device. */
int kcsd_file_device_of(dev_t rdev, struct kcsd_file_device *dev, struct kcsd_error *err);

/* file_ext4.c */
/* Returns 1 if the options in the file of this name have data=journal, else 0 or -errno. */
int kcsd_ext4_journals_data(const char *name);
/* file_f2fs.c */
/* Returns 1 if this super block has several devices, 0 if one, -EINVAL if it is none of f2fs. */
#define KCSD_F2FS_SUPER_LEN	3072
int kcsd_f2fs_is_multi(const uint8_t super[KCSD_F2FS_SUPER_LEN]);

#endif
