/* SPDX-License-Identifier: GPL-2.0 */
/* Grants of Execute on LBAs, before the run. struct kcsd_lba_grant is in <linux/kcsd.h>. */
#ifndef KCSD_EXECUTE_GRANTS_H
#define KCSD_EXECUTE_GRANTS_H

#include <linux/kcsd.h>

struct kcsd_cmd;

/*
 * Validate the grants of a command, and convert grants of zones to grants of LBAs. grants is a copy
 * that the drive owns. Returns 0, a status or -errno.
 */
int kcsd_grants_validate(struct kcsd_cmd *cmd, struct kcsd_lba_grant *grants, u32 nr);

#endif
