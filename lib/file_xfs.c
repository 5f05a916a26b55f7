// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Files of xfs: refuse those on the realtime device. */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <linux/fs.h>

#include "file_map.h"

int kcsd_xfs_begin(struct kcsd_file_walk *w)
{
	struct fsxattr attr;

	if (ioctl(w->fd, FS_IOC_FSGETXATTR, &attr))
		return kcsd_error_set(w->err, -errno, "flags of the file: %s", strerror(errno));
	if (attr.fsx_xflags & FS_XFLAG_REALTIME)
		return kcsd_error_set(w->err, -EOPNOTSUPP, "the file is on the realtime device of "
				      "xfs: only the data device can be mapped; use xfs_io -c "
				      "\"chattr -r\" on a new file and copy it");
	return 0;
}
