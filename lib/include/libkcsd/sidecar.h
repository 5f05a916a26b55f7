/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * Sidecars, the data that survives power off besides the LBAs: <linux/kcsd_sidecar.h>. By
 * <libkcsd.h>.
 */
#ifndef LIBKCSD_SIDECAR_H
#define LIBKCSD_SIDECAR_H

#include <libkcsd/program.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * path, in all functions: the sidecar, recognised by its suffix .kcsd, or the backing file that it
 * belongs to. Power the drive off first; else the functions may see half of a change.
 *
 * -EUCLEAN: the sidecar is unusable; err->text gives the reason. -ENOENT: there is none. -EINVAL:
 * not a regular file. Others as open(2) and read(2).
 */
struct kcsd_sidecar_info {
	uint8_t uuid[16];
	uint64_t size;		/* bytes of namespace 1 */
	uint64_t zone_size;	/* bytes; 0: not zoned */
	uint64_t zone_capacity;	/* bytes */
	uint32_t block_size;	/* bytes */
	uint32_t zones;		/* including conventional ones */
	uint32_t conventional;
	uint32_t programs;
	uint32_t by_condition[16];	/* sequential zones by condition, as of ZNS */
	uint64_t file_size;	/* bytes of the sidecar */
	uint64_t generation;	/* number of times that it was rewritten */
	uint64_t records;
	uint32_t damaged;	/* damaged copies whose other copy is valid: harmless */
	uint8_t torn;		/* 1: an incompletely written record follows the last one */
};

KCSD_API int kcsd_sidecar_validate(const char *path, struct kcsd_sidecar_info *info, size_t size,
				   struct kcsd_error *err);

struct kcsd_sidecar_zone_info {
	uint32_t zone;
	uint32_t condition;	/* as of ZNS; kcsd_zone_cond_text() */
	uint64_t written;	/* LBAs from its start */
	uint64_t capacity;	/* LBAs */
};

/*
 * Call fn for each sequential zone, ascending. A value other than 0 from fn ends the walk and is
 * returned.
 */
KCSD_API int kcsd_sidecar_zone_each(const char *path,
				    int (*fn)(const struct kcsd_sidecar_zone_info *zone, void *arg),
				    void *arg, struct kcsd_error *err);
/* Call fn for each retained program, ascending; without its name. */
KCSD_API int
kcsd_sidecar_program_each(const char *path,
			  int (*fn)(const struct kcsd_program_info *program, void *arg),
			  void *arg, struct kcsd_error *err);

/*
 * Give the drive of a sidecar a new UUID, so that a copy of both files can be powered on beside the
 * original. Nothing else changes. -EBUSY: a drive that is powered on uses the file; -EUCLEAN: the
 * sidecar cannot be used. Others as open(2).
 */
KCSD_API int kcsd_sidecar_renew_uuid(const char *path, struct kcsd_error *err);

#ifdef __cplusplus
}
#endif

#endif
