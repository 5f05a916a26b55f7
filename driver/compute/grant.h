/* SPDX-License-Identifier: GPL-2.0 */
/* Grants: the LBAs that a run may access. struct kcsd_lba_grant is in <linux/kcsd.h>. */
#ifndef KCSD_GRANT_H
#define KCSD_GRANT_H

#include <linux/types.h>
#include <linux/kcsd.h>

struct kcsd_run;

/*
 * Decide whether a run may access LBAs; nothing else decides it. All of [slba, slba + nlb) must be
 * granted for one of the accesses (KCSD_GRANT_*), by one grant or several. nlb is not 0. Returns
 * the number of granted LBAs from slba on.
 *
 * mask protects against a CPU that mis-speculates. It is computed without branches: all ones if all
 * LBAs are granted, else 0.
 */
u64 kcsd_run_granted(const struct kcsd_run *run, u64 slba, u64 nlb, u8 access, u64 *mask);

#endif
