/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The clock of a drive: gives each command a device time by the model (timing/), and holds its
 * completion back until then, with the real clock. Keeps latencies for percentiles, with or without
 * a model.
 *
 * A command: kcsd_slot_get(), if its completion may be held back; kcsd_clock_begin(); one or more
 * kcsd_clock_submit(), when its data has moved; kcsd_clock_leave(); then kcsd_clock_hold(),
 * _wait(), or _complete() after kcsd_clock_due(); kcsd_slot_end().
 */
#ifndef KCSD_CLOCK_H
#define KCSD_CLOCK_H

#include <linux/atomic.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/kcsd.h>

#include "clock/due.h"
#include "clock/flow.h"
#include "clock/slot.h"
#include "engine/costs.h"
#include "timing/model.h"

struct kcsd_latencies;
struct kcsd_trace_cmd;

/* Configuration, of the directory timing/ in configfs. */
struct kcsd_clock_config {
	bool has_model;
	bool is_virtual;
	u32 late_min_ns;		/* a command that is later than both is late */
	u32 late_permille;		/* of its device time */
	u32 depth;			/* virtual clock: of open files that set none */
	char preset[32];		/* the parameters are those of this one; empty: of none */
	struct kcsd_timing_params params;
};

void kcsd_clock_config_init(struct kcsd_clock_config *config);

/* Lives as long as the drive: a completion may be held when power is off. */
struct kcsd_clock {
	/* Constant while a node exists. */
	struct kcsd_timing *model;	/* NULL: none; owned */
	bool is_virtual;
	struct kcsd_clock_config config;
	struct kcsd_timing_shape shape;
	struct kcsd_costs costs;	/* of programs */

	bool on;			/* commands have times: there is a model, or latencies */
	bool stopped;			/* nothing is due any more */
	bool latencies_on;		/* keep them */
	u64 epoch;			/* ktime at which device time is 0 */
	spinlock_t lock;		/* protects the model and the next ten; a leaf */
	struct list_head named_flows;	/* the host names their arrivals */
	u32 nr_senders;			/* of flows: named, or of files and with commands */
	u32 nr_named;			/* of flows: on the list */
	/* Virtual clock: */
	const struct kcsd_flow *last_flow;	/* sent the last command; NULL: has gone */
	struct kcsd_flow_place last_place;	/* the latest of all commands; of those that */
	struct kcsd_flow_place others_place;	/* came before the last ones of last_flow */
	u64 latest;			/* device time: the latest end */
	u64 commands;			/* that have a device time */
	u64 commands_ns;		/* sum of their device times */
	u8 marks;			/* why it is marked: KCSD_TIMING_FILES, ... */
	wait_queue_head_t named;	/* waits for others to name a later arrival */
	wait_queue_head_t ended;	/* waits for the end of a command */
	struct kcsd_slots slots;	/* real clock: of commands that wait for their time */
	atomic_t in_flight;		/* commands */
	atomic64_t late_commands;
	atomic64_t late_ns;		/* sum, also of those that were not late by much */
	atomic64_t late_max_ns;
	struct kcsd_due_queue __percpu *dues;
	struct kcsd_latencies __percpu *latencies;
};

/* The times of a command. Zero-filled, or after kcsd_time_none(), it has none. */
struct kcsd_time {
	u64 begin_ns;			/* ktime; 0: the clock was off when it was submitted */
	u64 arrival, start, end;	/* device time, once arrived is set */
	u64 late_ns;			/* set when it completes */
	u64 cpu_ns;			/* of the host, for it */
	u64 delay_ns;			/* injected: part of its device time, as waiting */
	u64 waited_ns;			/* for others than the device, before it arrived */
	struct kcsd_timing_parts parts;
	struct kcsd_flow *begun;	/* counts it, until it leaves; NULL: none does */
	u8 op;				/* enum kcsd_time_op */
	u8 depth;			/* class of the commands in flight when it arrived */
	bool arrived;			/* it has device time */
	/* Sender and number of a request of the block node. */
	u32 sender;
	u32 number;
};

/* Say that it has none, without clearing the rest, which is valid with begin_ns only. */
static inline void kcsd_time_none(struct kcsd_time *time)
{
	time->begin_ns = 0;
	time->delay_ns = 0;
	time->arrived = false;
}

/* A completion that may be held back. */
struct kcsd_held {
	struct kcsd_due due;
	struct kcsd_clock *clock;
	struct kcsd_time time;
	void (*done)(struct kcsd_held *held);	/* as kcsd_due.fire */
};

/* ---- life ---- */

/* NULL without memory. Nothing is on. */
struct kcsd_clock *kcsd_clock_alloc(void);
/* Free the clock, which is stopped if it was opened; NULL is allowed. */
void kcsd_clock_free(struct kcsd_clock *clock);
/*
 * Power on: make the model. Returns 0, or -errno after a line in the kernel log. name: of the
 * drive, for that line.
 */
int kcsd_clock_open(struct kcsd_clock *clock, const struct kcsd_clock_config *config,
		    const struct kcsd_timing_shape *shape, const char *name);
/* The drive is ready: device time begins. */
void kcsd_clock_start(struct kcsd_clock *clock);
/* Power off begins: complete all that is held, and hold nothing any more. */
void kcsd_clock_stop(struct kcsd_clock *clock);
/* No command is left: free the model. Call once after kcsd_clock_open() has succeeded. */
void kcsd_clock_close(struct kcsd_clock *clock);
/* Keep latencies without a model, or no longer. Returns 0, or -EINVAL if there is a model. */
int kcsd_clock_keep_latencies(struct kcsd_clock *clock, bool keep);

/* True if commands complete at their device time. */
static inline bool kcsd_clock_holds(const struct kcsd_clock *clock)
{
	return READ_ONCE(clock->model) && !clock->is_virtual && !READ_ONCE(clock->stopped);
}

/* ---- a command ---- */

/* True if commands that are submitted have times. */
static inline bool kcsd_clock_is_on(const struct kcsd_clock *clock)
{
	return READ_ONCE(clock->on);
}

void kcsd_clock_begin_on(struct kcsd_clock *clock, struct kcsd_flow *flow,
			 struct kcsd_time *time);

/* A command is submitted. flow: of the open file, if commands of it come one after another. */
static inline void kcsd_clock_begin(struct kcsd_clock *clock, struct kcsd_flow *flow,
				    struct kcsd_time *time)
{
	if (unlikely(kcsd_clock_is_on(clock)))
		kcsd_clock_begin_on(clock, flow, time);
}

/* It will be submitted again: it has not begun. */
void kcsd_clock_forget(struct kcsd_clock *clock, struct kcsd_time *time);

/* Ends of pieces of a command. */
enum kcsd_clock_order {
	KCSD_CLOCK_ABREAST,	/* the piece begins when the command arrives */
	KCSD_CLOCK_AFTER,	/* it begins when all pieces before have ended */
};

/*
 * Let a piece of the command take device time: piece->op and what follows. A range longer than
 * KCSD_TIMING_MAX_BYTES counts as several pieces abreast. Process context.
 */
void kcsd_clock_submit(struct kcsd_clock *clock, struct kcsd_flow *flow, struct kcsd_time *time,
		       struct kcsd_timing_cmd piece, enum kcsd_clock_order order);
/*
 * Zones, by the offset of one: true if op of all zones changes it; set how many bytes of it are
 * written. The clock has a model.
 */
bool kcsd_clock_zone_changes(struct kcsd_clock *clock, u8 op, u64 offset);
void kcsd_clock_set_zone(struct kcsd_clock *clock, u64 offset, u64 written);
/* The write cache is turned off, or on again. Does nothing without a model. */
void kcsd_clock_set_through(struct kcsd_clock *clock, bool through);
/*
 * len bytes of data from the byte at start on are purged, without device time. Does nothing without
 * a model. Sleeps.
 */
void kcsd_clock_purge(struct kcsd_clock *clock, u64 start, u64 len);
/*
 * All pieces were submitted; a command without one takes the time of the controller. op: enum
 * kcsd_time_op.
 */
void kcsd_clock_leave(struct kcsd_clock *clock, struct kcsd_flow *flow, struct kcsd_time *time,
		      u8 op, u8 opcode);

/* Return the ktime before which it must not complete; 0: it may complete now. */
u64 kcsd_clock_due(const struct kcsd_clock *clock, const struct kcsd_time *time);
/* It completes: count how long it took, and how late it is. Any context. */
void kcsd_clock_complete_on(struct kcsd_clock *clock, struct kcsd_time *time);

static inline void kcsd_clock_complete(struct kcsd_clock *clock, struct kcsd_time *time)
{
	if (unlikely(time->begin_ns))
		kcsd_clock_complete_on(clock, time);
}

/*
 * Complete it, and call held->done(), when it is due, or now; perhaps before this returns. The
 * caller has set clock, time and done.
 */
void kcsd_clock_hold(struct kcsd_held *held, bool now);
void kcsd_clock_wait_on(struct kcsd_clock *clock, struct kcsd_time *time);

/*
 * Sleep until it is due, the clock stops, or the task is killed; then it is complete. Enter no
 * drive before.
 */
static inline void kcsd_clock_wait(struct kcsd_clock *clock, struct kcsd_time *time)
{
	if (unlikely(time->begin_ns))
		kcsd_clock_wait_on(clock, time);
}

/* Copy to the form for the host. */
void kcsd_time_describe(const struct kcsd_time *time, struct kcsd_device_time *to);

/* For clock.c and run.c; clock->lock is held: set when the command arrives. */
void kcsd_clock_arrive(struct kcsd_clock *clock, struct kcsd_flow *flow,
		       struct kcsd_time *time);

/* The same: the model does not take the command, or a piece of it. Marks the clock. */
void kcsd_clock_untimed(struct kcsd_clock *clock, struct kcsd_time *time);

/* Trace the device time of a command that has one. */
void kcsd_time_trace(const struct kcsd_time *time, const struct kcsd_trace_cmd *trace);

/* ---- a run of a program: run.c ---- */

/*
 * Begin a run on a compute unit, with a model only. Returns 0, or -errno: it has no device time.
 * kcsd_clock_run_end() must follow.
 */
int kcsd_clock_run_begin(struct kcsd_clock *clock, struct kcsd_flow *flow,
			 struct kcsd_time *time, struct kcsd_timing_run *run);
/* Let it wait for an injected delay. */
void kcsd_clock_run_delay(struct kcsd_clock *clock, struct kcsd_timing_run *run, u64 ns);
/* Charge computation, hundredths of cycles. Returns the device time of the run. */
u64 kcsd_clock_run_charge(struct kcsd_clock *clock, struct kcsd_timing_run *run, u64 cycles);
/* The same, then wait for an access to the media. */
u64 kcsd_clock_run_media(struct kcsd_clock *clock, struct kcsd_timing_run *run, u64 cycles,
			 u8 op, u64 offset, u64 bytes);
/* The run leaves its unit, and later takes the first one that is free. */
void kcsd_clock_run_pause(struct kcsd_clock *clock, struct kcsd_timing_run *run);
void kcsd_clock_run_resume(struct kcsd_clock *clock, struct kcsd_timing_run *run);
/* Send output, and end. Call kcsd_clock_leave() after it. */
void kcsd_clock_run_end(struct kcsd_clock *clock, struct kcsd_timing_run *run, u64 output,
			struct kcsd_time *time);

/* ---- the host looks ---- */

/* Device time now. */
u64 kcsd_clock_now(struct kcsd_clock *clock);
/* Counters of the model; all 0 without one. Sleeps. */
void kcsd_clock_get_stats(struct kcsd_clock *clock, struct kcsd_timing_stats *stats);
/* The same without wear, which takes longer. */
void kcsd_clock_get_counters(struct kcsd_clock *clock, struct kcsd_timing_stats *stats);
/* K(enum kcsd_timing_kind, name): kinds of resources, in names of counters. */
#define KCSD_CLOCK_KINDS(K) \
	K(CORES, core) K(LINK_OUT, link_out) K(LINK_IN, link_in) K(CHANNELS, channel) \
	K(DIES, die) K(LANES, lane) K(SLM, memory) K(UNITS, unit)

/* Return the number of resources of a kind, and the ns for which all were reserved. */
u32 kcsd_clock_count(struct kcsd_clock *clock, u32 kind);
u64 kcsd_clock_busy(struct kcsd_clock *clock, u32 kind);
/* Return log page C1h, *len bytes, to be freed by kvfree(); NULL without memory. */
void *kcsd_clock_page(struct kcsd_clock *clock, u32 *len);

#endif
