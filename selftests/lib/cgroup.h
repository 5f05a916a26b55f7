/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Create a cgroup (version 2) with memory controller for a test; the process of the test enters it.
 */
#ifndef KST_CGROUP_H
#define KST_CGROUP_H

#include <linux/types.h>

#define CGROUPS		"/tmp/kst-cgroups"
#define CGROUP		CGROUPS "/kst"

/* Returns 0 or -errno; -ENOENT if the kernel has no such controller. */
int cgroup_enter_with(const char *controller);

int cgroup_enter(void);

/* Leave the cgroup. Pages that were charged to it stay charged. */
int cgroup_move_out(void);

void cgroup_leave(void);
__u64 cgroup_number(const char *file);

/* Returns the number in a line of memory.events, or ~0. */
__u64 cgroup_event(const char *name);

#endif
