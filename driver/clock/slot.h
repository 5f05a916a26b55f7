/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Slots of commands that wait for their device time, with the real clock. A command takes one
 * before it is executed, and keeps it until its device time is over, even if it completes before
 * that (its submitter was killed, or has cancelled it): so there is a bound to the device time that
 * is reserved for commands of processes that have gone, too.
 */
#ifndef KCSD_SLOT_H
#define KCSD_SLOT_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>

/*
 * Half of those of a drive for a user: as many as the reservations that the link remembers, so that
 * commands of others still find their gaps between them.
 */
#define KCSD_FILE_SLOTS		256	/* of an open file */
#define KCSD_DRIVE_SLOTS	1024

struct kcsd_clock;
struct kcsd_flow;
struct kcsd_slot_user;

/* Slots of a drive. */
struct kcsd_slots {
	spinlock_t lock;		/* protects what follows, counts of flows; any context */
	struct list_head users;		/* with open files, or slots taken */
	u32 taken;
};

/* Zero-filled, it is none. */
struct kcsd_slot {
	struct kcsd_slot_user *user;	/* NULL: none was taken */
	struct kcsd_flow *flow;		/* of the open file; NULL: it counts there no more */
};

void kcsd_slots_init(struct kcsd_slots *slots);
/* The clock has stopped: let all go on that wait for a slot. */
void kcsd_slots_stop(struct kcsd_slots *slots);
/* The open file is closed. */
void kcsd_slots_leave(struct kcsd_flow *flow);

/*
 * Take a slot. Returns 0, without a slot if completions are not held back; -EAGAIN: none is free,
 * and wait is not set; -EINTR: the wait was stopped (wait.h); -ENOMEM. Waits outside of the drive.
 */
int kcsd_slot_get(struct kcsd_clock *clock, struct kcsd_flow *flow, struct kcsd_slot *slot,
		  bool wait);
/* Return the slot of a command that takes no device time. None is allowed. Any context. */
void kcsd_slot_put(struct kcsd_clock *clock, struct kcsd_slot *slot);
/*
 * The command completes: return its slot at this ktime, or now if that has passed. The flow may go
 * after this. None is allowed. Any context.
 */
void kcsd_slot_end(struct kcsd_clock *clock, struct kcsd_slot *slot, u64 at);

#endif
