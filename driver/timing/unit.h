/* SPDX-License-Identifier: GPL-2.0 */
/* Compute units: a clock. A unit has one run at a time. */
#ifndef KCSD_TIMING_UNIT_H
#define KCSD_TIMING_UNIT_H

#include "model.h"

struct kcsd_timing_unit {
	bool taken;		/* by a run that has not ended */
	u64 free_at;		/* ns */
	u64 busy;		/* ns of runs that ended */
};

struct kcsd_timing_units {
	u32 nr;
	u32 mhz;
	struct kcsd_timing_unit units[64];
};

void kcsd_timing_units_init(struct kcsd_timing_units *u, const struct kcsd_timing_params *p);
/* Return the unit to take: the wanted one, or the first to be free. -EBUSY, -EINVAL. */
int kcsd_timing_units_find(const struct kcsd_timing_units *u, u32 wanted);
/* Return the ns of hundredths of cycles; *rest keeps what is left of the last. */
u64 kcsd_timing_units_charge(const struct kcsd_timing_units *u, u64 cycles, u64 *rest);

#endif
