// SPDX-License-Identifier: GPL-2.0
/* The side file of a drive: opened at power on, written by flushes and by what changes zones. */
#include "drive.h"
#include "side.h"

int kcsd_side_commit(struct kcsd_drive *drive)
{
	return drive->store.ops->flush(&drive->store);
}

int kcsd_side_zones(struct kcsd_drive *drive, u32 first, u32 nr)
{
	return 0;
}
