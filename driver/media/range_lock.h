/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Locks on ranges of bytes. A writer excludes all others from its bytes, readers share. Granted in
 * order of arrival, so no lock starves. May sleep; a context holds at most one lock of a set at a
 * time.
 */
#ifndef KCSD_RANGE_LOCK_H
#define KCSD_RANGE_LOCK_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>

struct kcsd_range_locks {
	spinlock_t lock;		/* protects list and writes; a leaf */
	struct list_head list;		/* held and waiting, in order of arrival */
	wait_queue_head_t wait;
	u64 writes;			/* write locks so far */
};

struct kcsd_range_lock {
	struct list_head entry;
	u64 start;
	u64 end;			/* first byte after the range */
	bool write;
};

void kcsd_range_locks_init(struct kcsd_range_locks *ranges);
void kcsd_range_lock(struct kcsd_range_locks *ranges, struct kcsd_range_lock *range, u64 start,
		     u64 len, bool write);
void kcsd_range_unlock(struct kcsd_range_locks *ranges, struct kcsd_range_lock *range);

/*
 * Ask to read without a lock, which delays no other. Return true if no writer has locked these
 * bytes or waits for them. The data read then is whole if kcsd_ranges_unwritten() returns true
 * afterwards, with the same *writes.
 */
bool kcsd_range_may_read(struct kcsd_range_locks *ranges, u64 start, u64 len, u64 *writes);

static inline bool kcsd_ranges_unwritten(const struct kcsd_range_locks *ranges, u64 writes)
{
	smp_rmb();	/* pairs with smp_wmb() in kcsd_range_lock() */
	return READ_ONCE(ranges->writes) == writes;
}

#endif
