/* SPDX-License-Identifier: GPL-2.0 */
/* Short files of text, as in sysfs and configfs. */
#ifndef KST_FILE_H
#define KST_FILE_H

#include <linux/types.h>
#include <stddef.h>

/* Read a file without its last newline. Returns the length or -errno. */
int file_read(const char *path, char *buf, size_t len);

int file_write(const char *path, const char *text);

/* Returns the number in a file, or ~0 if there is none. */
__u64 file_number(const char *path);

/* Make a file of zeroes. mkstemp() replaces the XXXXXX at the end of path. Returns 0 or -errno. */
int file_make(char *path, __u64 len);

/* Remove a backing file and its sidecar. Appends to path. */
void file_remove(char *path);

void fd_close(int *fd);

#endif
