/* SPDX-License-Identifier: GPL-2.0 */
/* Limits that several files and the command line tool share. Macros only. */
#ifndef KCSD_LIMITS_H
#define KCSD_LIMITS_H

/* Bytes of one passthrough command that every drive takes; more if values of objects are longer. */
#define KCSD_MIN_TRANSFER	(1U << 20)
/* Bytes that are moved at once: without a pause, and under a lock. */
#define KCSD_PIECE		(1U << 20)
/* Bytes of the largest Zone Append, which is one piece. */
#define KCSD_MAX_APPEND		KCSD_PIECE

#endif
