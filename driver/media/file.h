/* SPDX-License-Identifier: GPL-2.0 */
/* Files that belong to a drive while it is powered: its backing file, its sidecar. */
#ifndef KCSD_FILE_H
#define KCSD_FILE_H

#include <linux/errseq.h>
#include <linux/fcntl.h>
#include <linux/list.h>
#include <linux/types.h>

struct file;

/* A file belongs to at most one drive, in one role. It must stay open as long as the claim. */
struct kcsd_file_claim {
	struct list_head entry;
	struct file *file;
};

#define KCSD_FILE_FLAGS		(O_RDWR | O_LARGEFILE)

/*
 * Open a regular file for reading and writing. Return it or ERR_PTR(). Validates the inode before
 * opening it, since opening a device can have effects. Close with filp_close().
 */
struct file *kcsd_file_open(const char *path);
/* Open the same file again, with additional flags. Return it or ERR_PTR(). */
struct file *kcsd_file_reopen(struct file *file, int flags);
/* Return true if the file has no data, only a hole. Moves the file position. */
bool kcsd_file_is_hole(struct file *file);
/* Describe an error of kcsd_file_open() or kcsd_file_sync_begin() in words. */
const char *kcsd_file_error(int err);
/* Claim a file. Return 0; -EBUSY: it belongs to another drive, or to this one in another role. */
int kcsd_file_claim(struct kcsd_file_claim *claim, struct file *file);
void kcsd_file_release(struct kcsd_file_claim *claim);

/* Track whether data written to a file is lost. The caller serialises the calls below. */
struct kcsd_file_sync {
	errseq_t begun;		/* state of wb_err when the file was opened */
	bool lost;		/* written data is lost: every sync fails. Never reset */
};

/*
 * Call before the first read. After a failed write-back the page cache may hold data that is not on
 * the disk and will not be written again: drop it. Return 0; -ESTALE: it cannot be dropped.
 */
int kcsd_file_sync_begin(struct kcsd_file_sync *sync, struct file *file);
/* Make all written data durable. Return 0; -EIO: some of it is lost; other -errno: try again. */
int kcsd_file_sync(struct kcsd_file_sync *sync, struct file *file);
/*
 * Call after the last write. If data is lost, drop cached pages, so that the next reader gets what
 * is on the disk.
 */
void kcsd_file_sync_end(struct kcsd_file_sync *sync, struct file *file);

/* Unlink a file that was just created. Best effort. */
void kcsd_file_unlink(struct file *file);

#endif
