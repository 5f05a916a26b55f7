// SPDX-License-Identifier: GPL-2.0
#include "process.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "file.h"

char process_becomes(pid_t pid, const char *states)
{
	char path[64], text[512], *at;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	for (int i = 0; i < 60000; i++) {
		if (file_read(path, text, sizeof(text)) <= 0)
			return 0;
		at = strrchr(text, ')');
		if (at && strchr(states, at[2]))
			return at[2];
		usleep(1000);
	}
	return 0;
}

int process_count_kthreads(const char *part)
{
	char text[128];
	glob_t found;
	int nr = 0;

	if (glob("/proc/[0-9]*/comm", 0, NULL, &found))
		return 0;
	for (size_t i = 0; i < found.gl_pathc; i++)
		nr += file_read(found.gl_pathv[i], text, sizeof(text)) > 0 && strstr(text, part);
	globfree(&found);
	return nr;
}
