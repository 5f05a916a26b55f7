// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Small programs, good and bad, for the tests of what runs them. */
#include <kcsd_helpers.h>

static __u8 buf[4096];

/* Emits its arguments. */
SEC("kcsd")
__u64 echo(struct kcsd_ctx *ctx)
{
	long err = kcsd_emit(kcsd_args(ctx), ctx->args_len);

	return err ? (__u64)err : ctx->args_len;
}

/* Logs its arguments. */
SEC("kcsd")
__u64 say(struct kcsd_ctx *ctx)
{
	return kcsd_log(kcsd_args(ctx), ctx->args_len);
}

SEC("kcsd")
__u64 add(struct kcsd_ctx *ctx)
{
	return ctx->cparam1 + ctx->cparam2;
}

/* Reads the guest address cparam1. */
SEC("kcsd")
__u64 load(struct kcsd_ctx *ctx)
{
	return *(volatile __u64 *)ctx->cparam1;
}

/* Call a helper that reads the guest address cparam1. */
SEC("kcsd")
__u64 pass(struct kcsd_ctx *ctx)
{
	return kcsd_emit((const void *)ctx->cparam1, 8);
}

/* Returns the first 8 bytes of the LBA cparam1. */
SEC("kcsd")
__u64 read_lba(struct kcsd_ctx *ctx)
{
	long err = kcsd_read(ctx->cparam1, buf, ctx->lba_size);

	return err ? (__u64)err : kcsd_load64(buf);
}

/* Reads LBA 0, whether or not it can, then LBA 1, which it emits. Returns 0. */
SEC("kcsd")
__u64 read_on(struct kcsd_ctx *ctx)
{
	kcsd_read(0, buf, ctx->lba_size);
	kcsd_read(1, buf, ctx->lba_size);
	kcsd_emit(buf, ctx->lba_size);
	return 0;
}

/* Fills the LBA cparam1 with the byte cparam2. */
SEC("kcsd")
__u64 write_lba(struct kcsd_ctx *ctx)
{
	__u32 i;

	for (i = 0; i < sizeof(buf); i++)
		buf[i] = ctx->cparam2;
	return kcsd_write(ctx->cparam1, buf, ctx->lba_size);
}

/* Emits up to cparam2 bytes of the stream, from cparam1 on. Returns as kcsd_stream_read(). */
SEC("kcsd")
__u64 stream_at(struct kcsd_ctx *ctx)
{
	long got = kcsd_stream_read(ctx->cparam1, buf, ctx->cparam2);

	if (got > 0)
		kcsd_emit(buf, got);
	return got;
}

/* Writes its arguments to the stream, from cparam1 on. Returns as kcsd_stream_write(). */
SEC("kcsd")
__u64 stream_to(struct kcsd_ctx *ctx)
{
	return kcsd_stream_write(ctx->cparam1, kcsd_args(ctx), ctx->args_len);
}

/* Writes to all of the stream, again and again, until a write fails. */
SEC("kcsd")
__u64 scribble(struct kcsd_ctx *ctx)
{
	__u64 at, rest;
	long err;

	kcsd_memset(buf, 0xdd, sizeof(buf));
	for (at = 0;; at = rest > sizeof(buf) ? at + sizeof(buf) : 0) {
		rest = ctx->stream_len - at;
		err = kcsd_stream_write(at, buf, rest < sizeof(buf) ? rest : sizeof(buf));
		if (err)
			return err;
	}
}

/* Never ends. */
SEC("kcsd")
__u64 spin(struct kcsd_ctx *ctx)
{
	(void)ctx;
	for (;;)
		asm volatile("");
}

/* Emits struct kcsd_geometry. */
SEC("kcsd")
__u64 geometry(struct kcsd_ctx *ctx)
{
	struct kcsd_geometry found = {};

	(void)ctx;
	kcsd_geometry(&found, sizeof(found));
	return kcsd_emit(&found, sizeof(found));
}

/* Uses all of its heap, and returns its size. */
SEC("kcsd")
__u64 heap(struct kcsd_ctx *ctx)
{
	__u8 *bytes = kcsd_heap(ctx);
	__u64 i;

	for (i = 0; i < ctx->heap_len; i++)
		bytes[i] = 1;
	return ctx->heap_len;
}

/* Emits cparam1 bytes. */
SEC("kcsd")
__u64 fill(struct kcsd_ctx *ctx)
{
	__u64 left, len;
	long err;

	for (left = ctx->cparam1; left; left -= len) {
		len = left < sizeof(buf) ? left : sizeof(buf);
		err = kcsd_emit(buf, len);
		if (err)
			return err;
	}
	return ctx->cparam1;
}

/* The same, but ignore the result of emit: cut output, and no error. */
SEC("kcsd")
__u64 spill(struct kcsd_ctx *ctx)
{
	__u64 left, len;

	for (left = ctx->cparam1; left; left -= len) {
		len = left < sizeof(buf) ? left : sizeof(buf);
		kcsd_emit(buf, len);
	}
	return ctx->cparam1;
}

/* Wait until the clock of the drive changes. Return 1 if it went forward. */
SEC("kcsd")
__u64 clock(struct kcsd_ctx *ctx)
{
	long start = kcsd_time(), now;

	(void)ctx;
	do {
		now = kcsd_time();
	} while (now == start);
	return now > start;
}
