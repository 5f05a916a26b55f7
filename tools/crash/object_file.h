/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Read the file of the objects of a drive by <linux/kcsd_kv.h> alone, without code of the driver
 * and without the index of a clean close.
 */
#ifndef CRASH_OBJECT_FILE_H
#define CRASH_OBJECT_FILE_H

#include "object.h"

struct object_file {
	uint64_t records;
	uint64_t segments;	/* in use */
	uint64_t torn;		/* records that were never promised and are not whole */
	/* Called for each object. value: for the callee to change; NULL: it is damaged. */
	void (*found)(void *arg, const struct object_key *key, struct object_value *value,
		      uint32_t len);
	void *arg;
};

/* Return 0, or -1 after an error on standard output. */
int object_file_read(struct object_file *f, const char *path);

#endif
