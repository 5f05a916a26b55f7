// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Create, configure, power and delete drives through configfs. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "private.h"

#define TIMING		"timing/"	/* a directory of attributes */
#define MAX_NAME	64	/* bytes of the name of a drive or an attribute */
#define OWN_DRIVES	"/sys/module/kcsd/parameters/drives"
#define MAX_VALUE	4097	/* bytes of an attribute value: a page of configfs, and the NUL */

const char *kcsd_configfs_root = "/sys/kernel/config/kcsd";

static bool is_name(const char *name)
{
	return *name && *name != '.' && strlen(name) <= MAX_NAME && !strchr(name, '/');
}

/* True for the name of an attribute, also of one in timing/. */
static bool is_attr(const char *attr)
{
	const size_t len = strlen(TIMING);

	return is_name(strncmp(attr, TIMING, len) ? attr : attr + len);
}

/*
 * Make the path of a drive (attr NULL), of its attribute, or of an attribute of the module (name
 * NULL).
 */
static int make_path(char path[PATH_MAX], const char *name, const char *attr)
{
	int n;

	if ((name && !is_name(name)) || (attr && !is_attr(attr)) || (!name && !attr))
		return -EINVAL;
	n = snprintf(path, PATH_MAX, "%s%s%s%s%s", kcsd_configfs_root, name ? "/" : "",
		     name ? name : "", attr ? "/" : "", attr ? attr : "");
	return n < PATH_MAX ? 0 : -EINVAL;
}

int kcsd_drive_create(const char *name)
{
	char path[PATH_MAX];
	int ret = name ? make_path(path, name, NULL) : -EINVAL;

	if (ret)
		return ret;
	/* Returns -ENOENT without the module: the parent directory is missing. */
	return mkdir(path, 0755) ? -errno : 0;
}

/*
 * True for a drive that the module created when it was loaded (kcsd0 and up): it cannot be removed.
 */
static bool is_own(const char *name)
{
	int index = kcsd_drive_index(name);
	uint64_t drives = 0;
	char text[32];

	if (index < 0 || kcsd_file_read(OWN_DRIVES, text, sizeof(text)) ||
	    kcsd_number_parse(text, &drives))
		return false;
	return (uint64_t)index < drives;
}

int kcsd_drive_delete(const char *name)
{
	char path[PATH_MAX];
	int ret = name ? make_path(path, name, NULL) : -EINVAL;

	if (ret)
		return ret;
	if (is_own(name))
		return -EPERM;
	/* Power off first: removing the directory powers off by force, even a drive in use. */
	ret = kcsd_drive_power(name, false);
	if (ret)
		return ret;
	return rmdir(path) ? -errno : 0;
}

int kcsd_attr_set(const char *name, const char *attr, const char *value)
{
	char path[PATH_MAX];
	int ret = attr ? make_path(path, name, attr) : -EINVAL;

	if (ret)
		return ret;
	/* Write at least one byte: configfs ignores an empty write. */
	return kcsd_file_write(path, *value ? value : "\n");
}

int kcsd_attr_get(const char *name, const char *attr, char *buf, size_t len)
{
	char path[PATH_MAX];
	int ret = attr ? make_path(path, name, attr) : -EINVAL;

	return ret ? ret : kcsd_file_read(path, buf, len);
}

int kcsd_drive_power(const char *name, bool on)
{
	return name ? kcsd_attr_set(name, "power", on ? "1" : "0") : -EINVAL;
}

static int get_number(const char *name, const char *attr, uint64_t *value)
{
	char text[32];
	int ret = kcsd_attr_get(name, attr, text, sizeof(text));

	return ret ? ret : kcsd_number_parse(text, value);
}

static int read_info(const char *name, struct kcsd_config_info *info)
{
	uint64_t index, powered;
	int ret;

	ret = get_number(name, "power", &powered);
	if (!ret)
		ret = get_number(name, "index", &index);
	if (ret)
		return ret;
	*info = (struct kcsd_config_info){ .powered = !!powered, .index = index };
	snprintf(info->name, sizeof(info->name), "%s", name);
	return 0;
}

int kcsd_config_get(const char *name, struct kcsd_config_info *info, size_t size)
{
	struct kcsd_config_info i;
	int ret = name ? read_info(name, &i) : -EINVAL;

	if (!ret)
		kcsd_info_copy(info, size, &i, sizeof(i));
	return ret;
}

struct drives {
	int (*fn)(const struct kcsd_config_info *info, void *arg);
	void *arg;
};

static int visit_drive(const char *path, const char *name, void *arg)
{
	const struct drives *drives = arg;
	struct kcsd_config_info info;
	int ret = is_name(name) ? read_info(name, &info) : -EINVAL;

	(void)path;
	/* The drive was removed after the directory was read. */
	if (ret == -ENOENT)
		return 0;
	return ret ? ret : drives->fn(&info, drives->arg);
}

int kcsd_config_each(int (*fn)(const struct kcsd_config_info *info, void *arg), void *arg)
{
	struct drives drives = { .fn = fn, .arg = arg };

	return kcsd_dir_walk(kcsd_configfs_root, KCSD_WALK_DIRS, visit_drive, &drives);
}

struct attrs {
	int (*fn)(const char *attr, const char *value, void *arg);
	void *arg;
};

static int visit_attr(const char *path, const char *name, void *arg)
{
	const struct attrs *attrs = arg;
	char value[MAX_VALUE];
	int ret = kcsd_file_read(path, value, sizeof(value));

	return ret ? ret : attrs->fn(name, value, attrs->arg);
}

int kcsd_attr_each(const char *name,
		   int (*fn)(const char *attr, const char *value, void *arg), void *arg)
{
	struct attrs attrs = { .fn = fn, .arg = arg };
	char path[PATH_MAX];
	int ret = name ? make_path(path, name, NULL) : -EINVAL;

	return ret ? ret : kcsd_dir_walk(path, KCSD_WALK_FILES, visit_attr, &attrs);
}
