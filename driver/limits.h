/* SPDX-License-Identifier: GPL-2.0 */
/* Limits that several files and the command line tool share. Macros only. */
#ifndef KCSD_LIMITS_H
#define KCSD_LIMITS_H

/* Maximum Data Transfer Size of passthrough commands: 4 KiB << MDTS. */
#define KCSD_MDTS		8
#define KCSD_MAX_TRANSFER	(4096U << KCSD_MDTS)	/* bytes of one command */

#endif
