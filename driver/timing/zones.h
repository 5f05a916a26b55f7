/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Zones, for their times: each lies on dies_per_zone dies, program by program by turns. The model
 * does not refuse what a zone would: the caller does. Offsets are bytes from the begin of the
 * namespace.
 *
 * A zone programs by the number of bytes that it gets, not by their places: writes and appends of
 * several CPUs may come here in another order than they were executed in, and conventional zones
 * are written anywhere.
 */
#ifndef KCSD_TIMING_ZONES_H
#define KCSD_TIMING_ZONES_H

#include "buffer.h"
#include "flash.h"

struct kcsd_timing_zone {
	struct kcsd_buffer buffer;
	u64 written;		/* bytes up to the highest that was written */
	u64 received;		/* bytes since the reset, or since a whole zone of them */
	u64 head;		/* bytes up to where the last write ended */
	u32 gathered;		/* bytes before head of a program, in the buffer */
	u32 erases;
	u64 erased;		/* ns */
};

struct kcsd_timing_zones {
	struct kcsd_flash *flash;
	struct kcsd_timing_zone *zones;
	u64 *ends;		/* of all buffers */
	u64 zone_size;
	u64 capacity;
	u32 nr;
	u32 nr_groups;		/* of dies */
	u32 dies;		/* of a zone */
	u32 program_size;
	u32 page_size;
	u32 planes;
	u32 cell_bits;
	u32 plane_pages;	/* of a program, in one plane */
	u64 padded;		/* bytes */
	u64 ended;		/* ns: the latest end of a program since the caller set it to 0 */
};

int kcsd_timing_zones_init(struct kcsd_timing_zones *z, struct kcsd_flash *flash,
			   const struct kcsd_timing_params *p,
			   const struct kcsd_timing_shape *shape);
void kcsd_timing_zones_destroy(struct kcsd_timing_zones *z);
u64 kcsd_timing_zones_memory(const struct kcsd_timing_zones *z);

/* Return the zone of an offset below the capacity. */
struct kcsd_timing_zone *kcsd_timing_zone_at(const struct kcsd_timing_zones *z, u64 offset);
/*
 * Find up to bytes from offset on that are in one place: in flash, on one page, which is then
 * described with its bytes. Sets *found to how many. Returns false if the flash is not used.
 */
bool kcsd_timing_zone_find(const struct kcsd_timing_zones *z, u64 offset, u32 bytes, u32 *found,
			   struct kcsd_flash_page *page);
/* Return how many of these bytes go to the program that their zone gathers. */
u32 kcsd_timing_zone_chunk(const struct kcsd_timing_zones *z, u64 offset, u32 bytes);
/* Write such bytes, which the buffer has from at on. */
void kcsd_timing_zone_write(struct kcsd_timing_zones *z, u64 offset, u32 bytes, u64 at);
/* Set how many bytes of a zone are written; drop what it has gathered. Takes no time. */
void kcsd_timing_zone_set(const struct kcsd_timing_zones *z, struct kcsd_timing_zone *zone,
			  u64 written);
/* Program what is gathered in a zone, with padding. */
void kcsd_timing_zone_settle(struct kcsd_timing_zones *z, struct kcsd_timing_zone *zone, u64 at);
/* Erase a zone, unless it is empty. Returns the end. */
u64 kcsd_timing_zone_reset(struct kcsd_timing_zones *z, struct kcsd_timing_zone *zone, u64 at);
/* Program what is gathered, and count the rest of the zone as written. */
void kcsd_timing_zone_finish(struct kcsd_timing_zones *z, struct kcsd_timing_zone *zone, u64 at);

#endif
