/* SPDX-License-Identifier: GPL-2.0 */
/* The file of a sidecar, for its journal. */
#ifndef KCSD_SIDECAR_FILE_H
#define KCSD_SIDECAR_FILE_H

#include "media/context.h"
#include "media/file.h"
#include "persist/journal.h"

struct kcsd_sidecar_file {
	struct kcsd_sidecar_io io;
	struct file *file;
	struct kcsd_file_claim claim;
	struct kcsd_file_sync sync;
	struct kcsd_context *context;	/* of the store */
};

/* Open an existing file, or create one of len bytes. On failure return -errno, own nothing. */
int kcsd_sidecar_file_open(struct kcsd_sidecar_file *f, struct kcsd_context *context,
			   const char *path);
int kcsd_sidecar_file_create(struct kcsd_sidecar_file *f, struct kcsd_context *context,
			     const char *path, u64 len);
void kcsd_sidecar_file_close(struct kcsd_sidecar_file *f);
u64 kcsd_sidecar_file_len(const struct kcsd_sidecar_file *f);

/* fsync the new file and its directory. Return 0 or -errno. */
int kcsd_sidecar_file_sync_new(struct kcsd_sidecar_file *f);
/* Unlink and close a new file that could not be completed. */
void kcsd_sidecar_file_discard(struct kcsd_sidecar_file *f);

#endif
