/* SPDX-License-Identifier: GPL-2.0 */
/* Names that no other drive has: of drives, and of their namespaces. */
#ifndef KCSD_UUID_H
#define KCSD_UUID_H

#include <linux/types.h>
#include <linux/uuid.h>

struct attribute_group;
struct kcsd_drive;

struct kcsd_ns_names {
	uuid_t uuid;
	u8 nguid[16];
	u8 eui64[8];	/* of no manufacturer: locally administered, like the NGUID */
};

/* All of them come from the drive's UUID. */
void kcsd_uuid_names(const struct kcsd_drive *drive, u32 nsid, struct kcsd_ns_names *names);
/*
 * At power on, when drive->uuid is known: from now on it is no other drive's. -EEXIST with a line
 * in the kernel log if it is: one file is a copy of the other. name is the drive's.
 */
int kcsd_uuid_claim(struct kcsd_drive *drive, const char *name);
/* What was claimed may be another's from now on. */
void kcsd_uuid_release(struct kcsd_drive *drive);

/* Of the block device, as NVMe's have them. */
extern const struct attribute_group *kcsd_uuid_groups[];

#endif
