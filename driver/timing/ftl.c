// SPDX-License-Identifier: GPL-2.0
#include "ftl.h"

/* Set what a partition looks like. */
static void set_shape(struct kcsd_ftl *ftl, const struct kcsd_timing_params *p, u64 capacity)
{
	ftl->nr_parts = p->partitions;
	ftl->unit_bytes = p->map_unit;
	ftl->nr_units = kcsd_timing_div_up(capacity, p->map_unit);
	ftl->nr_lines = kcsd_geometry_lines(p, capacity);
	ftl->keep_free = p->spare_lines - 2;
	ftl->line_units = kcsd_geometry_line_units(p);
	ftl->line_words = kcsd_timing_div_up(ftl->line_units, 64);
	ftl->nr_dies = div64_u64(p->channels, p->partitions) * p->dies;
	ftl->program_units = div64_u64(p->program_size, p->map_unit);
	while ((u64)ftl->unit_bytes << ftl->page_shift < p->page_size)
		ftl->page_shift++;
	ftl->planes = p->planes;
	ftl->cell_bits = p->cell_bits;
	ftl->plane_pages = div64_u64(p->program_size, p->page_size * p->planes);
	while (ftl->line_units >> ftl->bucket_shift >= KCSD_FTL_BUCKETS)
		ftl->bucket_shift++;
	ftl->nr_buckets = (ftl->line_units >> ftl->bucket_shift) + 1;
	ftl->min_gain = div64_u64(ftl->line_units * p->overprovision,
				  (1000 + p->overprovision) * 4) ?: 1;
	ftl->fifo = p->gc == KCSD_TIMING_FIFO;
	ftl->by_line = kcsd_timing_divisor(ftl->line_units);
	ftl->by_program = kcsd_timing_divisor(ftl->program_units);
	ftl->by_dies = kcsd_timing_divisor(ftl->nr_dies);
	ftl->by_planes = kcsd_timing_divisor(ftl->planes);
}

static int init_part(struct kcsd_ftl *ftl, u32 nr)
{
	struct kcsd_ftl_part *part = &ftl->parts[nr];
	u32 i, channels = ftl->flash->nr_channels / ftl->nr_parts;

	part->ftl = ftl;
	part->owners = kcsd_alloc_own((size_t)ftl->nr_lines * ftl->line_units * sizeof(u32));
	part->valid = kcsd_alloc_own((size_t)ftl->nr_lines * ftl->line_words * sizeof(u64));
	part->counts = kcsd_alloc_own((size_t)ftl->nr_lines * sizeof(*part->counts));
	part->lines = kcsd_alloc_own((size_t)ftl->nr_lines * sizeof(*part->lines));
	part->heads = kcsd_alloc_own((ftl->nr_buckets + 1) * sizeof(*part->heads));
	part->dies = kcsd_alloc_own(ftl->nr_dies * sizeof(*part->dies));
	if (!part->owners || !part->valid || !part->counts || !part->lines || !part->heads ||
	    !part->dies)
		return -ENOMEM;
	for (i = 0; i <= ftl->nr_buckets; i++)
		part->heads[i] = KCSD_FTL_NONE;
	for (i = 0; i < ftl->nr_dies; i++)
		part->dies[i] = i / channels * ftl->flash->nr_channels +
			nr * channels + i % channels;
	part->lowest = ftl->nr_buckets;
	part->free_first = KCSD_FTL_NONE;
	for (i = 0; i < ftl->nr_lines; i++)
		kcsd_ftl_free_line(part, i);
	part->host.line = KCSD_FTL_NONE;
	part->moved.line = KCSD_FTL_NONE;
	part->victim = KCSD_FTL_NONE;
	return 0;
}

/* Set the bits of nr units of a line, at most 64. */
static void set_valid(struct kcsd_ftl_part *part, u32 line, u32 pos, u32 nr)
{
	u64 *word = &part->valid[(size_t)line * part->ftl->line_words + pos / 64];
	u64 bits = U64_MAX >> (64 - nr);

	word[0] |= bits << pos % 64;
	if (pos % 64 + nr > 64)
		word[1] |= bits >> (64 - pos % 64);
}

/* Let a stream have a line. Returns false if none is free. */
static bool open_line(struct kcsd_ftl_part *part, struct kcsd_ftl_stream *s)
{
	if (!part->nr_free)
		return false;
	s->line = part->free_first;
	s->pos = 0;
	s->die = 0;
	part->free_first = part->lines[s->line].next;
	part->nr_free--;
	return true;
}

/* The program that a stream gathered is done or padded: go on with the next. */
static void next_program(struct kcsd_ftl_part *part, struct kcsd_ftl_stream *s)
{
	s->gathered = 0;
	s->at = 0;
	if (++s->die == part->ftl->nr_dies)
		s->die = 0;
	if (s->pos == part->ftl->line_units) {
		kcsd_ftl_close(part, s->line);
		s->line = KCSD_FTL_NONE;
	}
}

/* Units that no line is free for are lost: not mapped. */
static void lose(struct kcsd_ftl *ftl, const u32 *units, u32 nr)
{
	u32 i;

	for (i = 0; i < nr; i++)
		ftl->map[units[i]] = KCSD_FTL_NONE;
	ftl->mapped -= nr;
	ftl->lost += nr;
}

/*
 * Map units to the next places of a stream: as many as the program has room for, at most 64. Return
 * how many; 0: there is no line.
 */
static u32 map_units(struct kcsd_ftl_part *part, struct kcsd_ftl_stream *s, const u32 *units,
		     u32 nr)
{
	struct kcsd_ftl *ftl = part->ftl;
	u32 physical, *owners, i;

	if (s->line == KCSD_FTL_NONE && !open_line(part, s))
		return 0;
	nr = min(nr, ftl->program_units - s->gathered);
	physical = s->line * ftl->line_units + s->pos;
	owners = part->owners + physical;
	for (i = 0; i < nr; i++) {
		ftl->map[units[i]] = physical + i;
		owners[i] = units[i];
	}
	set_valid(part, s->line, s->pos, nr);
	part->counts[s->line].valid += nr;
	s->pos += nr;
	s->gathered += nr;
	return nr;
}

/* Write the drive from end to end once, which takes no time. */
static void fill(struct kcsd_ftl *ftl)
{
	u32 i;

	for (i = 0; i < ftl->nr_units; i++) {
		struct kcsd_ftl_part *part = &ftl->parts[i & (ftl->nr_parts - 1)];
		struct kcsd_ftl_stream *s = &part->host;

		ftl->mapped++;
		if (!map_units(part, s, &i, 1))
			lose(ftl, &i, 1);
		else if (s->gathered == ftl->program_units)
			next_program(part, s);
	}
	for (i = 0; i < ftl->nr_parts; i++) {
		struct kcsd_ftl_stream *s = &ftl->parts[i].host;

		if (s->gathered) {
			s->pos += ftl->program_units - s->gathered;
			next_program(&ftl->parts[i], s);
		}
	}
}

int kcsd_ftl_init(struct kcsd_ftl *ftl, struct kcsd_flash *flash,
		  const struct kcsd_timing_params *p, u64 capacity)
{
	u32 i, room = kcsd_buffer_room(p->buffer_size, p->program_size);

	*ftl = (struct kcsd_ftl){ .flash = flash };
	set_shape(ftl, p, capacity);
	ftl->buffer_ends = kcsd_alloc_own((size_t)room * sizeof(*ftl->buffer_ends));
	ftl->map = kcsd_alloc_own((size_t)ftl->nr_units * sizeof(*ftl->map));
	ftl->parts = kcsd_alloc_own(ftl->nr_parts * sizeof(*ftl->parts));
	if (!ftl->buffer_ends || !ftl->map || !ftl->parts)
		return -ENOMEM;
	kcsd_buffer_init(&ftl->buffer, ftl->buffer_ends, p->buffer_size, p->program_size);
	memset(ftl->map, 0xff, (size_t)ftl->nr_units * sizeof(*ftl->map));
	for (i = 0; i < ftl->nr_parts; i++) {
		if (init_part(ftl, i))
			return -ENOMEM;
	}
	if (p->filled)
		fill(ftl);
	return 0;
}

void kcsd_ftl_destroy(struct kcsd_ftl *ftl)
{
	u32 i;

	for (i = 0; ftl->parts && i < ftl->nr_parts; i++) {
		kcsd_free(ftl->parts[i].owners);
		kcsd_free(ftl->parts[i].valid);
		kcsd_free(ftl->parts[i].counts);
		kcsd_free(ftl->parts[i].lines);
		kcsd_free(ftl->parts[i].heads);
		kcsd_free(ftl->parts[i].dies);
	}
	kcsd_free(ftl->parts);
	kcsd_free(ftl->map);
	kcsd_free(ftl->buffer_ends);
}

u64 kcsd_ftl_memory(const struct kcsd_ftl *ftl)
{
	u64 lines = (u64)ftl->nr_parts * ftl->nr_lines;

	return ftl->nr_units * sizeof(*ftl->map) +
		ftl->buffer.most * sizeof(*ftl->buffer_ends) +
		lines * ftl->line_units * sizeof(u32) +
		lines * ftl->line_words * sizeof(u64) +
		lines * (sizeof(struct kcsd_ftl_count) + sizeof(struct kcsd_ftl_line)) +
		ftl->nr_parts * (sizeof(*ftl->parts) + (ftl->nr_buckets + 1) * sizeof(u32) +
				 ftl->nr_dies * sizeof(u32));
}

void kcsd_ftl_locate(const struct kcsd_ftl_part *part, u32 physical, struct kcsd_flash_page *page)
{
	const struct kcsd_ftl *ftl = part->ftl;
	u32 program = kcsd_timing_div(physical, &ftl->by_program);
	u32 row = kcsd_timing_div(program, &ftl->by_dies);
	u32 in_program = (physical - program * ftl->program_units) >> ftl->page_shift;
	u32 in_plane = kcsd_timing_div(in_program, &ftl->by_planes);

	page->die = part->dies[program - row * ftl->nr_dies];
	page->plane = in_program - in_plane * ftl->planes;
	page->kind = ftl->cell_bits == 1 ? 0 : (row * ftl->plane_pages + in_plane) % ftl->cell_bits;
	page->program = program;
}

/* True if the unit is in the program that a stream gathers. */
static bool is_gathered(const struct kcsd_ftl *ftl, const struct kcsd_ftl_stream *s, u32 physical)
{
	/* Without a line gathered is 0. */
	return physical - (s->line * ftl->line_units + s->pos - s->gathered) < s->gathered;
}

/* Program what the stream gathered; padding fills it up. */
static void program(struct kcsd_ftl_part *part, struct kcsd_ftl_stream *s)
{
	struct kcsd_ftl *ftl = part->ftl;
	u32 padding = ftl->program_units - s->gathered;
	u32 id = kcsd_timing_div(s->line * ftl->line_units + s->pos - 1, &ftl->by_program);
	u64 end;

	s->pos += padding;
	ftl->padded += padding;
	end = kcsd_flash_program(ftl->flash, part->dies[s->die], id, s->at,
				 part->lines[s->line].ready);
	if (s == &part->host) {
		kcsd_buffer_drain(&ftl->buffer, end, padding * ftl->unit_bytes);
		ftl->last_program = max(ftl->last_program, end);
		ftl->ended = max(ftl->ended, end);
	}
	next_program(part, s);
}

void kcsd_ftl_append(struct kcsd_ftl_part *part, struct kcsd_ftl_stream *s, const u32 *units,
		     u32 nr, u64 at)
{
	while (nr) {
		u32 mapped = map_units(part, s, units, nr);

		if (!mapped) {
			lose(part->ftl, units, nr);
			return;
		}
		s->at = max(s->at, at);
		if (s->gathered == part->ftl->program_units)
			program(part, s);
		units += mapped;
		nr -= mapped;
	}
}

/*
 * Carry out the writes that wait. Their places in the map are on the way from memory; fetch what
 * those lead to before it is needed, too.
 */
static void append_pending(struct kcsd_ftl_part *part)
{
	struct kcsd_ftl *ftl = part->ftl;
	u64 at = part->host.at;
	u32 i;

	for (i = 0; i < part->nr_pending; i++) {
		u32 physical = ftl->map[part->pending[i]];

		if (physical != KCSD_FTL_NONE)
			kcsd_ftl_prefetch_line(part, physical);
	}
	for (i = 0; i < part->nr_pending; i++) {
		u32 physical = ftl->map[part->pending[i]];

		if (physical == KCSD_FTL_NONE)
			ftl->mapped++;
		else
			kcsd_ftl_invalidate(part, physical);
		kcsd_ftl_append(part, &part->host, &part->pending[i], 1, at);
	}
	part->nr_pending = 0;
}

enum kcsd_ftl_place kcsd_ftl_find(struct kcsd_ftl *ftl, u32 unit, u32 nr, u32 *found,
				  struct kcsd_flash_page *page)
{
	struct kcsd_ftl_part *part = &ftl->parts[unit & (ftl->nr_parts - 1)];
	const u32 *map = &ftl->map[unit];
	u32 physical, i;

	append_pending(part);
	physical = *map;
	for (i = 1; i < nr; i++) {
		map += ftl->nr_parts;
		if ((*map ^ physical) >> ftl->page_shift ||
		    (*map == KCSD_FTL_NONE) != (physical == KCSD_FTL_NONE))
			break;
	}
	*found = i;
	if (physical == KCSD_FTL_NONE)
		return KCSD_FTL_ABSENT;
	if (is_gathered(ftl, &part->host, physical) || is_gathered(ftl, &part->moved, physical)) {
		*found = 1;
		return KCSD_FTL_GATHERED;
	}
	kcsd_ftl_locate(part, physical, page);
	return KCSD_FTL_FLASH;
}

void kcsd_ftl_write(struct kcsd_ftl *ftl, u32 unit, u64 at)
{
	struct kcsd_ftl_part *part = &ftl->parts[unit & (ftl->nr_parts - 1)];

	prefetchw(&ftl->map[unit]);
	part->pending[part->nr_pending++] = unit;
	part->host.at = max(part->host.at, at);
	/* What fills the program is carried out at once: so waiting does not change any time. */
	if (part->nr_pending < KCSD_FTL_PENDING &&
	    part->host.gathered + part->nr_pending < ftl->program_units)
		return;
	append_pending(part);
	if (!part->host.gathered)
		kcsd_ftl_collect(part, ftl->program_units, at);
}

u64 kcsd_ftl_settle(struct kcsd_ftl *ftl)
{
	u32 i;

	for (i = 0; i < ftl->nr_parts; i++) {
		struct kcsd_ftl_part *part = &ftl->parts[i];
		u64 at = part->host.at;

		append_pending(part);
		if (!part->host.gathered)
			continue;
		program(part, &part->host);
		kcsd_ftl_collect(part, ftl->program_units, at);
	}
	return ftl->last_program;
}

void kcsd_ftl_trim(struct kcsd_ftl *ftl, u32 unit)
{
	struct kcsd_ftl_part *part = &ftl->parts[unit & (ftl->nr_parts - 1)];

	append_pending(part);
	if (ftl->map[unit] == KCSD_FTL_NONE)
		return;
	kcsd_ftl_invalidate(part, ftl->map[unit]);
	ftl->map[unit] = KCSD_FTL_NONE;
	ftl->mapped--;
}
