// SPDX-License-Identifier: GPL-2.0
#include "pipe.h"

int kcsd_pipe_init(struct kcsd_pipe *pipe, u32 most, u32 mbps, u64 fixed_ns, u32 usual, u32 least,
		   const u64 *now)
{
	*pipe = (struct kcsd_pipe){ .mbps = mbps, .fixed_ns = fixed_ns };
	pipe->usual_ns = kcsd_pipe_time(pipe, usual);
	pipe->usual = usual;
	return kcsd_resource_init(&pipe->r, most, kcsd_pipe_time(pipe, least), now);
}

void kcsd_pipe_destroy(struct kcsd_pipe *pipe)
{
	kcsd_resource_destroy(&pipe->r);
}

u64 kcsd_pipe_transfer(struct kcsd_pipe *pipe, u64 at, u32 bytes, u64 *used)
{
	u64 len = kcsd_pipe_time(pipe, bytes);

	pipe->bytes += bytes;
	*used += len;
	return kcsd_resource_reserve(&pipe->r, at, len) + len;
}

u64 kcsd_pipe_move(struct kcsd_pipe *pipe, u64 at, u32 bytes, u32 piece, u64 *used)
{
	u32 nr = bytes > piece ? (bytes - 1) / piece : 0;
	u64 each, rest;

	if (!nr)
		return kcsd_pipe_transfer(pipe, at, bytes, used);
	each = kcsd_pipe_time(pipe, piece);
	rest = bytes - nr * piece == piece ? each : kcsd_pipe_time(pipe, bytes - nr * piece);
	pipe->bytes += bytes;
	*used += nr * each + rest;
	return kcsd_resource_reserve_all(&pipe->r, at, each, nr, rest);
}
