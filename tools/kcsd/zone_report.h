/* SPDX-License-Identifier: GPL-2.0 */
/* Print the zones of a drive. */
#ifndef KCSD_ZONE_REPORT_H
#define KCSD_ZONE_REPORT_H

#include "cmd.h"

struct zone_report {
	uint64_t from;		/* LBA */
	uint64_t left;		/* zones that may still be shown */
	uint32_t cond;		/* KCSD_ZONE_COND_ANY, or only zones in this condition */
	json_object *json;	/* an array, or NULL: print a table */
};

/* Find the condition with this name. Dashes may stand for blanks. False: there is none. */
bool kcsd_zone_cond_find(const char *name, uint32_t *cond);
/* Print or collect zones. Return the exit code. */
int kcsd_zone_report_show(struct kcsd_drive *drv, struct zone_report *report);

#endif
