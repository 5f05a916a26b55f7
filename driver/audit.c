// SPDX-License-Identifier: GPL-2.0
/* Which LBAs a run touched, as sorted lists of ranges that grow together. */
#include <linux/mm.h>
#include <linux/uaccess.h>

#include "audit.h"

struct kcsd_audit *kcsd_audit_alloc(void)
{
	return kvzalloc(sizeof(struct kcsd_audit), GFP_KERNEL_ACCOUNT);
}

/* Index of the first range that ends at lba or after it. */
static u32 kcsd_audit_search(const struct kcsd_audit_list *list, u64 lba)
{
	u32 low = 0, high = list->nr;

	while (low < high) {
		u32 mid = low + (high - low) / 2;

		if (list->range[mid].end < lba)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Replace the ranges [from, to) by one. */
static void kcsd_audit_replace(struct kcsd_audit_list *list, u32 from, u32 to,
			       struct kcsd_audit_range with)
{
	struct kcsd_audit_range *r = list->range;

	if (to != from + 1)
		memmove(r + from + 1, r + to, (list->nr - to) * sizeof(*r));
	r[from] = with;
	list->nr += 1 - (to - from);
}

void kcsd_audit_note(struct kcsd_audit *audit, u64 slba, u64 nlb, u8 access)
{
	struct kcsd_audit_list *list =
		access == KCSD_GRANT_WRITE ? &audit->written : &audit->read;
	struct kcsd_audit_range new = { .first = slba, .end = slba + nlb };
	u32 from = kcsd_audit_search(list, slba), to = from;

	/* Those that it touches: they become one with it. */
	for (; to < list->nr && list->range[to].first <= new.end; to++) {
		new.first = min(new.first, list->range[to].first);
		new.end = max(new.end, list->range[to].end);
	}
	if (to == from && audit->read.nr + audit->written.nr == KCSD_MAX_AUDIT)
		audit->overflow = true;
	else
		kcsd_audit_replace(list, from, to, new);
}

u32 kcsd_audit_len(const struct kcsd_audit *audit)
{
	return sizeof(struct kcsd_audit_header) +
	       (audit->read.nr + audit->written.nr) * sizeof(struct kcsd_audit_extent);
}

/* The lists merged: by first LBA, what was read before what was written. */
int kcsd_audit_copy(const struct kcsd_audit *audit, void __user *to)
{
	const struct kcsd_audit_range *r = audit->read.range, *r_end = r + audit->read.nr;
	const struct kcsd_audit_range *w = audit->written.range, *w_end = w + audit->written.nr;
	struct kcsd_audit_header header = {
		.nr = cpu_to_le32(audit->read.nr + audit->written.nr),
		.flags = cpu_to_le32(audit->overflow ? KCSD_AUDIT_OVERFLOW : 0),
	};

	BUILD_BUG_ON(sizeof(header) != 16);
	BUILD_BUG_ON(sizeof(struct kcsd_audit_extent) != 24);
	if (copy_to_user(to, &header, sizeof(header)))
		return -EFAULT;
	to += sizeof(header);
	while (r < r_end || w < w_end) {
		bool read = w == w_end || (r < r_end && r->first <= w->first);
		const struct kcsd_audit_range *next = read ? r++ : w++;
		struct kcsd_audit_extent extent = {
			.slba = cpu_to_le64(next->first),
			.nlb = cpu_to_le64(next->end - next->first),
			.access = read ? KCSD_GRANT_READ : KCSD_GRANT_WRITE,
		};

		if (copy_to_user(to, &extent, sizeof(extent)))
			return -EFAULT;
		to += sizeof(extent);
	}
	return 0;
}
