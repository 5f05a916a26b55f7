/* SPDX-License-Identifier: GPL-2.0 */
/* The file of a store of objects: a file as that of LBAs, which grows as it is written. */
#ifndef KCSD_KV_FILE_H
#define KCSD_KV_FILE_H

#include "kv/medium.h"
#include "media/store.h"

struct kcsd_kv_file {
	struct kcsd_kv_medium medium;	/* for kcsd_kv_open() */
	struct kcsd_store store;	/* store.file is the file */
};

/*
 * Open an existing file. name: of the drive. Returns 0, or -errno after a line in the kernel log.
 */
int kcsd_kv_file_open(struct kcsd_kv_file *f, const char *path, const char *name);
/* Call after kcsd_kv_close(). */
void kcsd_kv_file_close(struct kcsd_kv_file *f);

#endif
