// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Read counters: the files with a decimal number in the directories of a drive in sysfs. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "private.h"

#define MAX_VALUE	64	/* bytes of a file that may be a counter */
#define MAX_DEPTH	3	/* programs/0/runs */

struct walk {
	size_t root_len;	/* bytes of the directory of the drive and the slash after it */
	unsigned int depth;
	int (*fn)(const char *name, uint64_t value, void *arg);
	void *arg;
};

static int drive_dir(const char *drive, char path[PATH_MAX])
{
	int index = kcsd_drive_index(drive);

	if (index < 0)
		return index;
	snprintf(path, PATH_MAX, "%s/kcsd%d", kcsd_sysfs_root, index);
	return 0;
}

static int visit_file(const char *path, const char *name, void *arg)
{
	const struct walk *walk = arg;
	char text[MAX_VALUE];
	uint64_t value;
	int ret;

	/* Not a counter: a list, even if it has only one number. */
	if (!strcmp(name, "cpus"))
		return 0;
	ret = kcsd_file_read(path, text, sizeof(text));
	/* Skip names, and programs that were unloaded meanwhile. */
	if (ret || kcsd_number_parse(text, &value))
		return 0;
	return walk->fn(path + walk->root_len, value, walk->arg);
}

/* True for "stats", "programs", "units", "timing", "kv", and "ns1" or other namespaces. */
static bool has_counters(const char *dir)
{
	return !strcmp(dir, "stats") || !strcmp(dir, "programs") || !strcmp(dir, "units") ||
	       !strcmp(dir, "timing") || !strcmp(dir, "kv") ||
	       (!strncmp(dir, "ns", 2) && dir[2] >= '0' && dir[2] <= '9');
}

static int visit_dir(const char *path, const char *name, void *arg)
{
	struct walk *walk = arg;
	int ret;

	/* The driver core or the block layer owns other directories. */
	if (walk->depth == 0 && !has_counters(name))
		return 0;
	walk->depth++;
	ret = kcsd_dir_walk(path, KCSD_WALK_FILES, visit_file, walk);
	if (!ret && walk->depth < MAX_DEPTH)
		ret = kcsd_dir_walk(path, KCSD_WALK_DIRS, visit_dir, walk);
	walk->depth--;
	return walk->depth && ret == -ENOENT ? 0 : ret;
}

int kcsd_stats_each(const char *drive, int (*fn)(const char *name, uint64_t value, void *arg),
		    void *arg)
{
	struct walk walk = { .fn = fn, .arg = arg };
	char path[PATH_MAX];
	int ret;

	ret = drive_dir(drive, path);
	if (ret)
		return ret;
	walk.root_len = strlen(path) + 1;
	return kcsd_dir_walk(path, KCSD_WALK_DIRS, visit_dir, &walk);
}

/* Make the path of a name below the directory of the drive. */
static int named_path(const char *drive, const char *name, char path[PATH_MAX])
{
	size_t len;
	int ret;

	if (!*name || *name == '.' || *name == '/' || strstr(name, "/."))
		return -EINVAL;
	ret = drive_dir(drive, path);
	if (ret)
		return ret;
	len = strlen(path);
	if (snprintf(path + len, PATH_MAX - len, "/%s", name) >= (int)(PATH_MAX - len))
		return -EINVAL;
	return 0;
}

int kcsd_stats_text(const char *drive, const char *name, char *buf, size_t buf_len)
{
	char path[PATH_MAX];
	int ret = named_path(drive, name, path);

	if (ret)
		return ret;
	ret = kcsd_file_read(path, buf, buf_len);
	if (ret == -EISDIR)
		return -EINVAL;
	return ret == -ENOTDIR ? -ENOENT : ret;
}

int kcsd_stats_get(const char *drive, const char *name, uint64_t *value)
{
	char text[MAX_VALUE];
	int ret = kcsd_stats_text(drive, name, text, sizeof(text));

	if (ret)
		return ret == -ERANGE ? -EINVAL : ret;
	return kcsd_number_parse(text, value);
}

/*
 * The id is the inode number: the kernel gives each directory of sysfs one of 64 bits and never
 * reuses it.
 */
int kcsd_stats_id(const char *drive, const char *dir, uint64_t *id)
{
	char path[PATH_MAX];
	struct stat st;
	int ret = named_path(drive, dir, path);

	if (ret)
		return ret;
	if (stat(path, &st))
		return errno == ENOTDIR ? -ENOENT : -errno;
	if (!S_ISDIR(st.st_mode))
		return -EINVAL;
	*id = st.st_ino;
	return 0;
}
