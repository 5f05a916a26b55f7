/* SPDX-License-Identifier: GPL-2.0 */
/* A program out of a file, whatever kind of file that is. */
#ifndef KCSD_PROGRAM_FILE_H
#define KCSD_PROGRAM_FILE_H

#include "cmd.h"

struct program_file {
	struct kcsd_object *obj;	/* NULL: it was plain instructions */
	char *bytes;			/* owned; what was in the file */
	const void *image;		/* or plain instructions */
	size_t len;			/* bytes */
};

/*
 * From an object file or an image, else plain instructions; "-" is standard
 * input. opts are not for plain instructions. Returns 0, or the exit code.
 */
int kcsd_program_open(struct program_file *file, const char *path,
		      const struct kcsd_object_opts *opts);
void kcsd_program_close(struct program_file *file);

/* All of standard input, or of a file, NUL-terminated, to be freed; NULL: an error was printed. */
char *kcsd_slurp(const char *path, size_t max, size_t *len);

#endif
