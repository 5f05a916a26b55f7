/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What follows from the parameters about lines of flash translation. Any params that are in bounds.
 */
#ifndef KCSD_TIMING_GEOMETRY_H
#define KCSD_TIMING_GEOMETRY_H

#include "params.h"

/* Return the units of the map in a line: one block of each plane of each die of a partition. */
u64 kcsd_geometry_line_units(const struct kcsd_timing_params *p);
/* Return the lines of a partition, spare ones included. */
u64 kcsd_geometry_lines(const struct kcsd_timing_params *p, u64 capacity);
/* With blocks set: compute block_pages. */
void kcsd_geometry_set_blocks(struct kcsd_timing_params *p, u64 capacity);

#endif
