/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Access to a sidecar that no drive has open. */
#ifndef KCSD_LIB_SIDECAR_H
#define KCSD_LIB_SIDECAR_H

#include <limits.h>
#include <sys/types.h>

#include <libkcsd.h>
#include "../driver/persist/journal.h"

struct kcsd_sidecar_fd {
	struct kcsd_sidecar_io io;
	int fd;
};

/* Get the path of the sidecar from its own path or that of its backing file. -ENAMETOOLONG. */
int kcsd_sidecar_path(const char *path, char sidecar[PATH_MAX]);
/*
 * Open a sidecar with these flags and mode 0600; sets *len to its bytes. -errno as open(2);
 * -EINVAL: not a regular file.
 */
int kcsd_sidecar_fd_open(struct kcsd_sidecar_fd *f, const char *path, int flags, uint64_t *len);
void kcsd_sidecar_fd_close(struct kcsd_sidecar_fd *f);

#endif
