/* SPDX-License-Identifier: GPL-2.0 */
/* Compare a sidecar with the configuration of its drive. */
#ifndef KCSD_SIDECAR_MATCH_H
#define KCSD_SIDECAR_MATCH_H

struct kcsd_lbas;
struct kcsd_sidecar_drive;
struct kcsd_sidecar_journal;

/* Describe a drive as configured, without its UUID. */
void kcsd_sidecar_describe(const struct kcsd_lbas *lbas, struct kcsd_sidecar_drive *to);
/*
 * Validate that a sidecar fits its drive, or make it fit where that loses no data. Return 0;
 * -EINVAL: it does not fit; -errno of writing. Logs one line on failure.
 */
int kcsd_sidecar_match(struct kcsd_lbas *lbas, struct kcsd_sidecar_journal *journal,
		       const char *name, const char *path);

#endif
