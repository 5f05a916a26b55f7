/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Flash translation of a conventional namespace, for its times: a page map, two lines under write
 * in each partition (one for the host, one for collection), collection a page at a time. A line is
 * one block of each plane of each die of the partition. ftl.c: map, writes; ftl_collect.c.
 *
 * A physical unit is numbered through its partition: line by line, in a line program by program,
 * these by turns over the dies.
 */
#ifndef KCSD_TIMING_FTL_H
#define KCSD_TIMING_FTL_H

#include "buffer.h"
#include "flash.h"
#include "geometry.h"

#define KCSD_FTL_NONE		U32_MAX
/*
 * Lines are sorted by valid units into so many buckets: those of large lines have several counts.
 */
#define KCSD_FTL_BUCKETS	64
/* Writes that wait for their places in the map to be fetched from memory, of each partition. */
#define KCSD_FTL_PENDING	8

/* What every write changes of a line; apart from the rest, so that all of them fit into a cache. */
struct kcsd_ftl_count {
	u32 valid;		/* units */
	u32 least;		/* with fewer, the line goes to another bucket; 0: it is in none */
};

struct kcsd_ftl_line {
	u32 prev;		/* in its bucket, a circle */
	u32 next;		/* in its bucket, or of the free lines */
	u32 bucket;
	u32 erases;
	u64 ready;		/* ns: it is erased */
};

/* Where units are appended: a line, and the program that is gathered. */
struct kcsd_ftl_stream {
	u32 line;		/* KCSD_FTL_NONE: takes one with the next unit */
	u32 pos;		/* unit of the line */
	u32 gathered;		/* units of the program, below units_per_program */
	u32 die;		/* of the partition, for this program */
	u64 at;			/* ns: all gathered data is there */
};

struct kcsd_ftl_part {
	struct kcsd_ftl *ftl;
	u32 *owners;		/* logical unit of each physical one */
	u64 *valid;		/* a bit for each physical unit; a line begins with a word */
	struct kcsd_ftl_count *counts;	/* of lines */
	struct kcsd_ftl_line *lines;
	u32 *heads;		/* of the buckets */
	u32 *dies;		/* of the flash, by die of the partition */
	u32 lowest;		/* no bucket below has a line */
	u32 free_first;
	u32 free_last;
	u32 nr_free;
	struct kcsd_ftl_stream host;
	u32 pending[KCSD_FTL_PENDING];	/* units to append to it, with their data at host.at */
	u32 nr_pending;
	struct kcsd_ftl_stream moved;	/* by collection */
	/* Collection. */
	u32 victim;		/* line; KCSD_FTL_NONE: none */
	u32 word;		/* of its bits, looked at next */
	u32 gain;		/* invalid units of the victim when it was chosen */
	u32 victim_moved;	/* units of it */
	s64 owed;		/* units: what the host wrote, without what was gained for it */
	u64 read_until;		/* ns: the units moved so far are read */
};

struct kcsd_ftl {
	struct kcsd_flash *flash;
	struct kcsd_buffer buffer;
	u64 *buffer_ends;
	u32 *map;		/* physical unit in its partition, by logical unit */
	struct kcsd_ftl_part *parts;
	u32 nr_parts;		/* a power of 2; a logical unit is of part unit % nr_parts */
	u32 unit_bytes;
	u32 nr_units;		/* logical */
	u32 nr_lines;		/* of a partition */
	u32 keep_free;		/* lines: with fewer, collect */
	u32 line_units;
	u32 line_words;
	u32 nr_dies;		/* of a partition */
	u32 program_units;
	u32 page_shift;		/* units of a page */
	u32 planes;
	u32 cell_bits;
	u32 plane_pages;	/* of a program, in one plane */
	u32 nr_buckets;		/* of victims; one more has the other lines */
	u32 bucket_shift;
	u32 min_gain;		/* invalid units of a victim, at least */
	bool fifo;
	struct kcsd_timing_divisor by_line;
	struct kcsd_timing_divisor by_program;
	struct kcsd_timing_divisor by_dies;
	struct kcsd_timing_divisor by_planes;
	u64 last_program;	/* ns: the latest end of a program of the host's data */
	u64 ended;		/* the same, since the caller set it to 0 */
	u64 mapped;		/* units */
	u64 moved;		/* units, by collection */
	u64 padded;		/* units */
	u64 lost;		/* units without a line: must stay 0 */
};

/*
 * The params are valid, block_pages is set. Return 0 or -ENOMEM; then kcsd_ftl_destroy() still has
 * to follow.
 */
int kcsd_ftl_init(struct kcsd_ftl *ftl, struct kcsd_flash *flash,
		  const struct kcsd_timing_params *p, u64 capacity);
void kcsd_ftl_destroy(struct kcsd_ftl *ftl);
u64 kcsd_ftl_memory(const struct kcsd_ftl *ftl);

/* Where units are. */
enum kcsd_ftl_place {
	KCSD_FTL_ABSENT,	/* never written, or trimmed */
	KCSD_FTL_GATHERED,	/* in the controller, not yet programmed */
	KCSD_FTL_FLASH,
};

/*
 * Find up to nr units of one partition, this one and every nr_parts-th after it, that are in one
 * place: in flash, on one page, which is then described, without bytes. Sets *found to how many.
 */
enum kcsd_ftl_place kcsd_ftl_find(struct kcsd_ftl *ftl, u32 unit, u32 nr, u32 *found,
				  struct kcsd_flash_page *page);
/* Write a unit, whose data the buffer has from at on. May program, and collect. */
void kcsd_ftl_write(struct kcsd_ftl *ftl, u32 unit, u64 at);
/*
 * Program what is gathered of the host's data, with padding. Returns when all of it is programmed.
 */
u64 kcsd_ftl_settle(struct kcsd_ftl *ftl);
void kcsd_ftl_trim(struct kcsd_ftl *ftl, u32 unit);

/* Fetch what a command on this unit looks at first. Any unit. */
static inline void kcsd_ftl_prefetch(const struct kcsd_ftl *ftl, u64 unit)
{
	prefetch(&ftl->map[unit < ftl->nr_units ? unit : 0]);
}

/* For ftl.c and ftl_collect.c. */

/*
 * Append at most 64 units, none twice, to a stream, with their data at this time; programs what is
 * full.
 */
void kcsd_ftl_append(struct kcsd_ftl_part *part, struct kcsd_ftl_stream *s, const u32 *units,
		     u32 nr, u64 at);
/* Describe the page of a physical unit, without bytes. */
void kcsd_ftl_locate(const struct kcsd_ftl_part *part, u32 physical, struct kcsd_flash_page *page);
/* Put a line that has been written into its bucket. */
void kcsd_ftl_close(struct kcsd_ftl_part *part, u32 line);
/* Take a unit from its line. */
void kcsd_ftl_invalidate(struct kcsd_ftl_part *part, u32 physical);
/* Fetch what kcsd_ftl_invalidate() changes. */
void kcsd_ftl_prefetch_line(const struct kcsd_ftl_part *part, u32 physical);
/* The line is erased: it can be written from line->ready on. */
void kcsd_ftl_free_line(struct kcsd_ftl_part *part, u32 line);
/* Collect in proportion to so many units that the host wrote, at this time. */
void kcsd_ftl_collect(struct kcsd_ftl_part *part, u32 units, u64 at);

#endif
