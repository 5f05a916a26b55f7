// SPDX-License-Identifier: GPL-2.0
#include "lanes.h"

int kcsd_lanes_init(struct kcsd_lanes *l, const struct kcsd_timing_params *p, const u64 *now)
{
	u32 i;

	l->nr = p->array_lanes;
	l->piece = p->array_piece_size;
	l->read_ns = p->array_read_ns;
	l->write_ns = p->array_write_ns;
	l->lanes = kcsd_alloc_own(l->nr * sizeof(*l->lanes));
	if (!l->lanes)
		return -ENOMEM;
	for (i = 0; i < l->nr; i++) {
		if (kcsd_resource_init(&l->lanes[i], KCSD_RESOURCE_MANY,
				       min(l->read_ns, l->write_ns), now))
			return -ENOMEM;
	}
	return 0;
}

void kcsd_lanes_destroy(struct kcsd_lanes *l)
{
	u32 i;

	for (i = 0; l->lanes && i < l->nr; i++)
		kcsd_resource_destroy(&l->lanes[i]);
	kcsd_free(l->lanes);
}

u64 kcsd_lanes_memory(const struct kcsd_lanes *l)
{
	return l->lanes ? l->nr * (sizeof(*l->lanes) + kcsd_resource_memory(l->lanes)) : 0;
}

u32 kcsd_lanes_chunk(const struct kcsd_lanes *l, u64 offset, u32 bytes)
{
	u64 rest;

	div64_u64_rem(offset, l->piece, &rest);
	return min((u64)bytes, l->piece - rest);
}

u64 kcsd_lanes_use(struct kcsd_lanes *l, u64 offset, bool write, u64 at, u64 *used)
{
	u64 len = write ? l->write_ns : l->read_ns, lane;

	div64_u64_rem(div64_u64(offset, l->piece), l->nr, &lane);
	*used += len;
	return kcsd_resource_reserve(&l->lanes[lane], at, len) + len;
}
