// SPDX-License-Identifier: GPL-2.0
#include "buffer.h"

/* Put end into the place i, or below it. */
static void sink(struct kcsd_buffer *b, u32 i, u64 end)
{
	for (;;) {
		u32 child = 2 * i + 1;

		if (child >= b->nr)
			break;
		if (child + 1 < b->nr && b->ends[child + 1] < b->ends[child])
			child++;
		if (end <= b->ends[child])
			break;
		b->ends[i] = b->ends[child];
		i = child;
	}
	b->ends[i] = end;
}

/* Release the bytes of the program that ends first. */
static void release(struct kcsd_buffer *b)
{
	b->floor = max(b->floor, b->ends[0]);
	if (--b->nr)
		sink(b, 0, b->ends[b->nr]);
	b->used -= min(b->used, (u64)b->program);
}

u64 kcsd_buffer_admit(struct kcsd_buffer *b, u64 at, u32 bytes)
{
	if (!b->size)
		return at;
	/* With nothing under way the rest is a part of a program: it has room, see params.c. */
	while (b->used + bytes > b->size && b->nr)
		release(b);
	b->used += bytes;
	return max(at, b->floor);
}

void kcsd_buffer_drain(struct kcsd_buffer *b, u64 end, u32 padding)
{
	u32 i;

	if (!b->size)
		return;
	b->used += padding;
	if (b->nr == b->most)
		release(b);
	for (i = b->nr++; i && b->ends[(i - 1) / 2] > end; i = (i - 1) / 2)
		b->ends[i] = b->ends[(i - 1) / 2];
	b->ends[i] = end;
}
