/* SPDX-License-Identifier: GPL-2.0 */
/* Free memory of the machine. */
#ifndef KST_FREE_MEMORY_H
#define KST_FREE_MEMORY_H

#include <linux/types.h>

/* Bytes by which the free memory of the machine may vary for reasons outside of a test. */
#define MEMORY_SLACK	(3u << 20)

/*
 * Free memory, bytes. Adds pages that were freed to the lists of a CPU: they may stay there for a
 * long time, and MemAvailable does not count them.
 */
__u64 memory_available(void);

#endif
