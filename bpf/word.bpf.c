// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Count a word, as `LC_ALL=C grep -a -o -F WORD | wc -l` does: byte for byte, also within longer
 * words, without overlaps, from left to right.
 *
 * arguments	the word, 1 to 256 bytes
 * result	the number of occurrences; negative: -EINVAL, no word or a word that is too
 *		long, CPARAM1 or CPARAM2; -EIO, the medium failed
 * output	none
 */
#include <kcsd_helpers.h>
#include <kcsd_find.h>

#define WORD_MAX	256

struct count {
	struct kcsd_needle needle;
	__u64 found;
};

static long count_chunk(const struct kcsd_chunk *chunk, void *state)
{
	struct count *count = state;
	const __u8 *p = chunk->data, *end = p + chunk->len, *match;

	while ((match = kcsd_find(&count->needle, p, end))) {
		count->found++;
		p = match + count->needle.len;
	}
	/* Keep the rest, which may be the start of a match. */
	if ((__u64)(end - p) >= count->needle.len)
		return count->needle.len - 1;
	return end - p;
}

SEC("kcsd")
__u64 word(struct kcsd_ctx *ctx)
{
	struct count count = {};
	long err;

	if (!ctx->args_len || ctx->args_len > WORD_MAX || ctx->cparam1 || ctx->cparam2)
		return kcsd_invalid("the argument is the word, 1 to 256 bytes; there is no CPARAM");
	kcsd_needle_init(&count.needle, kcsd_args(ctx), ctx->args_len);
	err = kcsd_stream(ctx, count_chunk, &count);
	return err ? (__u64)err : count.found;
}
