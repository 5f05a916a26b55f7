// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Decoders for the engine in user space: libz and libzstd. */
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "decoder.h"

/* ---- zlib ---- */

struct kcsd_inflate {
	z_stream stream;
};

struct kcsd_inflate *kcsd_inflate_create(struct kcsd_vm *vm)
{
	struct kcsd_inflate *decoder = vm->ops->alloc(vm, sizeof(*decoder));

	if (decoder && inflateInit2(&decoder->stream, MAX_WBITS) != Z_OK) {
		kcsd_free(decoder);
		decoder = NULL;
	}
	return decoder;
}

void kcsd_inflate_destroy(struct kcsd_inflate *decoder)
{
	if (!decoder)
		return;
	inflateEnd(&decoder->stream);
	kcsd_free(decoder);
}

bool kcsd_inflate_begin(struct kcsd_inflate *decoder, bool header)
{
	return inflateReset2(&decoder->stream, header ? MAX_WBITS : -MAX_WBITS) == Z_OK;
}

enum kcsd_decoder_step kcsd_inflate_step(struct kcsd_inflate *decoder, struct kcsd_decoder_io *io)
{
	z_stream *stream = &decoder->stream;
	int ret;

	stream->next_in = (Bytef *)io->in;
	stream->avail_in = io->in_len;
	stream->next_out = io->out;
	stream->avail_out = io->out_len;
	ret = inflate(stream, Z_NO_FLUSH);
	io->in = stream->next_in;
	io->out = stream->next_out;
	switch (ret) {
	case Z_STREAM_END:
		return KCSD_DECODER_END;
	case Z_OK:
	case Z_BUF_ERROR:
		return KCSD_DECODER_MORE;
	case Z_MEM_ERROR:
		return KCSD_DECODER_NO_MEMORY;
	}
	return KCSD_DECODER_DAMAGED;
}

u32 kcsd_crc32(u32 crc, const void *p, size_t len)
{
	return crc32(crc, p, len);
}

/* ---- zstd ---- */

struct kcsd_zstd {
	ZSTD_DCtx *ctx;
};

/* The library allocates the window of a frame, whose header the caller has checked. */
struct kcsd_zstd *kcsd_zstd_create(struct kcsd_vm *vm, u64 window)
{
	struct kcsd_zstd *zstd = vm->ops->alloc(vm, sizeof(*zstd));

	(void)window;
	if (!zstd)
		return NULL;
	zstd->ctx = ZSTD_createDCtx();
	if (zstd->ctx)
		return zstd;
	kcsd_zstd_destroy(zstd);
	return NULL;
}

void kcsd_zstd_destroy(struct kcsd_zstd *zstd)
{
	if (!zstd)
		return;
	ZSTD_freeDCtx(zstd->ctx);
	kcsd_free(zstd);
}

bool kcsd_zstd_begin(struct kcsd_zstd *zstd)
{
	return !ZSTD_isError(ZSTD_DCtx_reset(zstd->ctx, ZSTD_reset_session_only));
}

enum kcsd_decoder_step kcsd_zstd_step(struct kcsd_zstd *zstd, struct kcsd_decoder_io *io)
{
	ZSTD_inBuffer in = { .src = io->in, .size = io->in_len };
	ZSTD_outBuffer out = { .dst = io->out, .size = io->out_len };
	size_t ret = ZSTD_decompressStream(zstd->ctx, &out, &in);

	io->in += in.pos;
	io->out += out.pos;
	if (ZSTD_getErrorCode(ret) == ZSTD_error_memory_allocation)
		return KCSD_DECODER_NO_MEMORY;
	if (ZSTD_isError(ret))
		return KCSD_DECODER_DAMAGED;
	return ret ? KCSD_DECODER_MORE : KCSD_DECODER_END;
}
