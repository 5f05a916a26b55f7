/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* What survives power off besides the LBAs: sidecars, <linux/kcsd_sidecar.h>. By <libkcsd.h>. */
#ifndef LIBKCSD_SIDE_H
#define LIBKCSD_SIDE_H

#include <libkcsd/program.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * path, in all of these: the sidecar, known by its suffix .kcsd, or the backing file that it
 * belongs to. The drive should be powered off; else what they see may be half of a change.
 *
 * -EUCLEAN: the sidecar cannot be used; err->text says why. -ENOENT: there is none.
 * -EINVAL: it is no regular file. Others as open(2) and read(2).
 */
struct kcsd_sidecar_info {
	uint8_t uuid[16];
	uint64_t size;		/* bytes of namespace 1 */
	uint64_t zone_size;	/* bytes; 0: not zoned */
	uint64_t zone_capacity;	/* bytes */
	uint32_t block_size;	/* bytes */
	uint32_t zones;		/* conventional ones, too */
	uint32_t conventional;
	uint32_t programs;
	uint32_t by_condition[16];	/* sequential zones by condition, as of ZNS */
	uint64_t file_size;	/* bytes of the sidecar */
	uint64_t generation;	/* how often it was written afresh */
	uint64_t records;
	uint32_t damaged;	/* copies that are not valid, but the other one is: harmless */
	uint8_t torn;		/* 1: behind the last record there is one that was being written */
};

KCSD_API int kcsd_sidecar_check(const char *path, struct kcsd_sidecar_info *info, size_t size,
			     struct kcsd_error *err);

struct kcsd_sidecar_zone_info {
	uint32_t zone;
	uint32_t condition;	/* as of ZNS; kcsd_zone_cond_text() */
	uint64_t written;	/* LBAs from its start */
	uint64_t capacity;	/* LBAs */
};

/* Each sequential zone, ascending. A value other than 0 from fn ends the walk and is returned. */
KCSD_API int kcsd_sidecar_zone_each(const char *path,
				 int (*fn)(const struct kcsd_sidecar_zone_info *zone, void *arg),
				 void *arg, struct kcsd_error *err);
/* Each program that is kept, ascending; without its name. */
KCSD_API int kcsd_sidecar_program_each(const char *path,
				    int (*fn)(const struct kcsd_program_info *program, void *arg),
				    void *arg, struct kcsd_error *err);

enum kcsd_repair_zones {
	KCSD_REPAIR_KEEP,	/* what the sidecar says; it must be complete */
	KCSD_REPAIR_FULL,	/* all that may be data can be read */
	KCSD_REPAIR_EMPTY,	/* nothing is data */
};

struct kcsd_repair_opts {
	size_t sz;
	uint32_t zones;		/* KCSD_REPAIR_*; known offline or read-only zones stay so */
	/* The drive, if nothing is left that describes it. 0: the backing file's, or default. */
	uint32_t block_size;
	uint64_t size;
	uint64_t zone_size;
	uint64_t zone_capacity;
	uint32_t conventional;
	uint32_t new_uuid;	/* not 0: it is a copy, and is to be a drive of its own */
};

/*
 * Put a new sidecar in the place of one that cannot be used, or is missing. Programs and UUID
 * (but for new_uuid) are kept as far as they can be read; *lost: records, or headers, that cannot.
 * The old file is there afterwards as FILE.kcsd.old. opts may be NULL.
 *
 * -EBUSY: a powered drive has the file. -EINVAL: opts do not say what they must, or what they must
 * not, or there is no such drive; -EUCLEAN: it was made by another version. Others as open(2).
 */
KCSD_API int kcsd_sidecar_repair(const char *path, const struct kcsd_repair_opts *opts, uint32_t *lost,
			      struct kcsd_error *err);

#ifdef __cplusplus
}
#endif

#endif
