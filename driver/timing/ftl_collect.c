// SPDX-License-Identifier: GPL-2.0
/*
 * Collection of lines. Each program of the host pays for so many moved units that the victim is
 * empty when the host has written what it gains. So the work of a command is bounded, and there are
 * always lines for both streams: see kcsd_ftl_collect().
 */
#include "ftl.h"

/* Units that are moved together, so that their places in the map are fetched at once. */
#define BATCH	64

static void unlink_line(struct kcsd_ftl_part *part, u32 nr)
{
	struct kcsd_ftl_line *line = &part->lines[nr];
	u32 *head = &part->heads[line->bucket];

	if (line->next == nr) {
		*head = KCSD_FTL_NONE;
		return;
	}
	part->lines[line->prev].next = line->next;
	part->lines[line->next].prev = line->prev;
	if (*head == nr)
		*head = line->next;
}

/*
 * Find the bucket of a line: the last one, behind nr_buckets, has those that are no victims yet.
 * With FIFO choice all others are in one, in their order.
 */
static void set_bucket(const struct kcsd_ftl *ftl, struct kcsd_ftl_line *line,
		       struct kcsd_ftl_count *count)
{
	if (count->valid > ftl->line_units - ftl->min_gain) {
		line->bucket = ftl->nr_buckets;
		count->least = ftl->line_units - ftl->min_gain + 1;
	} else {
		line->bucket = ftl->fifo ? 0 : count->valid >> ftl->bucket_shift;
		count->least = line->bucket << ftl->bucket_shift;
	}
}

/* Put a line at the end of its bucket. */
static void link_line(struct kcsd_ftl_part *part, u32 nr)
{
	struct kcsd_ftl_line *line = &part->lines[nr];
	u32 *head;

	set_bucket(part->ftl, line, &part->counts[nr]);
	head = &part->heads[line->bucket];
	part->lowest = min(part->lowest, line->bucket);
	if (*head == KCSD_FTL_NONE) {
		line->prev = nr;
		line->next = nr;
		*head = nr;
		return;
	}
	line->next = *head;
	line->prev = part->lines[*head].prev;
	part->lines[line->prev].next = nr;
	part->lines[*head].prev = nr;
}

void kcsd_ftl_close(struct kcsd_ftl_part *part, u32 nr)
{
	link_line(part, nr);
}

void kcsd_ftl_free_line(struct kcsd_ftl_part *part, u32 nr)
{
	part->lines[nr].next = KCSD_FTL_NONE;
	if (part->nr_free)
		part->lines[part->free_last].next = nr;
	else
		part->free_first = nr;
	part->free_last = nr;
	part->nr_free++;
}

void kcsd_ftl_prefetch_line(const struct kcsd_ftl_part *part, u32 physical)
{
	const struct kcsd_ftl *ftl = part->ftl;
	u32 nr = kcsd_timing_div(physical, &ftl->by_line), pos = physical - nr * ftl->line_units;

	prefetchw(&part->valid[(size_t)nr * ftl->line_words + pos / 64]);
	prefetchw(&part->counts[nr]);
}

void kcsd_ftl_invalidate(struct kcsd_ftl_part *part, u32 physical)
{
	const struct kcsd_ftl *ftl = part->ftl;
	u32 nr = kcsd_timing_div(physical, &ftl->by_line), pos = physical - nr * ftl->line_units;
	struct kcsd_ftl_count *count = &part->counts[nr];

	part->valid[(size_t)nr * ftl->line_words + pos / 64] &= ~(1ULL << pos % 64);
	if (--count->valid < count->least) {
		unlink_line(part, nr);
		link_line(part, nr);
	}
}

/* Lines of a bucket that are compared. */
#define COMPARED	16

/* Return the line with the fewest valid units of the first in a bucket. */
static u32 fewest(const struct kcsd_ftl_part *part, u32 head)
{
	u32 best = head, nr = head, i;

	for (i = 0; i < COMPARED && !part->ftl->fifo; i++) {
		nr = part->lines[nr].next;
		if (part->counts[nr].valid < part->counts[best].valid)
			best = nr;
	}
	return best;
}

/* Choose a victim. Returns false if no line gains enough. */
static bool choose(struct kcsd_ftl_part *part)
{
	const struct kcsd_ftl *ftl = part->ftl;
	struct kcsd_ftl_count *count;
	u32 nr;

	while (part->lowest < ftl->nr_buckets && part->heads[part->lowest] == KCSD_FTL_NONE)
		part->lowest++;
	if (part->lowest >= ftl->nr_buckets)
		return false;
	nr = fewest(part, part->heads[part->lowest]);
	count = &part->counts[nr];
	unlink_line(part, nr);
	count->least = 0;
	part->victim = nr;
	part->word = 0;
	part->gain = ftl->line_units - count->valid;
	part->victim_moved = 0;
	part->read_until = 0;
	return true;
}

/* Erase the victim, of which all is moved. */
static void erase(struct kcsd_ftl_part *part, u64 at)
{
	struct kcsd_ftl *ftl = part->ftl;
	struct kcsd_ftl_line *line = &part->lines[part->victim];
	u32 i;

	line->ready = 0;
	for (i = 0; i < ftl->nr_dies; i++) {
		u64 end = kcsd_flash_erase(ftl->flash, part->dies[i], max(at, part->read_until), 1);

		line->ready = max(line->ready, end);
	}
	line->erases++;
	kcsd_ftl_free_line(part, part->victim);
	part->victim = KCSD_FTL_NONE;
}

/* Read the valid units of a page. Returns when the controller has them. */
static u64 read_page(struct kcsd_ftl_part *part, u32 physical, u32 units, u64 at)
{
	struct kcsd_flash *flash = part->ftl->flash;
	struct kcsd_flash_page page;
	u64 used = 0;

	kcsd_ftl_locate(part, physical, &page);
	page.bytes = units * part->ftl->unit_bytes;
	if (kcsd_flash_read(flash, &page, &at, &used))
		at = kcsd_pipe_move(flash->dies[page.die].channel, at, page.bytes, flash->piece,
				    &used);
	part->read_until = max(part->read_until, at);
	return at;
}

/* Move the units of the victim that are valid in one word of its bits. */
static void move_word(struct kcsd_ftl_part *part, u32 word, u64 at)
{
	struct kcsd_ftl *ftl = part->ftl;
	u64 *bits = &part->valid[(size_t)part->victim * ftl->line_words + word], left;
	u32 first = part->victim * ftl->line_units + word * BATCH;
	u32 units[BATCH], nr = 0, i, next;
	u8 places[BATCH];

	for (left = *bits; left; left &= left - 1) {
		places[nr] = __builtin_ctzll(left);
		units[nr] = part->owners[first + places[nr]];
		prefetchw(&ftl->map[units[nr++]]);
	}
	*bits = 0;
	part->counts[part->victim].valid -= nr;
	part->victim_moved += nr;
	ftl->moved += nr;
	for (i = 0; i < nr; i = next) {
		u64 ready;

		for (next = i + 1; next < nr; next++) {
			if (places[next] >> ftl->page_shift != places[i] >> ftl->page_shift)
				break;
		}
		ready = read_page(part, first + places[i], next - i, at);
		kcsd_ftl_append(part, &part->moved, units + i, next - i, ready);
	}
}

/* Move units as long as the host has to pay for them. Returns true if the victim is erased then. */
static bool move(struct kcsd_ftl_part *part, u64 at)
{
	u32 line_units = part->ftl->line_units;

	while (part->counts[part->victim].valid) {
		if ((s64)part->victim_moved * part->gain >= part->owed * (line_units - part->gain))
			return false;
		move_word(part, part->word++, at);
	}
	part->owed -= line_units - part->victim_moved;
	erase(part, at);
	return true;
}

/*
 * While fewer lines are free than to keep, the host pays. A victim with v valid of n units is moved
 * while the host writes n - v: both together take n units and give n back. The lines that are free
 * when that begins are enough for both streams to open one, since a part of a line is left in each.
 *
 * There is a victim then: the lines that are closed have places for all units and overprovision
 * besides, so one of them gains at least this share of a line. min_gain is a quarter of it: no unit
 * of the host costs more than 4 / share moves.
 */
void kcsd_ftl_collect(struct kcsd_ftl_part *part, u32 units, u64 at)
{
	const struct kcsd_ftl *ftl = part->ftl;
	u32 tries;

	part->owed += units;
	for (tries = 0; part->owed > 0 && tries < ftl->nr_lines; tries++) {
		if (part->victim == KCSD_FTL_NONE &&
		    (part->nr_free >= ftl->keep_free || !choose(part)))
			break;
		if (!move(part, at))
			return;
	}
	if (part->victim == KCSD_FTL_NONE && part->owed <= 0 && part->nr_free < ftl->keep_free)
		return;
	/* Nothing to collect, or nothing to gain: no debt for later. */
	part->owed = 0;
}
