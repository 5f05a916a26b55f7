// SPDX-License-Identifier: GPL-2.0
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "clock/clock.h"
#include "clock/slot.h"
#include "wait.h"

/* After its time, the submitter of a polled command is the first to return its slot. */
#define LEND_NS		(1 * NSEC_PER_MSEC)

/* slots.lock protects the members. */
struct kcsd_slot_user {
	struct list_head entry;		/* in slots.users */
	struct list_head files;
	struct kcsd_slots *slots;	/* constant */
	u64 user;			/* constant */
	u32 refs;			/* open files and slots */
	struct kcsd_slot_count count[KCSD_NR_SLOT_KINDS];
};

static void counts_init(struct kcsd_slot_count *count, u32 io, u32 admin)
{
	int kind;

	count[KCSD_SLOT_IO].most = io;
	count[KCSD_SLOT_ADMIN].most = admin;
	for (kind = 0; kind < KCSD_NR_SLOT_KINDS; kind++)
		init_waitqueue_head(&count[kind].wait);
}

void kcsd_slots_init(struct kcsd_slots *slots)
{
	spin_lock_init(&slots->lock);
	INIT_LIST_HEAD(&slots->users);
	counts_init(slots->count, KCSD_DRIVE_SLOTS, KCSD_DRIVE_ADMIN_SLOTS);
}

/* ---- users ---- */

static void put_user_of(struct kcsd_slots *slots, struct kcsd_slot_user *u)
{
	lockdep_assert_held(&slots->lock);
	if (--u->refs)
		return;
	list_del(&u->entry);
	kfree(u);
}

/* Set the user of an open file, found or new. */
static void join(struct kcsd_slots *slots, struct kcsd_slot_file *file, struct kcsd_slot_user *new)
{
	struct kcsd_slot_user *u;

	lockdep_assert_held(&slots->lock);
	if (file->user)
		return;
	list_for_each_entry(u, &slots->users, entry)
		if (u->user == new->user)
			goto found;
	u = new;
	list_add(&u->entry, &slots->users);
found:
	u->refs++;
	counts_init(file->count, KCSD_FILE_SLOTS, KCSD_USER_ADMIN_SLOTS);
	list_add(&file->entry, &u->files);
	smp_store_release(&file->user, u);
}

/* Set the user of a flow. Returns 0 or -ENOMEM. */
static int find_slot_user(struct kcsd_slots *slots, struct kcsd_flow *flow)
{
	struct kcsd_slot_user *new;
	unsigned long flags;

	if (smp_load_acquire(&flow->slots.user))
		return 0;
	new = kzalloc(sizeof(*new), GFP_KERNEL_ACCOUNT);
	if (!new)
		return -ENOMEM;
	new->slots = slots;
	new->user = flow->user;
	INIT_LIST_HEAD(&new->files);
	counts_init(new->count, KCSD_USER_SLOTS, KCSD_USER_ADMIN_SLOTS);
	spin_lock_irqsave(&slots->lock, flags);
	join(slots, &flow->slots, new);
	if (!new->refs)
		kfree(new);
	spin_unlock_irqrestore(&slots->lock, flags);
	return 0;
}

void kcsd_slots_leave(struct kcsd_slot_file *file)
{
	struct kcsd_slot_user *u = file->user;
	struct kcsd_slots *slots;
	unsigned long flags;

	if (!u)
		return;
	slots = u->slots;
	spin_lock_irqsave(&slots->lock, flags);
	list_del(&file->entry);
	put_user_of(slots, u);
	spin_unlock_irqrestore(&slots->lock, flags);
}

/* ---- counts ---- */

enum { OF_FILE, OF_USER, OF_DRIVE, NR_LEVELS };

/* Return what counts a slot; NULL: it counts no more at this level. */
static struct kcsd_slot_count *count_at(const struct kcsd_slot *slot, int level)
{
	switch (level) {
	case OF_FILE:
		return slot->file ? &slot->file->count[slot->kind] : NULL;
	case OF_USER:
		return &slot->user->count[slot->kind];
	default:
		return &slot->clock->slots.count[slot->kind];
	}
}

static bool is_full(const struct kcsd_slot_count *count)
{
	return count->taken >= count->most;
}

static void wake_one(struct kcsd_slot_count *count)
{
	if (!is_full(count) && waitqueue_active(&count->wait))
		wake_up(&count->wait);
}

/* Return NULL if the slot is taken, now or before; else what is full. */
static struct kcsd_slot_count *count_up(struct kcsd_slot *slot)
{
	int level;

	lockdep_assert_held(&slot->clock->slots.lock);
	if (slot->taken)
		return NULL;
	for (level = 0; level < NR_LEVELS; level++)
		if (is_full(count_at(slot, level)))
			return count_at(slot, level);
	for (level = 0; level < NR_LEVELS; level++)
		count_at(slot, level)->taken++;
	slot->taken = true;
	return NULL;
}

static void count_down(struct kcsd_slot *slot)
{
	struct kcsd_slot_count *count;
	int level;

	lockdep_assert_held(&slot->clock->slots.lock);
	if (!slot->taken)
		return;
	slot->taken = false;
	for (level = 0; level < NR_LEVELS; level++) {
		count = count_at(slot, level);
		if (!count)
			continue;
		count->taken--;
		wake_one(count);
	}
}

/* ---- take ---- */

/*
 * Take the slot. Returns NULL, also if the clock has stopped; else what is full, and the task is
 * in its queue if wait is not NULL. The lock orders this and who returns a slot.
 */
static struct kcsd_slot_count *take(struct kcsd_slot *slot, struct wait_queue_entry *wait)
{
	struct kcsd_slot_count *full;
	unsigned long flags;

	spin_lock_irqsave(&slot->clock->slots.lock, flags);
	full = READ_ONCE(slot->clock->stopped) ? NULL : count_up(slot);
	if (full && wait)
		prepare_to_wait_exclusive(&full->wait, wait, kcsd_wait_state());
	spin_unlock_irqrestore(&slot->clock->slots.lock, flags);
	return full;
}

/* Leave the queue, and let the next one look if there is room: this task may take none. */
static void leave_queue(struct kcsd_slot *slot, struct kcsd_slot_count *full,
			struct wait_queue_entry *wait)
{
	unsigned long flags;

	spin_lock_irqsave(&slot->clock->slots.lock, flags);
	finish_wait(&full->wait, wait);
	wake_one(full);
	spin_unlock_irqrestore(&slot->clock->slots.lock, flags);
}

static int take_or_wait(struct kcsd_slot *slot)
{
	struct kcsd_slot_count *full;
	bool over = false;
	DEFINE_WAIT(wait);

	while ((full = take(slot, over ? NULL : &wait)) && !over) {
		schedule();
		leave_queue(slot, full, &wait);
		over = signal_pending_state(kcsd_wait_state(), current) && kcsd_wait_is_over();
	}
	kcsd_wait_end();
	return full ? -EINTR : 0;
}

int kcsd_slot_take(struct kcsd_slot *slot, bool wait)
{
	if (!slot || !take(slot, NULL))
		return 0;
	return wait ? take_or_wait(slot) : -EAGAIN;
}

static struct kcsd_slot *slot_alloc(struct kcsd_clock *clock, struct kcsd_flow *flow,
				    enum kcsd_slot_kind kind)
{
	struct kcsd_slot *slot = kzalloc(sizeof(*slot), GFP_KERNEL_ACCOUNT);
	unsigned long flags;

	if (!slot)
		return NULL;
	slot->clock = clock;
	slot->user = flow->slots.user;
	slot->file = &flow->slots;
	slot->kind = kind;
	slot->refs = 1;
	spin_lock_irqsave(&clock->slots.lock, flags);
	slot->user->refs++;
	spin_unlock_irqrestore(&clock->slots.lock, flags);
	return slot;
}

int kcsd_slot_get(struct kcsd_clock *clock, struct kcsd_flow *flow, enum kcsd_slot_kind kind,
		  bool wait, struct kcsd_slot **out)
{
	struct kcsd_slot *slot;
	int ret;

	*out = NULL;
	if (!kcsd_clock_holds(clock))
		return 0;
	ret = find_slot_user(&clock->slots, flow);
	if (ret)
		return ret;
	slot = slot_alloc(clock, flow, kind);
	if (!slot)
		return -ENOMEM;
	ret = kcsd_slot_take(slot, wait);
	if (ret)
		kcsd_slot_put(slot);
	else
		*out = slot;
	return ret;
}

/* ---- return ---- */

void kcsd_slots_stop(struct kcsd_slots *slots)
{
	struct kcsd_slot_file *file;
	struct kcsd_slot_user *u;
	unsigned long flags;
	int kind;

	spin_lock_irqsave(&slots->lock, flags);
	for (kind = 0; kind < KCSD_NR_SLOT_KINDS; kind++) {
		wake_up_all(&slots->count[kind].wait);
		list_for_each_entry(u, &slots->users, entry) {
			wake_up_all(&u->count[kind].wait);
			list_for_each_entry(file, &u->files, entry)
				wake_up_all(&file->count[kind].wait);
		}
	}
	spin_unlock_irqrestore(&slots->lock, flags);
}

void kcsd_slot_rest(struct kcsd_slot *slot)
{
	unsigned long flags;

	if (!slot)
		return;
	spin_lock_irqsave(&slot->clock->slots.lock, flags);
	count_down(slot);
	spin_unlock_irqrestore(&slot->clock->slots.lock, flags);
}

/* Drop one reference, and return the slot if back is set. */
static void release(struct kcsd_slot *slot, bool back)
{
	struct kcsd_slots *slots = &slot->clock->slots;
	unsigned long flags;
	bool last;

	spin_lock_irqsave(&slots->lock, flags);
	if (back)
		count_down(slot);
	last = !--slot->refs;
	if (last)
		put_user_of(slots, slot->user);
	spin_unlock_irqrestore(&slots->lock, flags);
	if (last)
		kfree(slot);
}

void kcsd_slot_put(struct kcsd_slot *slot)
{
	if (!slot)
		return;
	if (slot->lent)
		kcsd_due_now(&slot->due);
	release(slot, true);
}

static void slot_due(struct kcsd_due *due)
{
	release(container_of(due, struct kcsd_slot, due), true);
}

static void return_at(struct kcsd_slot *slot, u64 at)
{
	slot->due.at = at;
	slot->due.fire = slot_due;
	kcsd_due_add(slot->clock->dues, &slot->due);
}

/* Take a slot off the count of its open file. */
static void leave_file(struct kcsd_slot *slot)
{
	unsigned long flags;

	spin_lock_irqsave(&slot->clock->slots.lock, flags);
	if (slot->taken) {
		slot->file->count[slot->kind].taken--;
		wake_one(&slot->file->count[slot->kind]);
	}
	slot->file = NULL;
	spin_unlock_irqrestore(&slot->clock->slots.lock, flags);
}

void kcsd_slot_end(struct kcsd_slot *slot, u64 at)
{
	if (!slot)
		return;
	if (READ_ONCE(slot->clock->stopped) || at <= ktime_get_ns()) {
		kcsd_slot_put(slot);
		return;
	}
	leave_file(slot);
	if (slot->lent)
		release(slot, false);
	else
		return_at(slot, at);
}

void kcsd_slot_lend(struct kcsd_slot *slot, u64 at)
{
	if (!slot)
		return;
	slot->lent = true;
	slot->refs++;	/* nobody else knows it yet */
	return_at(slot, at + LEND_NS);
}
