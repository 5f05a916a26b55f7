/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * Interface for programs on a kcsd drive: the helpers, the context, and a streaming loop.
 *
 *	#include <kcsd_helpers.h>
 *
 *	static long count(const struct kcsd_chunk *chunk, void *state) { ... }
 *
 *	SEC("kcsd")
 *	__u64 prog(struct kcsd_ctx *ctx)
 *	{
 *		return kcsd_stream(ctx, count, &state);
 *	}
 *
 * Do not include <bpf/bpf_helpers.h> of Linux: it has other helpers, and a drive refuses them.
 *
 * Compile with: kcsd build prog.bpf.c. Or with any clang from 14 on (a newer one knows -mcpu=v4);
 * -idirafter names the directory where Debian keeps <asm/types.h>:
 *
 *    clang -O2 -g -target bpf -mcpu=v3 -c prog.bpf.c -idirafter /usr/include/$(uname -m)-linux-gnu
 *
 * There is no C library on a drive: including <stdio.h>, <stdlib.h> and the like fails with
 * "gnu/stubs-32.h: file not found". The variables of a function have 512 bytes of stack. Where
 * clang advises to "move large on stack variables into BPF per-cpu array map", make them static
 * instead: each run has its own, zeroed, and there are no maps. Use kcsd_heap() for still larger
 * ones.
 */
#ifndef KCSD_HELPERS_H
#define KCSD_HELPERS_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/kcsd.h>
#include <linux/kcsd_bpf.h>

#define SEC(name)	__attribute__((section(name), used))
#ifndef __always_inline
#define __always_inline	inline __attribute__((always_inline))
#endif

/* The helpers; <linux/kcsd_bpf.h> describes their arguments and errors. */
#define KCSD_HELPER(name) __attribute__((unused)) = (void *)KCSD_HELPER_##name
static long (*const kcsd_read)(__u64 slba, void *dst, __u64 len) KCSD_HELPER(read);
static long (*const kcsd_write)(__u64 slba, const void *src, __u64 len) KCSD_HELPER(write);
static long (*const kcsd_emit)(const void *src, __u64 len) KCSD_HELPER(emit);
static long (*const kcsd_log)(const void *line, __u64 len) KCSD_HELPER(log);
static long (*const kcsd_geometry)(void *dst, __u64 len) KCSD_HELPER(geometry);
static long (*const kcsd_time)(void) KCSD_HELPER(time);
static long (*const kcsd_memcpy)(void *dst, const void *src, __u64 len) KCSD_HELPER(memcpy);
static long (*const kcsd_memset)(void *dst, __u64 byte, __u64 len) KCSD_HELPER(memset);
static long (*const kcsd_memcmp)(const void *a, const void *b, __u64 len) KCSD_HELPER(memcmp);
static long (*const kcsd_memchr)(const void *src, __u64 byte, __u64 len) KCSD_HELPER(memchr);
static long (*const kcsd_memmem)(const void *src, __u64 src_len, const void *what, __u64 what_len)
	KCSD_HELPER(memmem);
static long (*const kcsd_crc32c)(__u64 crc, const void *src, __u64 len) KCSD_HELPER(crc32c);
static long (*const kcsd_sha256_add)(struct kcsd_sha256 *hash, const void *src, __u64 len)
	KCSD_HELPER(sha256_add);
static long (*const kcsd_sha256_end)(struct kcsd_sha256 *hash, void *digest)
	KCSD_HELPER(sha256_end);
static long (*const kcsd_append)(__u64 zslba, const void *src, __u64 len) KCSD_HELPER(append);
static long (*const kcsd_zone)(__u64 lba, void *dst, __u64 len) KCSD_HELPER(zone);
static long (*const kcsd_stream_read)(__u64 offset, void *dst, __u64 len) KCSD_HELPER(stream_read);
static long (*const kcsd_stream_write)(__u64 offset, const void *src, __u64 len)
	KCSD_HELPER(stream_write);
static long (*const kcsd_zone_reset)(__u64 zslba) KCSD_HELPER(zone_reset);
static long (*const kcsd_zone_finish)(__u64 zslba) KCSD_HELPER(zone_finish);
static long (*const kcsd_flush)(void) KCSD_HELPER(flush);
static long (*const kcsd_kv_store)(const void *key, __u64 key_len, const void *value, __u64 len,
				   __u64 flags) KCSD_HELPER(kv_store);
static long (*const kcsd_positions)(const void *src, __u64 len, __u64 bytes, __u32 *dst,
				    __u64 dst_len) KCSD_HELPER(positions);
static long (*const kcsd_decompress)(enum kcsd_codec codec, const void *src, __u64 src_len,
				     void *dst, __u64 dst_len) KCSD_HELPER(decompress);
#undef KCSD_HELPER

/* Returned negative by kcsd_stream(): a callback kept more than KCSD_STREAM_CARRY bytes. */
#define KCSD_E2BIG	7

/* Log a string literal. */
#define kcsd_log_text(text)	kcsd_log(text, sizeof(text) - 1)

/* Log a line that describes the valid arguments. Returns -KCSD_EINVAL, for programs to return. */
#define kcsd_invalid(text)	({ kcsd_log_text(text); -KCSD_EINVAL; })

/* Returns the arguments: ctx->args_len bytes of the command, after grants, ranges and length. */
static __always_inline const __u8 *kcsd_args(const struct kcsd_ctx *ctx)
{
	return (const __u8 *)ctx->args;
}

/* Returns the grants: ctx->nr_grants of them. */
static __always_inline const struct kcsd_lba_grant *kcsd_grants(const struct kcsd_ctx *ctx)
{
	return (const struct kcsd_lba_grant *)ctx->grants;
}

/* Returns the places of the memory ranges of the run: ctx->nr_ranges of them. */
static __always_inline const struct kcsd_mem_range *kcsd_ranges(const struct kcsd_ctx *ctx)
{
	return (const struct kcsd_mem_range *)ctx->ranges;
}

/* Returns the heap: ctx->heap_len bytes, zeroed. */
static __always_inline void *kcsd_heap(const struct kcsd_ctx *ctx)
{
	return (void *)ctx->heap;
}

/*
 * Load 8 bytes from any address. The type promises the compiler an alignment that p need not have:
 * else the compiler would load byte by byte. A drive accepts any alignment.
 */
typedef __u64 __attribute__((may_alias)) kcsd_u64_alias;

static __always_inline __u64 kcsd_load64(const void *p)
{
	return *(const kcsd_u64_alias *)p;
}

static __always_inline void kcsd_store64(void *p, __u64 value)
{
	*(kcsd_u64_alias *)p = value;
}

/*
 * Copy to a lower or separate address, like memcpy(). The barrier is necessary because clang turns
 * a loop that it recognises as memcpy into a call of memcpy, which does not exist.
 */
static __always_inline void kcsd_copy(void *dst, const void *src, __u64 len)
{
	__u8 *d = dst;
	const __u8 *s = src;

	for (; len >= 8; len -= 8, d += 8, s += 8) {
		kcsd_store64(d, kcsd_load64(s));
		asm volatile("" : "+r"(d));
	}
	for (; len; len--) {
		*d++ = *s++;
		asm volatile("" : "+r"(d));
	}
}

static __always_inline bool kcsd_equal(const void *a, const void *b, __u64 len)
{
	const __u8 *x = a, *y = b;

	for (; len >= 8; len -= 8, x += 8, y += 8)
		if (kcsd_load64(x) != kcsd_load64(y))
			return false;
	for (; len; len--)
		if (*x++ != *y++)
			return false;
	return true;
}

/*
 * Streaming. A run has one stream of bytes, ctx->stream_len of them: all LBAs that may be read, in
 * the order of the grants; in a run without grants, its memory ranges. So the extents of a file,
 * granted in the order of the file and with its length, give the contents of the file.
 * kcsd_stream_read() reads it at any offset. kcsd_stream() reads all of it: it arrives in chunks,
 * each of KCSD_STREAM_CHUNK new bytes but the last. The callback returns how many bytes at the end
 * of a chunk it has not finished with, and the next chunk begins with these.
 *
 * A program that keeps more than 4 KiB defines KCSD_STREAM_CARRY before it includes this header.
 */
#define KCSD_STREAM_CHUNK	65536
#ifndef KCSD_STREAM_CARRY
#define KCSD_STREAM_CARRY	4096
#endif
#define KCSD_STREAM_PAD		64

struct kcsd_chunk {
	const __u8 *data;	/* KCSD_STREAM_PAD bytes after it are readable, too */
	__u64 len;		/* bytes, including kept ones; not 0 */
	__u64 kept;		/* bytes at the start that the callback kept */
	__u64 left;		/* bytes still to come; 0: this is the last chunk */
};

/*
 * Process a chunk. Returns the number of bytes at the end of the chunk to keep, at most
 * KCSD_STREAM_CARRY, or an error, which ends the stream.
 */
typedef long (*kcsd_chunk_fn)(const struct kcsd_chunk *chunk, void *state);

static __u8 kcsd_stream_buf[KCSD_STREAM_CARRY + KCSD_STREAM_CHUNK + KCSD_STREAM_PAD]
	__attribute__((aligned(64), unused));

/* Move the last bytes of a chunk in front of the place that the next one is read to. */
static __always_inline void kcsd_stream_keep(const struct kcsd_chunk *chunk, __u64 keep)
{
	kcsd_copy(kcsd_stream_buf + KCSD_STREAM_CARRY - keep, chunk->data + chunk->len - keep,
		  keep);
}

/*
 * Call fn for each chunk of the stream from this byte on, never for an empty rest. Returns 0;
 * -KCSD_EIO, -KCSD_ENXIO: the medium failed; -KCSD_E2BIG: fn kept more than KCSD_STREAM_CARRY; or
 * the error of fn.
 */
static __always_inline long kcsd_stream_from(const struct kcsd_ctx *ctx, __u64 from,
					    kcsd_chunk_fn fn, void *state)
{
	__u8 *const fresh = kcsd_stream_buf + KCSD_STREAM_CARRY;
	struct kcsd_chunk chunk = {
		.left = from < ctx->stream_len ? ctx->stream_len - from : 0,
	};
	long keep = 0, got;

	while (chunk.left) {
		got = kcsd_stream_read(ctx->stream_len - chunk.left, fresh, KCSD_STREAM_CHUNK);
		if (got < 0)
			return got;
		chunk.data = fresh - keep;
		chunk.kept = keep;
		chunk.len = keep + got;
		chunk.left -= got;
		keep = fn(&chunk, state);
		if (keep < 0)
			return keep;
		if (keep > KCSD_STREAM_CARRY)
			return -KCSD_E2BIG;
		kcsd_stream_keep(&chunk, keep);
	}
	return 0;
}

/* The whole stream. */
static __always_inline long kcsd_stream(const struct kcsd_ctx *ctx, kcsd_chunk_fn fn, void *state)
{
	return kcsd_stream_from(ctx, 0, fn, state);
}

#endif
