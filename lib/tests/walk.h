/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* A map of a file while it is made, without a file. */
#ifndef WALK_H
#define WALK_H

#include "file_map.h"

#define WALK_LBA	4096u	/* bytes of an LBA */

/* Error of the last walk; cleared by begin_walk(). */
extern struct kcsd_error err;

void begin_walk(struct kcsd_file_walk *w, uint64_t size);
void end_walk(struct kcsd_file_walk *w);
/* Compare the sources with a text, "L256+8192 Z0+4096 B0+10": LBAs, zeroes, bytes; start+length. */
void has_sources(const struct kcsd_file_walk *w, const char *wanted, const char *what);
struct fiemap_extent extent(uint64_t logical, uint64_t physical, uint64_t length, uint32_t flags);

#endif
