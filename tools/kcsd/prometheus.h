/* SPDX-License-Identifier: GPL-2.0 */
/* Counters of a drive as text for Prometheus: the textfile collector of its node exporter. */
#ifndef KCSD_PROMETHEUS_H
#define KCSD_PROMETHEUS_H

#include <stdio.h>

/* Print all counters of a drive ("kcsd0"), and its latencies if it can be opened. 0 or -errno. */
int kcsd_prometheus_print(FILE *to, const char *drive);

#endif
