/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Windows: a compute unit's own memory and the memory ranges of a run, mapped in one piece.
 *
 *	a page of zeroes	KCSD_LOWERED_BEFORE
 *	the unit's arena	up to the page in which the arguments end
 *	range 0, range 1, ...	pages of SLM
 *	pages of zeroes		up to the power of two that native code masks addresses by,
 *				and KCSD_LOWERED_AFTER
 *
 * So a program with ranges has one base and one length like any other. A unit keeps those that it
 * used last: to map them costs more than many a run.
 */
#ifndef KCSD_MAPPING_H
#define KCSD_MAPPING_H

#include <linux/mm.h>
#include <linux/types.h>
#include <linux/kcsd.h>
#include <linux/kcsd_bpf.h>

struct kcsd_run;
struct kcsd_unit;

/* Ranges are mapped by pages; a kernel with larger ones cannot. */
#define KCSD_MAPPINGS_POSSIBLE	(PAGE_SIZE == KCSD_GUEST_PAGE)

/* Constant once made, but for last_use. For who has the unit. */
struct kcsd_mapping {
	u8 *mem;		/* where KCSD_GUEST_CTX is */
	u64 own;		/* bytes of the arena in it, whole pages */
	u64 last_use;		/* unit.mapping_clock */
	u32 nr;
	struct kcsd_memory_range range[] __counted_by(nr);
};

/*
 * The memory of a run with ranges, mem_len bytes of it, of which the first own bytes are the
 * program's. Good until the unit's next run. NULL: there is no memory to map it.
 */
u8 *kcsd_mapping_get(struct kcsd_unit *unit, const struct kcsd_run *run, u64 own, u64 mem_len);
void kcsd_mappings_destroy(struct kcsd_unit *unit);

#endif
