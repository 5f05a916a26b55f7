// SPDX-License-Identifier: GPL-2.0
#include <linux/minmax.h>
#include <linux/rculist.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <linux/kcsd.h>

#include "media/watch.h"
#include "wait.h"

#define RESCHED_RANGES	4096	/* sorted between two calls of cond_resched() */

static void changes_work(struct work_struct *work);

int kcsd_watches_init(struct kcsd_watches *watches)
{
	int ret;

	mutex_init(&watches->lock);
	INIT_LIST_HEAD(&watches->list);
	INIT_WORK(&watches->work, changes_work);
	init_waitqueue_head(&watches->wait);
	watches->wq = alloc_workqueue("kcsd_watch", WQ_UNBOUND, 0);
	if (!watches->wq)
		return -ENOMEM;
	ret = init_srcu_struct(&watches->srcu);
	if (ret)
		destroy_workqueue(watches->wq);
	return ret;
}

void kcsd_watches_destroy(struct kcsd_watches *watches)
{
	WARN_ON(watches->nr);
	destroy_workqueue(watches->wq);
	srcu_barrier(&watches->srcu);
	cleanup_srcu_struct(&watches->srcu);
	mutex_destroy(&watches->lock);
}

/* ---- trip ---- */

static bool watch_has(const struct kcsd_watch *watch, u64 slba, u64 nlb)
{
	u32 low = 0, high = watch->nr, mid;

	/* Find the first range that ends after slba. */
	while (low < high) {
		mid = low + (high - low) / 2;
		if (watch->range[mid].end > slba)
			high = mid;
		else
			low = mid + 1;
	}
	return nlb && low < watch->nr && watch->range[low].first < slba + nlb;
}

/* Trip a watch if it has one of these LBAs. Returns true if they may be edited now. */
static bool trip(struct kcsd_watch *watch, u64 slba, u64 nlb)
{
	bool tripped = READ_ONCE(watch->tripped);

	/* An edit that began before another change tripped it may still be under way. */
	if ((tripped && !watch->edited) || !watch_has(watch, slba, nlb))
		return false;
	if (!tripped)
		WRITE_ONCE(watch->tripped, true);
	return watch->edited;
}

bool kcsd_watches_trip_slow(struct kcsd_watches *watches, u64 slba, u64 nlb,
			    const struct kcsd_watch *but)
{
	struct kcsd_watch *watch;
	bool edited = false;

	list_for_each_entry_srcu(watch, &watches->list, entry,
				 srcu_read_lock_held(&watches->srcu))
		if (watch != but && trip(watch, slba, nlb))
			edited = true;
	/*
	 * A reader of a byte that changes from here on sees tripped. Not smp_wmb(): if another CPU
	 * has set tripped, this one has only read it, and must not write bytes before that.
	 */
	smp_mb();
	return edited;
}

/* ---- arm ---- */

static u32 nr_of_user(const struct kcsd_watches *watches, u64 user)
{
	const struct kcsd_watch *watch;
	u32 nr = 0;

	lockdep_assert_held(&watches->lock);
	list_for_each_entry(watch, &watches->list, entry)
		nr += watch->user == user;
	return nr;
}

static int add(struct kcsd_watches *watches, struct kcsd_watch *watch)
{
	guard(mutex)(&watches->lock);
	if (watches->nr == KCSD_MAX_WATCHES ||
	    nr_of_user(watches, watch->user) == KCSD_MAX_WATCHES / 2)
		return KCSD_SC_INSUFFICIENT_RESOURCES;
	list_add_rcu(&watch->entry, &watches->list);
	WRITE_ONCE(watches->nr, watches->nr + 1);
	return 0;
}

static void remove(struct kcsd_watches *watches, struct kcsd_watch *watch)
{
	guard(mutex)(&watches->lock);
	list_del_rcu(&watch->entry);
	WRITE_ONCE(watches->nr, watches->nr - 1);
}

/* Wait for the changes that are under way, for all tasks that ask for it by now. */
static void changes_work(struct work_struct *work)
{
	struct kcsd_watches *watches = container_of(work, struct kcsd_watches, work);
	u64 asked;

	scoped_guard(mutex, &watches->lock)
		asked = watches->asked;
	synchronize_srcu_expedited(&watches->srcu);
	smp_store_release(&watches->answered, asked);
	wake_up_all(&watches->wait);
}

int kcsd_watch_arm(struct kcsd_watches *watches, struct kcsd_watch *watch)
{
	int ret = 0;

	/* A change that has tripped it, and is under way, is waited for. */
	WRITE_ONCE(watch->tripped, false);
	if (!watch->watches)
		ret = add(watches, watch);
	if (!ret)
		watch->watches = watches;
	return ret;
}

int kcsd_watch_wait(struct kcsd_watch *watch)
{
	struct kcsd_watches *watches = watch->watches;
	u64 nr;

	scoped_guard(mutex, &watches->lock)
		nr = ++watches->asked;
	queue_work(watches->wq, &watches->work);
	return kcsd_wait_event(watches->wait, smp_load_acquire(&watches->answered) >= nr) ?
	       0 : -EINTR;
}

void kcsd_watch_trip(struct kcsd_watch *watch)
{
	WRITE_ONCE(watch->tripped, true);
}

static void release_later(struct rcu_head *head)
{
	struct kcsd_watch *watch = container_of(head, struct kcsd_watch, rcu);

	watch->release(watch);
}

void kcsd_watch_release(struct kcsd_watch *watch, void (*release)(struct kcsd_watch *watch))
{
	struct kcsd_watches *watches = watch->watches;

	if (!watches) {
		release(watch);
		return;
	}
	watch->release = release;
	remove(watches, watch);
	call_srcu(&watches->srcu, &watch->rcu, release_later);
}

/* ---- sort ---- */

/* Merge two sorted runs of ranges, [from, mid) and [mid, end), to the same place of `to`. */
static void merge(const struct kcsd_watch_range *range, struct kcsd_watch_range *to, u32 from,
		  u32 mid, u32 end)
{
	u32 a = from, b = mid, i;

	for (i = from; i < end; i++) {
		if (a < mid && (b == end || range[a].first <= range[b].first))
			to[i] = range[a++];
		else
			to[i] = range[b++];
		if (!(i % RESCHED_RANGES))
			cond_resched();
	}
}

/*
 * Sort by merging. Not sort(): its heap sort of so many ranges takes long, and lets no other task
 * run meanwhile. Returns where the sorted ranges are: range or tmp.
 */
static struct kcsd_watch_range *sort_ranges(struct kcsd_watch_range *range,
					    struct kcsd_watch_range *tmp, u32 nr)
{
	u32 width, i;

	for (width = 1; width < nr; width *= 2) {
		for (i = 0; i < nr; i += 2 * width)
			merge(range, tmp, i, min(i + width, nr), min(i + 2 * width, nr));
		swap(range, tmp);
	}
	return range;
}

u32 kcsd_watch_sort(struct kcsd_watch_range *range, struct kcsd_watch_range *tmp, u32 nr)
{
	const struct kcsd_watch_range *sorted = sort_ranges(range, tmp, nr);
	u32 i, joined = 0;

	/* Never overwrites a range that is not read yet, also if both are the same array. */
	for (i = 0; i < nr; i++) {
		struct kcsd_watch_range next = sorted[i];

		if (joined && next.first <= range[joined - 1].end)
			range[joined - 1].end = max(range[joined - 1].end, next.end);
		else
			range[joined++] = next;
	}
	return joined;
}
