// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Files of ext4 (ext2, ext3): refuse data in the journal. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <linux/fs.h>

#include "file_map.h"

const char *kcsd_ext4_root = "/proc/fs/ext4";

/* /proc/mounts does not show a journal mode that is the default in the super block; this does. */
int kcsd_ext4_journals_data(const char *name)
{
	char path[PATH_MAX], text[8192], *line, *rest;
	int ret;

	snprintf(path, sizeof(path), "%s/%s/options", kcsd_ext4_root, name);
	ret = kcsd_file_read(path, text, sizeof(text));
	if (ret)
		return ret;
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (!strcmp(line, "data=journal"))
			return 1;
	return 0;
}

int kcsd_ext4_begin(struct kcsd_file_walk *w)
{
	int flags, ret;

	if (ioctl(w->fd, FS_IOC_GETFLAGS, &flags))
		return kcsd_error_set(w->err, -errno, "flags of the file: %s", strerror(errno));
	if (flags & FS_JOURNAL_DATA_FL)
		return kcsd_error_set(w->err, -EOPNOTSUPP, "the data of the file goes through the "
				      "journal of ext4 (attribute j): use chattr -j");
	ret = kcsd_ext4_journals_data(w->map->dev.name);
	if (ret < 0)
		return kcsd_error_set(w->err, ret, "%s/%s/options does not say whether ext4 "
				      "journals data: "
				      "%s", kcsd_ext4_root, w->map->dev.name, strerror(-ret));
	if (ret)
		return kcsd_error_set(w->err, -EOPNOTSUPP, "ext4 is mounted with data=journal: "
				      "mount it with data=ordered");
	return 0;
}
