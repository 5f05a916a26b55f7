/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Read the sidecar of a drive by <linux/kcsd_sidecar.h> alone, without code of the driver.
 */
#ifndef CRASH_SIDECAR_H
#define CRASH_SIDECAR_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/kcsd_sidecar.h>

#define SIDECAR_MAX_ZONES		256
#define SIDECAR_MAX_PROGRAMS	64

struct side_zone {
	uint8_t cond;	/* KCSD_SIDECAR_* */
	uint64_t wp;	/* LBAs from the start of the zone */
};

struct sidecar_program {
	bool there;
	bool active;
	uint64_t puid;
};

struct sidecar {
	struct kcsd_sidecar_drive drive;
	uint64_t generation;
	uint64_t records;
	uint32_t nr_zones;
	struct side_zone zones[SIDECAR_MAX_ZONES];
	struct sidecar_program programs[SIDECAR_MAX_PROGRAMS];
};

/* Read a sidecar. Return 0, or -1 after an error on standard output. */
int sidecar_read(struct sidecar *s, const char *path);

#endif
