/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Access Subsystem Local Memory, and manage memory range sets. By <libkcsd.h>. */
#ifndef LIBKCSD_SLM_H
#define LIBKCSD_SLM_H

#include <libkcsd/drive.h>
#include <libkcsd/run.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Subsystem Local Memory: bytes of namespace 2 ---- */

struct kcsd_slm_info {
	uint64_t size;		/* bytes */
	uint32_t max_sources;	/* of one kcsd_slm_copy() */
	uint32_t rsvd;
};

/* Get the properties of the SLM. KCSD_SC_INVALID_NS: the drive has no SLM. size: sizeof(*info). */
KCSD_API int kcsd_slm_identify(struct kcsd_drive *drv, struct kcsd_slm_info *info, size_t size);

/*
 * start: first byte. len: bytes, 0 does nothing; large transfers are split into several commands.
 * KCSD_SC_LBA_RANGE: beyond the SLM (parts before may have been transferred). Commands of several
 * threads that access the same bytes are not ordered, not even eight bytes at a time.
 */
KCSD_API int kcsd_slm_read(struct kcsd_drive *drv, uint64_t start, void *buf, size_t len);
KCSD_API int kcsd_slm_write(struct kcsd_drive *drv, uint64_t start, const void *buf, size_t len);
KCSD_API int kcsd_slm_fill(struct kcsd_drive *drv, uint64_t start, uint64_t len, uint8_t byte);

#define KCSD_COPY_MAX_NLB	65536u	/* of one source */

/*
 * Copy within the drive, from SLM or from LBAs of namespace 1, to byte "to" of the SLM: nr sources
 * (1..KCSD_SLM_COPY_MAX_SOURCES, else -EINVAL), one after another. access of LBAs is ignored. Sends
 * one command: a signal that kills the caller cancels it, others do not.
 *
 * KCSD_SC_LBA_RANGE: a source or the destination does not exist. KCSD_SC_OVERLAPPING_IO_RANGE: a
 * source overlaps the destination. In both cases nothing was copied. KCSD_SC_READ_ERROR,
 * KCSD_SC_ABORT_REQUESTED (the drive is powering off): a part may have been copied.
 */
KCSD_API int kcsd_slm_copy(struct kcsd_drive *drv, uint64_t to,
			   const struct kcsd_slm_range *sources, uint32_t nr);
KCSD_API int kcsd_slm_copy_lbas(struct kcsd_drive *drv, uint64_t to,
				const struct kcsd_lba_range *sources, uint32_t nr);

/* ---- Memory range sets: pieces of SLM for programs to work on ---- */

/*
 * Create a range set. Start and length of each range are multiples of the granularity
 * (kcsd_compute_identify()). *rsid: the identifier of the set, 1 and up. It lasts until it is
 * deleted or the drive is powered off.
 *
 * KCSD_SC_INVALID_RANGE_SET: a range is empty, beyond the SLM, or not aligned.
 * KCSD_SC_OVERLAPPING_RANGES: two ranges of this set overlap. KCSD_SC_MAX_RANGES: too many ranges.
 * KCSD_SC_MAX_RANGE_SETS: too many sets. -EINVAL: nr is 0, or a length is 4 GiB or more.
 * KCSD_SC_INVALID_MEMORY_NS: the drive has no SLM.
 */
KCSD_API int kcsd_range_set_create(struct kcsd_drive *drv, const struct kcsd_slm_range *ranges,
				   uint32_t nr, uint32_t *rsid);
/*
 * Delete a range set. KCSD_SC_INVALID_RANGE_SET_ID: there is no such set. KCSD_SC_RANGE_SET_IN_USE:
 * runs use it. -EINVAL: rsid has more than 16 bits.
 */
KCSD_API int kcsd_range_set_delete(struct kcsd_drive *drv, uint32_t rsid);

struct kcsd_range_set_info {
	uint32_t rsid;
	uint32_t users;		/* runs that use it */
	uint32_t nr;
	uint32_t rsvd;
	const struct kcsd_slm_range *ranges;	/* nr of them; valid until fn returns */
};

/*
 * Call fn for each set, in ascending order of identifiers (log page 84h). A value other than 0 from
 * fn ends the walk and is returned. -EPROTO: the drive sent malformed data.
 */
KCSD_API int kcsd_range_set_each(struct kcsd_drive *drv,
				 int (*fn)(const struct kcsd_range_set_info *info, void *arg),
				 void *arg);

#ifdef __cplusplus
}
#endif

#endif
