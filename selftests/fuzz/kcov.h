/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Collect the places of the code of the module that were reached. The kernel records them for each
 * thread (KCOV); here they become one map of offsets in the module. Without KCOV all functions do
 * nothing.
 */
#ifndef KST_FUZZ_KCOV_H
#define KST_FUZZ_KCOV_H

#include <linux/types.h>
#include <stdbool.h>

struct kcov {
	int fd;			/* -1: none */
	unsigned long *cover;	/* [0]: number of entries that follow */
};

/*
 * Call once, before the threads start. Returns false if the kernel has no KCOV, or addresses are
 * hidden.
 */
bool kcov_init(void);
/* Start recording for the calling thread. */
void kcov_start(struct kcov *k);
/* Add the recorded places to the map. */
void kcov_take(struct kcov *k);
void kcov_stop(struct kcov *k);
/* Write the reached offsets in the code of the module, in hexadecimal, one a line. */
bool kcov_write(const char *path);

#endif
