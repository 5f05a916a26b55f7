// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Count how often each byte value occurs.
 *
 * arguments	none
 * result	the number of bytes counted; negative: -EINVAL, arguments, CPARAM1 or
 *		CPARAM2; -EIO, the medium failed; -ENOSPC, no room for the output
 * output	256 64-bit counts, that of byte 0 first
 */
#include <kcsd_helpers.h>

static __u64 counts[256];

static long histogram_chunk(const struct kcsd_chunk *chunk, void *state)
{
	const __u8 *p = chunk->data, *end = p + chunk->len;
	__u64 x, i;

	for (; end - p >= 8; p += 8) {
		x = kcsd_load64(p);
		for (i = 0; i < 64; i += 8)
			counts[x >> i & 0xff]++;
	}
	for (; p < end; p++)
		counts[*p]++;
	*(__u64 *)state += chunk->len;
	return 0;
}

SEC("kcsd")
__u64 histogram(struct kcsd_ctx *ctx)
{
	__u64 bytes = 0;
	long err;

	if (ctx->args_len || ctx->cparam1 || ctx->cparam2)
		return kcsd_invalid("there is neither an argument nor a CPARAM");
	err = kcsd_stream(ctx, histogram_chunk, &bytes);
	if (!err)
		err = kcsd_emit(counts, sizeof(counts));
	return err ? (__u64)err : bytes;
}
