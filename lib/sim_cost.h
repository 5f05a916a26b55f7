/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * The device cost of runs in the simulator. For programs that are linked with libkcsd.a of the same
 * tree: it is not installed, and libkcsd.so does not export it.
 */
#ifndef KCSD_SIM_COST_H
#define KCSD_SIM_COST_H

#include "../driver/engine/costs.h"
#include "include/libkcsd/common.h"

struct kcsd_sim;

/* Called before each helper that the engine does not execute itself. cost: of the run so far. */
typedef void kcsd_sim_helper_fn(u32 id, const u64 val[5], u64 cost, void *arg);

/*
 * Count the cost of later runs, with KCSD_ENGINE_INTERP and not traced; arg is that of the options.
 * Returns 0 or -ENOMEM.
 */
KCSD_API int kcsd_sim_set_costs(struct kcsd_sim *sim, const struct kcsd_costs *costs,
				kcsd_sim_helper_fn *helper);
/* Returns the cost of the last run. */
KCSD_API u64 kcsd_sim_cost(const struct kcsd_sim *sim);

#endif
