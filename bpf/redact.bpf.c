// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Overwrite a word in place, as `LC_ALL=C sed 's/WORD/xxxx/g'` does with as many x as the word has
 * bytes: byte for byte, also within longer words, without overlaps, from left to right.
 *
 * arguments	the word, 1 to 256 bytes
 * result	the number of occurrences, now overwritten; negative: -EINVAL, no word or one that
 *		is too long, CPARAM1 or CPARAM2; -EROFS, the stream cannot be written; -EIO, the
 *		medium failed. After an error some are overwritten, from the first on
 * output	none
 */
#include <kcsd_helpers.h>
#include <kcsd_find.h>

#define WORD_MAX	256

struct redact {
	struct kcsd_needle needle;
	__u64 stream_len;
	__u64 found;
	__u8 mask[WORD_MAX];
};

static struct redact redact_state;

static long redact_chunk(const struct kcsd_chunk *chunk, void *state)
{
	struct redact *r = state;
	const __u8 *p = chunk->data, *end = p + chunk->len, *match;
	__u64 begin = r->stream_len - chunk->left - chunk->len;
	long err;

	while ((match = kcsd_find(&r->needle, p, end))) {
		err = kcsd_stream_write(begin + (match - chunk->data), r->mask, r->needle.len);
		if (err)
			return err;
		r->found++;
		p = match + r->needle.len;
	}
	/* Keep the rest, which may be the start of a match. */
	if ((__u64)(end - p) >= r->needle.len)
		return r->needle.len - 1;
	return end - p;
}

SEC("kcsd")
__u64 redact(struct kcsd_ctx *ctx)
{
	struct redact *r = &redact_state;
	long err;

	if (!ctx->args_len || ctx->args_len > WORD_MAX || ctx->cparam1 || ctx->cparam2)
		return kcsd_invalid("the argument is the word, 1 to 256 bytes; there is no CPARAM");
	kcsd_needle_init(&r->needle, kcsd_args(ctx), ctx->args_len);
	kcsd_memset(r->mask, 'x', ctx->args_len);
	r->stream_len = ctx->stream_len;
	err = kcsd_stream(ctx, redact_chunk, r);
	return err ? (__u64)err : r->found;
}
