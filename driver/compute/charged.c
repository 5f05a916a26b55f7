// SPDX-License-Identifier: GPL-2.0
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/sizes.h>
#include <linux/vmalloc.h>

#include "compat.h"
#include "compute/charged.h"

#define FEW	SZ_64K		/* bytes that kvzalloc() may allocate */

static void free_pages_of(struct page **pages, u32 nr)
{
	while (nr--)
		__free_page(pages[nr]);
	kvfree(pages);
}

/* Allocate pages one by one. Returns how many there are. */
static u32 alloc_pages_for(struct mem_cgroup *memcg, struct page **pages, u32 nr)
{
	void *page;
	u32 i;

	for (i = 0; i < nr && !fatal_signal_pending(current); i++) {
		page = kcsd_compat_page_for(memcg);
		if (!page)
			break;
		clear_page(page);
		pages[i] = virt_to_page(page);
		cond_resched();
	}
	return i;
}

void *kcsd_charged_alloc_for(struct mem_cgroup *memcg, size_t len)
{
	u32 nr = DIV_ROUND_UP(len, PAGE_SIZE), got;
	struct page **pages;
	void *mem = NULL;

	pages = kvmalloc_array(nr, sizeof(*pages), GFP_KERNEL_ACCOUNT);
	if (!pages)
		return NULL;
	got = alloc_pages_for(memcg, pages, nr);
	/* vfree() then frees the pages and the array, too. */
	if (got == nr)
		mem = vmap(pages, nr, VM_MAP | VM_MAP_PUT_PAGES, PAGE_KERNEL);
	if (!mem)
		free_pages_of(pages, got);
	return mem;
}

void *kcsd_charged_alloc(size_t len)
{
	struct mem_cgroup *memcg;
	void *mem;

	if (len <= FEW)
		return kvzalloc(len, GFP_KERNEL_ACCOUNT);
	memcg = get_mem_cgroup_from_mm(current->mm);
	mem = kcsd_charged_alloc_for(memcg, len);
	mem_cgroup_put(memcg);
	return mem;
}
