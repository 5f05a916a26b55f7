// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Add up all bytes.
 *
 * arguments	ignored
 * result	the sum; negative: -EIO, the medium failed
 */
#include <kcsd_helpers.h>

static long add(const struct kcsd_chunk *chunk, void *state)
{
	__u64 i, *sum = state;

	for (i = 0; i < chunk->len; i++)
		*sum += chunk->data[i];
	return 0;	/* nothing to keep for the next chunk */
}

SEC("kcsd")
__u64 sum(struct kcsd_ctx *ctx)
{
	__u64 sum = 0;
	long err = kcsd_stream(ctx, add, &sum);

	return err ? (__u64)err : sum;
}
