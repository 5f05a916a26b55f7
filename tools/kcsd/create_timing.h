/* SPDX-License-Identifier: GPL-2.0 */
/* The options of kcsd create that are about device time. */
#ifndef KCSD_CREATE_TIMING_H
#define KCSD_CREATE_TIMING_H

#include "cmd.h"

/* Indices of the options. */
struct create_timing_opts {
	int preset;
	int clock;
	int depth;
	int late_min;
	int late_permille;
	int param;
};

/*
 * Validate the options. Set *zone_size to that of the preset, 0 without one. Return 0, or the exit
 * code.
 */
int kcsd_create_timing_validate(const struct args *args, const struct create_timing_opts *opts,
				uint64_t *zone_size);
/* Write them to the directory of a drive. Return 0, or the exit code. */
int kcsd_create_timing_configure(const struct args *args, const struct create_timing_opts *opts,
				 const char *name);

#endif
