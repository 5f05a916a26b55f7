// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Map a file to the sources of a stream. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <linux/fs.h>

#include "file_map.h"

#define EXTENTS_PER_CALL	2048

static int ask(int fd, struct fiemap *fm)
{
	return ioctl(fd, FS_IOC_FIEMAP, fm);
}

/* Ask for the extents from w->pos on. */
static int next_extents(struct kcsd_file_walk *w, struct fiemap *fm,
			int (*fiemap)(int fd, struct fiemap *fm))
{
	memset(fm, 0, sizeof(*fm));
	fm->fm_start = w->pos;
	fm->fm_length = w->size - w->pos;
	fm->fm_flags = w->type->map_flags;
	fm->fm_extent_count = EXTENTS_PER_CALL;
	if (fiemap(w->fd, fm))
		return kcsd_error_set(w->err, -errno, "FIEMAP on %s: %s", w->type->name,
				      strerror(errno));
	if (fm->fm_mapped_extents > EXTENTS_PER_CALL)
		return kcsd_error_set(w->err, -EIO, "FIEMAP on %s: impossible number of extents",
				      w->type->name);
	return 0;
}

int kcsd_file_walk_extents(struct kcsd_file_walk *w, int (*fiemap)(int fd, struct fiemap *fm))
{
	struct fiemap *fm;
	uint32_t i;
	int ret = 0;

	fm = malloc(sizeof(*fm) + EXTENTS_PER_CALL * sizeof(fm->fm_extents[0]));
	if (!fm)
		return kcsd_error_set(w->err, -ENOMEM, "no memory for extents");
	/* Each extent that is taken moves w->pos on. */
	while (!ret && w->pos < w->size) {
		ret = next_extents(w, fm, fiemap);
		if (ret || !fm->fm_mapped_extents)
			break;
		for (i = 0; !ret && i < fm->fm_mapped_extents && w->pos < w->size; i++)
			ret = kcsd_file_extent_take(w, &fm->fm_extents[i]);
	}
	free(fm);
	return ret ? ret : kcsd_file_hole_take(w, w->size);
}

/* The file must still be on the device that its caller has found. */
static int check_device(const struct kcsd_file_walk *w)
{
	dev_t rdev;
	int ret;

	ret = kcsd_file_rdev(w->fd, &rdev, w->err);
	if (!ret && rdev != w->map->dev.rdev)
		ret = kcsd_error_set(w->err, -EOPNOTSUPP, "the file is not on /dev/%s",
				     w->map->dev.name);
	return ret;
}

static int walk(struct kcsd_file_walk *w)
{
	int ret;

	ret = check_device(w);
	if (!ret)
		ret = kcsd_file_type_find(w->fd, &w->type, w->err);
	if (ret)
		return ret;
	if (w->type->begin)
		ret = w->type->begin(w);
	if (!ret)
		ret = kcsd_file_walk_extents(w, ask);
	if (w->type->end)
		w->type->end(w);
	return ret;
}

/* Give back memory that the sources do not use. */
static void shrink(struct kcsd_file_map *map)
{
	struct kcsd_source *sources;

	if (!map->nr)
		return;
	sources = realloc(map->sources, map->nr * sizeof(*sources));
	if (sources)
		map->sources = sources;
}

int kcsd_file_map(int fd, const struct kcsd_file_device *dev, bool write,
		  struct kcsd_file_map **map, struct kcsd_error *err)
{
	struct kcsd_file_walk w = { .fd = fd, .err = err };
	struct stat st;
	int ret;

	ret = kcsd_file_is_mappable(fd, &st, err);
	if (ret)
		return ret;
	w.map = calloc(1, sizeof(*w.map));
	if (!w.map)
		return kcsd_error_set(err, -ENOMEM, "no memory for a map");
	w.map->dev = *dev;
	w.map->write = write;
	w.map->len = w.size = st.st_size;
	ret = walk(&w);
	if (ret) {
		kcsd_file_map_free(w.map);
		return ret;
	}
	shrink(w.map);
	*map = w.map;
	return 0;
}

void kcsd_file_map_free(struct kcsd_file_map *map)
{
	if (!map)
		return;
	free(map->sources);
	free(map->bytes);
	free(map);
}
