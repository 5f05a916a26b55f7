/* SPDX-License-Identifier: GPL-2.0 */
/* Power on, power off and power cuts of a drive, for its directory in configfs. */
#ifndef KCSD_POWER_H
#define KCSD_POWER_H

#include <linux/types.h>

struct kcsd_config;
struct kcsd_drive;
struct kcsd_retained;

/*
 * Power on: 0 with *drive set, or -errno with a line in the kernel log and nothing left behind.
 * config is copied, retained is lent until power off.
 */
int kcsd_power_on(const struct kcsd_config *config, struct kcsd_retained *retained,
		  unsigned int index, struct kcsd_drive **drive);
/*
 * Power off, and give back power's reference. force: even if the block node is open
 * (its file systems are synced, then see a dead device); else -EBUSY if it is.
 */
int kcsd_power_off(struct kcsd_drive *drive, bool force);
/* Power off, whoever uses it, as kcsd_power_off(), but without flushing anything. */
void kcsd_power_cut(struct kcsd_drive *drive, u64 seed);

#endif
