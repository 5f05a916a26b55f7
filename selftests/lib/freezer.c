// SPDX-License-Identifier: GPL-2.0
#include "freezer.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "file.h"
#include "timing.h"

#define GROUPS	"/tmp/kst-freezer"
#define GROUP	GROUPS "/kst"

static int opened;	/* the version */

int freezer_open(int version)
{
	int ret;

	if (mkdir(GROUPS, 0755) && errno != EEXIST)
		return -errno;
	if (version == 1)
		ret = mount("none", GROUPS, "cgroup", 0, "freezer");
	else
		ret = mount("none", GROUPS, "cgroup2", 0, NULL);
	if (ret)
		return -errno;
	opened = version;
	return mkdir(GROUP, 0755) && errno != EEXIST ? -errno : 0;
}

static int set_frozen(bool frozen)
{
	if (opened == 1)
		return file_write(GROUP "/freezer.state", frozen ? "FROZEN" : "THAWED");
	return file_write(GROUP "/cgroup.freeze", frozen ? "1" : "0");
}

int freezer_freeze(pid_t pid)
{
	char text[32];
	int ret;

	snprintf(text, sizeof(text), "%d", pid);
	ret = file_write(GROUP "/cgroup.procs", text);
	if (!ret)
		ret = set_frozen(true);
	for (unsigned int ms = 0; !ret && opened == 1 && ms < 10000 * time_slow(); ms += 10) {
		/* To read the state updates it. */
		if (file_read(GROUP "/freezer.state", text, sizeof(text)) > 0 &&
		    !strcmp(text, "FROZEN"))
			return 0;
		sleep_ms(10);
	}
	return ret ? ret : opened == 1 ? -ETIMEDOUT : 0;
}

bool freezer_power_off(const struct drive *d)
{
	int status = -1;
	pid_t pid = fork(), ended = 0;

	if (!pid)
		_exit(drive_power(d, false) ? 1 : 0);
	for (unsigned int ms = 0; !ended && ms < 10000 * time_slow(); ms += 10) {
		ended = waitpid(pid, &status, WNOHANG);
		sleep_ms(10);
	}
	freezer_thaw();
	if (!ended)
		waitpid(pid, &status, 0);
	return ended == pid && !status;
}

int freezer_thaw(void)
{
	return set_frozen(false);
}

void freezer_close(void)
{
	if (!opened)
		return;
	freezer_thaw();
	rmdir(GROUP);
	umount(GROUPS);
	rmdir(GROUPS);
	opened = 0;
}
