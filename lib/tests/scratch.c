// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scratch.h"
#include "tap.h"

static char root[] = "/tmp/libkcsd-test-XXXXXX";

bool scratch_begin(void)
{
	bool made = mkdtemp(root) && !chdir(root);

	if (!made)
		OK(false, "a scratch directory");
	return made;
}

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

void scratch_end(void)
{
	if (nftw(root, remove_entry, 16, FTW_DEPTH | FTW_PHYS))
		OK(false, "remove the scratch directory");
}

void make_dir(const char *path)
{
	if (mkdir(path, 0755))
		OK(false, "mkdir %s", path);
}

void put(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	if (!file || fputs(text, file) < 0 || fclose(file))
		OK(false, "write %s", path);
}
