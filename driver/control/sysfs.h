/* SPDX-License-Identifier: GPL-2.0 */
/* Attributes of a drive in sysfs, and of its compute units. */
#ifndef KCSD_SYSFS_H
#define KCSD_SYSFS_H

struct attribute_group;
struct kcsd_drive;

extern const struct attribute_group *kcsd_drive_groups[];
/* sysfs_timing.c */
extern const struct attribute_group kcsd_timing_attr_group;

/*
 * units_dir.c: create and remove the directory units/ below the device of the controller. Call _del
 * also if _add has failed.
 */
int kcsd_units_add_dir(struct kcsd_drive *drive);
void kcsd_units_del_dir(struct kcsd_drive *drive);

#endif
