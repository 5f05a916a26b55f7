/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A control group that freezes one process. That of version 1 freezes it where it sleeps in the
 * kernel, like a suspend of the system; that of version 2 when it returns to user space.
 */
#ifndef KST_FREEZER_H
#define KST_FREEZER_H

#include <stdbool.h>
#include <sys/types.h>

#include "drive.h"

/* Make the control group. Returns 0, or -errno if the kernel has no such freezer. */
int freezer_open(int version);

/* Move a process into it and freeze that. Version 1: waits until it is frozen. 0 or -errno. */
int freezer_freeze(pid_t pid);

/*
 * Power a drive off, then thaw. True if power off succeeded before that: it did not wait for the
 * frozen process.
 */
bool freezer_power_off(const struct drive *d);

int freezer_thaw(void);

/* Thaw, and remove the control group once the process has ended. */
void freezer_close(void);

#endif
