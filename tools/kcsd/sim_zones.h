/* SPDX-License-Identifier: GPL-2.0 */
/* Zones of kcsd sim: all are sequential, and their write pointers are gone when it ends. */
#ifndef KCSD_SIM_ZONES_H
#define KCSD_SIM_ZONES_H

#include <stdint.h>
#include <stdio.h>

#include "cmd.h"

struct sim_zones {
	uint64_t size;		/* LBAs; 0: not zoned, and nothing else is valid */
	uint64_t cap;		/* LBAs that can be written */
	uint64_t nr;
	uint64_t *wp;		/* of each zone, the LBA to be written next; owned */
	uint64_t *before;	/* the same, before the run; in wp's memory */
};

/*
 * The LBAs that opts describe become zones: each is written up to its last LBA that is not all
 * zeroes. size, cap: bytes, cap 0 for all of a zone. Returns 0, or the exit code.
 */
int kcsd_sim_zones_make(struct sim_zones *z, const struct command *cmd, uint64_t size,
			uint64_t cap, struct kcsd_sim_opts *opts);
/* "ZONE:LBAS": so many LBAs of it are written. Likewise. */
int kcsd_sim_zones_set(struct sim_zones *z, const struct command *cmd, const char *text);
void kcsd_sim_zones_free(struct sim_zones *z);
/* Those that the run has written to. */
void kcsd_sim_zones_print(FILE *to, const struct sim_zones *z);
json_object *kcsd_sim_zones_json(const struct sim_zones *z);

#endif
