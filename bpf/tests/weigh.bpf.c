// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Weigh the words of the stream by their places, for selftests/files/file_torture.c. Take time, so
 * that writers have a chance to change what is still to be read.
 *
 * CPARAM1	ns to wait after each block of 4096 bytes
 * result	0; negative: -EIO, the medium failed; -ENOSPC, no room for the output
 * output	struct torture_state of selftests/torture/torture.h: the sum, then the bytes
 */
#include <kcsd_helpers.h>

#define BLOCK	4096

struct state {
	__u64 sum;
	__u64 len;
};

static __u8 block[BLOCK];

static void weigh_block(struct state *state, __u64 len)
{
	__u64 i;

	for (i = 0; i + 8 <= len; i += 8)
		state->sum += kcsd_load64(block + i) * ((state->len + i) / 4 + 1);
	state->len += len;
}

static void wait_ns(__u64 ns)
{
	__u64 begin = kcsd_time();

	while (kcsd_time() - begin < ns)
		;
}

SEC("kcsd")
__u64 weigh(struct kcsd_ctx *ctx)
{
	struct state state = {};
	long got;

	while (state.len < ctx->stream_len) {
		got = kcsd_stream_read(state.len, block, BLOCK);
		if (got < 0)
			return got;
		weigh_block(&state, got);
		if (ctx->cparam1)
			wait_ns(ctx->cparam1);
	}
	return kcsd_emit(&state, sizeof(state));
}
