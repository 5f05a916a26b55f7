// SPDX-License-Identifier: GPL-2.0
/* Record the LBAs that a run touches in sorted lists of ranges. Adjoining ranges are merged. */
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/uio.h>

#include "compute/audit.h"

/* Map each kind to its access flag in a grant. */
static const u8 audit_access[] = {
	[KCSD_AUDIT_READ]	= KCSD_GRANT_READ,
	[KCSD_AUDIT_WRITTEN]	= KCSD_GRANT_WRITE,
	[KCSD_AUDIT_APPENDED]	= KCSD_GRANT_APPEND,
	[KCSD_AUDIT_MANAGED]	= KCSD_GRANT_MANAGE,
	[KCSD_AUDIT_OBJECTS]	= KCSD_GRANT_READ | KCSD_AUDIT_OBJECT,
};

struct kcsd_audit *kcsd_audit_alloc(void)
{
	return kvzalloc(sizeof(struct kcsd_audit), GFP_KERNEL_ACCOUNT);
}

/* Return the index of the first range that ends at lba or later; list->nr if there is none. */
static u32 audit_search(const struct kcsd_audit_list *list, u64 lba)
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

/* Replace the ranges [from, to) by one range; insert it if from == to. */
static void audit_replace(struct kcsd_audit_list *list, u32 from, u32 to,
			  struct kcsd_audit_lbas with)
{
	struct kcsd_audit_lbas *r = list->range;

	if (to != from + 1)
		memmove(r + from + 1, r + to, (list->nr - to) * sizeof(*r));
	r[from] = with;
	list->nr += 1 - (to - from);
}

static enum kcsd_audit_kind audit_kind(u8 access)
{
	switch (access) {
	case KCSD_GRANT_WRITE:
		return KCSD_AUDIT_WRITTEN;
	case KCSD_GRANT_APPEND:
		return KCSD_AUDIT_APPENDED;
	case KCSD_GRANT_MANAGE:
		return KCSD_AUDIT_MANAGED;
	case KCSD_GRANT_READ | KCSD_AUDIT_OBJECT:
		return KCSD_AUDIT_OBJECTS;
	default:
		return KCSD_AUDIT_READ;
	}
}

static u32 audit_nr(const struct kcsd_audit *audit)
{
	u32 nr = audit->nr_stored, i;

	for (i = 0; i < KCSD_AUDIT_KINDS; i++)
		nr += audit->list[i].nr;
	return nr;
}

void kcsd_audit_note(struct kcsd_audit *audit, u64 slba, u64 nlb, u8 access)
{
	struct kcsd_audit_list *list = &audit->list[audit_kind(access)];
	struct kcsd_audit_lbas new = { .first = slba, .end = slba + nlb };
	u32 from = audit_search(list, slba), to = from;

	/* Merge the new range with all ranges that it overlaps or adjoins. */
	for (; to < list->nr && list->range[to].first <= new.end; to++) {
		new.first = min(new.first, list->range[to].first);
		new.end = max(new.end, list->range[to].end);
	}
	if (to == from && audit_nr(audit) == KCSD_MAX_AUDIT)
		audit->overflow = true;
	else
		audit_replace(list, from, to, new);
}

void kcsd_audit_add_stored(struct kcsd_audit *audit, const struct kcsd_kv_name *name)
{
	u32 i;

	if (!audit)
		return;
	for (i = 0; i < audit->nr_stored; i++)
		if (!memcmp(&audit->stored[i], name, sizeof(*name)))
			return;
	if (audit_nr(audit) == KCSD_MAX_AUDIT)
		audit->overflow = true;
	else
		audit->stored[audit->nr_stored++] = *name;
}

u32 kcsd_audit_len(const struct kcsd_audit *audit)
{
	return sizeof(struct kcsd_audit_header) +
	       audit_nr(audit) * sizeof(struct kcsd_audit_range);
}

/*
 * Return the kind whose next range begins first; of several, the first kind; objects after all
 * others. next[] has one index per kind.
 */
static enum kcsd_audit_kind audit_first(const struct kcsd_audit *audit, const u32 *next)
{
	enum kcsd_audit_kind first = KCSD_AUDIT_OBJECTS, k;

	for (k = 0; k < KCSD_AUDIT_OBJECTS; k++) {
		if (next[k] == audit->list[k].nr)
			continue;
		if (first == KCSD_AUDIT_OBJECTS || audit->list[k].range[next[k]].first <
						 audit->list[first].range[next[first]].first)
			first = k;
	}
	return first;
}

static int audit_copy_range(const struct kcsd_audit_lbas *lbas, enum kcsd_audit_kind kind,
			    struct iov_iter *to)
{
	struct kcsd_audit_range range = {
		.slba = cpu_to_le64(lbas->first),
		.nlb = cpu_to_le64(lbas->end - lbas->first),
		.access = audit_access[kind],
	};

	BUILD_BUG_ON(sizeof(range) != 24);
	return copy_to_iter(&range, sizeof(range), to) == sizeof(range) ? 0 : -EFAULT;
}

static int audit_copy_stored(const struct kcsd_kv_name *name, struct iov_iter *to)
{
	struct kcsd_audit_range range = {
		.access = KCSD_GRANT_WRITE | KCSD_AUDIT_OBJECT, .key_len = name->len,
	};

	BUILD_BUG_ON(offsetof(struct kcsd_audit_range, access) != sizeof(name->key));
	memcpy(&range, name->key, sizeof(name->key));
	return copy_to_iter(&range, sizeof(range), to) == sizeof(range) ? 0 : -EFAULT;
}

/*
 * Merge the lists: ranges are copied in ascending order of their first LBA, then stored objects.
 */
int kcsd_audit_copy(const struct kcsd_audit *audit, struct iov_iter *to)
{
	u32 i, nr = audit_nr(audit), next[KCSD_AUDIT_KINDS] = {};
	struct kcsd_audit_header header = {
		.nr = cpu_to_le32(nr),
		.flags = cpu_to_le32(audit->overflow ? KCSD_AUDIT_OVERFLOW : 0),
	};
	enum kcsd_audit_kind kind;

	BUILD_BUG_ON(sizeof(header) != 16);
	if (copy_to_iter(&header, sizeof(header), to) != sizeof(header))
		return -EFAULT;
	for (i = 0; i < nr - audit->nr_stored; i++) {
		kind = audit_first(audit, next);
		if (audit_copy_range(&audit->list[kind].range[next[kind]++], kind, to))
			return -EFAULT;
	}
	for (i = 0; i < audit->nr_stored; i++)
		if (audit_copy_stored(&audit->stored[i], to))
			return -EFAULT;
	return 0;
}
