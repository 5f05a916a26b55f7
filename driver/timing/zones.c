// SPDX-License-Identifier: GPL-2.0
#include "zones.h"

int kcsd_timing_zones_init(struct kcsd_timing_zones *z, struct kcsd_flash *flash,
			   const struct kcsd_timing_params *p,
			   const struct kcsd_timing_shape *shape)
{
	u32 i, room = kcsd_buffer_room(p->zone_buffer_size, p->program_size);

	*z = (struct kcsd_timing_zones){
		.flash = flash,
		.zone_size = shape->zone_size,
		.capacity = shape->capacity,
		.nr = div64_u64(shape->capacity + shape->zone_size - 1, shape->zone_size),
		.nr_groups = div64_u64(flash->nr_dies, p->dies_per_zone),
		.dies = p->dies_per_zone,
		.program_size = p->program_size,
		.page_size = p->page_size,
		.planes = p->planes,
		.cell_bits = p->cell_bits,
		.plane_pages = div64_u64(p->program_size, p->page_size * p->planes),
	};
	z->zones = kcsd_alloc_own(z->nr * sizeof(*z->zones));
	z->ends = kcsd_alloc_own((size_t)z->nr * room * sizeof(*z->ends));
	if (!z->zones || !z->ends)
		return -ENOMEM;
	for (i = 0; i < z->nr; i++) {
		kcsd_buffer_init(&z->zones[i].buffer, z->ends + (size_t)i * room,
				 p->zone_buffer_size, p->program_size);
		z->zones[i].written = p->filled ? z->zone_size : 0;
	}
	return 0;
}

void kcsd_timing_zones_destroy(struct kcsd_timing_zones *z)
{
	kcsd_free(z->zones);
	kcsd_free(z->ends);
}

u64 kcsd_timing_zones_memory(const struct kcsd_timing_zones *z)
{
	return z->nr * (sizeof(*z->zones) +
			(z->nr ? (u64)z->zones->buffer.most * sizeof(*z->ends) : 0));
}

/* Divide an offset into zone and the rest. */
static u32 split(const struct kcsd_timing_zones *z, u64 offset, u64 *rest)
{
	return div64_u64_rem(offset, z->zone_size, rest);
}

struct kcsd_timing_zone *kcsd_timing_zone_at(const struct kcsd_timing_zones *z, u64 offset)
{
	u64 rest;

	return &z->zones[split(z, offset, &rest)];
}

/* Return the die of a program of a zone. */
static u32 die_of(const struct kcsd_timing_zones *z, u32 zone, u64 program)
{
	u64 turn;

	div64_u64_rem(program, z->dies, &turn);
	return zone % z->nr_groups * z->dies + (u32)turn;
}

/* The number of a program is unique on the drive. */
static u64 id_of(u32 zone, u64 program)
{
	return (u64)zone << 32 | (u32)program;
}

bool kcsd_timing_zone_find(const struct kcsd_timing_zones *z, u64 offset, u32 bytes, u32 *found,
			   struct kcsd_flash_page *page)
{
	u64 start, in_program, program, row, in_page;
	u32 nr = split(z, offset, &start), page_nr;
	const struct kcsd_timing_zone *zone = &z->zones[nr];

	program = div64_u64_rem(start, z->program_size, &in_program);
	page_nr = div64_u64_rem(in_program, z->page_size, &in_page);
	*found = min((u64)bytes, z->page_size - in_page);
	*found = min((u64)*found, z->zone_size - start);
	if (start >= zone->written ||
	    (start < zone->head && start >= zone->head - zone->gathered))
		return false;
	row = div64_u64(program, z->dies);
	page->die = die_of(z, nr, program);
	page->plane = page_nr % z->planes;
	page->kind = ((u32)row * z->plane_pages + page_nr / z->planes) % z->cell_bits;
	page->bytes = *found;
	page->program = id_of(nr, program);
	return true;
}

u32 kcsd_timing_zone_chunk(const struct kcsd_timing_zones *z, u64 offset, u32 bytes)
{
	u64 start;
	const struct kcsd_timing_zone *zone = &z->zones[split(z, offset, &start)];

	bytes = min(bytes, z->program_size - zone->gathered);
	return min((u64)bytes, z->zone_size - start);
}

/* Program what ends at this offset of the zone. gathered of it are in the buffer, the rest pads. */
static void program(struct kcsd_timing_zones *z, struct kcsd_timing_zone *zone, u64 start, u64 at)
{
	u32 nr = zone - z->zones, padding = z->program_size - zone->gathered;
	u64 program = div64_u64(start - 1, z->program_size);
	u64 end = kcsd_flash_program(z->flash, die_of(z, nr, program), id_of(nr, program), at,
				     zone->erased);

	kcsd_buffer_drain(&zone->buffer, end, padding);
	zone->gathered = 0;
	z->ended = max(z->ended, end);
	z->padded += padding;
}

void kcsd_timing_zone_write(struct kcsd_timing_zones *z, u64 offset, u32 bytes, u64 at)
{
	struct kcsd_timing_zone *zone;
	u64 start;

	zone = &z->zones[split(z, offset, &start)];
	zone->head = start + bytes;
	zone->written = max(zone->written, zone->head);
	zone->gathered += bytes;
	zone->received += bytes;
	if (zone->received >= z->zone_size)
		zone->received = 0;
	if (zone->gathered == z->program_size || !zone->received)
		program(z, zone, zone->head, at);
}

void kcsd_timing_zone_settle(struct kcsd_timing_zones *z, struct kcsd_timing_zone *zone, u64 at)
{
	if (zone->gathered)
		program(z, zone, zone->head, at);
}

void kcsd_timing_zone_set(const struct kcsd_timing_zones *z, struct kcsd_timing_zone *zone,
			  u64 written)
{
	zone->buffer.used -= min(zone->buffer.used, (u64)zone->gathered);
	zone->gathered = 0;
	zone->written = min(written, z->zone_size);
	zone->head = zone->written;
	zone->received = zone->written == z->zone_size ? 0 : zone->written;
}

u64 kcsd_timing_zone_reset(struct kcsd_timing_zones *z, struct kcsd_timing_zone *zone, u64 at)
{
	u32 first = (zone - z->zones) % z->nr_groups * z->dies, i;

	if (!zone->written)
		return at;
	kcsd_timing_zone_set(z, zone, 0);
	zone->erases++;
	zone->erased = at;
	for (i = 0; i < z->dies; i++) {
		u64 end = kcsd_flash_erase(z->flash, first + i, at, 1);

		zone->erased = max(zone->erased, end);
	}
	return zone->erased;
}

void kcsd_timing_zone_finish(struct kcsd_timing_zones *z, struct kcsd_timing_zone *zone, u64 at)
{
	kcsd_timing_zone_settle(z, zone, at);
	zone->written = z->zone_size;
}
