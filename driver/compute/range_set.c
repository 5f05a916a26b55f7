// SPDX-License-Identifier: GPL-2.0
/* Memory range sets: the table, and log page 84h. */
#include <linux/mm.h>
#include <linux/slab.h>

#include "compute/compute.h"
#include "compute/range_set.h"
#include "config.h"

int kcsd_range_sets_init(struct kcsd_compute *compute)
{
	struct kcsd_range_sets *sets = compute->range_sets;

	spin_lock_init(&sets->lock);
	sets->set = kcalloc(compute->cfg->max_range_sets, sizeof(*sets->set), GFP_KERNEL);
	return sets->set ? 0 : -ENOMEM;
}

void kcsd_range_sets_destroy(struct kcsd_compute *compute)
{
	u32 i;

	for (i = 0; i < compute->cfg->max_range_sets; i++)
		kfree(compute->range_sets->set[i]);
	kfree(compute->range_sets->set);
}

/* ---- the table ---- */

/* Return the slot of a set identifier; NULL if the identifier is invalid. */
static struct kcsd_range_set **range_set_slot(struct kcsd_compute *compute, u16 rsid)
{
	if (!rsid || rsid > compute->cfg->max_range_sets)
		return NULL;
	return &compute->range_sets->set[rsid - 1];
}

const struct kcsd_range_set *kcsd_range_set_get(struct kcsd_compute *compute, u16 rsid, int *status)
{
	struct kcsd_range_set **slot = range_set_slot(compute, rsid);

	struct kcsd_range_set *set;

	spin_lock(&compute->range_sets->lock);
	set = slot ? *slot : NULL;
	if (set)
		set->users++;
	else
		*status = KCSD_SC_INVALID_RANGE_SET_ID;
	spin_unlock(&compute->range_sets->lock);
	return set;
}

void kcsd_range_set_put(struct kcsd_compute *compute, const struct kcsd_range_set *set)
{
	spin_lock(&compute->range_sets->lock);
	(*range_set_slot(compute, set->rsid))->users--;
	spin_unlock(&compute->range_sets->lock);
}

u16 kcsd_range_set_add(struct kcsd_compute *compute, struct kcsd_range_set *set)
{
	struct kcsd_range_sets *sets = compute->range_sets;
	u32 i = 0;

	spin_lock(&sets->lock);
	while (i < compute->cfg->max_range_sets && sets->set[i])
		i++;
	if (i < compute->cfg->max_range_sets) {
		set->rsid = i + 1;
		sets->set[i] = set;
	}
	spin_unlock(&sets->lock);
	return set->rsid;
}

int kcsd_range_set_delete(struct kcsd_compute *compute, u16 rsid)
{
	struct kcsd_range_set *set, **slot = range_set_slot(compute, rsid);
	int ret = 0;

	spin_lock(&compute->range_sets->lock);
	set = slot ? *slot : NULL;
	if (!set)
		ret = KCSD_SC_INVALID_RANGE_SET_ID;
	else if (set->users)
		ret = KCSD_SC_RANGE_SET_IN_USE;
	else
		*slot = NULL;
	spin_unlock(&compute->range_sets->lock);
	if (!ret)
		kfree(set);
	return ret;
}

/* ---- log page 84h ---- */

/* Write the entry of a set at p. Returns the place of the next entry. */
static void *range_set_describe(const struct kcsd_range_set *set, void *p)
{
	struct kcsd_range_set_desc *d = p;

	BUILD_BUG_ON(sizeof(*d) != 16);
	d->rsid = cpu_to_le16(set->rsid);
	d->numr = cpu_to_le16(set->nr);
	d->users = cpu_to_le32(set->users);
	memcpy(d + 1, set->range, flex_array_size(set, range, set->nr));
	return p + sizeof(*d) + flex_array_size(set, range, set->nr);
}

/*
 * Allocates room for the maximum number of sets; the configuration makes sure that it fits in one
 * transfer.
 */
void *kcsd_range_sets_page(struct kcsd_compute *compute, u32 *len)
{
	u32 i, nr = 0, max = compute->cfg->max_range_sets;
	struct kcsd_range_set_list *list;
	void *p;

	*len = sizeof(*list) + max * (sizeof(struct kcsd_range_set_desc) +
				      compute->cfg->max_ranges * sizeof(struct kcsd_memory_range));
	list = kvzalloc(*len, GFP_KERNEL_ACCOUNT);
	if (!list)
		return NULL;
	p = list + 1;

	spin_lock(&compute->range_sets->lock);
	for (i = 0; i < max; i++) {
		if (!compute->range_sets->set[i])
			continue;
		p = range_set_describe(compute->range_sets->set[i], p);
		nr++;
	}
	spin_unlock(&compute->range_sets->lock);
	list->nr = cpu_to_le16(nr);
	*len = p - (void *)list;
	return list;
}
