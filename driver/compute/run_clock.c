// SPDX-License-Identifier: GPL-2.0
#include "clock/clock.h"
#include "compute/run_clock.h"
#include "engine/engine.h"
#include "media/lbas.h"

/*
 * So much may a run be ahead of the device: the accesses that it reserves early are few, and it
 * sleeps seldom.
 */
#define AHEAD_NS	(NSEC_PER_MSEC)

void kcsd_run_clock_begin(struct kcsd_run_clock *rc, struct kcsd_clock *clock,
			  struct kcsd_flow *flow)
{
	if (kcsd_clock_run_begin(clock, flow, rc->time, &rc->device))
		return;
	rc->clock = clock;
	rc->vm->costs = &clock->costs;
}

/* Return what was computed since the last call, in hundredths of cycles. */
static u64 take_cycles(struct kcsd_run_clock *rc)
{
	u64 cycles = rc->vm->cost - rc->charged;

	rc->charged = rc->vm->cost;
	return cycles;
}

/*
 * Let the device catch up with the run, which is at this device time. Returns false at the deadline
 * of the run, if that comes first.
 */
static bool pace(struct kcsd_run_clock *rc, u64 at)
{
	u64 start = ktime_get_ns(), ahead = rc->clock->epoch + at, now;

	if (rc->clock->is_virtual || ahead <= start + AHEAD_NS)
		return true;
	kcsd_delayed_sleep(&rc->lbas->delayed, min(ahead - AHEAD_NS / 2, *rc->deadline_ns),
			   rc->cancelled);
	now = ktime_get_ns();
	rc->paced_ns += now - start;
	return now < *rc->deadline_ns || now >= ahead - AHEAD_NS;
}

/* Charge what was computed, then what was injected. Returns the device time of the run. */
static u64 charge(struct kcsd_run_clock *rc)
{
	kcsd_clock_run_charge(rc->clock, &rc->device, take_cycles(rc));
	if (rc->delay_ns)
		kcsd_clock_run_delay(rc->clock, &rc->device, rc->delay_ns);
	rc->delayed_ns += rc->delay_ns;
	rc->delay_ns = 0;
	return rc->device.now;
}

void kcsd_run_clock_bytes(struct kcsd_run_clock *rc, u8 op, u64 offset, u64 len)
{
	u64 at;

	if (!rc->clock)
		return;
	if (unlikely(rc->delay_ns))
		charge(rc);
	at = kcsd_clock_run_media(rc->clock, &rc->device, take_cycles(rc), op, offset, len);
	if (!pace(rc, at))
		kcsd_vm_fault(rc->vm, KCSD_FAULT_TIME, 0);
}

void kcsd_run_clock_media(struct kcsd_run_clock *rc, u8 op, u64 slba, u64 len)
{
	if (rc->clock)
		kcsd_run_clock_bytes(rc, op, slba << rc->lbas->lba_shift, len);
}

void kcsd_run_clock_tick(struct kcsd_run_clock *rc)
{
	if (rc->clock)
		pace(rc, charge(rc));
}

void kcsd_run_clock_pause(struct kcsd_run_clock *rc)
{
	if (!rc->clock)
		return;
	charge(rc);
	kcsd_clock_run_pause(rc->clock, &rc->device);
}

void kcsd_run_clock_resume(struct kcsd_run_clock *rc)
{
	if (rc->clock)
		kcsd_clock_run_resume(rc->clock, &rc->device);
}

void kcsd_run_clock_end(struct kcsd_run_clock *rc, u64 output)
{
	if (!rc->clock)
		return;
	charge(rc);
	kcsd_clock_run_end(rc->clock, &rc->device, output, rc->time);
}
