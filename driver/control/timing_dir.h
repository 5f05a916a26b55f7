/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The directory timing/ of a drive in configfs. An object of its own: an open file may keep it
 * longer than the directory of the drive.
 */
#ifndef KCSD_TIMING_DIR_H
#define KCSD_TIMING_DIR_H

struct config_group;
struct kcsd_clock_config;
struct kcsd_timing_dir;

/* Prepare the attributes, once, before the first directory. */
void kcsd_timing_dirs_init(void);
/*
 * Create the directory as a default group of parent. Returns it with a reference for the caller;
 * NULL without memory.
 */
struct kcsd_timing_dir *kcsd_timing_dir_create(struct config_group *parent);
void kcsd_timing_dir_put(struct kcsd_timing_dir *dir);
/* Power on: copy the configuration. From now on attributes refuse to be written. */
void kcsd_timing_dir_lock(struct kcsd_timing_dir *dir, struct kcsd_clock_config *config);
/* Power is off: allow to write them. */
void kcsd_timing_dir_unlock(struct kcsd_timing_dir *dir);

#endif
