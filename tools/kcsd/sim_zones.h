/* SPDX-License-Identifier: GPL-2.0 */
/* Zones of kcsd sim: all are sequential; write pointers are lost at the end of the run. */
#ifndef KCSD_SIM_ZONES_H
#define KCSD_SIM_ZONES_H

#include <stdint.h>
#include <stdio.h>

#include "cmd.h"

struct sim_zones {
	uint64_t size;		/* LBAs; 0: not zoned, other members are not valid */
	uint64_t cap;		/* LBAs that can be written */
	uint64_t nr;
	uint64_t *wp;		/* next LBA to write, per zone; owned */
	uint64_t *before;	/* the same before the run; in the allocation of wp */
};

/*
 * Divide the LBAs of opts into zones. Set each write pointer behind the last LBA that is not all
 * zeroes. size, cap: bytes; cap 0: the whole zone. Return 0, or the exit code.
 */
int kcsd_sim_zones_make(struct sim_zones *z, const struct command *cmd, uint64_t size,
			uint64_t cap, struct kcsd_sim_opts *opts);
/* Parse "ZONE:LBAS": set the number of written LBAs of a zone. Return 0, or the exit code. */
int kcsd_sim_zones_set(struct sim_zones *z, const struct command *cmd, const char *text);
void kcsd_sim_zones_free(struct sim_zones *z);
/* Print the zones that the run has written to. */
void kcsd_sim_zones_print(FILE *to, const struct sim_zones *z);
json_object *kcsd_sim_zones_json(const struct sim_zones *z);

#endif
