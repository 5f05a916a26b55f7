/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Flash: channels with dies with planes. A read reads a page, or a part of it, then transfers over
 * the channel; a program transfers first. Consecutive dies are on different channels.
 */
#ifndef KCSD_TIMING_FLASH_H
#define KCSD_TIMING_FLASH_H

#include "params.h"
#include "pipe.h"

/* Programs of a die to remember, so that nothing is read from flash before it is there. */
#define KCSD_FLASH_RECENT	8

struct kcsd_die {
	struct kcsd_pipe *channel;
	struct kcsd_resource *lanes;	/* one, or one for each plane */
	u64 newest;		/* ns: the latest end of a program */
	u64 older;		/* ns: of those that are no longer in recent */
	u32 next;		/* of recent */
	struct {
		u64 id;		/* what was programmed: the caller's number, once on a die */
		u64 end;
	} recent[KCSD_FLASH_RECENT];
};

/* A page, or the part of it that a command reads. */
struct kcsd_flash_page {
	u32 die;
	u32 plane;
	u32 kind;		/* below cell_bits */
	u32 bytes;		/* of the part */
	u64 program;		/* the id it was programmed with */
};

struct kcsd_flash {
	u32 nr_channels;
	u32 nr_dies;		/* of all channels */
	u32 nr_lanes;		/* of a die */
	u32 piece;		/* bytes of a transfer at most */
	u32 part;		/* bytes that take the time of a part of a page */
	u32 program_bytes;
	u64 part_ns[4];		/* by kind */
	u64 page_ns[4];
	u64 program_ns;
	u64 erase_ns;
	struct kcsd_pipe *channels;
	struct kcsd_die *dies;
	struct kcsd_resource *lanes;	/* of all dies */
	u64 programs;
	u64 page_reads;
	u64 bytes_read;
	u64 erases;
};

/* now: of the resources. Return 0 or -ENOMEM; then kcsd_flash_destroy() still has to follow. */
int kcsd_flash_init(struct kcsd_flash *f, const struct kcsd_timing_params *p, const u64 *now);
void kcsd_flash_destroy(struct kcsd_flash *f);
u64 kcsd_flash_memory(const struct kcsd_flash *f);

/*
 * Read the page from *at on. Moves *at to when its bytes can be transferred, adds to *used the ns
 * that it took without waiting. Returns false if the page is being programmed: then the controller
 * still has the bytes, at *at, and the flash is not used.
 */
bool kcsd_flash_read(struct kcsd_flash *f, const struct kcsd_flash_page *page, u64 *at, u64 *used);
/*
 * Transfer program_bytes to the die, from at on, and program them with this id, not before ready.
 * Returns the end.
 */
u64 kcsd_flash_program(struct kcsd_flash *f, u32 die, u64 id, u64 at, u64 ready);
/* Erase nr blocks one after the other, after all that the die has to do. Returns the end. */
u64 kcsd_flash_erase(struct kcsd_flash *f, u32 die, u64 at, u32 nr);

#endif
