/* SPDX-License-Identifier: GPL-2.0 */
/* A run on a simulated device: its helpers, and a log of their calls. */
#ifndef KCSD_DEVICE_H
#define KCSD_DEVICE_H

#include "engine.h"

#define DEVICE_LBA_SIZE		512
#define DEVICE_NSZE		2048	/* the smallest drive */
#define DEVICE_CUS		2
#define DEVICE_BAD_LBA		13	/* -EIO */
#define DEVICE_MAX_CALLS	256	/* later ones are not logged */

struct device_call {
	u32 id;
	u64 val[5];
	u64 cost;		/* of the run so far */
};

struct device_run {
	struct kcsd_vm vm;
	struct kcsd_vm_input input;
	struct device_call calls[DEVICE_MAX_CALLS];
	u32 nr_calls;
	u8 *emitted;		/* input.out_max bytes */
	u64 emitted_len;
	bool met_bad_lba;	/* DEVICE_BAD_LBA has failed a helper */
	u32 ticks;		/* so far */
	u64 tick_costs;		/* digest of the costs at ticks */
	u32 stop_tick;		/* number of the tick that ends the run, 0: none */
	u32 stop_reason;
	u32 allocs;		/* so far */
	u32 fail_alloc;		/* number of the allocation that fails, 0: none */
	const char *broken;	/* how the engine broke its contract, or NULL */
};

extern const struct kcsd_vm_ops device_ops;

/* Returns the number of arguments of a helper, 0 if there is no such helper. */
u32 device_nr_args(u32 id);
/* Returns byte off of an LBA. */
u8 device_byte(u64 lba, u64 off);
/* Returns byte off of SLM, as it is before a run. */
u8 device_slm_byte(u64 off);
/* Prepare another run with the same input. Fills the ranges in run->vm again. */
void device_reset(struct device_run *run);

#endif
