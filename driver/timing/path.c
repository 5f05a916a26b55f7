// SPDX-License-Identifier: GPL-2.0
#include "path.h"

/* Bytes that are ready at some time, on their way out of the drive. */
struct load {
	struct kcsd_pipe *channel;	/* NULL: they are in the controller */
	struct kcsd_pipe *out;		/* NULL: they stay */
	u64 ready;			/* ns */
	u64 media;			/* ns that it took, without waiting */
	u32 bytes;			/* on the channel: whole units */
	u32 wanted;			/* of them */
};

u64 kcsd_timing_take_core(struct kcsd_timing *t, u64 arrival, u64 *start)
{
	u64 len = t->params.command_ns;
	struct kcsd_resource *best = t->cores;
	u32 i;

	*start = arrival;
	if (!len)
		return arrival;
	*start = kcsd_resource_fit(best, arrival, len);
	for (i = 1; i < t->nr_cores && *start > arrival; i++) {
		u64 fit = kcsd_resource_fit(&t->cores[i], arrival, len);

		if (fit < *start) {
			*start = fit;
			best = &t->cores[i];
		}
	}
	kcsd_resource_take(best, *start, len);
	return *start + len;
}

static struct kcsd_pipe *pipe_of(struct kcsd_timing *t, enum kcsd_timing_side side, bool in)
{
	if (side == KCSD_SIDE_NONE)
		return NULL;
	if (side == KCSD_SIDE_SLM)
		return &t->slm;
	return in ? kcsd_timing_link_in(t) : &t->link_out;
}

/* Add a piece that ends at end, after link and media ns without waiting. */
static inline void extend(struct kcsd_timing_path *path, u64 end, u64 link, u64 media)
{
	if (end >= path->end)
		*path = (struct kcsd_timing_path){ end, link, media };
}

/*
 * Transfer a piece that is there at this time and took media ns. If it waits only for the piece of
 * this command that went before, its path is that one's.
 */
static u64 cross(struct kcsd_timing_path *path, struct kcsd_pipe *pipe, u64 at, u64 media,
		 u32 bytes)
{
	u64 link = 0, end = kcsd_pipe_transfer(pipe, at, bytes, &link);

	if (end - link > at && end - link == path->end)
		extend(path, end, path->link + link, path->media);
	else
		extend(path, end, link, media);
	return end;
}

/* Transfer in pieces: over the channel, each then out of the drive, while the next follows. */
static void carry(struct kcsd_timing *t, struct load *load, struct kcsd_timing_path *path)
{
	u32 left = load->bytes, wanted = load->wanted, piece;

	for (; left; left -= piece, wanted -= min(wanted, piece)) {
		piece = min(left, t->piece);
		if (load->channel)
			load->ready = kcsd_pipe_transfer(load->channel, load->ready, piece,
							 &load->media);
		if (load->out && wanted)
			cross(path, load->out, load->ready, load->media, min(wanted, piece));
		else
			extend(path, load->ready, 0, load->media);
	}
}

static void read_lanes(struct kcsd_timing *t, u64 at, u64 offset, u32 bytes,
		       struct kcsd_pipe *out, struct kcsd_timing_path *path)
{
	u64 delays = t->params.array_read_delay_ns + t->params.array_read_trail_ns;
	u32 chunk;

	for (; bytes; offset += chunk, bytes -= chunk) {
		struct load load = { .out = out, .media = delays };

		chunk = kcsd_lanes_chunk(&t->lanes, offset, bytes);
		load.bytes = chunk;
		load.wanted = chunk;
		load.ready = kcsd_lanes_use(&t->lanes, offset, false,
					    at + t->params.array_read_delay_ns, &load.media) +
			t->params.array_read_trail_ns;
		t->stats.media_read += chunk;
		carry(t, &load, path);
	}
}

static void read_page(struct kcsd_timing *t, const struct kcsd_flash_page *page, struct load *load)
{
	if (kcsd_flash_read(&t->flash, page, &load->ready, &load->media))
		load->channel = t->flash.dies[page->die].channel;
	else
		t->stats.buffer_read += load->wanted;
}

static void read_zones(struct kcsd_timing *t, u64 at, u64 offset, u32 bytes,
		       struct kcsd_pipe *out, struct kcsd_timing_path *path)
{
	u32 found;

	for (; bytes; offset += found, bytes -= found) {
		struct load load = { .out = out, .ready = at };
		struct kcsd_flash_page page;
		bool flash = kcsd_timing_zone_find(&t->zones, offset, bytes, &found, &page);
		u32 head = offset & (t->unit_bytes - 1);

		load.wanted = found;
		load.bytes = found;
		if (flash) {
			/* The channel moves whole units. */
			load.bytes = (head + found + t->unit_bytes - 1) & ~(t->unit_bytes - 1);
			page.bytes = load.bytes;
			read_page(t, &page, &load);
		}
		carry(t, &load, path);
	}
}

/* Return how many bytes of a run of units, one of every step, are in the range. */
static u32 overlap(const struct kcsd_timing *t, u32 unit, u32 nr, u32 step, u64 offset, u64 end)
{
	u64 first = (u64)unit << t->unit_shift;
	u64 last = (u64)(unit + (nr - 1) * step) << t->unit_shift;
	u32 bytes = nr << t->unit_shift;

	if (first < offset)
		bytes -= offset - first;
	if (last + t->unit_bytes > end)
		bytes -= last + t->unit_bytes - end;
	return bytes;
}

static void read_units(struct kcsd_timing *t, u64 at, u64 offset, u32 bytes,
		       struct kcsd_pipe *out, struct kcsd_timing_path *path)
{
	u32 first = offset >> t->unit_shift, nr, step = t->ftl.nr_parts, i, unit, found;

	nr = ((offset + bytes - 1) >> t->unit_shift) - first + 1;
	for (i = 0; i < step && i < nr; i++) {
		for (unit = first + i; unit < first + nr; unit += found * step) {
			struct load load = { .out = out, .ready = at };
			struct kcsd_flash_page page;
			u32 most = (first + nr - unit + step - 1) / step;
			enum kcsd_ftl_place place = kcsd_ftl_find(&t->ftl, unit, most, &found,
								  &page);

			load.bytes = found << t->unit_shift;
			load.wanted = overlap(t, unit, found, step, offset, offset + bytes);
			if (place == KCSD_FTL_FLASH) {
				page.bytes = load.bytes;
				read_page(t, &page, &load);
			} else if (place == KCSD_FTL_GATHERED) {
				t->stats.buffer_read += load.wanted;
			}
			carry(t, &load, path);
		}
	}
}

void kcsd_timing_read(struct kcsd_timing *t, u64 at, u64 offset, u32 bytes,
		      enum kcsd_timing_side side, struct kcsd_timing_path *path)
{
	struct kcsd_pipe *out = pipe_of(t, side, false);

	*path = (struct kcsd_timing_path){ .end = at };
	t->stats.user_read += bytes;
	if (!bytes)
		return;
	if (!t->has_flash)
		read_lanes(t, at, offset, bytes, out, path);
	else if (t->zoned)
		read_zones(t, at, offset, bytes, out, path);
	else
		read_units(t, at, offset, bytes, out, path);
}

/* Bring bytes into the controller, from at on, in pieces. Returns when they are there. */
static u64 bring(struct kcsd_timing *t, struct kcsd_pipe *in, u64 at, u32 bytes,
		 struct kcsd_timing_path *path)
{
	u32 piece;

	if (!in) {
		extend(path, at, 0, 0);
		return at;
	}
	for (; bytes; bytes -= piece) {
		piece = min(bytes, t->piece);
		at = cross(path, in, at, 0, piece);
	}
	return at;
}

static void write_lanes(struct kcsd_timing *t, u64 at, u64 offset, u32 bytes,
			struct kcsd_pipe *in, struct kcsd_timing_path *path)
{
	u64 delays = t->params.array_write_delay_ns + t->params.array_write_trail_ns;
	struct kcsd_timing_path brought = { .end = at };
	u32 chunk;

	for (; bytes; offset += chunk, bytes -= chunk) {
		u64 media = delays, end;

		chunk = kcsd_lanes_chunk(&t->lanes, offset, bytes);
		end = bring(t, in, at, chunk, &brought) + t->params.array_write_delay_ns;
		end = kcsd_lanes_use(&t->lanes, offset, true, end, &media) +
			t->params.array_write_trail_ns;
		t->stats.media_written += chunk;
		extend(path, end, brought.link, media);
	}
}

static void write_zones(struct kcsd_timing *t, u64 at, u64 offset, u32 bytes,
			struct kcsd_pipe *in, struct kcsd_timing_path *path)
{
	u32 chunk;

	for (; bytes; offset += chunk, bytes -= chunk) {
		struct kcsd_timing_zone *zone = kcsd_timing_zone_at(&t->zones, offset);

		chunk = kcsd_timing_zone_chunk(&t->zones, offset, min(bytes, t->piece));
		at = kcsd_buffer_admit(&zone->buffer, at, chunk);
		kcsd_timing_zone_write(&t->zones, offset, chunk, bring(t, in, at, chunk, path));
	}
}

/* A part of a unit is written: read the rest of it first. Returns when it is there. */
static u64 complete_unit(struct kcsd_timing *t, u32 unit, u64 at)
{
	struct load load = { .ready = at, .bytes = t->unit_bytes };
	struct kcsd_timing_path path = {};
	struct kcsd_flash_page page;
	u32 found;

	if (kcsd_ftl_find(&t->ftl, unit, 1, &found, &page) != KCSD_FTL_FLASH)
		return at;
	page.bytes = t->unit_bytes;
	read_page(t, &page, &load);
	carry(t, &load, &path);
	return load.ready;
}

static void write_units(struct kcsd_timing *t, u64 at, u64 offset, u32 bytes,
			struct kcsd_pipe *in, struct kcsd_timing_path *path)
{
	u64 end = offset + bytes, mask = t->unit_bytes - 1;
	u64 usual = max(t->piece & ~(u32)mask, t->unit_bytes);

	while (offset < end) {
		u64 stop = min((offset & ~mask) + usual, end), ready;
		u32 unit = offset >> t->unit_shift;
		u32 last = (stop - 1) >> t->unit_shift;

		at = kcsd_buffer_admit(&t->ftl.buffer, at, (last - unit + 1) << t->unit_shift);
		ready = bring(t, in, at, stop - offset, path);
		for (; unit <= last; unit++) {
			u64 begin = (u64)unit << t->unit_shift;
			/* The last unit of the capacity may be shorter. */
			bool all = begin >= offset && (begin + t->unit_bytes <= stop ||
						       stop == t->shape.capacity);

			kcsd_ftl_write(&t->ftl, unit, all ? ready : complete_unit(t, unit, ready));
		}
		offset = stop;
	}
}

/* Let a write end when all of it is programmed. */
static void settle(struct kcsd_timing *t, u64 offset, struct kcsd_timing_path *path)
{
	const struct kcsd_flash *flash = &t->flash;
	u64 media = kcsd_pipe_time(flash->channels, min(flash->program_bytes, flash->piece)) *
		kcsd_timing_div_up(flash->program_bytes, flash->piece) + flash->program_ns;
	u64 end;

	if (t->zoned) {
		kcsd_timing_zone_settle(&t->zones, kcsd_timing_zone_at(&t->zones, offset),
					path->end);
		end = t->zones.ended;
	} else {
		kcsd_ftl_settle(&t->ftl);
		end = t->ftl.ended;
	}
	if (end <= path->end)
		return;
	path->media += min(media, end - path->end);
	path->end = end;
}

void kcsd_timing_write(struct kcsd_timing *t, u64 at, u64 offset, u32 bytes,
		       enum kcsd_timing_side side, bool wait, struct kcsd_timing_path *path)
{
	struct kcsd_pipe *in = pipe_of(t, side, true);

	*path = (struct kcsd_timing_path){ .end = at };
	t->stats.user_written += bytes;
	if (!bytes)
		return;
	t->ftl.ended = 0;
	t->zones.ended = 0;
	if (!t->has_flash) {
		write_lanes(t, at, offset, bytes, in, path);
	} else if (t->zoned) {
		write_zones(t, at, offset, bytes, in, path);
		if (!t->params.zone_buffer_size)
			settle(t, offset + bytes - 1, path);
	} else {
		write_units(t, at, offset, bytes, in, path);
		if (!t->params.buffer_size || ((wait || t->through) && !t->params.buffer_safe))
			settle(t, offset, path);
	}
}

void kcsd_timing_trim(struct kcsd_timing *t, u64 offset, u32 bytes)
{
	u64 end = offset + bytes;
	u64 unit = kcsd_timing_div_up(offset, t->unit_bytes);

	if (!t->has_flash || t->zoned)
		return;
	/* The last unit of the capacity may be shorter. */
	if (end == t->shape.capacity)
		end = (u64)t->ftl.nr_units << t->unit_shift;
	for (; (unit + 1) << t->unit_shift <= end; unit++) {
		kcsd_ftl_trim(&t->ftl, unit);
		t->stats.trimmed += t->unit_bytes;
	}
}

void kcsd_timing_flush(struct kcsd_timing *t, u64 at, struct kcsd_timing_path *path)
{
	u64 end = at;

	if (t->has_flash && !t->zoned && !t->params.buffer_safe)
		end = max(at, kcsd_ftl_settle(&t->ftl));
	*path = (struct kcsd_timing_path){ .end = end, .media = end - at };
}

void kcsd_timing_zone(struct kcsd_timing *t, u64 at, u64 offset, bool reset,
		      struct kcsd_timing_path *path)
{
	struct kcsd_timing_zone *zone;

	*path = (struct kcsd_timing_path){ .end = at };
	if (!t->has_flash || !t->zoned)
		return;
	zone = kcsd_timing_zone_at(&t->zones, offset);
	t->zones.ended = 0;
	if (reset)
		path->end = kcsd_timing_zone_reset(&t->zones, zone, at);
	else
		kcsd_timing_zone_finish(&t->zones, zone, at);
	if (!reset && !t->params.zone_buffer_size)
		path->end = max(at, t->zones.ended);
	path->media = min(path->end - at, reset ? t->flash.erase_ns : t->flash.program_ns);
}

void kcsd_timing_set_through(struct kcsd_timing *t, bool through)
{
	t->through = through;
}

bool kcsd_timing_zone_changes(const struct kcsd_timing *t, u8 op, u64 offset)
{
	const struct kcsd_timing_zone *zone;

	if (!t->has_flash || !t->zoned)
		return false;
	zone = kcsd_timing_zone_at(&t->zones, offset);
	return zone->written &&
	       (op == KCSD_TIMING_ZONE_RESET || zone->written < t->zones.zone_size);
}

void kcsd_timing_set_zone(struct kcsd_timing *t, u64 offset, u64 written)
{
	if (t->has_flash && t->zoned)
		kcsd_timing_zone_set(&t->zones, kcsd_timing_zone_at(&t->zones, offset), written);
}

void kcsd_timing_settle(struct kcsd_timing *t)
{
	u32 i;

	if (t->has_flash && !t->zoned)
		kcsd_ftl_settle(&t->ftl);
	for (i = 0; i < t->zones.nr; i++)
		kcsd_timing_zone_settle(&t->zones, &t->zones.zones[i], t->stats.busy_until);
}

/* Purge the zones that begin in a range. */
static void purge_zones(struct kcsd_timing *t, u64 offset, u64 end)
{
	struct kcsd_timing_zones *z = &t->zones;
	u64 i;

	for (i = kcsd_timing_div_up(offset, z->zone_size); i * z->zone_size < end; i++) {
		if (!z->zones[i].written)
			continue;
		kcsd_timing_zone_set(z, &z->zones[i], 0);
		z->zones[i].erases++;
		t->flash.erases += z->dies;
	}
}

void kcsd_timing_purge(struct kcsd_timing *t, u64 offset, u32 bytes)
{
	if (t->has_flash && t->zoned)
		purge_zones(t, offset, offset + bytes);
	else
		kcsd_timing_trim(t, offset, bytes);
}

void kcsd_timing_send(struct kcsd_timing *t, u64 at, u32 bytes, bool from_slm,
		      struct kcsd_timing_path *path)
{
	struct load load = { .channel = from_slm ? &t->slm : NULL, .out = &t->link_out,
			     .ready = at, .bytes = bytes, .wanted = bytes };

	*path = (struct kcsd_timing_path){ .end = at };
	carry(t, &load, path);
}

void kcsd_timing_receive(struct kcsd_timing *t, u64 at, u32 bytes, struct kcsd_timing_path *path)
{
	struct kcsd_timing_path brought = { .end = at };
	u32 piece;

	*path = (struct kcsd_timing_path){ .end = at };
	for (; bytes; bytes -= piece) {
		u64 media = 0, end;

		piece = min(bytes, t->piece);
		at = bring(t, kcsd_timing_link_in(t), at, piece, &brought);
		end = kcsd_pipe_transfer(&t->slm, at, piece, &media);
		extend(path, end, brought.link, media);
	}
}

int kcsd_timing_check_range(const struct kcsd_timing *t, u8 op, u64 offset, u64 bytes)
{
	switch (op) {
	case KCSD_TIMING_FLUSH:
		return 0;
	case KCSD_TIMING_MEM_READ:
	case KCSD_TIMING_MEM_WRITE:
	case KCSD_TIMING_OTHER:
		return bytes <= KCSD_TIMING_MAX_BYTES ? 0 : -EINVAL;
	case KCSD_TIMING_ZONE_RESET:
	case KCSD_TIMING_ZONE_FINISH:
		return offset < t->shape.capacity ? 0 : -ERANGE;
	case KCSD_TIMING_READ:
	case KCSD_TIMING_WRITE:
	case KCSD_TIMING_TRIM:
		if (bytes > KCSD_TIMING_MAX_BYTES)
			return -EINVAL;
		return offset <= t->shape.capacity && bytes <= t->shape.capacity - offset ?
			0 : -ERANGE;
	}
	return -EINVAL;
}
