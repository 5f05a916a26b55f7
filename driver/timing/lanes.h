/* SPDX-License-Identifier: GPL-2.0 */
/* Media without flash: a few lanes, each serves one piece of a command at a time (media=array). */
#ifndef KCSD_TIMING_LANES_H
#define KCSD_TIMING_LANES_H

#include "params.h"
#include "resource.h"

struct kcsd_lanes {
	struct kcsd_resource *lanes;
	u32 nr;
	u32 piece;		/* bytes */
	u64 read_ns;		/* of a piece */
	u64 write_ns;
};

/* Return 0 or -ENOMEM; then kcsd_lanes_destroy() still has to follow. */
int kcsd_lanes_init(struct kcsd_lanes *l, const struct kcsd_timing_params *p, const u64 *now);
void kcsd_lanes_destroy(struct kcsd_lanes *l);
u64 kcsd_lanes_memory(const struct kcsd_lanes *l);

/* Return how many of these bytes are one piece. */
u32 kcsd_lanes_chunk(const struct kcsd_lanes *l, u64 offset, u32 bytes);
/* Read or write a piece, from at on. Returns the end, adds the ns without waiting to *used. */
u64 kcsd_lanes_use(struct kcsd_lanes *l, u64 offset, bool write, u64 at, u64 *used);

#endif
