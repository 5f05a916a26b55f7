/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A write buffer: bytes are in it from when the link brings them until they are programmed. The
 * programs under way are a heap, the one that ends first on top.
 */
#ifndef KCSD_TIMING_BUFFER_H
#define KCSD_TIMING_BUFFER_H

#include "env.h"

struct kcsd_buffer {
	u64 *ends;		/* ns: of the programs under way; the buffer does not own it */
	u32 nr;
	u32 most;		/* room in ends */
	u32 program;		/* bytes of a program */
	u64 size;		/* bytes; 0: there is no buffer */
	u64 used;
	u64 floor;		/* ns: the room that there is exists since then */
};

/* Return how many programs a buffer can have under way: the room that it needs. */
static inline u32 kcsd_buffer_room(u64 size, u32 program)
{
	return div64_u64(size, program) + 1;
}

static inline void kcsd_buffer_init(struct kcsd_buffer *b, u64 *ends, u64 size, u32 program)
{
	*b = (struct kcsd_buffer){ .ends = ends, .size = size, .program = program,
				   .most = kcsd_buffer_room(size, program) };
}

/* Take bytes, from at on. Returns when there is room. */
u64 kcsd_buffer_admit(struct kcsd_buffer *b, u64 at, u32 bytes);
/* Begin a program of bytes that are in the buffer, of which padding were not admitted. */
void kcsd_buffer_drain(struct kcsd_buffer *b, u64 end, u32 padding);

#endif
