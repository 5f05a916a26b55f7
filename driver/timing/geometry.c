// SPDX-License-Identifier: GPL-2.0
#include "geometry.h"

u64 kcsd_geometry_line_units(const struct kcsd_timing_params *p)
{
	u64 dies = div64_u64(p->channels, p->partitions) * p->dies;

	return dies * p->planes * p->block_pages * div64_u64(p->page_size, p->map_unit);
}

/* Return the units of a partition with over-provisioning. */
static u64 part_units(const struct kcsd_timing_params *p, u64 capacity)
{
	u64 units = kcsd_timing_div_up(kcsd_timing_div_up(capacity, p->map_unit), p->partitions);

	return units + kcsd_timing_div_up(units * p->overprovision, 1000);
}

u64 kcsd_geometry_lines(const struct kcsd_timing_params *p, u64 capacity)
{
	return kcsd_timing_div_up(part_units(p, capacity), kcsd_geometry_line_units(p)) +
		p->spare_lines;
}

void kcsd_geometry_set_blocks(struct kcsd_timing_params *p, u64 capacity)
{
	u64 plane_pages = div64_u64(p->program_size, p->page_size * p->planes);
	u64 programs;

	if (!p->blocks)
		return;
	p->block_pages = plane_pages;
	programs = kcsd_timing_div_up(part_units(p, capacity), kcsd_geometry_line_units(p));
	p->block_pages *= kcsd_timing_div_up(programs, p->blocks);
}
