// SPDX-License-Identifier: GPL-2.0
#include "path.h"

u64 kcsd_timing_memory(const struct kcsd_timing *t)
{
	u64 bytes = sizeof(*t) + t->nr_cores * kcsd_resource_memory(&t->cores[0]) +
		kcsd_resource_memory(&t->link_out.r) + kcsd_resource_memory(&t->link_in.r) +
		kcsd_resource_memory(&t->slm.r);

	if (!t->has_flash)
		return bytes + kcsd_lanes_memory(&t->lanes);
	bytes += kcsd_flash_memory(&t->flash);
	return bytes + (t->zoned ? kcsd_timing_zones_memory(&t->zones) : kcsd_ftl_memory(&t->ftl));
}

const struct kcsd_timing_params *kcsd_timing_get_params(const struct kcsd_timing *t)
{
	return &t->params;
}

static const char *const kinds[KCSD_TIMING_NR_KINDS] = {
	[KCSD_TIMING_CORES] = "core",
	[KCSD_TIMING_LINK_OUT] = "link out",
	[KCSD_TIMING_LINK_IN] = "link in",
	[KCSD_TIMING_CHANNELS] = "channel",
	[KCSD_TIMING_DIES] = "die",
	[KCSD_TIMING_LANES] = "lane",
	[KCSD_TIMING_SLM] = "memory",
	[KCSD_TIMING_UNITS] = "unit",
};

const char *kcsd_timing_kind_text(unsigned int kind)
{
	return kind < KCSD_TIMING_NR_KINDS ? kinds[kind] : "";
}

u32 kcsd_timing_count(const struct kcsd_timing *t, unsigned int kind)
{
	switch (kind) {
	case KCSD_TIMING_CORES:
		return t->nr_cores;
	case KCSD_TIMING_LINK_IN:
		return t->params.link_duplex;
	case KCSD_TIMING_LINK_OUT:
	case KCSD_TIMING_SLM:
		return 1;
	case KCSD_TIMING_CHANNELS:
		return t->flash.nr_channels;
	case KCSD_TIMING_DIES:
		return t->flash.nr_dies * t->flash.nr_lanes;
	case KCSD_TIMING_LANES:
		return t->lanes.nr;
	case KCSD_TIMING_UNITS:
		return t->units.nr;
	}
	return 0;
}

u64 kcsd_timing_busy(const struct kcsd_timing *t, unsigned int kind, u32 index)
{
	if (index >= kcsd_timing_count(t, kind))
		return 0;
	switch (kind) {
	case KCSD_TIMING_CORES:
		return t->cores[index].busy;
	case KCSD_TIMING_LINK_OUT:
		return t->link_out.r.busy;
	case KCSD_TIMING_LINK_IN:
		return t->link_in.r.busy;
	case KCSD_TIMING_CHANNELS:
		return t->flash.channels[index].r.busy;
	case KCSD_TIMING_DIES:
		return t->flash.lanes[index].busy;
	case KCSD_TIMING_LANES:
		return t->lanes.lanes[index].busy;
	case KCSD_TIMING_SLM:
		return t->slm.r.busy;
	case KCSD_TIMING_UNITS:
		return t->units.units[index].busy;
	}
	return 0;
}

/* Add the erases of one line or zone to the wear: the sum is in wear_avg_milli. */
static void add_wear(struct kcsd_timing_stats *s, u32 erases)
{
	s->wear_min = min(s->wear_min, (u64)erases);
	s->wear_max = max(s->wear_max, (u64)erases);
	s->wear_avg_milli += erases;
}

void kcsd_timing_get_wear(const struct kcsd_timing *t, struct kcsd_timing_stats *s)
{
	u64 nr = 0;
	u32 i, j;

	s->free_lines = 0;
	s->wear_max = 0;
	s->wear_avg_milli = 0;
	s->wear_min = U64_MAX;
	for (i = 0; i < t->ftl.nr_parts; i++) {
		for (j = 0; j < t->ftl.nr_lines; j++, nr++)
			add_wear(s, t->ftl.parts[i].lines[j].erases);
		s->free_lines += t->ftl.parts[i].nr_free;
	}
	for (i = 0; i < t->zones.nr; i++, nr++)
		add_wear(s, t->zones.zones[i].erases);
	if (nr)
		s->wear_avg_milli = div64_u64(s->wear_avg_milli * 1000, nr);
	else
		s->wear_min = 0;
}

void kcsd_timing_get_counters(const struct kcsd_timing *t, struct kcsd_timing_stats *s)
{
	*s = t->stats;
	s->media_read += t->flash.bytes_read;
	s->media_written += t->flash.programs * t->flash.program_bytes;
	s->moved = t->ftl.moved * t->unit_bytes;
	s->padded = t->ftl.padded * t->unit_bytes + t->zones.padded;
	s->programs = t->flash.programs;
	s->page_reads = t->flash.page_reads;
	s->erases = t->flash.erases;
	s->mapped = t->ftl.mapped * t->unit_bytes;
}

void kcsd_timing_get_stats(const struct kcsd_timing *t, struct kcsd_timing_stats *s)
{
	kcsd_timing_get_counters(t, s);
	kcsd_timing_get_wear(t, s);
}

u64 kcsd_timing_amplification(const struct kcsd_timing_stats *from,
			      const struct kcsd_timing_stats *to)
{
	u64 user = to->user_written - from->user_written;

	return user ? div64_u64((to->media_written - from->media_written) * 1000, user) : 0;
}
