/* SPDX-License-Identifier: GPL-2.0 */
/* What LBAs a run may touch. <linux/kcsd.h> has struct kcsd_lba_grant. */
#ifndef KCSD_GRANT_H
#define KCSD_GRANT_H

#include <linux/types.h>
#include <linux/kcsd.h>

struct kcsd_cmd;
struct kcsd_run;

/*
 * Check the grants of a command, which are the drive's own copy: those in terms of zones
 * become LBAs. 0, a status or -errno.
 */
int kcsd_grants_check(struct kcsd_cmd *cmd, struct kcsd_lba_grant *grants, u32 nr);

/*
 * The one place that decides whether a run may touch LBAs. All of [slba, slba + nlb) must be
 * granted for one of these accesses (KCSD_GRANT_*), by one grant or several; returns the number of
 * leading LBAs that are. nlb is not 0.
 *
 * mask is for when the CPU mis-speculates: computed beside the branches, it is all ones if all
 * is granted, else 0.
 */
u64 kcsd_run_granted(const struct kcsd_run *run, u64 slba, u64 nlb, u8 access, u64 *mask);

#endif
