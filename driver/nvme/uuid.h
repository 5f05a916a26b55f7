/* SPDX-License-Identifier: GPL-2.0 */
/* Unique identifiers of drives and of their namespaces. */
#ifndef KCSD_UUID_H
#define KCSD_UUID_H

#include <linux/types.h>
#include <linux/uuid.h>

struct kcsd_drive;

struct kcsd_ns_names {
	uuid_t uuid;
	u8 nguid[16];
	u8 eui64[8];	/* locally administered, like the NGUID: of no manufacturer */
};

/* Derive the names of a namespace, all of them from the UUID of the drive. */
void kcsd_uuid_names(const struct kcsd_drive *drive, u32 nsid, struct kcsd_ns_names *names);
/*
 * Claim drive->uuid at power on, once it is known. Returns 0, or -EEXIST with a line in the kernel
 * log if another powered drive has the same UUID: one backing file is a copy of the other. name is
 * the name of the drive, for that line.
 */
int kcsd_uuid_claim(struct kcsd_drive *drive, const char *name);
/* Give up the claim: another drive may claim the UUID. */
void kcsd_uuid_release(struct kcsd_drive *drive);

#endif
