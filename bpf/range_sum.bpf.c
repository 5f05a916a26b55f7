// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Add up the bytes of the stream in memory ranges, in place. The host, a Memory Copy or another
 * program has filled them before.
 *
 * arguments	ignored
 * result	the sum; -EINVAL, the stream is not one of ranges
 */
#include <kcsd_helpers.h>

SEC("kcsd")
__u64 range_sum(struct kcsd_ctx *ctx)
{
	const __u8 *data;
	__u64 i, sum = 0;

	if (!ctx->nr_ranges || ctx->nr_grants)
		return kcsd_invalid("wanted are memory ranges, and no LBAs");
	/* The ranges are contiguous. */
	data = (const __u8 *)kcsd_ranges(ctx)->addr;
	for (i = 0; i < ctx->stream_len; i++)
		sum += data[i];
	return sum;
}
