/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which places of the module's code have been reached: the kernel notes them for each thread
 * (KCOV), here they become one map of offsets in the module. Without KCOV all of it does nothing.
 */
#ifndef KST_FUZZ_KCOV_H
#define KST_FUZZ_KCOV_H

#include <linux/types.h>
#include <stdbool.h>

struct kcov {
	int fd;			/* -1: none */
	unsigned long *cover;	/* [0]: how many follow */
};

/* Once, before the threads. False: the kernel has no KCOV, or no addresses are to be had. */
bool kcov_init(void);
/* Of the calling thread, from now on. */
void kcov_start(struct kcov *k);
/* Take what was noted into the map. */
void kcov_take(struct kcov *k);
void kcov_stop(struct kcov *k);
/* Offsets of the module's code that were reached, in hexadecimal, one a line. */
bool kcov_write(const char *path);

#endif
