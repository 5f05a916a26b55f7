/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Read counters. By <libkcsd.h>. */
#ifndef LIBKCSD_STATS_H
#define LIBKCSD_STATS_H

#include <libkcsd/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Counters (sysfs): no drive handle and no privileges needed ---- */

/*
 * Call fn with each counter of a drive ("kcsd0"), in a stable order. name is its path below
 * /sys/class/kcsd/kcsd0/: "ns1/read_commands", "programs/0/runs"; names and units are in
 * Documentation/ABI/testing/. A value other than 0 from fn ends the walk and is returned. -ENOENT:
 * no such drive. -EINVAL: malformed name.
 */
KCSD_API int kcsd_stats_each(const char *drive,
			     int (*fn)(const char *name, uint64_t value, void *arg), void *arg);
/*
 * Get one counter. -ENOENT: no such drive or counter. -EINVAL: not a number, or a malformed name.
 */
KCSD_API int kcsd_stats_get(const char *drive, const char *name, uint64_t *value);
/*
 * Get an attribute that is not a counter, such as "programs/0/name". Errors likewise; -ERANGE: len
 * is too small.
 */
KCSD_API int kcsd_stats_text(const char *drive, const char *name, char *buf, size_t len);
/*
 * Get an id that changes when counters restart from 0. dir is their directory: "stats",
 * "programs/0". The id stays the same while they continue. When they restart (the drive was powered
 * on again, another program has the index), they get an id that was never used before since boot.
 * Errors as kcsd_stats_get().
 */
KCSD_API int kcsd_stats_id(const char *drive, const char *dir, uint64_t *id);

#ifdef __cplusplus
}
#endif

#endif
