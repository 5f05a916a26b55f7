/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Read the sidecar of a drive by <linux/kcsd_sidecar.h> alone, without code of the driver.
 */
#ifndef CRASH_SIDE_H
#define CRASH_SIDE_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/kcsd_sidecar.h>

#define SIDE_MAX_ZONES		256
#define SIDE_MAX_PROGRAMS	64

struct side_zone {
	uint8_t cond;	/* KCSD_SIDECAR_* */
	uint64_t wp;	/* LBAs from the start of the zone */
};

struct side_program {
	bool there;
	bool active;
	uint64_t puid;
};

struct side {
	struct kcsd_sidecar_drive drive;
	uint64_t generation;
	uint64_t records;
	uint32_t nr_zones;
	struct side_zone zones[SIDE_MAX_ZONES];
	struct side_program programs[SIDE_MAX_PROGRAMS];
};

/* Read a sidecar. Return 0, or -1 after an error on standard output. */
int side_read(struct side *s, const char *path);

#endif
