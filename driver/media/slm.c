// SPDX-License-Identifier: GPL-2.0
#define pr_fmt(fmt) "kcsd: " fmt

#include <linux/math.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/vmalloc.h>

#include "config.h"
#include "media/slm.h"

/* Fail rather than invoke the OOM killer. */
#define KCSD_SLM_GFP	(GFP_KERNEL | __GFP_ZERO | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

static void slm_free_pages(struct page **pages, u64 nr)
{
	while (nr)
		__free_page(pages[--nr]);
	kvfree(pages);
}

static struct page **slm_alloc_pages(u64 nr)
{
	struct page **pages;
	u64 i;

	pages = kcsd_config_alloc_array(nr, sizeof(*pages));
	if (!pages)
		return NULL;
	for (i = 0; i < nr; i++) {
		pages[i] = alloc_page(KCSD_SLM_GFP);
		if (!pages[i]) {
			slm_free_pages(pages, i);
			return NULL;
		}
		cond_resched();
	}
	return pages;
}

/* Allocate single pages, so that mappings can map parts of SLM, too. */
int kcsd_slm_open(struct kcsd_slm *slm, u64 size, const char *name)
{
	u64 nr = DIV_ROUND_UP(size, PAGE_SIZE);
	struct page **pages;

	if (!size)
		return 0;
	if (!kcsd_config_fits_memory(name, "slm_size", size))
		return -ENOMEM;
	pages = slm_alloc_pages(nr);
	if (!pages)
		goto fail;
	slm->mem = vmap(pages, nr, VM_MAP | VM_MAP_PUT_PAGES, PAGE_KERNEL);
	if (!slm->mem) {
		slm_free_pages(pages, nr);
		goto fail;
	}
	slm->pages = pages;
	slm->size = size;
	return 0;

fail:
	pr_err("%s: no memory for slm_size %llu\n", name, size);
	return -ENOMEM;
}

void kcsd_slm_close(struct kcsd_slm *slm)
{
	/* Also frees the pages and their array: VM_MAP_PUT_PAGES. */
	vfree(slm->mem);
}

void kcsd_slm_erase(struct kcsd_slm *slm)
{
	u64 pos;

	for (pos = 0; pos < slm->size; pos += PAGE_SIZE) {
		clear_page(slm->mem + pos);
		cond_resched();
	}
}
