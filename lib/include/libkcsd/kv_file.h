/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* The file in which a drive keeps its objects: <linux/kcsd_kv.h>. By <libkcsd.h>. */
#ifndef LIBKCSD_KV_FILE_H
#define LIBKCSD_KV_FILE_H

#include <libkcsd/common.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kcsd_kv_file_info {
	uint8_t uuid[16];
	uint64_t size;		/* bytes of keys and values that fit */
	uint64_t objects;
	uint64_t bytes;		/* of their keys and values */
	uint64_t damaged;	/* of the objects: their values cannot be read */
	uint64_t lost;		/* records whose keys are unknown: objects may be missing */
	uint64_t segments;	/* of the log */
	uint64_t used_segments;
	uint64_t records;
	uint64_t deletes;	/* records that objects were deleted */
	uint64_t damaged_stale;	/* damaged records that do not count any more: harmless */
	uint64_t torn;		/* records that were being written when power failed: harmless */
	uint32_t damaged_supers;	/* damaged copies of the superblock */
	uint32_t clean;		/* 1: power off was clean */
};

/* A damaged object; a key without bytes: lost records. */
struct kcsd_kv_file_damage {
	struct kcsd_kv_key key;
	uint64_t place;		/* in the file, of the first bad record */
};

/*
 * Validate the file of the objects of a drive (attribute kv_file): read all records, change
 * nothing. Power the drive off first; else what it writes meanwhile may look like damage. fn:
 * called for each damage, unless NULL. Returns 0 also if objects are damaged: read info.
 *
 * -EUCLEAN: it is no such file, or unusable. -ENODATA: it has no bytes. -EINVAL: not a regular
 * file. Others as open(2) and read(2).
 */
KCSD_API int kcsd_kv_validate(const char *path, struct kcsd_kv_file_info *info, size_t size,
			      void (*fn)(const struct kcsd_kv_file_damage *damage, void *arg),
			      void *arg, struct kcsd_error *err);

#ifdef __cplusplus
}
#endif

#endif
