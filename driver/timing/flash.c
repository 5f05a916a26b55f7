// SPDX-License-Identifier: GPL-2.0
#include "flash.h"

static void set_times(struct kcsd_flash *f, const struct kcsd_timing_params *p)
{
	u64 part[4] = { p->read_part_ns, p->read_part_2_ns, p->read_part_3_ns, p->read_part_4_ns };
	u64 page[4] = { p->read_page_ns, p->read_page_2_ns, p->read_page_3_ns, p->read_page_4_ns };
	unsigned int i;

	for (i = 0; i < 4; i++) {
		f->part_ns[i] = part[i] || !i ? part[i] : f->part_ns[i - 1];
		f->page_ns[i] = page[i] || !i ? page[i] : f->page_ns[i - 1];
	}
	f->program_ns = p->program_ns;
	f->erase_ns = p->erase_ns;
}

/* Return the shortest time for which a die is reserved, so that no shorter gap is kept. */
static u64 shortest(const struct kcsd_flash *f)
{
	u64 least = U64_MAX;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		least = min(least, f->part_ns[i] ? f->part_ns[i] : U64_MAX);
		least = min(least, f->page_ns[i] ? f->page_ns[i] : U64_MAX);
	}
	least = min(least, f->program_ns ? f->program_ns : U64_MAX);
	least = min(least, f->erase_ns ? f->erase_ns : U64_MAX);
	return least == U64_MAX ? 1 : least;
}

int kcsd_flash_init(struct kcsd_flash *f, const struct kcsd_timing_params *p, const u64 *now)
{
	u32 i;

	f->nr_channels = p->channels;
	f->nr_dies = p->channels * p->dies;
	f->nr_lanes = p->plane_reads ? p->planes : 1;
	f->piece = p->piece_size;
	f->part = p->read_part_size;
	f->program_bytes = p->program_size;
	set_times(f, p);
	f->channels = kcsd_alloc_own(f->nr_channels * sizeof(*f->channels));
	f->dies = kcsd_alloc_own(f->nr_dies * sizeof(*f->dies));
	f->lanes = kcsd_alloc_own(f->nr_dies * f->nr_lanes * sizeof(*f->lanes));
	if (!f->channels || !f->dies || !f->lanes)
		return -ENOMEM;
	for (i = 0; i < f->nr_channels; i++) {
		if (kcsd_pipe_init(&f->channels[i], KCSD_RESOURCE_MANY, p->channel_mbps,
				   p->channel_ns, p->map_unit, min(p->map_unit, p->piece_size),
				   now))
			return -ENOMEM;
	}
	for (i = 0; i < f->nr_dies * f->nr_lanes; i++) {
		if (kcsd_resource_init(&f->lanes[i], KCSD_RESOURCE_FEW, shortest(f), now))
			return -ENOMEM;
	}
	for (i = 0; i < f->nr_dies; i++) {
		f->dies[i].channel = &f->channels[i % f->nr_channels];
		f->dies[i].lanes = &f->lanes[i * f->nr_lanes];
	}
	return 0;
}

void kcsd_flash_destroy(struct kcsd_flash *f)
{
	u32 i;

	for (i = 0; f->channels && i < f->nr_channels; i++)
		kcsd_pipe_destroy(&f->channels[i]);
	for (i = 0; f->lanes && i < f->nr_dies * f->nr_lanes; i++)
		kcsd_resource_destroy(&f->lanes[i]);
	kcsd_free(f->channels);
	kcsd_free(f->dies);
	kcsd_free(f->lanes);
}

u64 kcsd_flash_memory(const struct kcsd_flash *f)
{
	u64 lanes = (u64)f->nr_dies * f->nr_lanes;

	return f->nr_channels * (sizeof(*f->channels) + kcsd_resource_memory(&f->channels->r)) +
		f->nr_dies * sizeof(*f->dies) +
		lanes * (sizeof(*f->lanes) + kcsd_resource_memory(f->lanes));
}

/* Reserve all planes of a die at once, from at on. Returns the start. */
static u64 reserve_die(struct kcsd_flash *f, struct kcsd_die *die, u64 at, u64 len)
{
	u32 i, agreed;

	if (f->nr_lanes == 1)
		return kcsd_resource_reserve(die->lanes, at, len);
	/*
	 * Ends: at grows past a span of some plane in each round, and behind the last nothing is.
	 */
	for (i = 0, agreed = 0; agreed < f->nr_lanes; i = i + 1 < f->nr_lanes ? i + 1 : 0) {
		u64 start = kcsd_resource_fit(&die->lanes[i], at, len);

		agreed = start == at ? agreed + 1 : 1;
		at = start;
	}
	for (i = 0; i < f->nr_lanes; i++)
		kcsd_resource_take(&die->lanes[i], at, len);
	return at;
}

/* True if the controller still has at this time what it programs. Else moves *at to after it. */
static bool is_in_flight(const struct kcsd_die *die, u64 id, u64 *at)
{
	bool found = false;
	unsigned int i;

	for (i = 0; i < KCSD_FLASH_RECENT; i++) {
		if (die->recent[i].id != id)
			continue;
		found = true;
		if (*at < die->recent[i].end)
			return true;
	}
	if (!found && *at < die->older)
		*at = die->older;
	return false;
}

bool kcsd_flash_read(struct kcsd_flash *f, const struct kcsd_flash_page *page, u64 *at, u64 *used)
{
	struct kcsd_die *die = &f->dies[page->die];
	u64 len = page->bytes <= f->part ? f->part_ns[page->kind] : f->page_ns[page->kind];
	u32 lane = f->nr_lanes == 1 ? 0 : page->plane;

	if (*at < die->newest && is_in_flight(die, page->program, at))
		return false;
	f->page_reads++;
	f->bytes_read += page->bytes;
	*used += len;
	*at = kcsd_resource_reserve(&die->lanes[lane], *at, len) + len;
	return true;
}

/* Remember a program; the one that is forgotten counts as older. */
static void remember(struct kcsd_die *die, u64 id, u64 end)
{
	u32 i = die->next++ % KCSD_FLASH_RECENT;

	die->older = max(die->older, die->recent[i].end);
	die->newest = max(die->newest, end);
	die->recent[i].id = id;
	die->recent[i].end = end;
}

u64 kcsd_flash_program(struct kcsd_flash *f, u32 nr, u64 id, u64 at, u64 ready)
{
	struct kcsd_die *die = &f->dies[nr];
	u64 used = 0;

	f->programs++;
	at = kcsd_pipe_move(die->channel, at, f->program_bytes, f->piece, &used);
	at = reserve_die(f, die, max(at, ready), f->program_ns) + f->program_ns;
	remember(die, id, at);
	return at;
}

u64 kcsd_flash_erase(struct kcsd_flash *f, u32 nr, u64 at, u32 blocks)
{
	struct kcsd_die *die = &f->dies[nr];
	u64 len = f->erase_ns * blocks;
	u32 i;

	f->erases += blocks;
	for (i = 0; i < f->nr_lanes; i++)
		at = max(at, kcsd_resource_end(&die->lanes[i]));
	return reserve_die(f, die, at, len) + len;
}
