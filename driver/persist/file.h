/* SPDX-License-Identifier: GPL-2.0 */
/* The file below a sidecar's log. */
#ifndef KCSD_SIDECAR_FILE_H
#define KCSD_SIDECAR_FILE_H

#include "media/context.h"
#include "media/file.h"
#include "persist/journal.h"

struct kcsd_sidecar_file {
	struct kcsd_sidecar_io io;
	struct file *file;
	struct kcsd_claim claim;
	struct kcsd_file_sync sync;
	struct kcsd_context *context;	/* the medium's */
};

/* Open the one that is there, or make one of len bytes. -errno: nothing is held. */
int kcsd_sidecar_file_open(struct kcsd_sidecar_file *f, struct kcsd_context *context, const char *path);
int kcsd_sidecar_file_create(struct kcsd_sidecar_file *f, struct kcsd_context *context, const char *path,
			  u64 len);
void kcsd_sidecar_file_close(struct kcsd_sidecar_file *f);
u64 kcsd_sidecar_file_len(const struct kcsd_sidecar_file *f);

/* What a new file holds, and that it is there at all, stays. */
int kcsd_sidecar_file_sync_new(struct kcsd_sidecar_file *f);
/* A new file that did not become what it should. Closes it. */
void kcsd_sidecar_file_discard(struct kcsd_sidecar_file *f);

#endif
