/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A mapping: the arena of a compute unit and the memory ranges of a run in one piece of addresses.
 *
 *	a page of zeroes	KCSD_LOWERED_BEFORE
 *	arena of the unit	up to the page in which the arguments end
 *	range 0, range 1, ...	pages of SLM
 *	pages of zeroes		up to the power of two that JIT code masks addresses by,
 *				and KCSD_LOWERED_AFTER
 *
 * So a program with ranges has one base and one length, like any other program. A unit caches the
 * mappings that it used last: to create one often takes longer than the run.
 */
#ifndef KCSD_MAPPING_H
#define KCSD_MAPPING_H

#include <linux/mm.h>
#include <linux/types.h>
#include <linux/kcsd.h>
#include <linux/kcsd_bpf.h>

struct kcsd_run;
struct kcsd_unit;

/*
 * Ranges are multiples of KCSD_GUEST_PAGE and mapped by pages, so a kernel with larger pages cannot
 * map them.
 */
#define KCSD_MAPPINGS_POSSIBLE	(PAGE_SIZE == KCSD_GUEST_PAGE)

/* Constant after creation, except last_use. Used by the owner of the unit only. */
struct kcsd_mapping {
	u8 *mem;		/* maps KCSD_GUEST_CTX */
	u64 own;		/* bytes of the arena in it, whole pages */
	u64 last_use;		/* unit.mapping_clock */
	u32 nr;
	struct kcsd_memory_range range[] __counted_by(nr);
};

/*
 * Return the memory of a run with ranges, mem_len bytes; the first `own` bytes are in the arena.
 * Called by the owner of the unit, which keeps the mapping; it is valid until the next run of the
 * unit. Returns NULL if there is no memory to create the mapping.
 */
u8 *kcsd_mapping_get(struct kcsd_unit *unit, const struct kcsd_run *run, u64 own, u64 mem_len);
void kcsd_mappings_destroy(struct kcsd_unit *unit);

#endif
