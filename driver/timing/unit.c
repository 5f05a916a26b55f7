// SPDX-License-Identifier: GPL-2.0
#include "unit.h"

/* Of one class of work: no more can be charged at once. Keeps sums below 2^63. */
#define MOST_WORK	(1ULL << 36)
/* The same in hundredths of cycles. */
#define MOST_CYCLES	(1ULL << 58)

void kcsd_timing_units_init(struct kcsd_timing_units *u, const struct kcsd_timing_params *p)
{
	*u = (struct kcsd_timing_units){
		.nr = p->units,
		.mhz = p->unit_mhz,
		.cycles = { p->alu_cycles, p->mul_cycles, p->div_cycles, p->access_cycles,
			    p->taken_cycles, p->not_taken_cycles, p->call_cycles,
			    p->helper_cycles, p->helper_byte_cycles },
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

u64 kcsd_timing_units_charge(const struct kcsd_timing_units *u,
			     const struct kcsd_timing_work *work, u64 *rest)
{
	u64 counts[9] = { work->alu, work->mul, work->div, work->access, work->taken,
			  work->not_taken, work->call, work->helper, work->helper_bytes };
	u64 cycles = 0;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(counts); i++)
		cycles += min(counts[i], MOST_WORK) * u->cycles[i];
	cycles += min(work->cycles, MOST_CYCLES);
	/* A cycle is 1000 / mhz ns. */
	return div64_u64_rem(cycles * 10 + *rest, u->mhz, rest);
}
