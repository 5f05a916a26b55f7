// SPDX-License-Identifier: GPL-2.0
/* Texts for errors that programs return: of helpers, and of the loop over a stream. */
#include <stddef.h>

#include "run.h"

/* Copy of bpf/kcsd_helpers.h, which only programs can include. */
#define KCSD_E2BIG	7

static const struct program_error {
	int code;
	const char *text;
} errors[] = {
	{ KCSD_ENOENT, "there is no object to overwrite" },
	{ KCSD_EIO, "the medium failed" },
	{ KCSD_ENXIO, "the zone is offline" },
	{ KCSD_E2BIG, "a line, or another unit of data, is longer than the buffer of the program; "
		      "--len ends the stream where the file ends" },
	{ KCSD_ENOMEM, "compressed data needs a window larger than 8 MiB" },
	{ KCSD_EACCES, "the program may not store an object with this key; --store-prefix PREFIX "
			"lets it" },
	{ KCSD_EBUSY, "too many zones are open or active" },
	{ KCSD_EEXIST, "there is an object with this key already" },
	{ KCSD_EINVAL, "an argument of the program or of a helper is not valid" },
	{ KCSD_ENOSPC, "the zone or the output is full" },
	{ KCSD_ESPIPE, "not at the write pointer of the zone" },
	{ KCSD_EROFS, "the zone is read-only, or the program may not write there; --file PATH:w and "
	  "--lba RANGE:w let it" },
	{ KCSD_EBADMSG, "compressed data is damaged" },
};

const char *kcsd_program_error_text(int code)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(errors); i++)
		if (errors[i].code == code)
			return errors[i].text;
	return "its own error code";
}
