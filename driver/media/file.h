/* SPDX-License-Identifier: GPL-2.0 */
/* Files that belong to a drive while it is powered: its backing file, its sidecar. */
#ifndef KCSD_FILE_H
#define KCSD_FILE_H

#include <linux/errseq.h>
#include <linux/fcntl.h>
#include <linux/list.h>
#include <linux/types.h>

struct file;

/* One file belongs to one drive, as whatever. The file stays open as long as the claim. */
struct kcsd_claim {
	struct list_head entry;
	struct file *file;
};

#define KCSD_FILE_FLAGS		(O_RDWR | O_LARGEFILE)

/*
 * Open a regular file that may be read and written, else -errno. It is checked before, as opening a
 * device can have effects; what was checked is what is opened. filp_close() it.
 */
struct file *kcsd_file_open(const char *path);
/* The same file once more, with these flags too. */
struct file *kcsd_file_reopen(struct file *file, int flags);
/* Is a file without any data: nothing but a hole? Moves its position. */
bool kcsd_file_is_hole(struct file *file);
/* What is wrong, in words, by the error of kcsd_file_open(). */
const char *kcsd_file_error(int err);
/* -EBUSY: another drive has it, or this one as something else. */
int kcsd_file_claim(struct kcsd_claim *claim, struct file *file);
void kcsd_file_release(struct kcsd_claim *claim);

/* What becomes of what is written to a file. Who calls the functions has one run at a time. */
struct kcsd_file_sync {
	errseq_t begun;		/* its writing back, when it was opened */
	bool lost;		/* written data is lost: every sync fails. Never false again */
};

/*
 * Before the first read. Once writing back has failed the page cache may have what the disk has
 * not, and does not write it again: then it is dropped. -ESTALE: it cannot be.
 */
int kcsd_file_sync_begin(struct kcsd_file_sync *sync, struct file *file);
/* 0: all that was written is there. -EIO: some of it never will be; other errors: not yet. */
int kcsd_file_sync(struct kcsd_file_sync *sync, struct file *file);
/* Nothing is written any more. If data is lost, who reads the file next has what is there. */
void kcsd_file_sync_end(struct kcsd_file_sync *sync, struct file *file);

/* Take a file that was just made out of its directory again. Best effort. */
void kcsd_file_unlink(struct file *file);

#endif
