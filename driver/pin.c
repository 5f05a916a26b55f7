// SPDX-License-Identifier: GPL-2.0
#include <linux/mm.h>

#include "pin.h"

/* As many pages as one call yields, all of one piece of the buffer. */
static ssize_t kcsd_pin_some(struct kcsd_pinned *p, struct iov_iter *data, unsigned int room)
{
	struct page *pages[KCSD_PIN_FEW], **to = pages;
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

int kcsd_pin(struct kcsd_pinned *p, struct iov_iter *data)
{
	size_t len = iov_iter_count(data);
	unsigned int max = iov_iter_npages(data, INT_MAX);
	ssize_t ret;

	p->nr = 0;
	p->bvec = p->few;
	p->pinned = iov_iter_extract_will_pin(data);
	if (max > ARRAY_SIZE(p->few)) {
		p->bvec = kvmalloc_array(max, sizeof(*p->bvec), GFP_KERNEL_ACCOUNT);
		if (!p->bvec)
			return -ENOMEM;
	}
	while (iov_iter_count(data)) {
		ret = kcsd_pin_some(p, data, max - p->nr);
		if (ret < 0) {
			kcsd_unpin(p);
			return ret;
		}
	}
	iov_iter_bvec(&p->iter, ITER_SOURCE, p->bvec, p->nr, len);
	return 0;
}

void kcsd_unpin(struct kcsd_pinned *p)
{
	unsigned int i;

	for (i = 0; p->pinned && i < p->nr; i++)
		unpin_user_page(p->bvec[i].bv_page);
	if (p->bvec != p->few)
		kvfree(p->bvec);
}
