/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Memory that is freed all at once. */
#ifndef KCSD_QUERY_ARENA_H
#define KCSD_QUERY_ARENA_H

#include <stddef.h>

/* Zeroed: empty. Of one thread. */
struct kcsd_arena {
	struct arena_piece *pieces;	/* the newest first; owned */
	size_t used;			/* bytes of the newest */
	int failed;			/* 1: an allocation failed since the last reset */
};

/* Returns zeroed memory, aligned to 16; NULL: memory is short, and failed is set. */
void *kcsd_arena_alloc(struct kcsd_arena *arena, size_t len);
/* Returns a copy with a NUL behind it, or NULL. */
char *kcsd_arena_copy(struct kcsd_arena *arena, const char *text, size_t len);
/*
 * Returns an array with room for one more element: the same, or a larger copy. nr: elements that
 * are in use, and all that were ever added; NULL: memory is short.
 */
void *kcsd_arena_grow(struct kcsd_arena *arena, void *array, size_t nr, size_t size);
/* Free all that was allocated; keeps the newest piece for what comes next. */
void kcsd_arena_reset(struct kcsd_arena *arena);
void kcsd_arena_destroy(struct kcsd_arena *arena);

#endif
