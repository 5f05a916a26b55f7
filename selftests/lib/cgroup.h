/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Create a cgroup (version 2) with memory controller for a test; the process of the test enters it.
 */
#ifndef KST_CGROUP_H
#define KST_CGROUP_H

#include "drive.h"

#include <sys/mount.h>

#define CGROUPS		"/tmp/kst-cgroups"
#define CGROUP		CGROUPS "/kst"

/* Returns 0 or -errno; -ENOENT if the kernel has no such controller. */
static inline int cgroup_enter_with(const char *controller)
{
	int ret;

	if (mkdir(CGROUPS, 0755) && errno != EEXIST)
		return -errno;
	if (access(CGROUPS "/cgroup.procs", F_OK) && mount("none", CGROUPS, "cgroup2", 0, NULL))
		return -errno;
	ret = file_write(CGROUPS "/cgroup.subtree_control", controller);
	if (ret)
		return ret;
	if (mkdir(CGROUP, 0755) && errno != EEXIST)
		return -errno;
	return file_write(CGROUP "/cgroup.procs", "0");
}

static inline int cgroup_enter(void)
{
	return cgroup_enter_with("+memory");
}

/* Leave the cgroup. Pages that were charged to it stay charged. */
static inline int cgroup_move_out(void)
{
	return file_write(CGROUPS "/cgroup.procs", "0");
}

static inline void cgroup_leave(void)
{
	cgroup_move_out();
	rmdir(CGROUP);
	umount(CGROUPS);
	rmdir(CGROUPS);
}

static inline __u64 cgroup_number(const char *file)
{
	char path[128];

	snprintf(path, sizeof(path), CGROUP "/%s", file);
	return file_number(path);
}

/* Returns the number in a line of memory.events, or ~0. */
static inline __u64 cgroup_event(const char *name)
{
	char text[512], *line;

	if (file_read(CGROUP "/memory.events", text, sizeof(text)) <= 0)
		return ~0ULL;
	line = strstr(text, name);
	return line ? strtoull(line + strlen(name), NULL, 10) : ~0ULL;
}

#endif
