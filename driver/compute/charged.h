/* SPDX-License-Identifier: GPL-2.0 */
/* Large memory of a command, charged to its sender. */
#ifndef KCSD_CHARGED_H
#define KCSD_CHARGED_H

#include <linux/types.h>

struct mem_cgroup;

/*
 * Allocate len zeroed bytes, charged to the cgroup of the caller; free them by kvfree(). Unlike
 * kvzalloc(), does not sleep for a cgroup above its memory.high (a second for each MiB, while the
 * caller holds what power off waits for), and does not call the OOM killer: NULL.
 */
void *kcsd_charged_alloc(size_t len);
/* The same, charged to this cgroup. All but a list of the pages is. */
void *kcsd_charged_alloc_for(struct mem_cgroup *memcg, size_t len);

#endif
