/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The commands of one sender as the device sees them: when they arrive with the virtual clock, and
 * what they tell of their device times. Each open file has one (compute/tenant.h), and the block
 * device.
 */
#ifndef KCSD_FLOW_H
#define KCSD_FLOW_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/kcsd.h>

#include "clock/slot.h"

struct kcsd_clock;
struct kcsd_time;

/* The order of named arrivals. */
struct kcsd_flow_place {
	u64 arrival;
	u32 stream;
};

/* clock->lock protects the members, except for those with a comment. */
struct kcsd_flow {
	struct kcsd_clock *clock;	/* NULL: no command has come */
	struct list_head entry;		/* in clock->named_flows, if it names its arrivals */
	u32 flags;			/* KCSD_TIMING_*; read without the lock */
	u32 depth;			/* of the closed loop; 0 as 1 */
	u32 stream;
	u64 arrival;			/* that the host has named last */
	u64 begin;			/* device time: the first command arrives */
	u64 last_end;
	u64 arrived;			/* commands, since it was set up */
	bool sent;			/* a command has arrived, also before that */
	atomic_t begun;			/* virtual clock: commands that have not left; no lock */
	/* Closed loop: ends of the last commands, the earliest first (a heap). */
	u64 *end;			/* owned; NULL: depth 1 */
	u32 nr_ends;
	/* The flow is of the block node: its senders do not know of each other. */
	bool shared;			/* constant */
	u32 sender;			/* of the last request */
	u32 number;			/* of the last request, by when it has taken its time */
	u64 others_end;			/* latest end of requests before those of the sender */
	u32 ioctl_sender;		/* of the last NVMe command by ioctl; 0: none came */
	u64 seq;			/* of the last command that has a device time */
	struct kcsd_device_entry *log;	/* KCSD_DEVICE_TIMES by seq; owned; NULL: none */
	u64 user;			/* kcsd_owner.user of the open file: constant */
	struct kcsd_slot_file slots;	/* has a lock of its own */
};

/* Leave the clock, and free what it owns. Nobody else uses the flow. */
void kcsd_flow_destroy(struct kcsd_flow *flow);
/*
 * Give the flow of an open file that sends its first command the depth of the clock. Returns 0 or
 * -ENOMEM.
 */
int kcsd_flow_open(struct kcsd_flow *flow, struct kcsd_clock *clock);
/*
 * Set up the flow: KCSD_TIMING_SETUP with valid fields. Returns 0; -ENOMEM; Invalid Field if
 * another flow of the clock has this stream.
 */
int kcsd_flow_setup(struct kcsd_flow *flow, struct kcsd_clock *clock, u32 depth, u32 flags,
		    u32 stream);
/* Begin again: commands that come from now on arrive after those that have come. */
void kcsd_flow_restart(struct kcsd_flow *flow);
/*
 * A thread sends an NVMe command by ioctl on the block node, which this is the flow of: the command
 * has another flow, but a place in the order of this one.
 */
void kcsd_flow_note_ioctl(struct kcsd_flow *flow, u32 sender);
/* Name the next arrival. Returns 0; -EINVAL: before the last one, or arrivals are not named. */
int kcsd_flow_name(struct kcsd_flow *flow, u64 arrival);
/* True if no other flow can send an earlier command. */
bool kcsd_flow_is_first(struct kcsd_flow *flow);

/* Return log page C4h, *len bytes, to be freed by kvfree(); NULL without memory. */
void *kcsd_flow_page(struct kcsd_flow *flow, u32 *len);

/* For clock.c, with the virtual clock: a command of an open file is submitted, and has left. */
void kcsd_flow_begin(struct kcsd_flow *flow, struct kcsd_clock *clock);
void kcsd_flow_end(struct kcsd_flow *flow);

/* For clock.c; clock->lock is held. */
/* Join the clock, with the first command. */
void kcsd_flow_join(struct kcsd_flow *flow, struct kcsd_clock *clock);
/* Virtual clock: return when this command arrives; sets *depth to the commands in flight then. */
u64 kcsd_flow_arrive(struct kcsd_flow *flow, const struct kcsd_time *time, u32 *depth);
/* End a command. */
void kcsd_flow_leave(struct kcsd_flow *flow, const struct kcsd_time *time, u8 opcode);

#endif
