/* SPDX-License-Identifier: GPL-2.0 */
/* Drives as directories of configfs. */
#ifndef KCSD_CONFIGFS_H
#define KCSD_CONFIGFS_H

struct kcsd_config;

/*
 * Create the given number of drives with this configuration, power them on, and let users create
 * drives from then on. 0 or -errno; on failure nothing is left.
 */
int kcsd_configfs_init(const struct kcsd_config *config, unsigned int drives);
/* Power off and remove the drives of the module. Drives of users are gone: they pin the module. */
void kcsd_configfs_exit(void);

#endif
