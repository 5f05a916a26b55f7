// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Write a file out, see whether it has changed since, make a copy that nobody changes. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/fs.h>

#include "file_map.h"

#ifndef __NR_cachestat
#define __NR_cachestat	451
#endif

/* As in <linux/mman.h> from 6.5 on. */
struct cache_range {
	uint64_t off;
	uint64_t len;		/* 0: up to the end of the file */
};

struct cache_state {
	uint64_t nr_cache;
	uint64_t nr_dirty;
	uint64_t nr_writeback;
	uint64_t nr_evicted;
	uint64_t nr_recently_evicted;
};

int kcsd_file_sync(int fd, struct kcsd_error *err)
{
	if (!fsync(fd))
		return 0;
	return kcsd_error_set(err, -errno, "sync of the file: %s", strerror(errno));
}

/* ---- clean ---- */

static int get_pages(int fd, struct cache_state *state, struct kcsd_error *err)
{
	struct cache_range all = {};

	if (!syscall(__NR_cachestat, fd, &all, state, 0))
		return 0;
	if (errno == EPERM)
		return kcsd_error_set(err, -EPERM, "cachestat is not allowed on this file: only "
				      "its owner, or who may write to it, sees whether it is "
				      "clean");
	return kcsd_error_set(err, -errno, "cachestat: %s%s", strerror(errno),
			      errno == ENOSYS ? " (Linux 6.5 has it)" : "");
}

int kcsd_file_cached(int fd, uint64_t *pages, struct kcsd_error *err)
{
	struct cache_state state;
	int ret = get_pages(fd, &state, err);

	*pages = ret ? 0 : state.nr_cache;
	return ret;
}

static int check_pages(int fd, struct kcsd_error *err)
{
	struct cache_state state;
	int ret = get_pages(fd, &state, err);

	if (ret || (!state.nr_dirty && !state.nr_writeback))
		return ret;
	return kcsd_error_set(err, -EAGAIN, "the file is being written: %" PRIu64 " pages are "
			      "dirty, %" PRIu64 " under writeback", state.nr_dirty,
			      state.nr_writeback);
}

static bool same_map(const struct kcsd_file_map *a, const struct kcsd_file_map *b)
{
	return a->len == b->len && a->nr == b->nr && a->bytes_len == b->bytes_len &&
	       (!a->nr || !memcmp(a->sources, b->sources, a->nr * sizeof(*a->sources))) &&
	       (!a->bytes_len || !memcmp(a->bytes, b->bytes, a->bytes_len));
}

/*
 * Pages first: a page that was written after the look at it has changed the mapping, or LBAs that
 * are watched.
 */
int kcsd_file_is_clean(int fd, const struct kcsd_file_map *map, struct kcsd_error *err)
{
	struct kcsd_file_map *now;
	bool same;
	int ret;

	ret = check_pages(fd, err);
	if (!ret)
		ret = kcsd_file_map(fd, &map->dev, map->write, &now, err);
	if (ret)
		return ret;
	same = same_map(map, now);
	kcsd_file_map_free(now);
	return same ? 0 : kcsd_error_set(err, -EAGAIN, "the file has changed, or its blocks have "
					 "moved, since it was mapped");
}

/* ---- clone ---- */

/* Open a file without a name in the directory of the file. */
static int open_beside(int fd, struct kcsd_error *err)
{
	char link[32], path[PATH_MAX], *slash;
	ssize_t n;
	int clone;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n < 0)
		return kcsd_error_set(err, -errno, "%s: %s", link, strerror(errno));
	path[n] = '\0';
	slash = strrchr(path, '/');
	if (*path != '/' || !slash)
		return kcsd_error_set(err, -ENOENT, "the file has no directory for a clone");
	slash[slash == path] = '\0';
	clone = open(path, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (clone < 0)
		return kcsd_error_set(err, -errno, "a clone needs a new file in %s: %s", path,
				      strerror(errno));
	return clone;
}

/* btrfs clones only between files that both have checksums, or both have none. */
static void copy_nocow(int from, int to)
{
	int flags, clone_flags;

	if (ioctl(from, FS_IOC_GETFLAGS, &flags) || !(flags & FS_NOCOW_FL) ||
	    ioctl(to, FS_IOC_GETFLAGS, &clone_flags))
		return;
	clone_flags |= FS_NOCOW_FL;
	ioctl(to, FS_IOC_SETFLAGS, &clone_flags);	/* else the clone fails */
}

static int refuse_clone(int error, struct kcsd_error *err)
{
	switch (error) {
	case EOPNOTSUPP:
		return kcsd_error_set(err, -EOPNOTSUPP, "the filesystem was made without clones "
				      "(reflink)");
	case EXDEV:
		return kcsd_error_set(err, -EXDEV, "the directory of the file is now on another "
				      "filesystem");
	case ETXTBSY:
		return kcsd_error_set(err, -EOPNOTSUPP, "the file is a swap file in use: call "
				      "swapoff first");
	}
	return kcsd_error_set(err, -error, "clone of the file: %s", strerror(error));
}

int kcsd_file_clone(int fd, struct kcsd_error *err)
{
	const struct kcsd_file_type *type;
	struct stat st;
	int clone, ret;

	ret = kcsd_file_is_regular(fd, &st, err);
	if (!ret)
		ret = kcsd_file_type_find(fd, &type, err);
	if (ret)
		return ret;
	if (!type->clones)
		return kcsd_error_set(err, -EOPNOTSUPP, "%s has no clones", type->name);
	clone = open_beside(fd, err);
	if (clone < 0)
		return clone;
	copy_nocow(fd, clone);
	if (!ioctl(clone, FICLONE, fd))
		return clone;
	ret = refuse_clone(errno, err);
	close(clone);
	return ret;
}
