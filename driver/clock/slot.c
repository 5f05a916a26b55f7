// SPDX-License-Identifier: GPL-2.0
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/wait.h>

#include "clock/clock.h"
#include "clock/slot.h"
#include "wait.h"

/* slots.lock protects the members. */
struct kcsd_slot_user {
	struct list_head entry;		/* in slots.users */
	struct kcsd_slots *slots;	/* constant */
	u64 user;			/* constant */
	u32 taken;
	u32 refs;			/* open files that have asked for a slot, slots taken */
	/*
	 * Exclusive waits: each slot that is returned wakes one waiter. If the file of that one has
	 * too many, there are others to return.
	 */
	wait_queue_head_t wait;
};

void kcsd_slots_init(struct kcsd_slots *slots)
{
	spin_lock_init(&slots->lock);
	INIT_LIST_HEAD(&slots->users);
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

/* Return the user of a flow, found or new. */
static struct kcsd_slot_user *join(struct kcsd_slots *slots, struct kcsd_flow *flow,
				   struct kcsd_slot_user *new)
{
	struct kcsd_slot_user *u;

	lockdep_assert_held(&slots->lock);
	if (flow->slot_user)
		return flow->slot_user;
	list_for_each_entry(u, &slots->users, entry)
		if (u->user == flow->user)
			goto found;
	u = new;
	list_add(&u->entry, &slots->users);
found:
	u->refs++;
	WRITE_ONCE(flow->slot_user, u);
	return u;
}

/* Set flow->slot_user. Returns 0 or -ENOMEM. */
static int find_slot_user(struct kcsd_slots *slots, struct kcsd_flow *flow)
{
	struct kcsd_slot_user *new, *u;
	unsigned long flags;

	if (READ_ONCE(flow->slot_user))
		return 0;
	new = kzalloc(sizeof(*new), GFP_KERNEL_ACCOUNT);
	if (!new)
		return -ENOMEM;
	new->slots = slots;
	new->user = flow->user;
	init_waitqueue_head(&new->wait);
	spin_lock_irqsave(&slots->lock, flags);
	u = join(slots, flow, new);
	spin_unlock_irqrestore(&slots->lock, flags);
	if (u != new)
		kfree(new);
	return 0;
}

void kcsd_slots_leave(struct kcsd_flow *flow)
{
	struct kcsd_slot_user *u = flow->slot_user;
	struct kcsd_slots *slots;
	unsigned long flags;

	if (!u)
		return;
	slots = u->slots;
	spin_lock_irqsave(&slots->lock, flags);
	put_user_of(slots, u);
	spin_unlock_irqrestore(&slots->lock, flags);
}

/* ---- take ---- */

static bool take(struct kcsd_slots *slots, struct kcsd_flow *flow, struct kcsd_slot *slot)
{
	struct kcsd_slot_user *u = flow->slot_user;
	unsigned long flags;
	bool has;

	spin_lock_irqsave(&slots->lock, flags);
	has = flow->slots < KCSD_FILE_SLOTS && u->taken < KCSD_DRIVE_SLOTS / 2 &&
	      slots->taken < KCSD_DRIVE_SLOTS;
	if (has) {
		*slot = (struct kcsd_slot){ .user = u, .flow = flow };
		flow->slots++;
		u->taken++;
		u->refs++;
		slots->taken++;
	}
	spin_unlock_irqrestore(&slots->lock, flags);
	return has;
}

/* A clock that has stopped needs no slots. */
static bool take_or_stop(struct kcsd_clock *clock, struct kcsd_flow *flow, struct kcsd_slot *slot)
{
	return READ_ONCE(clock->stopped) || take(&clock->slots, flow, slot);
}

static int wait_for_slot(struct kcsd_clock *clock, struct kcsd_flow *flow, struct kcsd_slot *slot)
{
	wait_queue_head_t *wait = &flow->slot_user->wait;
	bool over = false;

	/* Looks for a slot before it gives up: a waiter that was chosen loses no wakeup. */
	while (!over &&
	       ___wait_event(*wait, take_or_stop(clock, flow, slot), kcsd_wait_state(), 1, 0,
			     schedule()))
		over = kcsd_wait_is_over();
	kcsd_wait_end();
	return over ? -EINTR : 0;
}

int kcsd_slot_get(struct kcsd_clock *clock, struct kcsd_flow *flow, struct kcsd_slot *slot,
		  bool wait)
{
	int ret;

	if (!kcsd_clock_holds(clock))
		return 0;
	ret = find_slot_user(&clock->slots, flow);
	if (ret || take_or_stop(clock, flow, slot))
		return ret;
	return wait ? wait_for_slot(clock, flow, slot) : -EAGAIN;
}

/* ---- return ---- */

/*
 * The lock orders a waiter, which is in the queue before it looks for a slot, and this, which
 * returns one before it looks at the queue.
 */
static void wake_one(struct kcsd_slot_user *u)
{
	lockdep_assert_held(&u->slots->lock);
	if (waitqueue_active(&u->wait))
		wake_up(&u->wait);
}

void kcsd_slots_stop(struct kcsd_slots *slots)
{
	struct kcsd_slot_user *u;
	unsigned long flags;

	spin_lock_irqsave(&slots->lock, flags);
	list_for_each_entry(u, &slots->users, entry)
		wake_up_all(&u->wait);
	spin_unlock_irqrestore(&slots->lock, flags);
}

static void put(struct kcsd_slots *slots, struct kcsd_slot *slot)
{
	struct kcsd_slot_user *u = slot->user, *other;

	lockdep_assert_held(&slots->lock);
	if (slot->flow)
		slot->flow->slots--;
	u->taken--;
	if (slots->taken-- == KCSD_DRIVE_SLOTS)
		list_for_each_entry(other, &slots->users, entry)
			wake_one(other);
	else
		wake_one(u);
	slot->user = NULL;
	put_user_of(slots, u);
}

void kcsd_slot_put(struct kcsd_clock *clock, struct kcsd_slot *slot)
{
	unsigned long flags;

	if (!slot->user)
		return;
	spin_lock_irqsave(&clock->slots.lock, flags);
	put(&clock->slots, slot);
	spin_unlock_irqrestore(&clock->slots.lock, flags);
}

/* The slot of a command that has completed before its time. */
struct rest {
	struct kcsd_due due;
	struct kcsd_clock *clock;
	struct kcsd_slot slot;
};

static void rest_over(struct kcsd_due *due)
{
	struct rest *rest = container_of(due, struct rest, due);

	kcsd_slot_put(rest->clock, &rest->slot);
	kfree(rest);
}

/* Take a slot off the count of its open file. */
static void leave_file(struct kcsd_slots *slots, struct kcsd_slot *slot)
{
	unsigned long flags;

	spin_lock_irqsave(&slots->lock, flags);
	slot->flow->slots--;
	slot->flow = NULL;
	wake_one(slot->user);
	spin_unlock_irqrestore(&slots->lock, flags);
}

void kcsd_slot_end(struct kcsd_clock *clock, struct kcsd_slot *slot, u64 at)
{
	struct rest *rest = NULL;

	if (slot->user && !READ_ONCE(clock->stopped) && at > ktime_get_ns())
		rest = kzalloc(sizeof(*rest), GFP_NOWAIT | __GFP_NOWARN);
	if (!rest) {
		kcsd_slot_put(clock, slot);
		return;
	}
	leave_file(&clock->slots, slot);
	rest->slot = *slot;
	slot->user = NULL;
	rest->clock = clock;
	rest->due.at = at;
	rest->due.fire = rest_over;
	kcsd_due_add(clock->dues, &rest->due);
}
