// SPDX-License-Identifier: GPL-2.0
/*
 * A list, not a tree: it is as long as there are commands under way on one file, some tens, and
 * each of them takes far longer than to walk it.
 */
#include <linux/sched.h>

#include "media/range_lock.h"

void kcsd_range_locks_init(struct kcsd_range_locks *ranges)
{
	spin_lock_init(&ranges->lock);
	INIT_LIST_HEAD(&ranges->list);
	init_waitqueue_head(&ranges->wait);
	ranges->writes = 0;
}

static bool conflict(const struct kcsd_range_lock *a, const struct kcsd_range_lock *b)
{
	return (a->write || b->write) && a->start < b->end && b->start < a->end;
}

/* Return true if no earlier range conflicts. */
static bool is_granted(struct kcsd_range_locks *ranges, const struct kcsd_range_lock *range)
{
	const struct kcsd_range_lock *earlier;

	spin_lock(&ranges->lock);
	list_for_each_entry(earlier, &ranges->list, entry)
		if (earlier == range || conflict(earlier, range))
			break;
	spin_unlock(&ranges->lock);
	return earlier == range;
}

void kcsd_range_lock(struct kcsd_range_locks *ranges, struct kcsd_range_lock *range, u64 start,
		     u64 len, bool write)
{
	range->start = start;
	range->end = start + len;
	range->write = write;
	scoped_guard(spinlock, &ranges->lock) {
		list_add_tail(&range->entry, &ranges->list);
		WRITE_ONCE(ranges->writes, ranges->writes + write);
	}
	smp_wmb();	/* a reader of bytes written from here on sees the new count */
	wait_event(ranges->wait, is_granted(ranges, range));
}

bool kcsd_range_may_read(struct kcsd_range_locks *ranges, u64 start, u64 len, u64 *writes)
{
	const struct kcsd_range_lock read = { .start = start, .end = start + len }, *other;
	bool may = true;

	spin_lock(&ranges->lock);
	list_for_each_entry(other, &ranges->list, entry)
		may = may && !conflict(other, &read);
	*writes = ranges->writes;
	spin_unlock(&ranges->lock);
	return may;
}

void kcsd_range_unlock(struct kcsd_range_locks *ranges, struct kcsd_range_lock *range)
{
	scoped_guard(spinlock, &ranges->lock)
		list_del(&range->entry);
	if (wq_has_sleeper(&ranges->wait))
		wake_up_all(&ranges->wait);
}
