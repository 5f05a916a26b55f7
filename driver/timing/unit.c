// SPDX-License-Identifier: GPL-2.0
#include "unit.h"

/* Hundredths: no more can be charged at once. Keeps sums below 2^63. */
#define MOST_CYCLES	(1ULL << 59)

void kcsd_timing_units_init(struct kcsd_timing_units *u, const struct kcsd_timing_params *p)
{
	*u = (struct kcsd_timing_units){
		.nr = p->units,
		.mhz = p->unit_mhz,
	};
}

void kcsd_timing_get_costs(const struct kcsd_timing_params *p, struct kcsd_costs *costs)
{
	*costs = (struct kcsd_costs){
		.alu = (u32)p->alu_cycles,
		.mul = (u32)p->mul_cycles,
		.div = (u32)p->div_cycles,
		.access = (u32)p->access_cycles,
		.taken = (u32)p->taken_cycles,
		.not_taken = (u32)p->not_taken_cycles,
		.call = (u32)p->call_cycles,
		.helper = (u32)p->helper_cycles,
		.helper_byte = (u32)p->helper_byte_cycles,
	};
}

int kcsd_timing_units_find(const struct kcsd_timing_units *u, u32 wanted)
{
	int found = -EBUSY;
	u32 i;

	if (wanted != KCSD_TIMING_ANY_UNIT) {
		if (wanted >= u->nr)
			return -EINVAL;
		return u->units[wanted].taken ? -EBUSY : (int)wanted;
	}
	for (i = 0; i < u->nr; i++) {
		if (!u->units[i].taken &&
		    (found < 0 || u->units[i].free_at < u->units[found].free_at))
			found = i;
	}
	return found;
}

u64 kcsd_timing_units_charge(const struct kcsd_timing_units *u, u64 cycles, u64 *rest)
{
	/* A cycle is 1000 / mhz ns. */
	return div64_u64_rem(min(cycles, MOST_CYCLES) * 10 + *rest, u->mhz, rest);
}
