/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Byte ranges in use: one that writes keeps all others off its bytes, those that
 * read share. First come, first served, so none starves. May sleep; a
 * context holds at most one range of a set at a time.
 */
#ifndef KCSD_RANGE_H
#define KCSD_RANGE_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>

struct kcsd_range_locks {
	spinlock_t lock;		/* list, writes; a leaf */
	struct list_head list;		/* held and waiting, in order of arrival */
	wait_queue_head_t wait;
	u64 writes;			/* ranges to be written so far */
};

struct kcsd_range_lock {
	struct list_head entry;
	u64 start;
	u64 end;			/* first byte after it */
	bool write;
};

void kcsd_range_locks_init(struct kcsd_range_locks *ranges);
void kcsd_range_lock(struct kcsd_range_locks *ranges, struct kcsd_range_lock *range, u64 start, u64 len,
		     bool write);
void kcsd_range_unlock(struct kcsd_range_locks *ranges, struct kcsd_range_lock *range);

/*
 * Read without a range, which holds up nobody: true if nobody is writing there or waits to. What is
 * then read is whole if kcsd_ranges_unwritten() says so afterwards.
 */
bool kcsd_range_may_read(struct kcsd_range_locks *ranges, u64 start, u64 len, u64 *writes);

static inline bool kcsd_ranges_unwritten(const struct kcsd_range_locks *ranges, u64 writes)
{
	smp_rmb();	/* pairs with that of kcsd_range_lock() */
	return READ_ONCE(ranges->writes) == writes;
}

#endif
