/* SPDX-License-Identifier: GPL-2.0 */
/* What a drive keeps from one power on to the next: its name, its errors, its health. */
#ifndef KCSD_LIFE_H
#define KCSD_LIFE_H

#include <linux/badblocks.h>
#include <linux/types.h>
#include <linux/uuid.h>

#include "media/inject.h"
#include "nvme/sanitize.h"
#include "stats/error_log.h"

struct kcsd_drive;

/* X(name): what SMART adds up. */
#define KCSD_HEALTH(X) \
	X(read_bytes)		/* namespace 1, over the link */ \
	X(write_bytes) \
	X(read_commands) \
	X(write_commands) \
	X(media_errors) \
	X(busy_ns)		/* of all compute units together */ \
	X(on_ns)		/* powered */

struct kcsd_health {
#define KCSD_HEALTH_FIELD(name) u64 name;
	KCSD_HEALTH(KCSD_HEALTH_FIELD)
#undef KCSD_HEALTH_FIELD
};

/*
 * Which medium it is that a drive has: by its sidecar's UUID, or the directory's, and by its
 * backing file, that of a copy being another. Compared as bytes.
 */
struct kcsd_medium_id {
	uuid_t uuid;
	u64 inode;	/* this and below: 0 without a backing file */
	u32 dev;
	u32 generation;	/* tells files apart that had the same inode, one after another */
};

/*
 * Owned by the drive's directory (control/configfs.c), lent to the drive while it is powered. It begins
 * with the directory and ends with it: no more is kept than the directory.
 */
struct kcsd_retained {
	uuid_t uuid;			/* constant; of a drive without a sidecar */
	u64 power_cycles;		/* this and below: changed by power on and off only */
	u64 cuts;			/* how often power was cut */
	struct kcsd_health past;	/* of the power cycles before this one */
	struct kcsd_error_log errors;
	struct kcsd_inject inject;	/* what it was told to fail at */
	struct badblocks badblocks;	/* neither read nor written */
	struct kcsd_medium_id medium;	/* of the last power on; what is below is true of no other */
	struct kcsd_sanitize_life sanitize;
	struct badblocks uncorrectable;	/* by Write Uncorrectable: not read until they are written */
};

/* 0 or -ENOMEM. */
int kcsd_retained_init(struct kcsd_retained *retained);
void kcsd_retained_destroy(struct kcsd_retained *retained);
/* The drive is up, but for its nodes. What was true of another medium is forgotten. */
void kcsd_retained_power_on(struct kcsd_drive *drive);
/* It goes down; no command is left, its units still are there. */
void kcsd_retained_power_off(struct kcsd_drive *drive);
/* Log page 02h, kvmalloc'ed, *len bytes; NULL without memory. */
void *kcsd_health_page(struct kcsd_drive *drive, u32 *len);

#endif
