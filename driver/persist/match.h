/* SPDX-License-Identifier: GPL-2.0 */
/* Does a sidecar belong to what a drive is configured to be? */
#ifndef KCSD_SIDECAR_MATCH_H
#define KCSD_SIDECAR_MATCH_H

struct kcsd_drive;
struct kcsd_sidecar_drive;
struct kcsd_sidecar_journal;

/* As it is configured, but for the UUID. */
void kcsd_sidecar_describe(const struct kcsd_drive *drive, struct kcsd_sidecar_drive *to);
/*
 * 0: it does, or does now: where nothing can be lost by it, the file follows the configuration.
 * -EINVAL, with a line in the kernel log that says what differs; -errno of writing.
 */
int kcsd_sidecar_match(struct kcsd_drive *drive, struct kcsd_sidecar_journal *log, const char *name,
		    const char *path);

#endif
