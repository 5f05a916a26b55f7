/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Decoders of libraries: zlib and zstd, in the kernel its own (driver/compute/decoder.c), in user
 * space those of the system (user_decoder.c).
 *
 * No decoder may see its input change while it reads it: the input is private memory. The output
 * may be memory that others write to meanwhile. That is safe: both decoders read earlier output
 * only to copy it, at distances that they have checked against private counts of bytes; what they
 * read there decides nothing.
 */
#ifndef KCSD_DECODER_H
#define KCSD_DECODER_H

#include "engine.h"

/* Input and output of a step, which moves the pointers forward. */
struct kcsd_decoder_io {
	const u8 *in;
	size_t in_len;		/* bytes, at most KCSD_TICK_BYTES */
	u8 *out;
	size_t out_len;		/* bytes, 1 to KCSD_TICK_BYTES */
};

enum kcsd_decoder_step {
	KCSD_DECODER_MORE,	/* all input is read, or all output written; or neither moves */
	KCSD_DECODER_END,	/* of the stream or frame; all of it is written */
	KCSD_DECODER_DAMAGED,
	KCSD_DECODER_NO_MEMORY,
};

struct kcsd_inflate;
struct kcsd_zstd;

/* Returns NULL if there is no memory. The decoder is used in this run alone. */
struct kcsd_inflate *kcsd_inflate_create(struct kcsd_vm *vm);
void kcsd_inflate_destroy(struct kcsd_inflate *inflate);
/* Begin a stream of RFC 1950 or, without its header and checksum, of RFC 1951. */
bool kcsd_inflate_begin(struct kcsd_inflate *inflate, bool header);
enum kcsd_decoder_step kcsd_inflate_step(struct kcsd_inflate *inflate, struct kcsd_decoder_io *io);

/* The same for frames with windows of at most that many bytes; all that it needs is allocated. */
struct kcsd_zstd *kcsd_zstd_create(struct kcsd_vm *vm, u64 window);
void kcsd_zstd_destroy(struct kcsd_zstd *zstd);
bool kcsd_zstd_begin(struct kcsd_zstd *zstd);
enum kcsd_decoder_step kcsd_zstd_step(struct kcsd_zstd *zstd, struct kcsd_decoder_io *io);

/* Update a CRC-32 of gzip; that of no bytes is 0. */
u32 kcsd_crc32(u32 crc, const void *p, size_t len);

#endif
