/* SPDX-License-Identifier: GPL-2.0 */
/* Create a drive with a backing file, cut its power, and look at the file afterwards. */
#ifndef KST_CUT_DRIVE_H
#define KST_CUT_DRIVE_H

#include "drive.h"

struct cut_drive {
	struct drive d;
	char file[32];
	int image;	/* the backing file, open */
};

int cut_drive_up(struct cut_drive *c, const struct drive_attr *attrs, const char *cache_size);
int cut_drive_down(struct cut_drive *c);
int cut_power(struct cut_drive *c, unsigned int seed);
int cut_power_on(struct cut_drive *c);

#endif
