/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * One call of the helper decompress.
 *
 * The source can be SLM, which others change meanwhile. So it is copied to private memory, a slice
 * at a time, and each byte is copied once: what was checked there stays as it was.
 *
 * The work between two ticks is bounded: a slice of input, or as much output, plus one block of
 * zstd (128 KiB). zstd therefore decodes as a stream, with a window of its own: the kernel offers
 * nothing else that can be stopped within a frame. Deflate and Snappy find earlier output in dst.
 */
#ifndef KCSD_UNPACK_H
#define KCSD_UNPACK_H

#include "decoder.h"
#include "helper.h"

/* Memory of a run for decompress; kept from call to call. */
struct kcsd_decoders {
	struct kcsd_inflate *inflate;	/* NULL: not needed yet; owned */
	struct kcsd_zstd *zstd;		/* the same */
	u64 window;			/* bytes that zstd has, a power of two */
	u8 in[KCSD_TICK_BYTES];		/* a slice of the source */
};

struct kcsd_unpack {
	struct kcsd_vm *vm;
	struct kcsd_decoders *decoders;
	const u8 *src;
	u64 src_left;		/* bytes not copied yet */
	u32 at, end;		/* decoders->in[at] to [end - 1]: copied, not read yet */
	u8 *dst;
	u64 dst_len;		/* bytes */
	u64 done;		/* bytes written to dst, at most dst_len */
	u64 work;		/* bytes read and written since the last tick */
};

/* Returned once vm->end has a reason; the value for the program is then ignored. */
#define KCSD_UNPACK_STOPPED	(-KCSD_EIO)

/* Returns the input that is copied but not read. */
static inline const u8 *kcsd_unpack_in(const struct kcsd_unpack *u)
{
	return u->decoders->in + u->at;
}

static inline u32 kcsd_unpack_in_len(const struct kcsd_unpack *u)
{
	return u->end - u->at;
}

/* unpack.c */
/* Copy more of the source if fewer than len bytes are there. True if there are so many now. */
bool kcsd_unpack_want(struct kcsd_unpack *u, u32 len);
/* Skip len bytes of the source. Returns false if there are not so many. */
bool kcsd_unpack_skip(struct kcsd_unpack *u, u64 len);
/* Take account of bytes that were read and written. Returns false if the run has ended. */
bool kcsd_unpack_work(struct kcsd_unpack *u, u64 read, u64 written);
/* Write what a decoder makes of the source, to its end. Updates *crc unless NULL. */
typedef enum kcsd_decoder_step (*kcsd_step_fn)(void *decoder, struct kcsd_decoder_io *io);
s64 kcsd_unpack_stream(struct kcsd_unpack *u, kcsd_step_fn step, void *decoder, u32 *crc);

/* Decode all of the source. Return 0, -KCSD_E* or KCSD_UNPACK_STOPPED. */
/* unpack_gzip.c */
s64 kcsd_unpack_gzip(struct kcsd_unpack *u);
s64 kcsd_unpack_zlib(struct kcsd_unpack *u);
s64 kcsd_unpack_deflate(struct kcsd_unpack *u);
/* unpack_zstd.c */
s64 kcsd_unpack_zstd(struct kcsd_unpack *u);
/* unpack_snappy.c */
s64 kcsd_unpack_snappy(struct kcsd_unpack *u);

#endif
