/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Slots of commands that wait for their device time, with the real clock. A command takes one
 * before it is executed, and keeps it until its device time is over, even if it completes before
 * that (its submitter was killed, or has cancelled it): so there is a bound to the device time that
 * is reserved for commands of processes that have gone, too. Commands of the controller have slots
 * of their own: a drive whose others are all taken can be looked at.
 *
 * A command that waits for something else than the device rests its slot meanwhile: others have it.
 */
#ifndef KCSD_SLOT_H
#define KCSD_SLOT_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>

#include "clock/due.h"

enum kcsd_slot_kind {
	KCSD_SLOT_IO,
	KCSD_SLOT_ADMIN,	/* commands of the controller */
	KCSD_NR_SLOT_KINDS,
};

/* How many slots an open file, a user (half of those of a drive) and a drive have. */
#define KCSD_FILE_SLOTS		256
#define KCSD_USER_SLOTS		512
#define KCSD_DRIVE_SLOTS	1024
#define KCSD_USER_ADMIN_SLOTS	16
#define KCSD_DRIVE_ADMIN_SLOTS	128

struct kcsd_clock;
struct kcsd_flow;
struct kcsd_slot_user;

/* Slots of one kind that an open file, a user or a drive has taken. */
struct kcsd_slot_count {
	u32 taken;			/* kcsd_slots.lock */
	u32 most;
	/*
	 * Exclusive waits of those for whom this is what is full: each slot that is returned wakes
	 * one, and who leaves the queue while it is not full wakes the next one.
	 */
	wait_queue_head_t wait;
};

/* Slots of a drive. */
struct kcsd_slots {
	spinlock_t lock;		/* protects what follows, users, their flows; any context */
	struct list_head users;		/* with open files, or slots */
	struct kcsd_slot_count count[KCSD_NR_SLOT_KINDS];
};

/* The slots of an open file. Zero-filled until it takes its first one. */
struct kcsd_slot_file {
	struct kcsd_slot_user *user;	/* set once, with the first slot */
	struct list_head entry;		/* in user->files; kcsd_slots.lock */
	struct kcsd_slot_count count[KCSD_NR_SLOT_KINDS];
};

/* One slot, or the right to take it. Owned by its command, which may give it away. */
struct kcsd_slot {
	struct kcsd_due due;		/* returns it */
	struct kcsd_clock *clock;
	struct kcsd_slot_user *user;
	u8 kind;			/* enum kcsd_slot_kind */
	bool lent;			/* of the owner: it is returned by time, too */
	/* kcsd_slots.lock protects the next three. */
	struct kcsd_slot_file *file;	/* NULL: it counts there no more */
	bool taken;
	u8 refs;			/* owner; due */
};

void kcsd_slots_init(struct kcsd_slots *slots);
/* The clock has stopped: let all go on that wait for a slot. */
void kcsd_slots_stop(struct kcsd_slots *slots);
/* The open file is closed. */
void kcsd_slots_leave(struct kcsd_slot_file *file);

/*
 * Take a slot for a command of an open file, *out. Returns 0; *out is NULL if completions are not
 * held back. -EAGAIN: none is free, and wait is not set; -EINTR: the wait was stopped (wait.h);
 * -ENOMEM. Waits outside of the drive.
 */
int kcsd_slot_get(struct kcsd_clock *clock, struct kcsd_flow *flow, enum kcsd_slot_kind kind,
		  bool wait, struct kcsd_slot **out);

/* The rest takes NULL for no slot. Any context, except for a wait. */

/* Return it, and take it again. take() returns as get() does; 0 also if it is taken. */
void kcsd_slot_rest(struct kcsd_slot *slot);
int kcsd_slot_take(struct kcsd_slot *slot, bool wait);
/* The command completes, or was not executed: return the slot, and free it. */
void kcsd_slot_put(struct kcsd_slot *slot);
/* The same, but return it at this ktime, if that is later. The open file may go after this. */
void kcsd_slot_end(struct kcsd_slot *slot, u64 at);
/*
 * Return it somewhat after this ktime, if kcsd_slot_put() has not been called by then: it must be
 * called, before the open file goes. For a command that its submitter may never look at.
 */
void kcsd_slot_lend(struct kcsd_slot *slot, u64 at);

#endif
