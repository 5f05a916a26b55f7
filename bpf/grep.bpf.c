// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Emit the lines that contain a string, as `LC_ALL=C grep -a -F STRING` does.
 *
 * arguments	the string, 0 to 256 bytes, without a newline; no string: emit every line
 * result	the number of lines; negative: -EINVAL, an invalid string, CPARAM1 or CPARAM2;
 *		-EIO, the medium failed; -ENOSPC, the lines do not fit the output (it has
 *		those that fit); -E2BIG, a line is longer than LINE_MAX (the output has the
 *		lines before it)
 * output	the lines, each with its newline; a last line without one gets one
 */
#define LINE_MAX		65536
#define KCSD_STREAM_CARRY	LINE_MAX
#include <kcsd_helpers.h>
#include <kcsd_string.h>

#define STRING_MAX	256

struct grep {
	const __u8 *string;
	__u64 len;
	__u64 lines;
};

/* Returns the address after the newline that ends the line at p; end if it has none. */
static __always_inline const __u8 *line_end(const __u8 *p, const __u8 *end)
{
	const __u8 *newline = memchr(p, '\n', end - p);

	return newline ? newline + 1 : end;
}

/* Returns the start of the line that contains p, not before start. */
static __always_inline const __u8 *line_start(const __u8 *p, const __u8 *start)
{
	while (p > start && p[-1] != '\n')
		p--;
	return p;
}

static __always_inline long emit_line(const __u8 *start, const __u8 *end)
{
	static const char newline = '\n';
	long err = kcsd_emit(start, end - start);

	if (!err && end[-1] != '\n')
		err = kcsd_emit(&newline, 1);
	return err;
}

static long grep_chunk(const struct kcsd_chunk *chunk, void *state)
{
	const __u8 *p = chunk->data, *end = p + chunk->len, *whole = end, *match, *start;
	struct grep *grep = state;
	long err;

	/* Search whole lines only. Bytes kept from the last chunk have no newline. */
	if (chunk->left) {
		whole = line_start(end, chunk->data + chunk->kept);
		if (whole == chunk->data + chunk->kept)
			return chunk->len;
	}
	while (p < whole && (match = memmem(p, whole - p, grep->string, grep->len))) {
		start = line_start(match, p);
		p = line_end(match, whole);
		err = emit_line(start, p);
		if (err)
			return err;
		grep->lines++;
	}
	return end - whole;
}

SEC("kcsd")
__u64 grep(struct kcsd_ctx *ctx)
{
	struct grep grep = { .string = kcsd_args(ctx), .len = ctx->args_len };
	long err;

	if (ctx->args_len > STRING_MAX || ctx->cparam1 || ctx->cparam2)
		return kcsd_invalid(
			"the argument is a string, at most 256 bytes; there is no CPARAM");
	if (memchr(grep.string, '\n', grep.len))
		return kcsd_invalid("the argument, a string, has a newline in it");
	err = kcsd_stream(ctx, grep_chunk, &grep);
	return err ? (__u64)err : grep.lines;
}
