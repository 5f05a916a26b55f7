// SPDX-License-Identifier: GPL-2.0
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "compute/compute.h"
#include "compute/mapping.h"
#include "compute/run.h"
#include "compute/unit.h"
#include "media/slm.h"
#include "stats/counters.h"

/* ---- one mapping ---- */

static bool mapping_fits(const struct kcsd_mapping *w, const struct kcsd_run *run, u64 own)
{
	return w->own == own && w->nr == run->nr_ranges &&
	       !memcmp(w->range, run->ranges, flex_array_size(w, range, w->nr));
}

/* Put the pages of the ranges at `to`, one range after another. Returns the next free place. */
static struct page **mapping_put_ranges(const struct kcsd_run *run, struct page **to)
{
	struct page **slm = run->compute->slm->pages;
	u32 i, nr;

	for (i = 0; i < run->nr_ranges; i++) {
		nr = le32_to_cpu(run->ranges[i].len) >> PAGE_SHIFT;
		memcpy(to, slm + (le64_to_cpu(run->ranges[i].start) >> PAGE_SHIFT),
		       nr * sizeof(*to));
		to += nr;
	}
	return to;
}

static u8 *mapping_map(struct kcsd_unit *unit, const struct kcsd_run *run, u64 own, u64 span)
{
	u64 nr = (KCSD_LOWERED_BEFORE + span + KCSD_LOWERED_AFTER) >> PAGE_SHIFT, done;
	/* These bytes are always zero, and no program can write to them. */
	u8 *zeroes = unit->arena - KCSD_LOWERED_BEFORE;
	struct page **pages, **to;
	u8 *mem;

	pages = kvmalloc_array(nr, sizeof(*pages), GFP_KERNEL | __GFP_NOWARN);
	if (!pages)
		return NULL;
	to = pages;
	for (done = 0; done < KCSD_LOWERED_BEFORE + own; done += PAGE_SIZE)
		*to++ = vmalloc_to_page(zeroes + done);
	to = mapping_put_ranges(run, to);
	while (to < pages + nr)
		*to++ = pages[0];
	mem = vmap(pages, nr, VM_MAP, PAGE_KERNEL);
	kvfree(pages);
	return mem ? mem + KCSD_LOWERED_BEFORE : NULL;
}

static void mapping_destroy(struct kcsd_mapping *w)
{
	if (!w)
		return;
	vunmap(w->mem - KCSD_LOWERED_BEFORE);
	kfree(w);
}

static struct kcsd_mapping *mapping_create(struct kcsd_unit *unit, const struct kcsd_run *run,
					   u64 own, u64 mem_len)
{
	struct kcsd_mapping *w = kmalloc(struct_size(w, range, run->nr_ranges), GFP_KERNEL);

	if (!w)
		return NULL;
	w->mem = mapping_map(unit, run, own, kcsd_lowered_span(mem_len));
	if (!w->mem) {
		kfree(w);
		return NULL;
	}
	w->own = own;
	w->nr = run->nr_ranges;
	memcpy(w->range, run->ranges, flex_array_size(w, range, w->nr));
	kcsd_stat_inc(unit->compute, range_maps);
	return w;
}

/* ---- the mappings of a unit ---- */

/*
 * Return the slot with the mapping of the run; if there is none, the slot to replace: a free one,
 * or the least recently used.
 */
static struct kcsd_mapping **mapping_find(struct kcsd_unit *unit, const struct kcsd_run *run,
					  u64 own)
{
	struct kcsd_mapping **oldest = &unit->mapping[0], **w;

	for (w = unit->mapping; w < unit->mapping + ARRAY_SIZE(unit->mapping) && *w; w++) {
		if (mapping_fits(*w, run, own))
			return w;
		if ((*w)->last_use < (*oldest)->last_use)
			oldest = w;
	}
	return w < unit->mapping + ARRAY_SIZE(unit->mapping) ? w : oldest;
}

u8 *kcsd_mapping_get(struct kcsd_unit *unit, const struct kcsd_run *run, u64 own, u64 mem_len)
{
	struct kcsd_mapping **w;

	own = PAGE_ALIGN(own);
	w = mapping_find(unit, run, own);
	if (!*w || !mapping_fits(*w, run, own)) {
		mapping_destroy(*w);
		*w = mapping_create(unit, run, own, mem_len);
	}
	if (!*w)
		return NULL;
	(*w)->last_use = ++unit->mapping_clock;
	return (*w)->mem;
}

void kcsd_mappings_destroy(struct kcsd_unit *unit)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(unit->mapping); i++)
		mapping_destroy(unit->mapping[i]);
}
