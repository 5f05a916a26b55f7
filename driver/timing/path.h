/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The inside of the model, for model*.c, and the path of data between the link (or the memory of
 * the drive) and the media. path.c.
 */
#ifndef KCSD_TIMING_PATH_H
#define KCSD_TIMING_PATH_H

#include "ftl.h"
#include "lanes.h"
#include "model.h"
#include "unit.h"
#include "zones.h"

struct kcsd_timing {
	struct kcsd_timing_params params;
	struct kcsd_timing_shape shape;
	struct kcsd_resource cores[64];
	struct kcsd_pipe link_out;
	struct kcsd_pipe link_in;	/* not used if the link has one direction at a time */
	struct kcsd_pipe slm;
	struct kcsd_flash flash;
	struct kcsd_ftl ftl;		/* without zones */
	struct kcsd_timing_zones zones;	/* with zones */
	struct kcsd_lanes lanes;	/* without flash */
	struct kcsd_timing_units units;
	u64 now;			/* ns: the latest arrival, or access of a run */
	u32 nr_cores;
	u32 piece;			/* bytes */
	u32 unit_bytes;
	bool has_flash;
	bool zoned;
	bool through;			/* each write is as with KCSD_TIMING_FUA */
	u8 unit_shift;
	struct kcsd_timing_stats stats;	/* what no part counts itself */
};

/* Where the bytes of a command are on the other side of the media. */
enum kcsd_timing_side {
	KCSD_SIDE_HOST,		/* over the link */
	KCSD_SIDE_SLM,		/* memory of the drive */
	KCSD_SIDE_NONE,
};

/* The piece of a command that ended last, and what it took without waiting. */
struct kcsd_timing_path {
	u64 end;		/* ns */
	u64 link;
	u64 media;
};

/* Commands arrive from this time on: gaps before it may be forgotten. */
static inline void kcsd_timing_pass(struct kcsd_timing *t, u64 at)
{
	t->now = max(t->now, at);
}

/* Let a core take a command. Returns when the core is done with it, sets *start. */
u64 kcsd_timing_take_core(struct kcsd_timing *t, u64 arrival, u64 *start);
/*
 * Move data at this time; the range is valid. path->end is at if nothing has to be moved. A write
 * ends in the buffer, if there is one; with settle when it is programmed.
 */
void kcsd_timing_read(struct kcsd_timing *t, u64 at, u64 offset, u32 bytes,
		      enum kcsd_timing_side side, struct kcsd_timing_path *path);
void kcsd_timing_write(struct kcsd_timing *t, u64 at, u64 offset, u32 bytes,
		       enum kcsd_timing_side side, bool settle, struct kcsd_timing_path *path);
void kcsd_timing_trim(struct kcsd_timing *t, u64 offset, u32 bytes);
/* The others: at this time, without data. */
void kcsd_timing_flush(struct kcsd_timing *t, u64 at, struct kcsd_timing_path *path);
void kcsd_timing_zone(struct kcsd_timing *t, u64 at, u64 offset, bool reset,
		      struct kcsd_timing_path *path);
/* Move bytes over the link alone, or through the memory of the drive first. */
void kcsd_timing_send(struct kcsd_timing *t, u64 at, u32 bytes, bool from_slm,
		      struct kcsd_timing_path *path);
void kcsd_timing_receive(struct kcsd_timing *t, u64 at, u32 bytes, struct kcsd_timing_path *path);
/* Test a range. Returns 0, -EINVAL, -ERANGE. */
int kcsd_timing_check_range(const struct kcsd_timing *t, u8 op, u64 offset, u64 bytes);

/* Return the pipe from the host to the drive. */
static inline struct kcsd_pipe *kcsd_timing_link_in(struct kcsd_timing *t)
{
	return t->params.link_duplex ? &t->link_in : &t->link_out;
}

#endif
