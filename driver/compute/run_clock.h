/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The device time of a run: what its program computes, and its accesses to the media. With the real
 * clock a run is held back while the host is faster than the device: so it competes with others
 * when it would on the device. All but the first do nothing on a drive without a model.
 */
#ifndef KCSD_RUN_CLOCK_H
#define KCSD_RUN_CLOCK_H

#include <linux/types.h>

#include "timing/model.h"

struct kcsd_clock;
struct kcsd_flow;
struct kcsd_lbas;
struct kcsd_time;
struct kcsd_vm;

/* Part of a run; the owner of its unit uses it. */
struct kcsd_run_clock {
	struct kcsd_clock *clock;	/* NULL: no model */
	struct kcsd_vm *vm;
	struct kcsd_time *time;
	struct kcsd_lbas *lbas;		/* that the program accesses */
	const bool *cancelled;
	const u64 *deadline_ns;		/* of the run, ktime */
	struct kcsd_timing_run device;	/* the run in the model of time */
	u64 charged;			/* of vm->cost */
	u64 delay_ns;			/* injected into accesses, not yet in the device time */
	u64 delayed_ns;			/* injected, and in it */
	u64 paced_ns;			/* of the host: waited for the device */
};

/*
 * The program begins: kcsd_vm_setup() was called. The caller has set vm, time, lbas,
 * cancelled and deadline_ns.
 */
void kcsd_run_clock_begin(struct kcsd_run_clock *rc, struct kcsd_clock *clock,
			  struct kcsd_flow *flow);
/* The program has ended; so many bytes go to the host when the run completes. */
void kcsd_run_clock_end(struct kcsd_run_clock *rc, u64 output);
/*
 * An access has succeeded. op: enum kcsd_timing_op. May sleep, up to the deadline: then the run
 * faults.
 */
void kcsd_run_clock_media(struct kcsd_run_clock *rc, u8 op, u64 slba, u64 len);
/* The same for bytes at a place in the address space of the model. */
void kcsd_run_clock_bytes(struct kcsd_run_clock *rc, u8 op, u64 offset, u64 len);
/* Called by the tick of a run, before it looks at the deadline. May sleep. */
void kcsd_run_clock_tick(struct kcsd_run_clock *rc);
/* The run waits for its reader, and goes on. */
void kcsd_run_clock_pause(struct kcsd_run_clock *rc);
void kcsd_run_clock_resume(struct kcsd_run_clock *rc);

#endif
