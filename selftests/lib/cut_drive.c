// SPDX-License-Identifier: GPL-2.0
#include "cut_drive.h"

#include <stdlib.h>

int cut_drive_up(struct cut_drive *c, const struct drive_attr *attrs, const char *cache_size)
{
	int ret;

	drive_sweep();
	strcpy(c->file, "/tmp/kst-cut-XXXXXX");
	c->image = mkstemp(c->file);
	if (c->image < 0)
		return -errno;
	ret = drive_prepare(&c->d, "cut", attrs);
	ret = ret ?: drive_set(c->d.name, "cache_size", cache_size);
	ret = ret ?: drive_set(c->d.name, "backing_file", c->file);
	ret = ret ?: drive_power(&c->d, true);
	if (ret)
		return ret;
	c->d.index = drive_get_number(c->d.name, "index");
	return drive_open(&c->d, O_RDWR);
}

int cut_drive_down(struct cut_drive *c)
{
	int ret = drive_remove(&c->d);

	close(c->image);
	file_remove(c->file);
	return ret;
}

int cut_power(struct cut_drive *c, unsigned int seed)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", seed);
	return drive_set(c->d.name, "power_cut", text);
}

int cut_power_on(struct cut_drive *c)
{
	int ret;

	drive_close(&c->d);
	ret = drive_power(&c->d, true);
	return ret ? ret : drive_open(&c->d, O_RDWR);
}
