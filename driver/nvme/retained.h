/* SPDX-License-Identifier: GPL-2.0 */
/* Retained state of a drive, from one power on to the next: UUID, error log, health, injection. */
#ifndef KCSD_RETAINED_H
#define KCSD_RETAINED_H

#include <linux/types.h>
#include <linux/uuid.h>

#include "media/lbas.h"
#include "nvme/sanitize.h"
#include "nvme/smart.h"
#include "stats/error_log.h"

struct kcsd_drive;

/*
 * Identifies the data that a drive has: UUID of the sidecar, or of the directory, and the backing
 * file. A copy of the file is another store. Compared as bytes.
 */
struct kcsd_store_id {
	uuid_t uuid;
	/* Of the backing file, and of the file of objects: all 0 without it. */
	struct {
		u64 inode;
		u32 dev;
		u32 generation;	/* differs between files that had the same inode number */
	} file[2];
};

/*
 * Owned by the directory of the drive (control/configfs.c), lent to the drive while it has power.
 * Created and freed with the directory: nothing is retained longer.
 */
struct kcsd_retained {
	uuid_t uuid;			/* constant; used by a drive without a sidecar */
	u64 power_cycles;		/* this and the next two: changed by power on and off */
	u64 cuts;			/* number of power cuts */
	struct kcsd_health health_before;	/* sum of the power cycles before this one */
	struct kcsd_error_log errors;
	struct kcsd_lbas_retained lbas;
	struct kcsd_store_id store_id;	/* at the last power on; the rest is valid for it only */
	struct kcsd_sanitize_retained sanitize;
};

/* Initialise; power is off. Returns 0 or -ENOMEM. */
int kcsd_retained_init(struct kcsd_retained *retained);
void kcsd_retained_destroy(struct kcsd_retained *retained);
/*
 * Power on: the drive is complete except for its nodes. Forget all that was true of another store.
 */
void kcsd_retained_power_on(struct kcsd_drive *drive);
/* Power off: no command is left, the compute units still exist. Add up the health of this cycle. */
void kcsd_retained_power_off(struct kcsd_drive *drive);

#endif
