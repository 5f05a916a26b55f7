// SPDX-License-Identifier: GPL-2.0
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/slab.h>

#include "compute/charged.h"
#include "compute/source_list.h"
#include "media/lbas.h"

void kcsd_source_lists_init(struct kcsd_source_lists *lists)
{
	spin_lock_init(&lists->lock);
}

void kcsd_source_lists_destroy(struct kcsd_source_lists *lists)
{
	u32 i;

	for (i = 0; i < KCSD_MAX_SOURCE_LISTS; i++)
		kcsd_source_list_free(lists->list[i]);
}

/* ---- one list ---- */

struct kcsd_source_list *kcsd_source_list_alloc(u32 nr, u32 bytes_len, u32 erasures)
{
	struct kcsd_source_list *list = kzalloc(sizeof(*list), GFP_KERNEL_ACCOUNT);
	void *memory = kcsd_charged_alloc(kcsd_stream_size(nr));
	u8 *bytes = bytes_len ? kcsd_charged_alloc(bytes_len) : NULL;

	if (!list || !memory || (bytes_len && !bytes)) {
		kvfree(bytes);
		kvfree(memory);
		kfree(list);
		return NULL;
	}
	list->erasures = erasures;
	list->nr = nr;
	list->bytes_len = bytes_len;
	list->bytes = bytes;
	kcsd_stream_init(&list->stream, memory, nr);
	list->stream.bytes = bytes;
	list->stream.bytes_len = bytes_len;
	return list;
}

static void list_release(struct kcsd_watch *watch)
{
	struct kcsd_source_list *list = container_of(watch, struct kcsd_source_list, watch);

	kvfree(list->watch.range);
	kvfree(list->bytes);
	kvfree(list->stream.source);
	kfree(list);
}

void kcsd_source_list_free(struct kcsd_source_list *list)
{
	if (list)
		kcsd_watch_release(&list->watch, list_release);
}

u64 kcsd_source_list_memory(u32 nr, u32 bytes_len)
{
	return nr * (sizeof(struct kcsd_source) + sizeof(u64) + sizeof(struct kcsd_watch_range)) +
	       bytes_len;
}

bool kcsd_source_lists_reserve(struct kcsd_source_lists *lists, u64 memory)
{
	bool fits;

	spin_lock(&lists->lock);
	fits = memory <= KCSD_MAX_LIST_MEMORY - lists->memory;
	if (fits)
		lists->memory += memory;
	spin_unlock(&lists->lock);
	return fits;
}

void kcsd_source_lists_unreserve(struct kcsd_source_lists *lists, u64 memory)
{
	spin_lock(&lists->lock);
	lists->memory -= memory;
	spin_unlock(&lists->lock);
}

/* Take the LBAs of all sources. Returns the number of ranges. */
static u32 take_ranges(const struct kcsd_source_list *list, const struct kcsd_lbas *lbas,
		       struct kcsd_watch_range *range)
{
	u64 round = (1ULL << lbas->lba_shift) - 1;
	const struct kcsd_source *source;
	u32 nr = 0;

	for (source = list->stream.source; source < list->stream.source + list->nr; source++) {
		if (source->type != KCSD_SOURCE_LBAS)
			continue;
		range[nr].first = le64_to_cpu(source->start);
		range[nr].end = range[nr].first +
				((le64_to_cpu(source->len) + round) >> lbas->lba_shift);
		nr++;
	}
	return nr;
}

static int make_ranges(struct kcsd_source_list *list, const struct kcsd_lbas *lbas)
{
	struct kcsd_watch_range *range, *tmp;
	int ret = 0;

	range = kcsd_charged_alloc(list->nr * sizeof(*range));
	tmp = kcsd_charged_alloc(list->nr * sizeof(*tmp));
	if (range && tmp) {
		list->watch.nr = kcsd_watch_sort(range, tmp, take_ranges(list, lbas, range));
		list->watch.range = range;
		range = NULL;
	} else {
		ret = -ENOMEM;
	}
	kvfree(range);
	kvfree(tmp);
	return ret;
}

/* Count a list that will be watched. Returns false if the file has too many already. */
static bool get_watch(struct kcsd_source_lists *lists, struct kcsd_source_list *list)
{
	bool watched;
	u32 i, nr = 0;

	spin_lock(&lists->lock);
	for (i = 0; i < KCSD_MAX_SOURCE_LISTS; i++)
		nr += lists->list[i] && lists->list[i] != list && lists->list[i]->watched;
	watched = nr < KCSD_MAX_FILE_WATCHES;
	list->watched = watched;
	spin_unlock(&lists->lock);
	return watched;
}

static void put_watch(struct kcsd_source_lists *lists, struct kcsd_source_list *list)
{
	spin_lock(&lists->lock);
	list->watched = false;
	spin_unlock(&lists->lock);
}

int kcsd_source_list_watch(struct kcsd_source_lists *lists, struct kcsd_source_list *list,
			   struct kcsd_lbas *lbas, u64 user)
{
	int ret;

	if (!get_watch(lists, list))
		return KCSD_SC_INSUFFICIENT_RESOURCES;
	list->watch.user = user;
	ret = list->watch.range ? 0 : make_ranges(list, lbas);
	if (!ret)
		ret = kcsd_watch_arm(&lbas->watches, &list->watch);
	if (!list->watch.watches)
		put_watch(lists, list);
	return ret;
}

/* ---- the table ---- */

/* Return the place of a list, also if the CPU mis-speculates about slid. */
static struct kcsd_source_list **slot_of(struct kcsd_source_lists *lists, u16 slid)
{
	return &lists->list[array_index_nospec(slid - 1, KCSD_MAX_SOURCE_LISTS)];
}

int kcsd_source_list_replace(struct kcsd_source_lists *lists, u16 slid,
			     struct kcsd_source_list *list, struct kcsd_source_list **old)
{
	struct kcsd_source_list **slot = slot_of(lists, slid);
	int ret = KCSD_SC_SOURCE_LIST_IN_USE;

	spin_lock(&lists->lock);
	if (!*slot || !(*slot)->users) {
		*old = *slot;
		*slot = list;
		ret = 0;
	}
	spin_unlock(&lists->lock);
	return ret;
}

struct kcsd_source_list *kcsd_source_list_change(struct kcsd_source_lists *lists, u16 slid,
						 int *status)
{
	struct kcsd_source_list *list;
	int ret = 0;

	spin_lock(&lists->lock);
	list = *slot_of(lists, slid);
	if (!list)
		ret = KCSD_SC_INVALID_SOURCE_LIST;
	else if (list->users)
		ret = KCSD_SC_SOURCE_LIST_IN_USE;
	else
		list->users = -1;
	spin_unlock(&lists->lock);
	*status = ret;
	return ret ? NULL : list;
}

void kcsd_source_list_end_change(struct kcsd_source_lists *lists, struct kcsd_source_list *list)
{
	spin_lock(&lists->lock);
	list->users = 0;
	spin_unlock(&lists->lock);
}

struct kcsd_source_list *kcsd_source_list_get(struct kcsd_source_lists *lists, u16 slid,
					      u32 erasures, int *status)
{
	struct kcsd_source_list *list;
	int ret = 0;

	spin_lock(&lists->lock);
	list = *slot_of(lists, slid);
	if (list && list->users < 0)
		ret = KCSD_SC_SOURCE_LIST_IN_USE;
	else if (!list || !kcsd_source_list_is_complete(list) || list->erasures != erasures)
		ret = KCSD_SC_INVALID_SOURCE_LIST;
	else
		list->users++;
	spin_unlock(&lists->lock);
	*status = ret;
	return ret ? NULL : list;
}

void kcsd_source_list_put(struct kcsd_source_lists *lists, struct kcsd_source_list *list)
{
	spin_lock(&lists->lock);
	list->users--;
	spin_unlock(&lists->lock);
}
