// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Allocate memory that is freed all at once. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"

#define ALIGN		16
#define FIRST_PIECE	4096u
#define MAX_PIECE	(1u << 20)	/* larger only for one allocation that needs it */

struct arena_piece {
	struct arena_piece *next;	/* older; owned */
	size_t size;			/* of data */
	char data[] __attribute__((aligned(ALIGN)));
};

static struct arena_piece *add_piece(struct kcsd_arena *arena, size_t len)
{
	struct arena_piece *newest = arena->pieces, *piece;
	size_t size = newest ? 2 * newest->size : FIRST_PIECE;

	if (size > MAX_PIECE)
		size = MAX_PIECE;
	if (size < len)
		size = len;
	piece = malloc(sizeof(*piece) + size);
	if (!piece)
		return NULL;
	piece->next = newest;
	piece->size = size;
	arena->pieces = piece;
	arena->used = 0;
	return piece;
}

void *kcsd_arena_alloc(struct kcsd_arena *arena, size_t len)
{
	struct arena_piece *piece = arena->pieces;
	void *p;

	if (len > SIZE_MAX / 2) {
		arena->failed = 1;
		return NULL;
	}
	len = (len + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (!piece || piece->size - arena->used < len)
		piece = add_piece(arena, len);
	if (!piece) {
		arena->failed = 1;
		return NULL;
	}
	p = piece->data + arena->used;
	arena->used += len;
	return memset(p, 0, len);
}

char *kcsd_arena_copy(struct kcsd_arena *arena, const char *text, size_t len)
{
	char *p = len < SIZE_MAX ? kcsd_arena_alloc(arena, len + 1) : NULL;

	if (p && len)
		memcpy(p, text, len);
	return p;
}

void *kcsd_arena_grow(struct kcsd_arena *arena, void *array, size_t nr, size_t size)
{
	void *p;

	if (nr & (nr - 1))
		return array;
	if (nr > SIZE_MAX / 4 / size) {
		arena->failed = 1;
		return NULL;
	}
	p = kcsd_arena_alloc(arena, (nr ? 2 * nr : 1) * size);
	if (p && nr)
		memcpy(p, array, nr * size);
	return p;
}

static void free_pieces(struct arena_piece *piece)
{
	struct arena_piece *next;

	for (; piece; piece = next) {
		next = piece->next;
		free(piece);
	}
}

void kcsd_arena_reset(struct kcsd_arena *arena)
{
	if (arena->pieces) {
		free_pieces(arena->pieces->next);
		arena->pieces->next = NULL;
	}
	arena->used = 0;
	arena->failed = 0;
}

void kcsd_arena_destroy(struct kcsd_arena *arena)
{
	free_pieces(arena->pieces);
	memset(arena, 0, sizeof(*arena));
}
