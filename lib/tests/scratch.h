/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* A directory of its own for a test, with ordinary files in place of sysfs. */
#ifndef SCRATCH_H
#define SCRATCH_H

#include <stdbool.h>

/* Make the directory, and change to it. Returns false, with a point that failed. */
bool scratch_begin(void);
/* Remove it with all that is in it. */
void scratch_end(void);
void make_dir(const char *path);
/* Write a file. */
void put(const char *path, const char *text);

#endif
