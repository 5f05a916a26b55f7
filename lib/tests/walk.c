// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
#include <stdlib.h>

#include "tap.h"
#include "walk.h"

struct kcsd_error err;

static const struct kcsd_file_type plain = { .name = "plain" };

void begin_walk(struct kcsd_file_walk *w, uint64_t size)
{
	memset(&err, 0, sizeof(err));
	*w = (struct kcsd_file_walk){ .fd = -1, .size = size, .type = &plain, .err = &err };
	w->map = calloc(1, sizeof(*w->map));
	w->map->dev = (struct kcsd_file_device){ .name = "kcsd0n1", .lba_size = WALK_LBA,
						 .size = 1ull << 40 };
}

void end_walk(struct kcsd_file_walk *w)
{
	kcsd_chunks_free(w->chunks);
	kcsd_file_map_free(w->map);
}

void has_sources(const struct kcsd_file_walk *w, const char *wanted, const char *what)
{
	char text[512] = "";
	size_t len = 0;
	uint32_t i;

	for (i = 0; i < w->map->nr && len < sizeof(text); i++)
		len += snprintf(text + len, sizeof(text) - len, "%s%c%" PRIu64 "+%" PRIu64,
				i ? " " : "", "LZB"[w->map->sources[i].type],
				le64toh(w->map->sources[i].start),
				le64toh(w->map->sources[i].len));
	IS_TEXT(text, wanted, "%s", what);
}

struct fiemap_extent extent(uint64_t logical, uint64_t physical, uint64_t length, uint32_t flags)
{
	return (struct fiemap_extent){ .fe_logical = logical, .fe_physical = physical,
				       .fe_length = length, .fe_flags = flags };
}
