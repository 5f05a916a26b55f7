/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Keys of objects as names of files, relative to a directory. A slash in a key separates
 * directories. "%" and two hexadecimal digits are a byte; so are written those that cannot be part
 * of a name or should not: "%", NUL, control characters, all bytes above 7Fh of a key that is not
 * UTF-8, dots of a component "." or "..", and slashes that would make an empty component, or a
 * directory of what is a file.
 */
#ifndef KCSD_KV_NAME_H
#define KCSD_KV_NAME_H

#include <stdbool.h>
#include <stdint.h>
#include <linux/kcsd.h>

#define KV_PATH_LEN	(3 * KCSD_KV_MAX_KEY + 1)

/* Keys of files that begin the key before; the next one may have some of them as directories. */
struct kv_parents {
	struct kcsd_kv_key keys[KCSD_KV_MAX_KEY];
	int nr;
};

/*
 * Write the path of a key. Keys come in the order of the drive. A path is never absolute, never has
 * a component ".", ".." or "", and is never that of another key, or a directory of one.
 */
void kcsd_kv_path_make(struct kv_parents *parents, const struct kcsd_kv_key *key,
		       char path[KV_PATH_LEN]);

/*
 * Parse a path. literal: % is no escape. Return NULL, or an error as the end of a sentence.
 */
const char *kcsd_kv_path_parse(const char *path, bool literal, struct kcsd_kv_key *key);

#endif
