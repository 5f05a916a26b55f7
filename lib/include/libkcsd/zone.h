/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Report, manage and append to zones of namespace 1, on a zoned drive. By <libkcsd.h>. */
#ifndef LIBKCSD_ZONE_H
#define LIBKCSD_ZONE_H

#include <libkcsd/drive.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kcsd_zns_info {
	uint64_t zone_size;	/* LBAs, a power of two */
	uint64_t nr_zones;
	uint32_t max_append;	/* bytes of one kcsd_zone_append() */
	uint32_t max_open;	/* zones; 0: no limit */
	uint32_t max_active;	/* open or closed zones; 0: no limit */
	uint32_t rsvd;
};

/*
 * Get the properties of zones. KCSD_SC_INVALID_FIELD: the drive is not zoned. size: sizeof(*info).
 */
KCSD_API int kcsd_zns_identify(struct kcsd_drive *drv, struct kcsd_zns_info *info, size_t size);

#define KCSD_ZONE_COND_ANY	UINT32_MAX

/*
 * Call fn for each zone, ascending, from the zone that contains slba on; with a cond
 * (KCSD_ZONE_COND_*) other than KCSD_ZONE_COND_ANY, only for zones that were in that condition when
 * the drive reported them. A value other than 0 from fn ends the walk and is returned.
 *
 * KCSD_SC_INVALID_OPCODE or KCSD_SC_INVALID_FIELD: the drive is not zoned. KCSD_SC_LBA_RANGE: it
 * has no such LBA. -EINVAL: no such condition. -EPROTO: the drive sent malformed data.
 */
KCSD_API int kcsd_zone_each(struct kcsd_drive *drv, uint64_t slba, uint32_t cond,
			    int (*fn)(const struct kcsd_zone_info *zone, void *arg), void *arg);

/* Zone Send Actions of Zone Management Send. */
enum kcsd_zone_action {
	KCSD_ZONE_CLOSE		= 1,
	KCSD_ZONE_FINISH	= 2,
	KCSD_ZONE_OPEN		= 3,
	KCSD_ZONE_RESET		= 4,
	KCSD_ZONE_OFFLINE	= 5,
};

#define KCSD_ZONE_ALL	UINT64_MAX

/*
 * Change the state of the zone that begins with zslba, or with KCSD_ZONE_ALL of all zones in a
 * suitable state: close open zones, open closed zones, finish open or closed zones, reset open,
 * closed and full zones, take read-only zones offline.
 *
 * KCSD_SC_INVALID_ZONE_TRANSITION: not possible from the state of the zone.
 * KCSD_SC_TOO_MANY_OPEN_ZONES, KCSD_SC_TOO_MANY_ACTIVE_ZONES. KCSD_SC_INVALID_FIELD: no zone begins
 * there. KCSD_SC_LBA_RANGE: there is no such LBA. KCSD_SC_INVALID_OPCODE: the drive is not zoned.
 */
KCSD_API int kcsd_zone_manage(struct kcsd_drive *drv, enum kcsd_zone_action action,
			      uint64_t zslba);

/*
 * Append to the zone that begins with zslba, in one piece: len bytes, a multiple of the LBA size
 * (else -EINVAL), at most max_append. *lba: the first LBA that was written.
 *
 * KCSD_SC_ZONE_FULL, KCSD_SC_ZONE_BOUNDARY (the rest of the zone is too short),
 * KCSD_SC_ZONE_READ_ONLY, KCSD_SC_ZONE_OFFLINE, KCSD_SC_TOO_MANY_OPEN_ZONES,
 * KCSD_SC_TOO_MANY_ACTIVE_ZONES, KCSD_SC_WRITE_FAULT, KCSD_SC_CAPACITY_EXCEEDED.
 * KCSD_SC_INVALID_FIELD: no zone with a write pointer begins there, or len is too large.
 * KCSD_SC_INVALID_OPCODE: the drive is not zoned.
 */
KCSD_API int kcsd_zone_append(struct kcsd_drive *drv, uint64_t zslba, const void *buf, size_t len,
			      uint64_t *lba);

#ifdef __cplusplus
}
#endif

#endif
