/* SPDX-License-Identifier: GPL-2.0 */
/* A program out of a file, whatever kind of file that is. */
#ifndef KCSD_PROGRAM_FILE_H
#define KCSD_PROGRAM_FILE_H

#include "cmd.h"

struct program_file {
	struct kcsd_object *obj;	/* NULL: it was no object file */
	char *bytes;			/* owned; NULL for object files */
	const void *image;		/* or plain instructions */
	size_t len;			/* bytes */
};

/*
 * From an object file, else an image or plain instructions; "-" is standard
 * input. opts are for object files. Returns 0, or the exit code.
 */
int kcsd_program_open(struct program_file *file, const char *path,
		      const struct kcsd_object_opts *opts);
void kcsd_program_close(struct program_file *file);

/* Only from an object file or an image. Returns 0, or the exit code. */
int kcsd_open_object(const char *path, const struct kcsd_object_opts *opts,
		     struct kcsd_object **obj);

/* All of standard input, or of a file, NUL-terminated, to be freed; NULL: an error was printed. */
char *kcsd_slurp(const char *path, size_t max, size_t *len);

#endif
