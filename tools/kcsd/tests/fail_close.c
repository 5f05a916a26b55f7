// SPDX-License-Identifier: GPL-2.0
/*
 * Preloaded: close() of the file at $FAIL_CLOSE, and msync() of any file, fail with EDQUOT, as on
 * NFS.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static bool shall_fail(int fd)
{
	const char *wanted = getenv("FAIL_CLOSE");
	char link[32], path[4096];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (!wanted || n < 0)
		return false;
	path[n] = '\0';
	return !strcmp(path, wanted);
}

int close(int fd)
{
	int (*real)(int fd) = dlsym(RTLD_NEXT, "close");
	bool fail = shall_fail(fd);
	int ret = real(fd);

	if (!fail)
		return ret;
	errno = EDQUOT;
	return -1;
}

int msync(void *addr, size_t len, int flags)
{
	(void)addr;
	(void)len;
	(void)flags;
	errno = EDQUOT;
	return -1;
}
