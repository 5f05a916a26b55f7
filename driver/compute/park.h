/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A run that waits for its reader is parked: it keeps its unit (thread, memory), but the unit gives
 * its place to a spare unit, so that other runs execute. When there is room for output again, the
 * run queues for a place like any other. The unit that would take it gives its own place to the
 * parked one and becomes spare.
 */
#ifndef KCSD_PARK_H
#define KCSD_PARK_H

#include <linux/types.h>

struct kcsd_run;
struct kcsd_unit;

/*
 * Park a run whose output is full, until half of that is received or the run is cancelled. The time
 * counts neither as run time nor for the time limit. Sets vm.end if the run must end. Called by the
 * thread of its unit, without locks.
 */
void kcsd_run_park(struct kcsd_run *run);
/*
 * A unit got this run from the schedule: if it is parked on another unit, give that the place of
 * this one, which is then spare. units.lock is held. Returns false if it is not parked.
 */
bool kcsd_run_unpark(struct kcsd_run *run, struct kcsd_unit *unit);
/*
 * Wake a parked or unparking run that was marked as cancelled and is in no queue; it ends without a
 * place. units.lock is held.
 */
void kcsd_run_park_cancel(struct kcsd_run *run);

#endif
