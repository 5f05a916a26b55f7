/* SPDX-License-Identifier: GPL-2.0 */
/* Read a program from a file of any kind: object, image or plain instructions. */
#ifndef KCSD_PROGRAM_FILE_H
#define KCSD_PROGRAM_FILE_H

#include "cmd.h"

struct program_file {
	struct kcsd_object *obj;	/* NULL: plain instructions */
	char *bytes;			/* owned; content of the file */
	const void *image;		/* or plain instructions */
	size_t len;			/* bytes */
};

/*
 * Open an object file, an image or plain instructions; "-" is standard input. opts do not apply to
 * plain instructions. Return 0, or the exit code.
 */
int kcsd_program_open(struct program_file *file, const char *path,
		      const struct kcsd_object_opts *opts);
void kcsd_program_close(struct program_file *file);

/* Open an object file or an image only. Return 0, or the exit code. */
int kcsd_open_object(const char *path, const struct kcsd_object_opts *opts,
		     struct kcsd_object **obj);

/*
 * Read a file, or standard input, as a whole. Return the bytes with a NUL behind them, which the
 * caller frees; NULL if an error was printed.
 */
char *kcsd_slurp(const char *path, size_t max, size_t *len);

#endif
