/* SPDX-License-Identifier: GPL-2.0 */
/* Files that belong to a drive while it is powered: its backing file, its side file. */
#ifndef KCSD_FILE_H
#define KCSD_FILE_H

#include <linux/errno.h>
#include <linux/list.h>

struct file;

/* One file belongs to one drive, as whatever. The file stays open as long as the claim. */
struct kcsd_claim {
	struct list_head entry;
	struct file *file;
};

/*
 * Is there a regular file that may be written? -errno if not. Before opening, as opening a device
 * can have effects. A file without any write permission is meant to stay as it is, even
 * where root could write it.
 */
int kcsd_file_check(const char *path);
/* What is wrong, in words, by the error of the above or of filp_open(). */
const char *kcsd_file_error(int err);
/* -EBUSY: another drive has it, or this one as something else. */
int kcsd_file_claim(struct kcsd_claim *claim, struct file *file);
void kcsd_file_release(struct kcsd_claim *claim);
/* Has this result of vfs_fsync() lost data? Not if it was interrupted, or had no memory. */
static inline bool kcsd_file_sync_failed(int ret)
{
	return ret && ret != -EINTR && ret != -ERESTARTSYS && ret != -ENOMEM;
}

/* Take a file that was just made out of its directory again. Best effort. */
void kcsd_file_unlink(struct file *file);

#endif
