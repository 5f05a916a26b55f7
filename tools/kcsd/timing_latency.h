/* SPDX-License-Identifier: GPL-2.0 */
/* Latencies of kcsd timing: percentiles and histograms, as text and as JSON. */
#ifndef KCSD_TIMING_LATENCY_H
#define KCSD_TIMING_LATENCY_H

#include "cmd.h"

/* How late commands completed, of all kinds and depths; count 0: none has. */
struct lateness {
	uint64_t count;
	uint64_t p50, p99, max;		/* ns */
};

/* Return 0 or -ENOMEM. */
int kcsd_lateness_get(const struct kcsd_histograms *latencies, struct lateness *lateness);

/* Print the percentiles of each kind of command and depth. */
void kcsd_latencies_print(const struct kcsd_histograms *latencies);
/* Print a bar for each octave, of each kind of command. Return 0 or -ENOMEM. */
int kcsd_latencies_print_bars(const struct kcsd_histograms *latencies);
/* The percentiles, and all buckets if buckets is set. The caller owns it. */
json_object *kcsd_latencies_json(const struct kcsd_histograms *latencies, bool buckets);

#endif
