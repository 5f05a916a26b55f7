/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* A sidecar that no drive has open. */
#ifndef KCSD_LIB_SIDE_H
#define KCSD_LIB_SIDE_H

#include <limits.h>
#include <sys/types.h>

#include "libkcsd.h"
#include "../driver/persist/journal.h"

struct kcsd_sidecar_fd {
	struct kcsd_sidecar_io io;
	int fd;
};

/* The sidecar's path, of its own or its backing file's. -ENAMETOOLONG. */
int kcsd_sidecar_path(const char *path, char side[PATH_MAX]);
/* -errno as open(2) with these flags and mode 0600; -EINVAL: no regular file. *len: its bytes. */
int kcsd_sidecar_fd_open(struct kcsd_sidecar_fd *f, const char *path, int flags, uint64_t *len);
void kcsd_sidecar_fd_close(struct kcsd_sidecar_fd *f);

/*
 * All that can be had of a file that cannot be used: its drive if there is a header, programs, the
 * zones that records name. Returns 0 (no header: log->state.drive is all zero), or -errno.
 * *lost: records or headers that should be there.
 */
int kcsd_sidecar_salvage(struct kcsd_sidecar_io *io, uint64_t len, struct kcsd_sidecar_state *state,
		      uint32_t *lost);

#endif
