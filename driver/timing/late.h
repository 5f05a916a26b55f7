/* SPDX-License-Identifier: GPL-2.0 */
/* When a command of the real clock is late. */
#ifndef KCSD_TIMING_LATE_H
#define KCSD_TIMING_LATE_H

#include "env.h"

/*
 * Return by how many ns a command may complete after its device time and is not late: thousandths
 * of that time, rounded down, at least min_ns. permille: at most 1000.
 */
static inline u64 kcsd_timing_late_bound(u64 device_ns, u32 min_ns, u32 permille)
{
	u64 rest, bound = div64_u64_rem(device_ns, 1000, &rest) * permille;

	bound += div64_u64(rest * permille, 1000);
	return bound > min_ns ? bound : min_ns;
}

#endif
