/* SPDX-License-Identifier: GPL-2.0 */
/* What bytes go through: a direction of the link, a channel, the memory of the drive. */
#ifndef KCSD_TIMING_PIPE_H
#define KCSD_TIMING_PIPE_H

#include "resource.h"

struct kcsd_pipe {
	struct kcsd_resource r;
	u32 mbps;		/* 0: bytes take no time */
	u32 usual;		/* bytes of most transfers, */
	u64 usual_ns;		/* and their time, since a division is slow */
	u64 fixed_ns;		/* of each transfer, besides its bytes */
	u64 bytes;		/* transferred */
};

/* least: bytes of the shortest transfer; now: of the resource. Return 0 or -ENOMEM. */
int kcsd_pipe_init(struct kcsd_pipe *pipe, u32 most, u32 mbps, u64 fixed_ns, u32 usual, u32 least,
		   const u64 *now);
void kcsd_pipe_destroy(struct kcsd_pipe *pipe);

/* Return the ns that a transfer occupies the pipe: to the nearest ns. */
static inline u64 kcsd_pipe_time(const struct kcsd_pipe *pipe, u64 bytes)
{
	if (bytes == pipe->usual)
		return pipe->usual_ns;
	return pipe->fixed_ns +
		(pipe->mbps ? div64_u64(bytes * 1000 + pipe->mbps / 2, pipe->mbps) : 0);
}

/*
 * Transfer bytes as one piece, from at on. Returns the end, adds the ns that it took without
 * waiting to *used.
 */
u64 kcsd_pipe_transfer(struct kcsd_pipe *pipe, u64 at, u32 bytes, u64 *used);
/* The same in pieces, each as soon as it fits after the one before it. */
u64 kcsd_pipe_move(struct kcsd_pipe *pipe, u64 at, u32 bytes, u32 piece, u64 *used);

#endif
