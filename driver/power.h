/* SPDX-License-Identifier: GPL-2.0 */
/* Power on, power off and power cut of a drive, for its directory in configfs. */
#ifndef KCSD_POWER_H
#define KCSD_POWER_H

#include <linux/types.h>

struct kcsd_clock_config;
struct kcsd_config;
struct kcsd_drive;
struct kcsd_retained;

/*
 * Power on: create a drive. Returns 0 with *drive set, or -errno after a line in the kernel log;
 * then nothing is left. config and timing are copied, retained is lent until power off.
 */
int kcsd_power_on(const struct kcsd_config *config, const struct kcsd_clock_config *timing,
		  struct kcsd_retained *retained, unsigned int index, struct kcsd_drive **drive);
/*
 * Power off, and put the reference that power holds. If the block node is open: -EBUSY, unless
 * force is set; then its file systems are synced and see a dead device afterwards.
 */
int kcsd_power_off(struct kcsd_drive *drive, bool force);
/*
 * Cut power: like a forced kcsd_power_off(), but without flushing. seed: selects the data that is
 * lost.
 */
void kcsd_power_cut(struct kcsd_drive *drive, u64 seed);

#endif
