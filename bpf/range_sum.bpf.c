// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * The sum of the bytes in memory range 0, which the host, a Memory Copy or another program has
 * filled.
 *
 * arguments	none are looked at
 * cparam1	how many bytes; 0: all of the range
 * result	the sum; -EINVAL, no range, or a shorter one
 */
#include <kcsd_helpers.h>

SEC("kcsd")
__u64 range_sum(struct kcsd_ctx *ctx)
{
	const struct kcsd_mem_range *range = kcsd_ranges(ctx);
	const __u8 *data;
	__u64 i, len, sum = 0;

	if (!ctx->nr_ranges || ctx->cparam1 > range->len)
		return -KCSD_EINVAL;
	data = (const __u8 *)range->addr;
	len = ctx->cparam1 ? ctx->cparam1 : range->len;
	for (i = 0; i < len; i++)
		sum += data[i];
	return sum;
}
