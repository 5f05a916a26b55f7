// SPDX-License-Identifier: GPL-2.0
#include <linux/cacheflush.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>

#include "compat.h"
#include "host/pin.h"

#define PIN_BATCH	16	/* pages handed to the memory manager at once */

/* Pin as many pages as one call yields, all of one segment. Returns their bytes, or -EFAULT. */
static ssize_t pin_some(struct kcsd_pinned *p, struct iov_iter *data, unsigned int room)
{
	struct page *pages[PIN_BATCH] KCSD_UNINITIALIZED, **to = pages;
	size_t off, len, left;
	ssize_t got;

	got = iov_iter_extract_pages(data, &to, iov_iter_count(data),
				     min_t(unsigned int, room, ARRAY_SIZE(pages)), 0, &off);
	if (got <= 0)
		return -EFAULT;
	for (left = got; left; left -= len, to++, off = 0) {
		len = min(left, PAGE_SIZE - off);
		bvec_set_page(&p->bvec[p->nr++], *to, len, off);
	}
	return got;
}

static void unpin_all(struct kcsd_pinned *p, bool dirty)
{
	struct page *pages[PIN_BATCH] KCSD_UNINITIALIZED;
	unsigned int i, n;

	for (i = 0; i < p->nr; i += n) {
		for (n = 0; n < ARRAY_SIZE(pages) && i + n < p->nr; n++)
			pages[n] = p->bvec[i + n].bv_page;
		unpin_user_pages_dirty_lock(pages, n, dirty);
		cond_resched();
	}
	if (p->bvec != p->few)
		kvfree(p->bvec);
}

/* Make the mappings of kernel and user agree, for caches indexed by virtual address. */
static void flush_pages(const struct iov_iter *iter)
{
	struct bvec_iter pos = { .bi_size = iter->count, .bi_bvec_done = iter->iov_offset };
	struct bio_vec bvec;

	if (ARCH_IMPLEMENTS_FLUSH_DCACHE_PAGE)
		for_each_bvec(bvec, iter->bvec, pos, pos)
			flush_dcache_page(bvec.bv_page);
}

static int pin_all(struct kcsd_pinned *p, struct iov_iter *data)
{
	unsigned int max = iov_iter_npages(data, INT_MAX), dir = data->data_source;
	size_t len = iov_iter_count(data);
	ssize_t ret;

	if (max > ARRAY_SIZE(p->few)) {
		p->bvec = kvmalloc_array(max, sizeof(*p->bvec), GFP_KERNEL_ACCOUNT);
		if (!p->bvec)
			return -ENOMEM;
	}
	while (iov_iter_count(data)) {
		ret = fatal_signal_pending(current) ? -EINTR : pin_some(p, data, max - p->nr);
		cond_resched();
		if (ret < 0) {
			unpin_all(p, false);
			return ret;
		}
	}
	iov_iter_bvec(data, dir, p->bvec, p->nr, len);
	return 0;
}

void kcsd_pin_nothing(struct kcsd_pinned *p)
{
	p->nr = 0;
	p->bvec = p->few;
	iov_iter_bvec(&p->all, ITER_SOURCE, p->bvec, 0, 0);
}

int kcsd_pin(struct kcsd_pinned *p, struct iov_iter *data)
{
	int ret = 0;

	kcsd_pin_nothing(p);
	/* Registered buffers are pinned already. */
	if (!iov_iter_is_bvec(data))
		ret = pin_all(p, data);
	p->all = *data;
	if (!ret && p->all.data_source)
		flush_pages(&p->all);
	return ret;
}

void kcsd_unpin(struct kcsd_pinned *p, bool moved)
{
	bool dirty = moved && !p->all.data_source;

	if (dirty)
		flush_pages(&p->all);
	unpin_all(p, dirty);
}
