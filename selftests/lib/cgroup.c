// SPDX-License-Identifier: GPL-2.0
#include "cgroup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"

int cgroup_enter_with(const char *controller)
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

int cgroup_enter(void)
{
	return cgroup_enter_with("+memory");
}

int cgroup_move_out(void)
{
	return file_write(CGROUPS "/cgroup.procs", "0");
}

void cgroup_leave(void)
{
	cgroup_move_out();
	rmdir(CGROUP);
	umount(CGROUPS);
	rmdir(CGROUPS);
}

__u64 cgroup_number(const char *file)
{
	char path[128];

	snprintf(path, sizeof(path), CGROUP "/%s", file);
	return file_number(path);
}

__u64 cgroup_event(const char *name)
{
	char text[512], *line;

	if (file_read(CGROUP "/memory.events", text, sizeof(text)) <= 0)
		return ~0ULL;
	line = strstr(text, name);
	return line ? strtoull(line + strlen(name), NULL, 10) : ~0ULL;
}
