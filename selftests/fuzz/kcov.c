// SPDX-License-Identifier: GPL-2.0
#include "kcov.h"

#include <fcntl.h>
#include <linux/kcov.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define KCOV_FILE	"/sys/kernel/debug/kcov"
#define ENTRIES		(64u << 10)

static unsigned long text;		/* address of .text of the module */
static unsigned long len;
static _Atomic unsigned char *map;	/* NULL: no KCOV */

static unsigned long first_number(const char *path, const char *format)
{
	unsigned long v = 0;
	FILE *f = fopen(path, "r");

	if (!f)
		return 0;
	if (fscanf(f, format, &v) != 1)
		v = 0;
	fclose(f);
	return v;
}

bool kcov_init(void)
{
	text = first_number("/sys/module/kcsd/sections/.text", "%lx");
	len = first_number("/sys/module/kcsd/coresize", "%lu");
	if (access(KCOV_FILE, R_OK | W_OK) || !text || !len)
		return false;
	map = calloc(len, 1);
	return map;
}

void kcov_start(struct kcov *k)
{
	k->fd = map ? open(KCOV_FILE, O_RDWR | O_CLOEXEC) : -1;
	if (k->fd < 0)
		return;
	k->cover = MAP_FAILED;
	if (!ioctl(k->fd, KCOV_INIT_TRACE, ENTRIES))
		k->cover = mmap(NULL, ENTRIES * sizeof(*k->cover), PROT_READ | PROT_WRITE,
				MAP_SHARED, k->fd, 0);
	if (k->cover != MAP_FAILED && !ioctl(k->fd, KCOV_ENABLE, KCOV_TRACE_PC))
		return;
	close(k->fd);
	k->fd = -1;
}

void kcov_take(struct kcov *k)
{
	unsigned long nr, at;

	if (k->fd < 0)
		return;
	nr = __atomic_load_n(&k->cover[0], __ATOMIC_RELAXED);
	for (unsigned long i = 1; i <= nr && i < ENTRIES; i++) {
		at = k->cover[i] - text;
		if (at < len)
			atomic_store_explicit(&map[at], 1, memory_order_relaxed);
	}
	__atomic_store_n(&k->cover[0], 0, __ATOMIC_RELAXED);
}

void kcov_stop(struct kcov *k)
{
	if (k->fd < 0)
		return;
	ioctl(k->fd, KCOV_DISABLE, 0);
	munmap(k->cover, ENTRIES * sizeof(*k->cover));
	close(k->fd);
}

bool kcov_write(const char *path)
{
	FILE *f = map ? fopen(path, "w") : NULL;

	if (!f)
		return false;
	for (unsigned long at = 0; at < len; at++)
		if (map[at])
			fprintf(f, "%lx\n", at);
	return !fclose(f);
}
