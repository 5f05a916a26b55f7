/* SPDX-License-Identifier: GPL-2.0 */
/* Namespace 3: compute units, and what they execute. */
#ifndef KCSD_COMPUTE_H
#define KCSD_COMPUTE_H

#include <linux/atomic.h>
#include <linux/types.h>

#include "ns.h"

struct kcsd_clock;
struct kcsd_config;
struct kcsd_error_log;
struct kcsd_lbas;
struct kcsd_objects;
struct kcsd_program_log;
struct kcsd_programs;
struct kcsd_range_sets;
struct kcsd_slm;
struct kcsd_stats;
struct kcsd_units;

/* The compute namespace. All members are set before the first node of the drive appears. */
struct kcsd_compute {
	struct kcsd_ns ns;
	unsigned int index;		/* of the drive, for messages */
	const struct kcsd_config *cfg;	/* of the drive; constant */
	struct kcsd_stats __percpu *stats;	/* of the drive */
	struct kcsd_error_log *errors;	/* of the drive */
	struct kcsd_clock *clock;	/* of the drive */
	struct kcsd_lbas *lbas;		/* LBAs that programs read and write */
	struct kcsd_slm *slm;		/* memory that programs work in */
	struct kcsd_objects *objects;	/* that programs read and store */

	struct kcsd_units *units;
	struct kcsd_programs *programs;
	struct kcsd_range_sets *range_sets;
	struct kcsd_program_log *log;
	atomic64_t jit_bytes;		/* bytes of all JIT code */
	u32 erasures;		/* by Sanitize: output from before is dropped */
};

#endif
