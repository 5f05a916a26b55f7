/* SPDX-License-Identifier: GPL-2.0 */
/* Tests of zones that every front end must pass; they print the difference. */
#ifndef KST_ZONE_CHECKS_H
#define KST_ZONE_CHECKS_H

#include "zone_front.h"

/*
 * Ways into the states, one letter for each step: w write one LBA, W write the rest of the zone, o
 * open, c close, f finish; r read-only, x offline (both by configfs).
 */
struct zone_way {
	const char *steps;
	char state;
};

#define NR_ZONE_WAYS	26

extern const struct zone_way zone_ways[NR_ZONE_WAYS];

int zone_step(const struct zone_dev *dev, char step, __u32 zone, __u64 *wp);

/* Try every operation of the front end in every state. Returns the number of failures, or -1. */
int zone_try_all(const struct zone_dev *dev);

/*
 * Open n + 2 zones one after another: the drive must close the one that was opened first. The drive
 * has max_open n, no max_active, and all n + 2 zones are empty.
 */
bool zone_closes_the_oldest(const struct zone_dev *dev, __u32 n);

/*
 * The drive must not close explicitly opened zones. Same drive as above, all its zones empty again.
 */
bool zone_keeps_explicit(const struct zone_dev *dev, __u32 n);

/* Test the limit of active zones: a drive with max_active n, all its zones empty. */
bool zone_counts_active(const struct zone_dev *dev, __u32 n);

#endif
