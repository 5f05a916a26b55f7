// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Count lines: the newlines in the data. The example of the README.
 *
 * arguments	ignored
 * result	the count; negative: -EIO, the medium failed
 */
#include <kcsd_helpers.h>

static long count(const struct kcsd_chunk *chunk, void *state)
{
	__u64 i, *lines = state;

	for (i = 0; i < chunk->len; i++)
		*lines += chunk->data[i] == '\n';
	return 0;	/* nothing to keep for the next chunk */
}

SEC("kcsd")
__u64 lines(struct kcsd_ctx *ctx)
{
	__u64 lines = 0;
	long err = kcsd_stream(ctx, count, &lines);

	return err ? (__u64)err : lines;
}
