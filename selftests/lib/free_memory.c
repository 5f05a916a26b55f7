// SPDX-License-Identifier: GPL-2.0
#include "free_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Returns the sum of the numbers that follow a key in a file of /proc. */
static __u64 proc_sum(const char *path, const char *key)
{
	FILE *f = fopen(path, "r");
	char line[256], *at;
	__u64 sum = 0;

	while (f && fgets(line, sizeof(line), f)) {
		at = strstr(line, key);
		if (at)
			sum += strtoull(at + strlen(key), NULL, 10);
	}
	if (f)
		fclose(f);
	return sum;
}

__u64 memory_available(void)
{
	return (proc_sum("/proc/meminfo", "MemAvailable:") << 10) +
	       proc_sum("/proc/zoneinfo", " count:") * sysconf(_SC_PAGESIZE);
}
